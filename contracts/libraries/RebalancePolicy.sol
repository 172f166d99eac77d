// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

import {VenueLimits} from "../interfaces/IPerpVenue.sol";
import {Errors} from "./Errors.sol";

/// @notice Why a rebalance is due: leverage at or above the band, at or below it, at the emergency
/// level or after an adverse move, at its time, or because the token closes.
enum Trigger {
    None,
    Upper,
    Lower,
    Emergency,
    Schedule,
    Closing
}

/// @notice When, how far, how fast and for which reward a token is rebalanced. Leverage as a
/// magnitude; fractions WAD; times in seconds.
/// @param lower Leverage at or below which the position is enlarged; 0: never.
/// @param upper Leverage at or above which it is reduced; `emergency`: never.
/// @param emergency Leverage at or above which it is reduced to the target, at a widening price
/// limit.
/// @param offset Of the schedule's slots past the epoch.
/// @param emergencySlices In how many slices an emergency must be over: bounds the size of the
/// position.
/// @param emergencyMove Adverse move of the index price since the last rebalance, a fraction, that
/// is an emergency as well; 0: none.
/// @param minDrift Distance from the target, in leverage, that a slot of the schedule asks for ...
/// @param minMove ... or move of the index price since the last slot, a fraction; both 0: none.
/// @param interval Of the schedule's slots; 0: no schedule.
/// @param window Time from its start in which a slot can be used.
/// @param recenter How far toward the edge a rebalance stops: 0 at the target, 1 just inside the
/// edge.
/// @param maxSlippage Largest distance of the fill price from the index price, as a fraction of the
/// latter.
/// @param rewardRate Largest keeper reward, as a fraction of the notional traded.
/// @param cooldown Least time between trades.
/// @param cooldownUp Least time before a trade that enlarges the position.
/// @param rewardRamp Drift past the edge at which the reward reaches its rate, in leverage.
/// @param rewardDelay Time after which it does on schedule and for what is left.
/// @param emergencyCooldown Least time before an emergency trade.
/// @param rewardCap Largest keeper reward, WAD of the asset.
/// @param maxTrade Largest trade, WAD of the underlying.
struct Policy {
    uint72 lower;
    uint72 upper;
    uint72 emergency;
    uint32 offset;
    uint8 emergencySlices;
    uint64 emergencyMove;
    uint64 minDrift;
    uint64 minMove;
    uint32 interval;
    uint32 window;
    uint64 recenter;
    uint64 maxSlippage;
    uint64 rewardRate;
    uint32 cooldown;
    uint32 cooldownUp;
    uint72 rewardRamp;
    uint32 rewardDelay;
    uint32 emergencyCooldown;
    uint120 rewardCap;
    uint128 maxTrade;
}

/// @notice The last rebalance, and what is left of it when it was a slice of a larger trade; 32 bits
/// of seconds last until 2106.
/// @param policy Where the rules are stored, see `TokenLogic`.
/// @param time When it happened, seconds since the epoch; 0 before the first.
/// @param unfinished The trigger whose aim is not reached yet, or `None`.
/// @param enlarges Whether what is left enlarges the position; false when nothing is.
/// @param slot When the last slot of the schedule that was used began, seconds since the epoch; 0
/// before the first.
/// @param tracksPrices Whether the policy asks how far the price has moved.
struct Progress {
    address policy;
    uint32 time;
    Trigger unfinished;
    bool enlarges;
    uint32 slot;
    bool tracksPrices;
}

/// @notice Index prices from which a move counts, WAD; kept for policies that ask.
/// @param last At the last rebalance, or when the position was opened if that was later.
/// @param slot At the last slot of the schedule that was used; 0 before the first.
struct Prices {
    uint128 last;
    uint128 slot;
}

