// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

import {VenueLimits} from "../interfaces/IPerpVenue.sol";
import {Errors} from "./Errors.sol";

/// @notice Why a rebalance is due: leverage at or above the band, at or below it, or at the
/// emergency level.
enum Trigger {
    None,
    Upper,
    Lower,
    Emergency
}

/// @notice When, how far, how fast and for which reward a token is rebalanced. Leverage as a
/// magnitude; fractions WAD.
/// @param lower Leverage at or below which the position is enlarged.
/// @param upper Leverage at or above which it is reduced.
/// @param emergency Leverage at or above which it is reduced to the target, at a widening price
/// limit.
/// @param recenter How far toward the edge a rebalance stops: 0 at the target, 1 just inside the
/// edge.
/// @param maxSlippage Largest distance of the fill price from the index price, as a fraction of the
/// latter.
/// @param rewardRate Largest keeper reward, as a fraction of the notional traded.
/// @param rewardRamp Drift past the edge at which the reward reaches its rate, in leverage.
/// @param rewardDelay Time after which it does for what is left of an earlier rebalance, seconds.
/// @param rewardCap Largest keeper reward, WAD of the asset.
/// @param maxTrade Largest trade, WAD of the underlying.
/// @param cooldown Least time between trades, seconds.
/// @param cooldownUp Least time before a trade that enlarges the position, seconds.
/// @param emergencyCooldown Least time before an emergency trade, seconds.
struct Policy {
    uint80 lower;
    uint80 upper;
    uint80 emergency;
    uint64 recenter;
    uint64 maxSlippage;
    uint64 rewardRate;
    uint32 cooldown;
    uint32 cooldownUp;
    uint80 rewardRamp;
    uint32 rewardDelay;
    uint32 emergencyCooldown;
    uint128 rewardCap;
    uint128 maxTrade;
}

/// @notice The last rebalance, and what is left of it when it was a slice of a larger trade.
/// @param time When it happened, seconds since the epoch; 0 before the first.
/// @param unfinished The trigger whose aim is not reached yet, or `None`.
/// @param aim The leverage that it aims at, WAD, as a magnitude.
struct Progress {
    uint64 time;
    Trigger unfinished;
    uint128 aim;
}

