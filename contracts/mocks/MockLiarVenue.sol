// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

import {Quote, VenueLimits, VenueState} from "../interfaces/IPerpVenue.sol";
import {Errors} from "../libraries/Errors.sol";

/// @title MockLiarVenue
/// @notice A venue whose trades end as it was told, whatever it promised. Differences from a venue:
/// it holds nothing, says the same of every account, and has no views and verbs but those of a
/// rebalance without reward.
contract MockLiarVenue {
    using FixedPointMathLib for int256;

    address public immutable asset;
    VenueLimits private _limits;
    VenueState private _before;
    VenueState private _later;
    int256 private _sizeDelta;
    uint256 private _least;

    constructor(address asset_, VenueLimits memory limits_) {
        asset = asset_;
        _limits = limits_;
    }

    /// @notice What it says before a trade, of the size of the trade, and after it.
    function tell(VenueState calldata before, int256 sizeDelta, VenueState calldata later)
        external
    {
        (_before, _sizeDelta, _later) = (before, sizeDelta, later);
    }

    /// @notice The least size (WAD) of a trade that it accepts.
    function refuseBelow(uint256 least) external {
        _least = least;
    }

    function limits() external view returns (VenueLimits memory) {
        return _limits;
    }

    function state(address) external view returns (VenueState memory) {
        return _before;
    }

    function sizeFor(address, int256, int256, uint256)
        external
        view
        returns (int256, Quote memory)
    {
        return (_sizeDelta, _quote());
    }

    function quote(address, int256 sizeDelta, uint256) external view returns (Quote memory q) {
        q = _quote();
        if (sizeDelta.abs() < _least) q.whyNot = Errors.Liquidatable.selector;
    }

    function trade(int256, int256, uint256, address) external view returns (VenueState memory) {
        return _later;
    }

    function _quote() private view returns (Quote memory q) {
        (q.fill, q.releasable) = (_before.price, type(uint128).max);
    }
}