/// @title RebalancePolicy
/// @notice The rules of a rebalance, as functions of the leverage `l` (magnitude, WAD), the index
/// price (WAD), the time and the target `L` (signed, WAD).
library RebalancePolicy {
    using FixedPointMathLib for int256;
    using FixedPointMathLib for uint256;

    uint256 internal constant WAD = 1e18;
    uint256 internal constant MAX_REWARD_RATE = 0.001e18; // 0.1 %: above, leaving before pays
    uint256 internal constant MAX_SLIPPAGE = 0.05e18; // 5 %
    uint256 internal constant MIN_SLIPPAGE = 0.0001e18; // 0.01 %
    uint256 internal constant MAX_COOLDOWN = 7 days;
    uint256 internal constant MAX_EMERGENCY_COOLDOWN = 1 hours;
    uint256 internal constant MIN_WINDOW = 1 minutes;
    uint256 internal constant MIN_MOVE = 0.01e18; // 1 %: an emergency is no daily matter
    uint256 internal constant MIN_WIDTH = 0.005e18; // 0.5 % of the target, of each side of the band
    uint256 internal constant MAX_INTERVAL = 366 days;
    uint256 internal constant MAX_SLICES = 100; // an emergency may take, and any position
    uint256 internal constant MIN_TRADE = 0.001e18; // 0.1 % of the token's own notional
    uint256 internal constant EDGE = 0.0001e18; // a hair: inside an edge, past the target
    uint256 internal constant REST_LIFE = 1 days; // by then the market has done it or undone it
    uint256 internal constant VENUE_SHARE = 0.9e18; // of the venue's maximum leverage

    /// @notice Reverts with `InvalidPolicy(field)` unless the policy keeps a token of target `L`
    /// (magnitude), with a position of `size` (WAD, unsigned), alive at the venue.
    function validate(Policy memory p, uint256 target, uint256 size, VenueLimits memory venue)
        internal
        pure
    {
        uint256 u = p.emergency;
        uint256 hair = target * MIN_WIDTH / WAD;
        _check(p.lower + hair < target, "lower");
        _check(p.upper > target + hair && p.upper <= u, "upper");
        _check(p.emergencySlices > 0 && p.emergencySlices <= MAX_SLICES, "emergencySlices");
        _check(p.emergencyMove == 0 || p.emergencyMove >= MIN_MOVE, "emergencyMove");
        _check(p.emergencyMove < WAD, "emergencyMove");
        _check(p.minDrift < target, "minDrift");
        _check(p.minMove < WAD, "minMove");
        _check(p.interval <= MAX_INTERVAL, "interval");
        _check(p.offset < p.interval || p.offset == 0, "offset");
        _check(p.window <= p.interval, "window");
        _check(p.window >= MIN_WINDOW || p.interval == 0, "window");
        _check(p.recenter <= WAD, "recenter");
        _check(p.maxSlippage >= MIN_SLIPPAGE && p.maxSlippage <= MAX_SLIPPAGE, "maxSlippage");
        _check(p.rewardRate <= MAX_REWARD_RATE, "rewardRate");
        _check(p.rewardRamp > 0, "rewardRamp");
        _check(p.rewardDelay > 0, "rewardDelay");
        _check(p.maxTrade > 0 && p.maxTrade * MAX_SLICES >= size, "maxTrade");
        _check(p.cooldown >= p.emergencyCooldown && p.cooldown <= MAX_COOLDOWN, "cooldown");
        _check(p.cooldownUp <= MAX_COOLDOWN, "cooldownUp");
        _check(p.emergencyCooldown > 0, "emergencyCooldown");
        _check(p.emergencyCooldown <= MAX_EMERGENCY_COOLDOWN, "emergencyCooldown");
        // A reduction at the emergency level must lower leverage although it pays the worst fill,
        // fee and reward ...
        uint256 worst = p.maxSlippage + venue.feeRate;
        _check(u * (worst + p.rewardRate) < WAD * WAD, "emergency");
        // ... the account must not be liquidatable by then ...
        _check(u * (venue.liquidationBuffer + p.maxSlippage) < WAD * WAD, "emergency");
        // ... the venue must accept it, judged at the fill ...
        uint256 atFill = u * (WAD + p.maxSlippage) / (WAD - u * worst / WAD);
        _check(atFill < venue.maxLeverage, "emergency");
        // ... and some size must be safe.
        _check(sizeLimit(p, target, venue) > 0, "emergency");
    }

    /// @notice Largest size (WAD) that a token of target `L` (magnitude) may grow to: one that is
    /// not liquidatable at twice the emergency leverage for its size alone, and that an emergency
    /// brings back to the target in `emergencySlices` slices.
    function sizeLimit(Policy memory p, uint256 target, VenueLimits memory venue)
        internal
        pure
        returns (uint256)
    {
        uint256 u = p.emergency;
        uint256 bySlices = uint256(p.emergencySlices) * p.maxTrade * u / (u - target);
        bySlices = bySlices.min(type(uint128).max);
        if (venue.premiumMultiplier == 0) return bySlices;
        uint256 room =
            (WAD * WAD / (2 * u)).zeroFloorSub(venue.liquidationBuffer + venue.liquidationFeeRatio);
        return bySlices.min(venue.skewScale.fullMulDiv(room, venue.premiumMultiplier));
    }

    /// @notice What is due at leverage `l` and index price `price`. An emergency goes first, then
    /// what is left of an earlier rebalance, the band, the schedule.
    /// @return trigger Why it is due, or `None`.
    /// @return aim Leverage, WAD, as a magnitude.
    /// @return drift How far beyond the trigger leverage is, WAD.
    /// @return delay For how long it could have been done, where time counts: on schedule, and for
    /// what is left of an earlier rebalance; seconds.
    function due(
        Policy memory p,
        Progress calldata last,
        Prices calldata prices,
        uint256 l,
        uint256 price,
        int256 target
    ) internal view returns (Trigger trigger, uint256 aim, uint256 drift, uint256 delay) {
        aim = target.abs();
        drift = _drift(p, l);
        if (l >= p.emergency) return (Trigger.Emergency, aim, drift, 0);
        uint256 excess = _excessMove(p, prices, l, price, target);
        if (excess > 0) {
            // What a move does to leverage, near the target.
            uint256 byMove = excess * aim / WAD * target.dist(int256(WAD)) / WAD;
            return (Trigger.Emergency, aim, drift.max(byMove), 0);
        }
        Trigger unfinished = last.unfinished;
        if (unfinished != Trigger.None) {
            uint256 rest = aimOf(p, unfinished, aim);
            delay = sinceCooldown(p, last, unfinished, last.enlarges);
            if (_isAlive(p, last, l, rest, delay)) return (unfinished, rest, drift, delay);
            delay = 0;
        }
        if (l >= p.upper) {
            (trigger, aim) = (Trigger.Upper, aimFrom(p.upper, aim, p.recenter));
        } else if (l <= p.lower) {
            (trigger, aim) = (Trigger.Lower, aimFrom(p.lower, aim, p.recenter));
        } else {
            uint256 slot = slotAt(p, block.timestamp);
            if (slot > last.slot && _wants(p, prices, l, price, aim)) {
                (trigger, delay) = (Trigger.Schedule, block.timestamp - slot);
            }
        }
    }

    /// @notice Whether the policy asks how far the price has moved.
    function tracksPrices(Policy memory p) internal pure returns (bool) {
        return p.emergencyMove > 0 || p.minMove > 0;
    }

    /// @notice When the slot of the schedule began that can be used at `time`, or 0.
    function slotAt(Policy memory p, uint256 time) internal pure returns (uint256) {
        uint256 interval = p.interval;
        if (interval == 0) return 0;
        uint256 past = (time - p.offset) % interval;
        return past < p.window ? time - past : 0;
    }

    /// @notice The leverage that a trigger aims at.
    function aimOf(Policy memory p, Trigger kind, uint256 target) internal pure returns (uint256) {
        if (kind == Trigger.Upper) return aimFrom(p.upper, target, p.recenter);
        return kind == Trigger.Lower ? aimFrom(p.lower, target, p.recenter) : target;
    }

    /// @notice Where a rebalance from `edge` stops: `L + recenter * (edge - L)`, and at least a
    /// hair inside the edge.
    function aimFrom(uint256 edge, uint256 target, uint256 recenter)
        internal
        pure
        returns (uint256)
    {
        if (edge > target) {
            uint256 inside = edge - edge * EDGE / WAD;
            return (target + recenter * (edge - target) / WAD).min(inside);
        }
        uint256 above = edge + edge * EDGE / WAD;
        return (target - recenter * (target - edge) / WAD).max(above);
    }

    /// @notice Least time since the last rebalance, seconds.
    function cooldownFor(Policy memory p, Trigger kind, bool enlarges)
        internal
        pure
        returns (uint256)
    {
        if (kind == Trigger.Emergency) return p.emergencyCooldown;
        uint256 cooldown = p.cooldown;
        return enlarges ? cooldown.max(p.cooldownUp) : cooldown;
    }

    /// @notice For how long the cooldown has been over, seconds.
    function sinceCooldown(Policy memory p, Progress calldata last, Trigger kind, bool enlarges)
        internal
        view
        returns (uint256)
    {
        return (block.timestamp - last.time).zeroFloorSub(cooldownFor(p, kind, enlarges));
    }

    /// @notice Reward rate: from 0 at the trigger to `rewardRate` at a drift of `rewardRamp`, or a
    /// delay of `rewardDelay`.
    function rewardRateAt(Policy memory p, uint256 drift, uint256 delay)
        internal
        pure
        returns (uint256)
    {
        uint256 byDrift = (drift * WAD / p.rewardRamp).min(WAD);
        uint256 byDelay = (delay * WAD / p.rewardDelay).min(WAD);
        return p.rewardRate * byDrift.max(byDelay) / WAD;
    }

    /// @notice Largest distance of the fill from the index as a fraction. An emergency's opens as
    /// liquidation comes near: `maxSlippage + max(0, 1 - emergency / l) * max(0, 1 / l -
    /// liquidationBuffer - maxSlippage)`.
    function slippage(Policy memory p, Trigger kind, uint256 l, uint256 liquidationBuffer)
        internal
        pure
        returns (uint256)
    {
        uint256 least = p.maxSlippage;
        uint256 u = p.emergency;
        if (kind != Trigger.Emergency || l <= u) return least;
        uint256 room = (WAD * WAD / l).zeroFloorSub(liquidationBuffer + least);
        return least + (WAD - u * WAD / l) * room / WAD;
    }

    /// @notice Reverts with `LeverageNotImproved` unless leverage came strictly closer to `target`
    /// (magnitude), and at most `EDGE` of it past it.
    function checkImproved(uint256 from, uint256 to, uint256 target) internal pure {
        bool closer = to.dist(target) < from.dist(target);
        uint256 tolerance = target * EDGE / WAD;
        bool past = from > target ? to + tolerance < target : to > target + tolerance;
        require(closer && !past, Errors.LeverageNotImproved());
    }

    /// @dev How far leverage is outside the band.
    function _drift(Policy memory p, uint256 l) private pure returns (uint256) {
        if (l >= p.upper) return l - p.upper;
        return l <= p.lower ? p.lower - l : 0;
    }

    /// @dev By how much the adverse move since the last rebalance exceeds its limit, at least a wei
    /// when it is reached; 0 when it is not.
    function _excessMove(
        Policy memory p,
        Prices calldata prices,
        uint256 l,
        uint256 price,
        int256 target
    ) private pure returns (uint256) {
        uint256 limit = p.emergencyMove;
        if (limit == 0) return 0;
        uint256 from = prices.last;
        bool adverse = target > 0 ? price < from : price > from;
        if (from == 0 || !adverse || l <= target.abs()) return 0;
        uint256 move = _move(from, price);
        return move >= limit ? move - limit + 1 : 0;
    }

    /// @dev Whether what is left of an earlier rebalance can still be done: on its side of its aim,
    /// worth a trade, and neither too old nor beyond its slot.
    function _isAlive(
        Policy memory p,
        Progress calldata last,
        uint256 l,
        uint256 aim,
        uint256 since
    ) private view returns (bool) {
        bool short = last.enlarges ? l < aim : l > aim;
        bool inTime = last.unfinished == Trigger.Schedule
            ? slotAt(p, block.timestamp) == last.slot
            : since <= REST_LIFE;
        return short && inTime && l.dist(aim) > l * MIN_TRADE / WAD;
    }

    /// @dev Whether the schedule's conditions hold.
    function _wants(
        Policy memory p,
        Prices calldata prices,
        uint256 l,
        uint256 price,
        uint256 target
    ) private pure returns (bool) {
        (uint256 drift, uint256 move) = (p.minDrift, p.minMove);
        if (drift == 0 && move == 0) return true;
        if (drift > 0 && l.dist(target) >= drift) return true;
        if (move == 0) return false;
        uint256 from = prices.slot == 0 ? prices.last : prices.slot;
        return from == 0 || _move(from, price) >= move;
    }

    /// @dev Distance of two prices as a fraction of the first, rounded down.
    function _move(uint256 from, uint256 to) private pure returns (uint256) {
        return from.dist(to).fullMulDiv(WAD, from);
    }

    function _check(bool ok, bytes32 field) private pure {
        require(ok, Errors.InvalidPolicy(field));
    }
}
