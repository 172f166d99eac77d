// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {SafeCastLib} from "solady/utils/SafeCastLib.sol";

import {Assessment, ILeveragedToken} from "../interfaces/ILeveragedToken.sol";
import {Quote, VenueLimits, VenueState} from "../interfaces/IPerpVenue.sol";
import {Errors} from "./Errors.sol";
import {LeverageMath} from "./LeverageMath.sol";
import {Due, Policy, Prices, Progress, RebalancePolicy, Trigger} from "./RebalancePolicy.sol";
import {Subject} from "./Subject.sol";

/// @title Rebalancing
/// @notice The one place where size, limit and reward of a rebalance are decided.
library Rebalancing {
    using FixedPointMathLib for int256;
    using FixedPointMathLib for uint256;
    using RebalancePolicy for Policy;
    using SafeCastLib for int256;
    using SafeCastLib for uint256;

    uint256 private constant WAD = 1e18;

    /// @dev What a reward follows from: its rate (WAD), its cap (asset units), the price (WAD).
    struct Terms {
        uint256 rate;
        uint256 cap;
        uint256 price;
    }

    /// @notice What a rebalance would do now, of an account that is in `state`; `reason` says why it
    /// cannot be.
    function assess(
        Subject memory subject,
        VenueState memory state,
        Policy memory policy,
        Progress memory last,
        Prices memory prices,
        bool closing
    ) internal view returns (Assessment memory a) {
        uint256 l = LeverageMath.leverage(state.size, state.price, state.equity);
        (a.leverage, a.price) = (l, state.price);
        a.reason = _notReady(subject, state);
        if (a.reason != 0) return a;
        Due memory due = policy.due(last, prices, l, state.price, subject.target);
        if (closing && due.trigger != Trigger.Emergency) {
            uint256 delay = policy.sinceCooldown(last, Trigger.Closing, false);
            due = Due(Trigger.Closing, l, 0, 0, delay);
        }
        (a.trigger, a.aim) = (due.trigger, due.aim);
        if (due.trigger == Trigger.None) {
            a.reason = Errors.NothingDue.selector;
            return a;
        }
        VenueLimits memory limits = subject.venue.limits();
        uint256 cooldown = policy.cooldownFor(due.trigger, l < due.aim);
        if (block.timestamp - last.time < cooldown && l <= limits.maxLeverage) {
            a.reason = Errors.CooldownActive.selector;
        } else if (l < due.aim && state.equity < limits.minEquity) {
            a.reason = Errors.BelowMinimumEquity.selector;
        } else {
            a.reason = _size(subject, a, state, policy, limits, due);
        }
    }

    /// @notice What is remembered of a rebalance. It happens now.
    function remember(Assessment memory a, Policy memory policy, Progress memory last)
        internal
        view
        returns (Progress memory)
    {
        bool rest = a.left > 0 && a.trigger != Trigger.Closing;
        last.unfinished = rest ? a.trigger : Trigger.None;
        last.enlarges = a.leverage < a.aim;
        // Until 2106, as `Progress` says.
        last.time = uint32(block.timestamp);
        if (a.trigger == Trigger.Schedule) last.slot = uint32(policy.slotAt(block.timestamp));
        return last;
    }

    /// @dev Why nothing can be due, whatever the policy, or 0.
    function _notReady(Subject memory subject, VenueState memory state)
        private
        view
        returns (bytes4)
    {
        if (state.fault != 0) return state.fault;
        if (state.equity == 0 && ILeveragedToken(subject.token).supplyAfterFees() > 0) {
            return Errors.EquityGone.selector;
        }
        return state.size == 0 ? Errors.TokenFlat.selector : bytes4(0);
    }

    /// @dev Size, limit and reward: the trade that reaches the aim net of its own cost and reward,
    /// cut to what may be traded. Returns why it cannot be done, or 0.
    function _size(
        Subject memory subject,
        Assessment memory a,
        VenueState memory state,
        Policy memory policy,
        VenueLimits memory limits,
        Due memory due
    ) private view returns (bytes4) {
        Terms memory terms = Terms(
            policy.rewardRateAt(due.drift, due.delay), policy.rewardCap / subject.unit, state.price
        );
        Quote memory q = _whole(subject, a, terms, state);
        if (a.sizeDelta == 0) return q.whyNot;
        uint256 whole = a.sizeDelta.abs();
        uint256 worthwhile = state.size.abs() * RebalancePolicy.MIN_TRADE / WAD;
        if (a.trigger != Trigger.Emergency && a.aim > 0 && whole < worthwhile) {
            return Errors.BelowMinimumTrade.selector;
        }
        uint256 most = _largestTrade(subject, a, state, policy, limits, terms.rate, due.leverage);
        bool grows = due.leverage < a.aim;
        if (grows && most < worthwhile) return Errors.SizeLimitExceeded.selector;
        if (most < whole || a.aim == 0) q = _cut(subject, a, terms, most.min(whole));
        // A venue that judges at the fill may refuse a slice of an emergency and take a larger one.
        while (a.trigger == Trigger.Emergency && a.left > 0 && q.whyNot != 0) {
            q = _cut(subject, a, terms, (2 * a.sizeDelta.abs()).min(whole));
        }
        uint256 slippage = policy.slippage(a.trigger, due.leverage, limits.liquidationBuffer);
        bytes4 whyNot = _settle(subject, a, terms, q, slippage, most);
        // What the size limit cut off is not left for later, nor what is not worth a trade.
        bool limited = grows && most < policy.maxTrade;
        if (limited || (a.left < worthwhile && a.aim > 0)) a.left = 0;
        return whyNot;
    }

    /// @dev The trade of which nothing is cut off.
    function _whole(
        Subject memory subject,
        Assessment memory a,
        Terms memory terms,
        VenueState memory state
    ) private view returns (Quote memory q) {
        if (a.aim == 0) a.sizeDelta = -state.size;
        else (a.sizeDelta, q) = _sizeFor(subject, 0, a.aim, terms.rate);
        a.reward = _reward(subject, terms, a.sizeDelta);
        if (a.aim > 0 && a.reward == terms.cap && terms.rate > 0) {
            (a.sizeDelta, q) = _sizeFor(subject, terms.cap, a.aim, 0);
        }
    }

    /// @dev The largest trade now: one slice; of an emergency at least what brings leverage well
    /// under the maximum of the venue, which accepts no smaller one; of one that enlarges the
    /// position at most what the size limit and the venue leave.
    function _largestTrade(
        Subject memory subject,
        Assessment memory a,
        VenueState memory state,
        Policy memory policy,
        VenueLimits memory limits,
        uint256 rate,
        uint256 l
    ) private view returns (uint256 most) {
        most = policy.maxTrade;
        if (l < a.aim) {
            uint256 maxSize = policy.sizeLimit(subject.target.abs(), limits);
            uint256 left = maxSize.zeroFloorSub(state.size.abs());
            return most.min(left).min(subject.venue.capacity(subject.target > 0));
        }
        uint256 safe = limits.maxLeverage * RebalancePolicy.VENUE_SHARE / WAD;
        if (a.trigger == Trigger.Emergency && l > safe) {
            (int256 least,) = _sizeFor(subject, 0, safe, rate);
            most = most.max(least.abs());
        }
    }

    /// @dev Cuts the trade to `size` and quotes it.
    function _cut(Subject memory subject, Assessment memory a, Terms memory terms, uint256 size)
        private
        view
        returns (Quote memory)
    {
        uint256 whole = a.sizeDelta.abs() + a.left;
        a.left = whole - size;
        a.sizeDelta = a.sizeDelta > 0 ? size.toInt256() : -size.toInt256();
        a.reward = _reward(subject, terms, a.sizeDelta);
        return subject.venue.quote(subject.token, a.sizeDelta, 0);
    }

    /// @dev Cuts the reward to what the venue lets go, and sets the limit. Returns why the venue or
    /// the limit refuses the trade, or 0.
    function _settle(
        Subject memory subject,
        Assessment memory a,
        Terms memory terms,
        Quote memory q,
        uint256 slippage,
        uint256 most
    ) private view returns (bytes4) {
        if (a.reward > q.releasable) {
            terms.cap = q.releasable;
            a.reward = q.releasable;
            if (a.left == 0 && a.aim > 0) {
                // Nothing was cut off, so the size can be that for the reward.
                (a.sizeDelta, q) = _sizeFor(subject, a.reward, a.aim, 0);
                // Where even that is not let go, there is no reward.
                if (a.reward > q.releasable) {
                    a.reward = 0;
                    (a.sizeDelta, q) = _sizeFor(subject, 0, a.aim, 0);
                }
                terms.cap = a.reward;
                if (a.sizeDelta.abs() > most) q = _cut(subject, a, terms, most);
            }
        }
        if (q.whyNot != 0) return q.whyNot;
        bool buy = a.sizeDelta > 0;
        a.limit = terms.price.fullMulDiv(buy ? WAD + slippage : WAD - slippage, WAD);
        bool within = buy ? q.fill <= a.limit : q.fill >= a.limit;
        return within ? bytes4(0) : Errors.FillBeyondLimit.selector;
    }

    /// @dev Reward in asset units, down.
    function _reward(Subject memory subject, Terms memory terms, int256 sizeDelta)
        private
        pure
        returns (uint256)
    {
        uint256 notional = sizeDelta.abs().fullMulDiv(terms.price, WAD);
        return (notional.fullMulDiv(terms.rate, WAD) / subject.unit).min(terms.cap);
    }

    /// @dev The trade that reaches the leverage `aim` (magnitude) after `taken` asset units have
    /// left.
    function _sizeFor(Subject memory subject, uint256 taken, uint256 aim, uint256 rewardRate)
        private
        view
        returns (int256, Quote memory)
    {
        int256 signed = subject.target > 0 ? aim.toInt256() : -aim.toInt256();
        return subject.venue.sizeFor(subject.token, -taken.toInt256(), signed, rewardRate);
    }
}
