// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {ReentrancyGuardTransient} from "solady/utils/ReentrancyGuardTransient.sol";
import {SafeCastLib} from "solady/utils/SafeCastLib.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";

import {IOracle} from "../interfaces/IOracle.sol";
import {
    Entry,
    Exit,
    IPerpVenue,
    Quote,
    VenueLimits,
    VenueState
} from "../interfaces/IPerpVenue.sol";
import {IPullOracle} from "../interfaces/IPullOracle.sol";
import {Errors} from "../libraries/Errors.sol";
import {LeverageMath} from "../libraries/LeverageMath.sol";
import {SkewPricing} from "../libraries/SkewPricing.sol";
import {MarketParams, MarketState, PerpBook} from "./PerpBook.sol";

/// @title MockPerpMarket
/// @notice A perpetual market for local chains: the arithmetic of Synthetix Perps V2 with atomic
/// orders, behind the door through which a token sees any venue.
///
/// PRICING AND FUNDING
/// `SkewPricing` prices an order; the funding rate drifts with the skew, which all accounts share.
/// Signed operations truncate toward zero.
///
/// VERBS
/// Every verb re-marks the account at the index price, adds margin, trades, takes margin out, in
/// this order. Checks of an order, in theirs: old position liquidatable, margin after fee, minimum
/// margin, new position liquidatable, maximum leverage, market size.
///
/// CASH
/// The market holds real assets. Losses and fees stay in it, profits are paid out of it, and what
/// is provided as liquidity pays the difference; nothing is created. A payment beyond the cash
/// reverts.
///
/// DIFFERENCES FROM THE REAL MARKET
/// - Orders execute at the oracle price in the call; the fee rates are those of its delayed orders.
/// - Profits come out of real deposits, not newly created ones.
/// - An order that grows a position into one that is liquidatable at the index price is refused.
/// - Liquidation is one step, whatever the size of the position.
/// - Liquidity providers get no shares and cannot leave.
/// - Amounts at the door are in the asset's own decimals.
contract MockPerpMarket is IPerpVenue, PerpBook, ReentrancyGuardTransient {
    using FixedPointMathLib for int256;
    using FixedPointMathLib for uint256;
    using SafeCastLib for int256;
    using SafeCastLib for uint256;
    using SafeTransferLib for address;

    /// @notice Margin of `account` changed by `delta`, asset units.
    event MarginMoved(address indexed account, int256 delta);
    /// @notice An order was filled. Prices, size and fee are WAD.
    event OrderFilled(
        address indexed account, int256 sizeDelta, uint256 price, uint256 fill, uint256 fee
    );
    /// @notice A position was liquidated; `reward` (asset units) went to the liquidator.
    event PositionLiquidated(
        address indexed account,
        address indexed liquidator,
        int256 size,
        uint256 price,
        uint256 reward
    );
    /// @notice Liquidity was provided, asset units.
    event LiquidityProvided(address indexed provider, uint256 assets);

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
        return VenueLimits(_maxLeverage, _minInitialMargin, _takerFee, _bufferRatio);
    }

    /// @inheritdoc IPerpVenue
    function state(address account) external view returns (VenueState memory) {
        MarketState memory market = marketState();
        return _state(market, _load(account));
    }

    /// @notice Margin as booked (WAD), price of the last mark (WAD), size (WAD) and funding index
    /// of `account`.
    function positionOf(address account) external view returns (Position memory) {
        return _load(account);
    }

    /// @notice Funding of `account` since its last mark, WAD of the asset, + received.
    function accruedFunding(address account) external view returns (int256) {
        Position memory position = _load(account);
        return _funding(marketState(), position);
    }

    /// @notice Whether `account` can be liquidated at the index price.
    function canLiquidate(address account) external view returns (bool) {
        return _canLiquidate(marketState(), _load(account));
    }

    /// @inheritdoc IPerpVenue
    function liquidationPrice(address account) external view returns (uint256) {
        MarketState memory market = marketState();
        Position memory position = _load(account);
        if (position.size == 0) return 0;
        int256 needed = (_liquidationMargin(position.size, market.price)
                + _liquidationPremium(position.size, market.price))
        .toInt256();
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
        MarketState memory market = marketState();
        Position memory position = _load(account);
        _mark(market, position);
        position.margin += (marginDelta * _unit).toInt256();
        Fill memory fill = _fill(market, position, sizeDelta);
        q.fill = fill.price;
        q.fee = fill.fee;
        q.cost = fill.cost;
        q.whyNot = market.fault != 0 ? market.fault : fill.fault;
        q.releasable = (_releasable(market, position) / _unit).min(market.cash);
    }

    /// @inheritdoc IPerpVenue
    function sizeFor(address account, int256 assets, int256 leverage, uint256 rewardRate)
        external
        view
        returns (int256, bytes4)
    {
        MarketState memory market = marketState();
        if (market.fault != 0) return (0, market.fault);
        Position memory position = _load(account);
        int256 equity = _equity(market, position).toInt256() + assets * int256(_unit);
        return _sizeFor(market, position.size, equity, leverage, rewardRate);
    }

    /// @inheritdoc IPerpVenue
    function previewEnter(address account, uint256 assets, int256 leverage)
        external
        view
        returns (Entry memory)
    {
        (Entry memory entry,) = _enter(_open(), _load(account), assets, leverage);
        return entry;
    }

    /// @inheritdoc IPerpVenue
    function previewExit(address account, uint256 numerator, uint256 denominator)
        external
        view
        returns (Exit memory)
    {
        (Exit memory result,) = _exit(_open(), _load(account), numerator, denominator);
        return result;
    }

    // Verbs

    /// @inheritdoc IPerpVenue
    function enter(uint256 assets, int256 leverage)
        external
        nonReentrant
        returns (Entry memory entry)
    {
        MarketState memory market = _open();
        Position memory position = _load(msg.sender);
        Fill memory fill;
        _credit(market, assets);
        (entry, fill) = _enter(market, position, assets, leverage);
        _store(market, position);
        emit MarginMoved(msg.sender, assets.toInt256());
        _emitFilled(market, fill);
    }

    /// @inheritdoc IPerpVenue
    function exit(uint256 numerator, uint256 denominator, address to)
        external
        nonReentrant
        returns (Exit memory result)
    {
        MarketState memory market = _open();
        Position memory position = _load(msg.sender);
        Fill memory fill;
        (result, fill) = _exit(market, position, numerator, denominator);
        _emitFilled(market, fill);
        _pay(market, position, to, result.paid);
    }

    /// @inheritdoc IPerpVenue
    function trade(int256 sizeDelta, int256 marginDelta, uint256 limit, address to)
        external
        nonReentrant
        returns (VenueState memory)
    {
        require(sizeDelta != 0 || marginDelta != 0, Errors.EmptyOrder());
        MarketState memory market = _open();
        Position memory position = _load(msg.sender);
        _mark(market, position);
        if (marginDelta > 0) {
            _credit(market, marginDelta.toUint256());
            position.margin += marginDelta * int256(_unit);
            Errors.raise(_marginFault(market, position, false));
            emit MarginMoved(msg.sender, marginDelta);
        }
        if (sizeDelta != 0) {
            Fill memory fill = _fill(market, position, sizeDelta);
            Errors.raise(fill.fault);
            bool within = sizeDelta > 0 ? fill.price <= limit : fill.price >= limit;
            require(within, Errors.FillBeyondLimit());
            _emitFilled(market, fill);
        }
        if (marginDelta < 0) {
            _mark(market, position);
            position.margin += marginDelta * int256(_unit);
            Errors.raise(_marginFault(market, position, true));
            _pay(market, position, to, marginDelta.abs());
        } else {
            _store(market, position);
        }
        return _state(market, position);
    }

    /// @notice Adds `assets` (asset units) to the caller's margin, for accounts that cannot send
    /// and trade in one call.
    function depositMargin(uint256 assets) external nonReentrant {
        MarketState memory market = _open();
        Position memory position = _load(msg.sender);
        _asset.safeTransferFrom(msg.sender, address(this), assets);
        _credit(market, assets);
        _mark(market, position);
        position.margin += (assets * _unit).toInt256();
        Errors.raise(_marginFault(market, position, false));
        _store(market, position);
        emit MarginMoved(msg.sender, assets.toInt256());
    }

    /// @notice Gives `assets` (asset units) to the pool that pays the profits of the traders.
    function provideLiquidity(uint256 assets) external nonReentrant {
        _asset.safeTransferFrom(msg.sender, address(this), assets);
        _market.cash += assets.toUint128();
        emit LiquidityProvided(msg.sender, assets);
    }

    /// @notice Closes a position that no longer carries its liquidation margin. Nothing returns to
    /// the account; the caller gets the liquidation fees, and the pool keeps the rest.
    function liquidate(address account) external nonReentrant {
        MarketState memory market = _open();
        Position memory position = _load(account);
        require(_canLiquidate(market, position), Errors.NotLiquidatable());
        int256 size = position.size;
        uint256 reward = (_liquidationFee(size, market.price) + _keeperLiquidationFee) / _unit;
        reward = reward.min(market.cash);
        market.skew -= size;
        market.openInterest -= size.abs();
        market.cash -= reward;
        delete _positions[account];
        _storeMarket(market);
        emit PositionLiquidated(account, msg.sender, size, market.price, reward);
        _asset.safeTransfer(msg.sender, reward);
    }

    // Flows, on the copies in memory

    /// @dev A flow in. Cash is the caller's business.
    function _enter(
        MarketState memory market,
        Position memory position,
        uint256 assets,
        int256 leverage
    ) private view returns (Entry memory entry, Fill memory fill) {
        require(!_canLiquidate(market, position), Errors.Liquidatable());
        _mark(market, position);
        int256 added = (assets * _unit).toInt256();
        bool flat = position.size == 0;
        entry.equityBefore = position.margin.toUint256();
        position.margin += added;
        (int256 sizeDelta, bytes4 whyNot) = flat
            ? _sizeFor(market, 0, position.margin, leverage, 0)
            : _sizeToKeep(market, position.size, entry.equityBefore, added);
        Errors.raise(whyNot);
        if (sizeDelta != 0) {
            fill = _fill(market, position, sizeDelta);
            Errors.raise(fill.fault);
        }
        int256 gain = added - fill.cost;
        require(gain > 0, Errors.CostAboveValue());
        entry.equityAfter = (entry.equityBefore.toInt256() + gain).toUint256();
        entry.gain = (flat ? gain.min(added) : gain).toUint256();
    }

    /// @dev A flow out. The fraction of the equity is rounded down, and so is what is paid of it.
    function _exit(
        MarketState memory market,
        Position memory position,
        uint256 numerator,
        uint256 denominator
    ) private view returns (Exit memory result, Fill memory fill) {
        require(numerator <= denominator && denominator > 0, Errors.FractionOutOfRange());
        _mark(market, position);
        require(position.margin > 0, Errors.EquityGone());
        uint256 equity = position.margin.toUint256();
        int256 part = equity.fullMulDiv(numerator, denominator).toInt256();
        result.flat = equity - part.toUint256() < _minInitialMargin;
        int256 closed = result.flat
            ? position.size
            : LeverageMath.fraction(position.size, numerator, denominator);
        if (closed != 0) {
            fill = _fill(market, position, -closed);
            Errors.raise(fill.fault);
            _mark(market, position);
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
        result.paid = part.toUint256() / _unit;
        require(market.cash >= result.paid, Errors.InsufficientCash());
        position.margin -= (result.paid * _unit).toInt256();
        if (result.paid > 0) Errors.raise(_marginFault(market, position, true));
    }

    /// @dev An order that must not leave a grown position liquidatable at the index price: the real
    /// market judges the margin at the fill, which a flow in pushes up.
    function _fill(MarketState memory market, Position memory position, int256 sizeDelta)
        private
        view
        returns (Fill memory fill)
    {
        uint256 held = position.size.abs();
        fill = _order(market, position, sizeDelta);
        bool grown = fill.fault == 0 && position.size.abs() > held;
        if (grown && _canLiquidate(market, position)) fill.fault = Errors.Liquidatable.selector;
    }

    /// @dev The size that keeps the leverage of an open position while `added` (WAD) comes in.
    function _sizeToKeep(MarketState memory market, int256 size, uint256 equity, int256 added)
        private
        view
        returns (int256, bytes4)
    {
        uint256 notional = _notional(size, market.price);
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
        if (leverage == 0) return (0, Errors.NoSolution.selector);
        uint256 notional = _notional(size, market.price);
        int256 held = notional.fullMulDiv(uint256(WAD), leverage.abs()).toInt256();
        uint256 inverse = SkewPricing.RAY * uint256(WAD) / leverage.abs();
        return _solve(market, leverage > 0, equity - held, inverse, rewardRate);
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
        if (!found) return (0, Errors.NoSolution.selector);
        return (buy ? size.toInt256() : -size.toInt256(), 0);
    }

    /// @dev Books assets that were sent before the call.
    function _credit(MarketState memory market, uint256 assets) private view {
        uint256 balance = _asset.balanceOf(address(this));
        require(balance >= market.cash + assets, Errors.AssetsNotReceived());
        market.cash += assets;
    }

    /// @dev Stores, then pays: nothing is left to change when the assets move.
    function _pay(MarketState memory market, Position memory position, address to, uint256 assets)
        private
    {
        require(market.cash >= assets, Errors.InsufficientCash());
        market.cash -= assets;
        _store(market, position);
        if (assets == 0) return;
        emit MarginMoved(msg.sender, -assets.toInt256());
        _asset.safeTransfer(to, assets);
    }

    function _emitFilled(MarketState memory market, Fill memory fill) private {
        if (fill.sizeDelta == 0) return;
        emit OrderFilled(msg.sender, fill.sizeDelta, market.price, fill.price, fill.fee);
    }

    /// @dev Transient storage on every chain, so that local chains run the code of the public ones.
    function _useTransientReentrancyGuardOnlyOnMainnet() internal pure override returns (bool) {
        return false;
    }
}
