// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";

import {Entry, VenueLimits, VenueState} from "../interfaces/IPerpVenue.sol";

/// @title MockThiefVenue
/// @notice What somebody with bad intentions creates a token on. Differences from a venue: it says
/// that the position has gained without end, takes whatever its victim lets it, or has the token
/// take it, and has no views but those without which there is no token.
contract MockThiefVenue {
    using SafeTransferLib for address;

    address public immutable asset;
    VenueLimits private _limits;
    address private _target;
    bytes private _data;
    bool public ok;

    constructor(address asset_, VenueLimits memory limits_) {
        asset = asset_;
        _limits = limits_;
    }

    function limits() external view returns (VenueLimits memory) {
        return _limits;
    }

    function state(address) external pure returns (VenueState memory s) {
        (s.price, s.size, s.equity) = (1e18, 3e18, 1e30);
    }

    /// @notice The call that it makes when a deposit comes.
    function setCall(address target, bytes calldata data) external {
        (_target, _data) = (target, data);
    }

    function enter(uint256 assets, int256) external returns (Entry memory entry) {
        (ok,) = _target.call(_data);
        entry.price = 1e18;
        entry.size = 1;
        entry.equityAfter = assets * 1e12;
        entry.gain = assets * 1e12;
        entry.equityBefore = assets * 1e12;
    }

    /// @notice Whatever it holds.
    function take(address to) external {
        asset.safeTransferAll(to);
    }
}