/// @title RebalancePolicy
/// @notice The rules of a rebalance, as pure functions of the leverage `l` (magnitude, WAD) and the
/// target `L`.
library RebalancePolicy {
    uint256 internal constant WAD = 1e18;
    uint256 internal constant MAX_REWARD_RATE = 0.001e18; // 0.1 %: above, leaving before pays
    uint256 internal constant MAX_SLIPPAGE = 0.05e18; // 5 %
    uint256 internal constant MAX_COOLDOWN = 7 days;
    uint256 internal constant MIN_TRADE = 0.001e18; // 0.1 % of the token's own notional
    uint256 internal constant EDGE = 0.0001e18; // a hair: inside an edge, past the target
    uint256 internal constant REST_LIFE = 1 days; // by then the market has done it or undone it
    uint256 internal constant VENUE_SHARE = 0.9e18; // of the venue's maximum leverage

    /// @notice Reverts with `InvalidPolicy(field)` unless the policy keeps a token of target `L`
    /// alive at the venue.
    function validate(Policy memory p, uint256 target, VenueLimits memory venue) internal pure {
        uint256 u = p.emergency;
        _check(p.lower > 0 && p.lower < target, "lower");
        _check(p.upper > target, "upper");
        _check(u > p.upper, "emergency");
        _check(p.recenter <= WAD, "recenter");
        _check(p.maxSlippage > 0 && p.maxSlippage <= MAX_SLIPPAGE, "maxSlippage");
        _check(p.rewardRate <= MAX_REWARD_RATE, "rewardRate");
        _check(p.rewardRamp > 0, "rewardRamp");
        _check(p.rewardDelay > 0, "rewardDelay");
        _check(p.maxTrade > 0, "maxTrade");
        _check(p.cooldown >= p.emergencyCooldown && p.cooldown <= MAX_COOLDOWN, "cooldown");
        _check(p.cooldownUp <= MAX_COOLDOWN, "cooldownUp");
        _check(p.emergencyCooldown > 0, "emergencyCooldown");
        // A reduction at the emergency level must lower leverage although it pays the worst fill,
        // fee and reward ...
        uint256 worst = p.maxSlippage + venue.feeRate;
        _check(u * (worst + p.rewardRate) < WAD * WAD, "emergency");
        // ... the account must not be liquidatable by then ...
        _check(u * (venue.liquidationBuffer + p.maxSlippage) < WAD * WAD, "emergency");
        // ... and the venue must accept it, judged at the fill.
        uint256 atFill = u * (WAD + p.maxSlippage) / (WAD - u * worst / WAD);
        _check(atFill < venue.maxLeverage, "emergency");
    }

    /// @notice The trigger that fires at `l`, and the leverage that it aims at. What is left of an
    /// earlier rebalance goes before the band, and an emergency before both.
    function trigger(
        Policy memory p,
        Progress memory progress,
        uint256 elapsed,
        uint256 l,
        uint256 target
    ) internal pure returns (Trigger, uint256 aim) {
        if (l >= p.emergency) return (Trigger.Emergency, target);
        Trigger unfinished = progress.unfinished;
        bool short = unfinished == Trigger.Lower ? l < progress.aim : l > progress.aim;
        bool alive = unfinished != Trigger.None && elapsed <= REST_LIFE;
        if (alive && short) return (unfinished, progress.aim);
        if (l >= p.upper) return (Trigger.Upper, aimFrom(p, p.upper, target));
        if (l <= p.lower) return (Trigger.Lower, aimFrom(p, p.lower, target));
        return (Trigger.None, 0);
    }

    /// @notice Where a rebalance from `edge` stops: `L + recenter * (edge - L)`, and at least a
    /// hair inside the edge.
    function aimFrom(Policy memory p, uint256 edge, uint256 target)
        internal
        pure
        returns (uint256)
    {
        if (edge > target) {
            uint256 inside = edge - edge * EDGE / WAD;
            return FixedPointMathLib.min(target + p.recenter * (edge - target) / WAD, inside);
        }
        uint256 above = edge + edge * EDGE / WAD;
        return FixedPointMathLib.max(target - p.recenter * (target - edge) / WAD, above);
    }

    /// @notice Least time since the last rebalance, seconds.
    function cooldownFor(Policy memory p, Trigger kind) internal pure returns (uint256) {
        if (kind == Trigger.Emergency) return p.emergencyCooldown;
        if (kind == Trigger.Lower) return FixedPointMathLib.max(p.cooldown, p.cooldownUp);
        return p.cooldown;
    }

    /// @notice Reward rate at `l`: from 0 at the edge to `rewardRate` at a drift of `rewardRamp`;
    /// for what is left of an earlier rebalance, at `waited` = `rewardDelay` seconds after its
    /// cooldown.
    function rewardRateAt(Policy memory p, uint256 l, uint256 waited)
        internal
        pure
        returns (uint256)
    {
        uint256 drift = l >= p.upper ? l - p.upper : l <= p.lower ? p.lower - l : 0;
        uint256 byDrift = FixedPointMathLib.min(drift * WAD / p.rewardRamp, WAD);
        uint256 byDelay = FixedPointMathLib.min(waited * WAD / p.rewardDelay, WAD);
        return p.rewardRate * FixedPointMathLib.max(byDrift, byDelay) / WAD;
    }

    /// @notice Largest distance of the fill from the index as a fraction. An emergency's opens as
    /// liquidation comes near: `maxSlippage + max(0, 1 - emergency / l) * max(0, 1 / l -
    /// liquidationBuffer - maxSlippage)`.
    function slippage(Policy memory p, Trigger kind, uint256 l, uint256 liquidationBuffer)
        internal
        pure
        returns (uint256)
    {
        if (kind != Trigger.Emergency || l <= p.emergency) return p.maxSlippage;
        uint256 room =
            FixedPointMathLib.zeroFloorSub(WAD * WAD / l, liquidationBuffer + p.maxSlippage);
        return p.maxSlippage + (WAD - p.emergency * WAD / l) * room / WAD;
    }

    function _check(bool ok, bytes32 field) private pure {
        require(ok, Errors.InvalidPolicy(field));
    }
}
