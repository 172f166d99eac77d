// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

import {LeveragedToken} from "./LeveragedToken.sol";
import {Assessment, Terms} from "./interfaces/ILeveragedToken.sol";
import {IPerpVenue, VenueReport, VenueState} from "./interfaces/IPerpVenue.sol";
import {LeverageMath} from "./libraries/LeverageMath.sol";
import {Policy, Prices, Progress, RebalancePolicy} from "./libraries/RebalancePolicy.sol";

/// @notice The index price at which a trigger fires next if nothing else changes, what a rebalance
/// would trade then, the cost of trading and slices apart, and what its first slice would pay at
/// most: the reward grows from 0. WAD; price 0: never.
struct TriggerPoint {
    uint256 price;
    int256 sizeDelta;
    uint256 maxReward;
}

/// @notice A token as its keeper, its holders and a risk desk see it.
/// @param ok False when the token could not be read; only `token` is meaningful then.
/// @param supply Shares after fees, 18 decimals.
/// @param totalAssets Asset units.
/// @param sharePrice WAD of the asset.
/// @param assetsPerUIShare WAD of the asset, of a share as wallets show it.
/// @param leverage WAD, magnitude.
/// @param exitValue What a holder of all shares but the locked ones would be paid for them now, asset
/// units: after the redemption fee, at the fill of that size, by the part that the venue pays. 0 when
/// it cannot be done.
/// @param capacity By how much the venue and the size limit let the position grow, WAD of the
/// underlying.
/// @param liquidationPrice WAD of the asset; 0: never.
/// @param liquidationDistance Move of the index price to it, a fraction, WAD; the largest number
/// when there is none.
/// @param position Index price, size, equity and fault.
/// @param report Funding rate, skew and solvency of the venue.
/// @param priceUpdatedAt When the index price was published, seconds since the epoch.
/// @param terms Fees, caps and phase.
/// @param progress The last rebalance and what is left of it.
/// @param prices Index prices from which a move counts.
/// @param upper Of the upper edge.
/// @param lower Of the lower edge.
/// @param emergency Of the emergency leverage.
/// @param due What a rebalance would do now.
struct TokenStatus {
    address token;
    bool ok;
    string name;
    string symbol;
    address asset;
    IPerpVenue venue;
    int256 targetLeverage;
    uint256 supply;
    uint256 totalAssets;
    uint256 sharePrice;
    uint256 assetsPerUIShare;
    uint256 leverage;
    uint256 exitValue;
    uint256 capacity;
    uint256 liquidationPrice;
    uint256 liquidationDistance;
    VenueState position;
    VenueReport report;
    uint256 priceUpdatedAt;
    Terms terms;
    Policy policy;
    Progress progress;
    Prices prices;
    TriggerPoint upper;
    TriggerPoint lower;
    TriggerPoint emergency;
    Assessment due;
}

