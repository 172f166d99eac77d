// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {SafeCastLib} from "solady/utils/SafeCastLib.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";

import {IOracle} from "../interfaces/IOracle.sol";
import {
    Entry,
    Exit,
    IPerpVenue,
    Quote,
    VenueLimits,
    VenueReport,
    VenueState
} from "../interfaces/IPerpVenue.sol";
import {IPullOracle} from "../interfaces/IPullOracle.sol";
import {Errors} from "../libraries/Errors.sol";
import {LeverageMath} from "../libraries/LeverageMath.sol";
import {SkewPricing} from "../libraries/SkewPricing.sol";
import {PerpBook} from "./PerpBook.sol";
import {PerpLiquidations} from "./PerpLiquidations.sol";
import {PerpMath} from "./PerpMath.sol";
import {PerpOrders} from "./PerpOrders.sol";
import {PerpPool} from "./PerpPool.sol";
import {AccountReport, Fill, MarketParams, MarketState, Position} from "./PerpTypes.sol";

/// @title MockPerpMarket
/// @notice A perpetual market for local chains: the arithmetic of Synthetix Perps V2, behind the door
/// through which a token sees any venue.
///
/// PRICING AND FUNDING
/// `SkewPricing` prices an order; the funding rate drifts with the skew, which all accounts share.
/// Signed operations truncate toward zero.
///
/// VERBS
/// The verbs of the door are atomic: they execute at the index price in the call. Each re-marks the
/// account at that price, adds margin, trades, takes margin out, in this order. Checks of an order,
/// in theirs: old position liquidatable, margin after fee at the fill, minimum margin, new position
/// liquidatable, maximum leverage, market size. Delayed orders are in `PerpOrders`, liquidation in
/// `PerpLiquidations`, liquidity and settlement in `PerpPool`.
///
/// CASH
/// The market holds real assets. Losses and fees stay in it, profits are paid out of it, and what
/// is provided as liquidity pays the difference; nothing is created. When the accounts are owed
/// more than there is, everyone is paid the same part of what they are owed, whoever comes first;
/// nobody comes in and no position grows. What the skew pays for an order that shrinks one is lost
/// when the pool does not have it.
///
/// DIFFERENCES FROM THE REAL MARKET
/// - Beside delayed orders there are atomic ones, at the same fee rates, without deposit and delay.
///   They mark first, and one that grows a position into one that is liquidatable at the index
///   price is refused.
/// - Profits come out of real deposits, not newly created ones; liquidation fees out of the margin
///   and the pool.
/// - An order whose fill price would not be positive is refused.
/// - There are no dynamic fees and no circuit breaker; a bad price stops everything.
/// - A flagged position that is too large is liquidated by anyone after a delay, not by somebody
///   privileged, and at once when it has lost all and may hide that the market is insolvent.
/// - A market whose price never comes back settles at the last good one.
/// - Amounts at the door are in the asset's own decimals.
contract MockPerpMarket is PerpOrders, PerpLiquidations, PerpPool {
    using FixedPointMathLib for int256;
    using FixedPointMathLib for uint256;
    using SafeCastLib for int256;
    using SafeCastLib for uint256;
    using SafeTransferLib for address;

    /// @notice Margin of `account` changed by `delta`, asset units.
    event MarginMoved(address indexed account, int256 delta);

    /// @dev What the real market keeps of an accessible margin, and off its maximum leverage.
    uint256 private constant MILLI = 0.001e18;
    uint256 private constant SOLUTIONS = 3;
    uint256 private constant DUST = 16; // wei by which sums of roundings differ
    uint256 private constant MIN_LEVERAGE = 1e9; // below, a solution overflows

    constructor(
        address asset_,
        IOracle oracle_,
        IPullOracle pullOracle_,
        MarketParams memory params
    ) PerpBook(asset_, oracle_, pullOracle_, params) {}

    // Views

    /// @inheritdoc IPerpVenue
    function asset() external view returns (address) {
        return _asset;
    }

    /// @inheritdoc IPerpVenue
    function limits() external view returns (VenueLimits memory) {
        return VenueLimits({
            maxLeverage: _maxLeverage,
            minEquity: _minInitialMargin,
            feeRate: _takerFee,
            liquidationBuffer: _bufferRatio,
            liquidationFeeRatio: _liquidationFeeRatio,
            premiumMultiplier: _premiumMultiplier,
            skewScale: uint256(_skewScale)
        });
    }

    /// @inheritdoc IPerpVenue
    function report() external view returns (VenueReport memory) {
        MarketState memory market = marketState();
        return VenueReport({
            fundingRate: market.fundingRate,
            skew: market.skew,
            solvency: _payout(market, uint256(WAD))
        });
    }

    /// @inheritdoc IPerpVenue
    function capacity(bool long) external view returns (uint256) {
        int256 skew = long ? _market.skew : -_market.skew;
        int256 side = (uint256(_market.openInterest).toInt256() + skew) / 2;
        return _maxMarketSize.zeroFloorSub(side.max(0).toUint256());
    }

    /// @inheritdoc IPerpVenue
    function state(address account) external view returns (VenueState memory s) {
        _describe(marketState(), _load(account), s);
    }

    /// @notice `account` at the index price, as the real market tells it.
    function accountReport(address account) external view returns (AccountReport memory r) {
        MarketState memory market = marketState();
        Position memory position = _load(account);
        r.funding = PerpMath.funding(market, position);
        r.remainingMargin = PerpMath.equity(market, position);
        uint256 notional = PerpMath.notional(position.size, market.price);
        uint256 kept = notional * uint256(WAD) / (_maxLeverage - MILLI);
        if (kept > 0) kept = kept.max(_minInitialMargin) + MILLI;
        r.accessibleMargin = r.remainingMargin.zeroFloorSub(kept);
        r.canLiquidate = _canLiquidate(market, position);
    }

    /// @inheritdoc IPerpVenue
    function liquidationPrice(address account) external view returns (uint256) {
        MarketState memory market = marketState();
        Position memory position = _load(account);
        if (position.size == 0) return 0;
        int256 needed = _health(position.size, market.price).toInt256();
        int256 price = position.lastPrice + (needed - position.margin) * WAD / position.size
            - (market.fundingIndex - position.fundingIndex);
        return price.max(0).toUint256();
    }

    /// @inheritdoc IPerpVenue
    function quote(address account, int256 sizeDelta, uint256 marginDelta)
        external
        view
        returns (Quote memory q)
    {
        _quote(marketState(), _load(account), sizeDelta, marginDelta, q);
    }

    /// @inheritdoc IPerpVenue
    function sizeFor(address account, int256 assets, int256 leverage, uint256 rewardRate)
        external
        view
        returns (int256 sizeDelta, Quote memory q)
    {
        MarketState memory market = marketState();
        Position memory position = _load(account);
        q.whyNot = _marketFault(market);
        if (q.whyNot == 0) {
            (sizeDelta, q.whyNot) = _sizeAfter(market, position, assets, leverage, rewardRate);
        }
        if (sizeDelta != 0) _quote(market, position, sizeDelta, 0, q);
    }

    /// @inheritdoc IPerpVenue
    function previewEnter(address account, uint256 assets, int256 leverage)
        external
        view
        returns (Entry memory entry)
    {
        MarketState memory market = marketState();
        _requireOpen(market);
        Position memory position = _load(account);
        _requireFree(position);
        require(!_isInsolvent(market), Errors.MarketInsolvent());
        Fill memory fill;
        _enter(market, position, assets, leverage, fill, entry);
    }

    /// @inheritdoc IPerpVenue
    function previewExit(address account, uint256 numerator, uint256 denominator)
        external
        view
        returns (Exit memory result)
    {
        MarketState memory market = marketState();
        Errors.raise(market.fault);
        Position memory position = _load(account);
        _requireFree(position);
        Fill memory fill;
        uint256 most = type(uint256).max;
        _exit(market, position, numerator, denominator, most, fill, result);
    }

    // Verbs

    /// @inheritdoc IPerpVenue
    function enter(uint256 assets, int256 leverage)
        external
        nonReentrant
        returns (Entry memory entry)
    {
        MarketState memory market = marketState();
        _requireOpen(market);
        Position memory position = _load(msg.sender);
        _requireFree(position);
        Fill memory fill;
        _creditMargin(market, assets);
        _enter(market, position, assets, leverage, fill, entry);
        _store(msg.sender, market, position);
        emit MarginMoved(msg.sender, assets.toInt256());
        _emitFilled(market, fill);
    }

    /// @inheritdoc IPerpVenue
    function exit(uint256 numerator, uint256 denominator, uint256 most, address to)
        external
        nonReentrant
        returns (Exit memory result)
    {
        MarketState memory market = marketState();
        Errors.raise(market.fault);
        Position memory position = _load(msg.sender);
        _requireFree(position);
        Fill memory fill;
        _exit(market, position, numerator, denominator, most, fill, result);
        _emitFilled(market, fill);
        _pay(market, position, to, result.paid);
        result.equityAfter = _worth(market, position);
    }

    /// @inheritdoc IPerpVenue
    function trade(int256 sizeDelta, int256 marginDelta, uint256 limit, address to)
        external
        nonReentrant
        returns (VenueState memory later)
    {
        require(sizeDelta != 0 || marginDelta != 0, Errors.EmptyOrder());
        MarketState memory market = marketState();
        _requireOpen(market);
        Position memory position = _load(msg.sender);
        _requireFree(position);
        PerpMath.mark(market, position);
        if (marginDelta > 0) _addMargin(market, position, marginDelta.toUint256());
        if (sizeDelta != 0) {
            Fill memory fill;
            fill.sizeDelta = sizeDelta;
            _fill(market, position, fill);
            Errors.raise(fill.fault);
            _requireWithin(fill, limit);
            _emitFilled(market, fill);
        }
        if (marginDelta < 0) {
            uint256 assets = marginDelta.abs();
            int256 taken = _taken(market, assets * _unit()).toInt256();
            Errors.raise(_moveMargin(market, position, int256(market.price), -taken, 0));
            _pay(market, position, to, assets);
        } else {
            _store(msg.sender, market, position);
        }
        _describe(market, position, later);
    }

    /// @notice Adds `assets` (asset units) to the caller's margin, for accounts that cannot send
    /// and trade in one call. `trade` takes margin out.
    function depositMargin(uint256 assets) external nonReentrant {
        _asset.safeTransferFrom(msg.sender, address(this), assets);
        MarketState memory market = marketState();
        _requireOpen(market);
        Position memory position = _load(msg.sender);
        _requireFree(position);
        _addMargin(market, position, assets);
        _store(msg.sender, market, position);
    }

    // Flows, on the copies in memory

    /// @dev A flow in; writes `fill` and `entry`. Cash is the caller's business.
    function _enter(
        MarketState memory market,
        Position memory position,
        uint256 assets,
        int256 leverage,
        Fill memory fill,
        Entry memory entry
    ) private view {
        require(!_canLiquidate(market, position), Errors.Liquidatable());
        PerpMath.mark(market, position);
        // Beyond 128 bits no amount can be booked.
        int256 added = int256(uint256((assets * _unit()).toUint128()));
        entry.price = market.price;
        entry.opened = position.size == 0;
        entry.equityBefore = position.margin.toUint256();
        position.margin += added;
        (int256 sizeDelta, bytes4 whyNot) = entry.opened
            ? _sizeFor(market, 0, position.margin, leverage, 0)
            : _sizeToKeep(market, position.size, entry.equityBefore, added);
        Errors.raise(whyNot);
        if (sizeDelta != 0) {
            fill.sizeDelta = sizeDelta;
            _fill(market, position, fill);
            Errors.raise(fill.fault);
        }
        int256 gain = added - fill.cost;
        require(gain > 0, Errors.CostAboveValue());
        entry.equityAfter = (entry.equityBefore.toInt256() + gain).toUint256();
        entry.size = position.size;
        entry.gain = (entry.opened ? gain.min(added) : gain).toUint256();
    }

    /// @dev A flow out; writes `fill` and `result`. The fraction of the equity is rounded down, and
    /// so is what is paid of it.
    function _exit(
        MarketState memory market,
        Position memory position,
        uint256 numerator,
        uint256 denominator,
        uint256 most,
        Fill memory fill,
        Exit memory result
    ) private view {
        require(numerator <= denominator && denominator > 0, Errors.FractionOutOfRange());
        PerpMath.mark(market, position);
        require(position.margin > 0, Errors.EquityGone());
        uint256 equity = position.margin.toUint256();
        int256 part = equity.fullMulDiv(numerator, denominator).toInt256();
        result.flat = equity - part.toUint256() < _minInitialMargin;
        int256 closed = result.flat
            ? position.size
            : LeverageMath.fraction(position.size, numerator, denominator);
        if (closed != 0) {
            fill.sizeDelta = -closed;
            if (market.settled) _closeAtMark(market, position, fill);
            else _fill(market, position, fill);
            Errors.raise(fill.fault);
            PerpMath.mark(market, position);
        }
        if (result.flat) {
            // Closing all may cost more than the leaver's part; a gain is shared with those who
            // stay.
            int256 shared = LeverageMath.fraction(fill.cost, numerator, denominator);
            part = (part - fill.cost.max(shared)).max(0);
        } else {
            require(part >= fill.cost, Errors.CostAboveValue());
            part -= fill.cost;
        }
        // The equity of the last account may exceed the debt by a rounding.
        uint256 owed = part.toUint256();
        if (owed > market.debt && owed - market.debt <= DUST) owed = market.debt;
        owed = _payout(market, owed);
        result.price = market.price;
        result.paid = (owed / _unit()).min(most);
        int256 taken = _taken(market, result.paid * _unit()).toInt256();
        if (market.settled || taken == 0) position.margin -= taken;
        else Errors.raise(_moveMargin(market, position, int256(market.price), -taken, 0));
    }

    /// @dev An order of a settled market: at the mark, without cost.
    function _closeAtMark(MarketState memory market, Position memory position, Fill memory fill)
        private
        pure
    {
        fill.price = market.price;
        PerpMath.resize(market, position, fill.sizeDelta);
        if (position.size == 0) (position.lastPrice, position.fundingIndex) = (0, 0);
    }

    /// @dev An order that must not leave a grown position liquidatable at the index price: the real
    /// market judges the margin at the fill, which a flow in pushes up.
    function _fill(MarketState memory market, Position memory position, Fill memory fill)
        private
        view
    {
        uint256 held = position.size.abs();
        _order(market, position, fill);
        bool grown = fill.fault == 0 && position.size.abs() > held;
        if (grown && _canLiquidate(market, position)) fill.fault = Errors.Liquidatable.selector;
    }

    /// @dev What an order would do after margin was added; works on the copies and writes `q`.
    function _quote(
        MarketState memory market,
        Position memory position,
        int256 sizeDelta,
        uint256 marginDelta,
        Quote memory q
    ) private view {
        q.whyNot = _marketFault(market);
        if (q.whyNot == 0) q.whyNot = _accountFault(position);
        if (q.whyNot == 0 && marginDelta > 0 && _isInsolvent(market)) {
            q.whyNot = Errors.MarketInsolvent.selector;
        }
        PerpMath.mark(market, position);
        if (marginDelta > 0) position.margin += (marginDelta * _unit()).toInt256();
        Fill memory fill;
        fill.sizeDelta = sizeDelta;
        _fill(market, position, fill);
        q.fill = fill.price;
        q.fee = fill.fee;
        q.cost = fill.cost;
        if (q.whyNot == 0) q.whyNot = fill.fault;
        uint256 released = _payout(market, _releasable(market, position));
        q.releasable = released.min(_backing(market)) / _unit();
    }

    /// @dev The order after which an account has `leverage`, when `assets` come or go beside it.
    function _sizeAfter(
        MarketState memory market,
        Position memory position,
        int256 assets,
        int256 leverage,
        uint256 rewardRate
    ) private view returns (int256, bytes4) {
        int256 added = assets * int256(_unit());
        int256 equity = PerpMath.equity(market, position).toInt256();
        if (!_isInsolvent(market)) {
            return _sizeFor(market, position.size, equity + added, leverage, rewardRate);
        }
        // What is added or taken counts in full, what is owed only as far as it is paid.
        uint256 backing = _backing(market);
        if (backing == 0) return (0, Errors.InsufficientCash.selector);
        equity += added * market.debt.toInt256() / backing.toInt256();
        rewardRate = rewardRate.fullMulDiv(market.debt, backing);
        return _sizeForPaid(market, position, equity, leverage, rewardRate);
    }

    /// @dev The size that keeps the leverage of an open position while `added` (WAD) comes in.
    function _sizeToKeep(MarketState memory market, int256 size, uint256 equity, int256 added)
        private
        view
        returns (int256, bytes4)
    {
        uint256 notional = PerpMath.notional(size, market.price);
        if (notional == 0) return (0, Errors.NoSolution.selector);
        return _solve(market, size > 0, added, equity.fullMulDiv(SkewPricing.RAY, notional), 0);
    }

    /// @dev The size that gives `leverage` to an equity of `equity` (WAD).
    function _sizeFor(
        MarketState memory market,
        int256 size,
        int256 equity,
        int256 leverage,
        uint256 rewardRate
    ) private view returns (int256, bytes4) {
        if (leverage.abs() < MIN_LEVERAGE) return (0, Errors.NoSolution.selector);
        uint256 ratio = leverage.abs();
        int256 gap;
        uint256 inverse;
        // By BOUNDS: a notional has 192 bits, and the ratio is not 0.
        unchecked {
            uint256 notional = PerpMath.notional(size, market.price);
            gap = equity - int256(notional * uint256(WAD) / ratio);
            inverse = SkewPricing.RAY * uint256(WAD) / ratio;
        }
        return _solve(market, leverage > 0, gap, inverse, rewardRate);
    }

    /// @dev `_sizeFor` where only a part of an equity is paid: what counts is that part after the
    /// trade. The cost of the trade is owed to nobody and leaves more to everybody, so it is solved
    /// for again with the cost of the solution before.
    function _sizeForPaid(
        MarketState memory market,
        Position memory position,
        int256 equity,
        int256 leverage,
        uint256 rewardRate
    ) private view returns (int256 sizeDelta, bytes4 fault) {
        for (uint256 i; i < SOLUTIONS && fault == 0; ++i) {
            uint256 cost;
            if (sizeDelta != 0) {
                Fill memory fill;
                fill.sizeDelta = sizeDelta;
                _tryOrder(market, position, fill);
                cost = fill.cost.max(0).toUint256().min(market.debt - 1);
            }
            uint256 paid = leverage.abs().fullMulDiv(_backing(market), market.debt - cost);
            (sizeDelta, fault) = _sizeFor(
                market,
                position.size,
                equity,
                leverage < 0 ? -paid.toInt256() : paid.toInt256(),
                rewardRate
            );
        }
    }

    function _solve(
        MarketState memory market,
        bool long,
        int256 gap,
        uint256 inverseLeverage,
        uint256 rewardRate
    ) private view returns (int256, bytes4) {
        bool buy = long == gap > 0;
        (bool found, uint256 size) = SkewPricing.solve(
            _curve(market), buy ? int256(1) : -1, gap, inverseLeverage, rewardRate
        );
        if (!found || size == 0) return (0, Errors.NoSolution.selector);
        return (buy ? size.toInt256() : -size.toInt256(), 0);
    }

    /// @dev Books assets that were sent before, and owes them.
    function _creditMargin(MarketState memory market, uint256 assets) private view {
        require(!_isInsolvent(market), Errors.MarketInsolvent());
        _credit(market, assets);
        market.debt += assets * _unit();
    }

    /// @dev Books margin that was sent before.
    function _addMargin(MarketState memory market, Position memory position, uint256 assets)
        private
    {
        require(assets > 0, Errors.ZeroAmount());
        _creditMargin(market, assets);
        int256 added = (assets * _unit()).toInt256();
        Errors.raise(_moveMargin(market, position, int256(market.price), added, 0));
        emit MarginMoved(msg.sender, assets.toInt256());
    }

    /// @dev Stores, then pays: nothing is left to change when the assets move.
    function _pay(MarketState memory market, Position memory position, address to, uint256 assets)
        private
    {
        market.cash -= assets;
        _store(msg.sender, market, position);
        if (assets == 0) return;
        emit MarginMoved(msg.sender, -assets.toInt256());
        _send(to, assets);
    }

    function _emitFilled(MarketState memory market, Fill memory fill) private {
        if (fill.sizeDelta == 0) return;
        emit OrderFilled(msg.sender, fill.sizeDelta, market.price, fill.price, fill.fee);
    }
}
