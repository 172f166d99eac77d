// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {SafeCastLib} from "solady/utils/SafeCastLib.sol";

import {Assessment, ILeveragedToken} from "../interfaces/ILeveragedToken.sol";
import {Quote, VenueLimits, VenueState} from "../interfaces/IPerpVenue.sol";
import {Errors} from "./Errors.sol";
import {LeverageMath} from "./LeverageMath.sol";
import {Policy, Prices, Progress, RebalancePolicy, Trigger} from "./RebalancePolicy.sol";
import {Subject} from "./Subject.sol";

/// @title Rebalancing
/// @notice The one place where size, limit and reward of a rebalance of the calling token are
/// decided.
library Rebalancing {
    using FixedPointMathLib for int256;
    using FixedPointMathLib for uint256;
    using RebalancePolicy for Policy;
    using SafeCastLib for uint256;

    uint256 private constant WAD = 1e18;

    /// @dev A trade that is being decided: what its reward follows from, which is a rate (WAD), a
    /// cap (asset units) and the index price (WAD), and what the venue says of it, as in `Quote`.
    struct Draft {
        uint256 rate;
        uint256 cap;
        uint256 price;
        uint256 fill;
        uint256 releasable;
        bytes4 whyNot;
    }

    /// @notice What a rebalance would do now; `reason` says why it cannot be. Fills `a`, because
    /// what is returned is laid out twice.
    function assess(
        Subject calldata subject,
        Policy memory policy,
        Progress calldata last,
        Prices calldata prices,
        bool closing,
        Assessment memory a
    ) internal view {
        VenueState memory state = subject.venue.state(msg.sender);
        a.leverage = LeverageMath.leverage(state.size, state.price, state.equity);
        a.price = state.price;
        a.reason = _notReady(state);
        if (a.reason == 0) a.reason = _decide(subject, policy, last, prices, closing, state, a);
    }

    /// @dev Why nothing can be due, whatever the policy, or 0.
    function _notReady(VenueState memory state) private view returns (bytes4) {
        if (state.fault != 0) return state.fault;
        if (state.equity == 0 && ILeveragedToken(msg.sender).supplyAfterFees() > 0) {
            return Errors.EquityGone.selector;
        }
        return state.size == 0 ? Errors.TokenFlat.selector : bytes4(0);
    }

    /// @dev Trigger and aim, then the rest. Returns why it cannot be done, or 0.
    function _decide(
        Subject calldata subject,
        Policy memory policy,
        Progress calldata last,
        Prices calldata prices,
        bool closing,
        VenueState memory state,
        Assessment memory a
    ) private view returns (bytes4) {
        uint256 l = a.leverage;
        (Trigger trigger, uint256 aim, uint256 drift, uint256 delay) =
            policy.due(last, prices, l, state.price, subject.target);
        if (closing && trigger != Trigger.Emergency) {
            (trigger, aim, drift) = (Trigger.Closing, 0, 0);
            delay = policy.sinceCooldown(last, trigger, false);
        }
        if (trigger == Trigger.None) {
            a.aim = aim;
            return Errors.NothingDue.selector;
        }
        (a.trigger, a.aim) = (trigger, aim);
        bool early = block.timestamp - last.time < policy.cooldownFor(trigger, l < aim);
        if (early && l <= subject.venue.limits().maxLeverage) {
            return Errors.CooldownActive.selector;
        }
        return _size(subject, policy, state, drift, delay, a);
    }

    /// @dev Size, limit and reward: the trade that reaches the aim net of its own cost and reward,
    /// cut to what may be traded. Returns why it cannot be done, or 0.
    function _size(
        Subject calldata subject,
        Policy memory policy,
        VenueState memory state,
        uint256 drift,
        uint256 delay,
        Assessment memory a
    ) private view returns (bytes4) {
        bool grows = a.leverage < a.aim;
        bool urgent = a.trigger == Trigger.Emergency;
        VenueLimits memory limits;
        // Only these two ask for the rules of the venue.
        if (grows || urgent) limits = subject.venue.limits();
        if (grows && state.equity < limits.minEquity) return Errors.BelowMinimumEquity.selector;
        Draft memory draft = Draft({
            rate: policy.rewardRateAt(drift, delay),
            cap: policy.rewardCap / subject.unit,
            price: state.price,
            fill: 0,
            releasable: 0,
            whyNot: 0
        });
        _whole(subject, state, draft, a);
        if (a.sizeDelta == 0) return draft.whyNot;
        uint256 whole = a.sizeDelta.abs();
        uint256 worthwhile = state.size.abs() * RebalancePolicy.MIN_TRADE / WAD;
        if (!urgent && a.aim > 0 && whole < worthwhile) return Errors.BelowMinimumTrade.selector;
        uint256 most = _largestTrade(subject, policy, limits, state.size, draft.rate, a);
        if (grows && most < worthwhile) return Errors.SizeLimitExceeded.selector;
        if (most < whole || a.aim == 0) _cut(subject, most.min(whole), draft, a);
        // A venue that judges at the fill may refuse a slice of an emergency and take a larger one.
        while (urgent && a.left > 0 && draft.whyNot != 0) {
            _cut(subject, (2 * a.sizeDelta.abs()).min(whole), draft, a);
        }
        uint256 slippage = policy.slippage(a.trigger, a.leverage, limits.liquidationBuffer);
        bytes4 whyNot = _settle(subject, slippage, most, draft, a);
        // What the size limit cut off is not left for later, nor what is not worth a trade.
        bool limited = grows && most < policy.maxTrade;
        if (limited || (a.left < worthwhile && a.aim > 0)) a.left = 0;
        return whyNot;
    }

    /// @dev The trade of which nothing is cut off.
    function _whole(
        Subject calldata subject,
        VenueState memory state,
        Draft memory draft,
        Assessment memory a
    ) private view {
        if (a.aim == 0) a.sizeDelta = -state.size;
        else _solve(subject, 0, draft.rate, draft, a);
        a.reward = _reward(subject, draft, a.sizeDelta);
        if (a.aim > 0 && a.reward == draft.cap && draft.rate > 0) {
            _solve(subject, draft.cap, 0, draft, a);
        }
    }

    /// @dev The largest trade now: one slice; of an emergency at least what brings leverage well
    /// under the maximum of the venue, which accepts no smaller one; of one that enlarges the
    /// position at most what the size limit and the venue leave.
    function _largestTrade(
        Subject calldata subject,
        Policy memory policy,
        VenueLimits memory limits,
        int256 size,
        uint256 rate,
        Assessment memory a
    ) private view returns (uint256 most) {
        most = policy.maxTrade;
        int256 target = subject.target;
        if (a.leverage < a.aim) {
            uint256 left = policy.sizeLimit(target.abs(), limits).zeroFloorSub(size.abs());
            return most.min(left).min(subject.venue.capacity(target > 0));
        }
        if (a.trigger != Trigger.Emergency) return most;
        uint256 safe = limits.maxLeverage * RebalancePolicy.VENUE_SHARE / WAD;
        if (a.leverage > safe) {
            (int256 least,) = subject.venue.sizeFor(msg.sender, 0, _signed(safe, target), rate);
            most = most.max(least.abs());
        }
    }

    /// @dev Cuts the trade to `size` and quotes it.
    function _cut(Subject calldata subject, uint256 size, Draft memory draft, Assessment memory a)
        private
        view
    {
        uint256 whole = a.sizeDelta.abs() + a.left;
        a.left = whole - size;
        a.sizeDelta = _signed(size, a.sizeDelta);
        a.reward = _reward(subject, draft, a.sizeDelta);
        _take(draft, subject.venue.quote(msg.sender, a.sizeDelta, 0));
    }

    /// @dev Cuts the reward to what the venue lets go, and sets the limit. Returns why the venue or
    /// the limit refuses the trade, or 0.
    function _settle(
        Subject calldata subject,
        uint256 slippage,
        uint256 most,
        Draft memory draft,
        Assessment memory a
    ) private view returns (bytes4) {
        if (a.reward > draft.releasable) {
            draft.cap = draft.releasable;
            a.reward = draft.releasable;
            if (a.left == 0 && a.aim > 0) {
                // Nothing was cut off, so the size can be that for the reward.
                _solve(subject, a.reward, 0, draft, a);
                // Where even that is not let go, there is no reward.
                if (a.reward > draft.releasable) {
                    a.reward = 0;
                    _solve(subject, 0, 0, draft, a);
                }
                draft.cap = a.reward;
                if (a.sizeDelta.abs() > most) _cut(subject, most, draft, a);
            }
        }
        if (draft.whyNot != 0) return draft.whyNot;
        bool buy = a.sizeDelta > 0;
        a.limit = draft.price.fullMulDiv(buy ? WAD + slippage : WAD - slippage, WAD);
        bool within = buy ? draft.fill <= a.limit : draft.fill >= a.limit;
        return within ? bytes4(0) : Errors.FillBeyondLimit.selector;
    }

    /// @dev Reward in asset units, down.
    function _reward(Subject calldata subject, Draft memory draft, int256 sizeDelta)
        private
        pure
        returns (uint256)
    {
        uint256 notional = sizeDelta.abs().fullMulDiv(draft.price, WAD);
        return (notional.fullMulDiv(draft.rate, WAD) / subject.unit).min(draft.cap);
    }

    /// @dev The trade that reaches the aim after `taken` asset units have left.
    function _solve(
        Subject calldata subject,
        uint256 taken,
        uint256 rewardRate,
        Draft memory draft,
        Assessment memory a
    ) private view {
        int256 leverage = _signed(a.aim, subject.target);
        (int256 sizeDelta, Quote memory q) =
            subject.venue.sizeFor(msg.sender, -taken.toInt256(), leverage, rewardRate);
        a.sizeDelta = sizeDelta;
        _take(draft, q);
    }

    function _take(Draft memory draft, Quote memory q) private pure {
        (draft.fill, draft.releasable, draft.whyNot) = (q.fill, q.releasable, q.whyNot);
    }

    /// @dev `magnitude` with the sign of `sign`.
    function _signed(uint256 magnitude, int256 sign) private pure returns (int256) {
        return sign > 0 ? magnitude.toInt256() : -magnitude.toInt256();
    }
}
