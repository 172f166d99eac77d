// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IOracle} from "./IOracle.sol";

/// @title IPullOracle
/// @notice A price that whoever needs it brings along, signed by its publishers. `price()` gives
/// the newest that was brought, with the time of its publication.
interface IPullOracle is IOracle {
    /// @notice Takes over the signed prices in `data` that are newer than what is known. Costs
    /// `updateFee(data)` wei; what is sent beyond it goes to `refundTo`.
    function update(bytes[] calldata data, address refundTo) external payable;

    /// @notice What `update` costs, wei.
    function updateFee(bytes[] calldata data) external view returns (uint256);
}