/// @title LeveragedTokenLens
/// @notice The status of many tokens in one call. A token that cannot be read does not break the
/// page.
contract LeveragedTokenLens {
    using FixedPointMathLib for int256;
    using FixedPointMathLib for uint256;

    uint256 private constant WAD = 1e18;
    address private constant LOCKED_OWNER = address(0xdead); // who holds them at every token
    uint256 private constant GAS_EACH = 3e6; // several times what a sound token takes

    /// @notice The status of each of `tokens`, in their order.
    function status(address[] calldata tokens) external view returns (TokenStatus[] memory page) {
        page = new TokenStatus[](tokens.length);
        for (uint256 i = 0; i < tokens.length; ++i) {
            try this.statusOf{gas: GAS_EACH}(LeveragedToken(tokens[i])) returns (
                TokenStatus memory one
            ) {
                page[i] = one;
            } catch {
                page[i].token = tokens[i];
            }
        }
    }

    /// @notice The status of one token; reverts when it cannot be read.
    function statusOf(LeveragedToken token) external view returns (TokenStatus memory s) {
        s.token = address(token);
        s.ok = true;
        s.name = token.name();
        s.symbol = token.symbol();
        s.asset = token.asset();
        s.venue = token.venue();
        s.targetLeverage = token.targetLeverage();
        s.supply = token.supplyAfterFees();
        s.totalAssets = token.totalAssets();
        s.sharePrice = token.sharePrice();
        s.assetsPerUIShare = token.assetsPerUIShare();
        s.leverage = token.leverage();
        s.position = s.venue.state(s.token);
        s.report = s.venue.report();
        (, s.priceUpdatedAt,) = s.venue.oracle().price();
        s.terms = token.terms();
        s.exitValue = _exitValue(token, s.supply);
        s.progress = token.progress();
        s.prices = token.prices();
        s.policy = token.logic().policyAt(s.progress.policy);
        s.due = token.assess();
        uint256 room = s.terms.maxSize.zeroFloorSub(s.position.size.abs());
        s.capacity = room.min(s.venue.capacity(s.targetLeverage > 0));
        _addPrices(s);
    }

    function _exitValue(LeveragedToken token, uint256 supply) private view returns (uint256) {
        uint256 shares = supply - token.balanceOf(LOCKED_OWNER);
        try token.previewRedeem(shares) returns (uint256 assets) {
            return assets;
        } catch {
            return 0;
        }
    }

    function _addPrices(TokenStatus memory s) private view {
        s.liquidationDistance = type(uint256).max;
        if (s.position.size == 0) return;
        s.liquidationPrice = s.venue.liquidationPrice(s.token);
        uint256 price = s.position.price;
        if (s.liquidationPrice > 0) {
            s.liquidationDistance = s.liquidationPrice.dist(price).fullMulDiv(WAD, price);
        }
        uint256 target = s.targetLeverage.abs();
        Policy memory p = s.policy;
        if (p.upper < p.emergency) {
            s.upper = _point(s, p.upper, RebalancePolicy.aimFrom(p.upper, target, p.recenter));
        }
        if (p.lower > 0) {
            s.lower = _point(s, p.lower, RebalancePolicy.aimFrom(p.lower, target, p.recenter));
        }
        s.emergency = _point(s, p.emergency, target);
        if (p.emergencyMove > 0 && s.prices.last > 0) _addMove(s, target);
    }

    /// @dev The emergency of an adverse move, where that fires before the one of leverage.
    function _addMove(TokenStatus memory s, uint256 target) private pure {
        bool long = s.targetLeverage > 0;
        uint256 factor = long ? WAD - s.policy.emergencyMove : WAD + s.policy.emergencyMove;
        uint256 price = uint256(s.prices.last).fullMulDiv(factor, WAD);
        if (s.emergency.price > 0 && (long == price < s.emergency.price)) return;
        int256 equity = int256(s.position.equity) + s.position.size
            * (int256(price) - int256(s.position.price)) / int256(WAD);
        if (equity <= 0) return;
        uint256 l = LeverageMath.leverage(s.position.size, price, uint256(equity));
        if (l > target) s.emergency = _trade(s, price, l, target);
    }

    /// @dev With equity E at price P, leverage is l at the price `(E - Q * P) / (sign * |Q| / l -
    /// Q)`, and trading `Q * (aim / l - 1)` there leads to `aim`.
    function _point(TokenStatus memory s, uint256 l, uint256 aim)
        private
        pure
        returns (TriggerPoint memory point)
    {
        int256 size = s.position.size;
        // Equity, size and price of a token are far below 2^127.
        int256 fixedPart = int256(s.position.equity) - size * int256(s.position.price) / int256(WAD);
        int256 slope = int256(size.abs().fullMulDiv(WAD, l)) - size;
        if (slope == 0 || (fixedPart > 0) != (slope > 0)) return point;
        return _trade(s, uint256(fixedPart * int256(WAD) / slope), l, aim);
    }

    function _trade(TokenStatus memory s, uint256 price, uint256 l, uint256 aim)
        private
        pure
        returns (TriggerPoint memory point)
    {
        point.price = price;
        int256 ratio = int256(aim.fullMulDiv(WAD, l));
        point.sizeDelta = s.position.size * (ratio - int256(WAD)) / int256(WAD);
        uint256 notional = point.sizeDelta.abs().min(s.policy.maxTrade).fullMulDiv(price, WAD);
        point.maxReward = notional.fullMulDiv(s.policy.rewardRate, WAD).min(s.policy.rewardCap);
    }
}
