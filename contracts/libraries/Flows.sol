// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {SafeCastLib} from "solady/utils/SafeCastLib.sol";

import {Entry, IPerpVenue, Quote, VenueState} from "../interfaces/IPerpVenue.sol";
import {Errors} from "./Errors.sol";
import {FeeMath} from "./FeeMath.sol";
import {LeverageMath} from "./LeverageMath.sol";
import {Subject} from "./Subject.sol";

/// @notice A flow in of exact shares.
/// @param assets What it takes, asset units, rounded up.
/// @param sizeDelta The trade that goes with it, WAD, signed.
/// @param before The account before it.
/// @param leastEquity Of the account after it, WAD.
struct MintOrder {
    uint256 assets;
    int256 sizeDelta;
    VenueState before;
    uint256 leastEquity;
}

/// @title Flows
/// @notice What a flow of the calling token is worth and costs. `supply` is the supply after fees.
library Flows {
    using FeeMath for uint256;
    using FixedPointMathLib for uint256;
    using SafeCastLib for int256;
    using SafeCastLib for uint256;

    uint256 private constant LOCKED_SHARES = 1e15;
    uint256 private constant LOCKED_UNITS = 1000;
    uint256 private constant PRECISION = 1e9;
    uint256 private constant RESIDUAL_UNITS = 1; // and what is rounded down makes two
    uint256 private constant REFINING_STEPS = 6; // each gains at least one digit on a sane venue
    uint256 private constant MAX_STEPS = 32;

    /// @notice Shares that a flow in locks for ever, for an asset of `unit` WAD per unit: none but
    /// by the first.
    function lockedShares(uint256 supply, uint256 unit) internal pure returns (uint256) {
        return supply == 0 ? LOCKED_SHARES.max(LOCKED_UNITS * unit) : 0;
    }

    /// @notice Shares that a flow in is worth, rounded down: those of the payer and those of a fee
    /// of `rate`, and those that are locked beside them.
    function entered(Entry memory entry, uint256 supply, uint256 rate, uint256 unit)
        internal
        pure
        returns (uint256 shares, uint256 fee, uint256 locked)
    {
        locked = lockedShares(supply, unit);
        if (supply == 0) {
            require(entry.equityAfter > locked, Errors.SharesBelowLocked());
            shares = entry.equityAfter - locked;
        } else {
            require(entry.equityBefore > 0, Errors.EquityGone());
            shares = LeverageMath.toSharesDown(entry.gain, supply, entry.equityBefore);
        }
        fee = shares.partUp(rate);
        shares -= fee;
        require(shares > 0, Errors.ZeroAmount());
    }

    /// @notice What `gross` shares, fee included, cost now. Reverts where the venue would.
    function mintCost(Subject calldata subject, uint256 gross, uint256 supply)
        internal
        view
        returns (MintOrder memory order)
    {
        require(gross > 0, Errors.ZeroAmount());
        (IPerpVenue venue, uint256 unit) = (subject.venue, subject.unit);
        VenueState memory state = venue.state(msg.sender);
        Errors.raise(state.fault);
        require(supply == 0 || state.equity > 0, Errors.EquityGone());
        uint256 value = supply == 0
            ? gross + lockedShares(supply, unit)
            : LeverageMath.toValueUp(gross, supply, state.equity);
        order.before = state;
        order.leastEquity = state.equity + value;
        order.sizeDelta = state.size == 0
            ? subject.target * order.leastEquity.toInt256() / state.price.toInt256()
            : LeverageMath.fraction(state.size, gross, supply);
        // Margin that comes with a flow does not rescue a position.
        bytes4 fault = venue.quote(msg.sender, 0, 0).whyNot;
        if (fault == Errors.Liquidatable.selector) Errors.raise(fault);
        // Whether the venue accepts depends on the margin, which depends on this cost.
        Quote memory q = venue.quote(msg.sender, order.sizeDelta, 0);
        if (q.fill == 0) Errors.raise(q.whyNot);
        int256 total = value.toInt256() + q.cost;
        if (state.size == 0 && q.cost < 0) {
            // A trade that the skew pays for is a gift to all holders: it costs no less, and is
            // sized for the gift.
            total = value.toInt256();
            int256 assets = value.divUp(unit).toInt256();
            (order.sizeDelta, q) = venue.sizeFor(msg.sender, assets, subject.target, 0);
            if (order.sizeDelta == 0) Errors.raise(q.whyNot);
        }
        require(total > 0, Errors.CostAboveValue());
        order.assets = total.toUint256().divUp(unit);
        Errors.raise(venue.quote(msg.sender, order.sizeDelta, order.assets).whyNot);
    }

    /// @notice The part of `supply` at which a flow out pays at least `assets`, by at most a 1e-9 of
    /// them and two asset units more. Reverts with `NoSolution` when there is none, and where the
    /// venue would.
    /// @dev What is paid is almost proportional to the part: the cost of the trade grows with it.
    /// The first step takes that proportion, each further one the line through the last two.
    function exitFor(Subject calldata subject, uint256 assets, uint256 supply)
        internal
        view
        returns (uint256 part)
    {
        VenueState memory state = subject.venue.state(msg.sender);
        if (state.fault != Errors.MarketSettled.selector) Errors.raise(state.fault);
        require(state.equity > 0, Errors.EquityGone());
        uint256 tolerance = assets / PRECISION + RESIDUAL_UNITS;
        uint256 last;
        uint256 lastPaid;
        part = (assets * subject.unit).fullMulDivUp(supply, state.equity).min(supply);
        for (uint256 i; i < MAX_STEPS; ++i) {
            uint256 paid = subject.venue.previewExit(msg.sender, part, supply).paid;
            uint256 residual = paid.zeroFloorSub(assets);
            bool close = residual <= (i < REFINING_STEPS ? RESIDUAL_UNITS : tolerance);
            if (paid >= assets && close) return part;
            require(part < supply || paid > assets, Errors.NoSolution());
            // Where the cost eats all of a part, more is needed.
            uint256 next = paid == 0
                ? 2 * part
                : _onLine(Point(last, lastPaid), Point(part, paid), assets + 1);
            (last, lastPaid, part) = (part, paid, next.min(supply));
        }
        Errors.raise(Errors.NoSolution.selector);
    }

    /// @dev A part, and what it is paid, asset units.
    struct Point {
        uint256 part;
        uint256 paid;
    }

    /// @dev The part, up, that is paid `aim` on the line through two points, or through the origin
    /// and the second where that line does not rise.
    function _onLine(Point memory a, Point memory b, uint256 aim) private pure returns (uint256) {
        bool rises = a.part < b.part ? a.paid < b.paid : a.paid > b.paid;
        if (!rises || a.part == b.part) (a.part, a.paid) = (0, 0);
        uint256 run = a.part.dist(b.part).fullMulDivUp(aim.dist(b.paid), a.paid.dist(b.paid));
        return aim > b.paid ? b.part + run : b.part.zeroFloorSub(run).max(1);
    }
}
