// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MockPyth} from "@pythnetwork/pyth-sdk-solidity/MockPyth.sol";

/// @title MockPythFeed
/// @notice The Pyth SDK's own mock, unchanged: here so that it is compiled with the project.
/// Differences from a real Pyth contract: updates are not signed (`createPriceFeedUpdateData` makes
/// them), and the fee is the same for every one.
contract MockPythFeed is MockPyth {
    /// @param validTimePeriod Age at which the mock's own `getPrice` refuses, seconds; nothing here
    /// calls it.
    /// @param fee What an update costs, wei.
    constructor(uint256 validTimePeriod, uint256 fee) MockPyth(validTimePeriod, fee) {}
}
