// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

import {IOracle} from "../interfaces/IOracle.sol";
import {VenueState} from "../interfaces/IPerpVenue.sol";
import {IPullOracle} from "../interfaces/IPullOracle.sol";
import {Errors} from "../libraries/Errors.sol";
import {MockPerpMarket} from "../mocks/MockPerpMarket.sol";
import {MarketParams, MarketState} from "../mocks/PerpTypes.sol";

/// @title SimulationMarket
/// @notice A `MockPerpMarket` whose funding rate is told, so that a recorded one can be replayed.
/// It exists in simulations only.
///
/// DIFFERENCES from `MockPerpMarket`
/// - anyone sets the funding rate, after which it drifts with the skew as before: not at all where
/// the largest velocity is 0. It can be set while the price is refused, at the last good one; the
/// time after which such a market settles then starts again.
/// - its code may be longer than chains allow.
contract SimulationMarket is MockPerpMarket {
    using FixedPointMathLib for int256;

    uint256 private constant MAX_RATE = 100e18; // a day

    constructor(
        address asset_,
        IOracle oracle_,
        IPullOracle pullOracle_,
        MarketParams memory params
    ) MockPerpMarket(asset_, oracle_, pullOracle_, params) {}

    /// @notice Sets the funding rate, a day, WAD; longs pay while it is positive. What has arisen
    /// until now is booked first.
    function setFundingRate(int256 rate) external nonReentrant {
        require(rate.abs() <= MAX_RATE, Errors.InvalidParameter());
        MarketState memory market = marketState();
        require(!market.settled, Errors.MarketSettled());
        market.fundingRate = rate;
        _storeMarket(market);
    }

    /// @notice `state` of an account, and the funding index, in one call.
    function stateAndFunding(address account)
        external
        view
        returns (VenueState memory s, int256 fundingIndex)
    {
        MarketState memory market = marketState();
        _describe(market, _load(account), s);
        fundingIndex = market.fundingIndex;
    }
}
