// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "solady/tokens/ERC20.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {ReentrancyGuardTransient} from "solady/utils/ReentrancyGuardTransient.sol";
import {SafeCastLib} from "solady/utils/SafeCastLib.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";

import {IOracle} from "../interfaces/IOracle.sol";
import {IPerpVenue, VenueState} from "../interfaces/IPerpVenue.sol";
import {IPullOracle} from "../interfaces/IPullOracle.sol";
import {Errors} from "../libraries/Errors.sol";
import {SkewPricing} from "../libraries/SkewPricing.sol";
import {Fill, MarketParams, MarketState, Order, Position, Status} from "./PerpTypes.sol";

/// @title PerpBook
/// @notice The books of `MockPerpMarket`: its rules, market and positions in storage, and the
/// formulas of Synthetix Perps V2 that work on copies of them in memory. Signed operations truncate
/// toward zero.
abstract contract PerpBook is IPerpVenue, ReentrancyGuardTransient {
    using FixedPointMathLib for int256;
    using FixedPointMathLib for uint256;
    using SafeCastLib for int256;
    using SafeCastLib for uint256;
    using SafeTransferLib for address;

    int256 internal constant WAD = 1e18;
    int256 internal constant DAY = 1 days;
    uint256 internal constant MAX_DECIMALS = 18;
    /// @dev Tolerance of the leverage check, as the real market has it.
    uint256 internal constant LEVERAGE_TOLERANCE = 0.01e18;

    /// @inheritdoc IPerpVenue
    IOracle public immutable oracle;
    /// @notice Where the prices come from at which delayed orders execute; 0: there are none.
    IPullOracle public immutable pullOracle;

    address internal immutable _asset;
    int256 internal immutable _skewScale;
    int256 internal immutable _maxFundingVelocity;
    uint256 internal immutable _makerFee;
    uint256 internal immutable _takerFee;
    uint256 internal immutable _maxLeverage;
    uint256 internal immutable _maxMarketSize;
    uint256 internal immutable _bufferRatio;
    uint256 internal immutable _premiumMultiplier;
    uint256 internal immutable _liquidationFeeRatio;
    uint256 internal immutable _minKeeperFee;
    uint256 internal immutable _maxKeeperFee;
    uint256 internal immutable _keeperLiquidationFee;
    uint256 internal immutable _minInitialMargin;
    uint256 internal immutable _maxDivergence;
    uint256 internal immutable _maxLiquidationDelta;
    uint256 internal immutable _maxLiquidationSkew;
    uint256 internal immutable _minOrderAge;
    uint256 internal immutable _maxOrderAge;
    uint256 internal immutable _forcedLiquidationDelay;
    uint256 internal immutable _settlementDelay;
    uint256 private immutable _wadPerUnit;

    struct StoredMarket {
        int128 skew;
        uint128 openInterest;
        int128 fundingRate;
        uint128 price;
        int128 fundingIndex;
        uint128 cash;
        int128 correction;
        uint32 updatedAt;
        uint32 invalidSince;
        uint32 checkedAt;
        uint24 liveOrders;
        bool settled;
    }

    struct StoredPosition {
        uint128 margin;
        uint128 lastPrice;
        int128 size;
        int120 fundingIndex;
        Status status;
    }

    StoredMarket internal _market;
    mapping(address account => StoredPosition) internal _positions;
    mapping(address account => Order) internal _orders;

    /// @notice An order was filled. Prices, size and fee are WAD.
    event OrderFilled(
        address indexed account, int256 sizeDelta, uint256 price, uint256 fill, uint256 fee
    );
    /// @notice A waiting order is gone; `paid` (asset units) of its deposit went to `remover`, the
    /// account itself got its deposit back as margin.
    event OrderRemoved(address indexed account, address indexed remover, uint256 paid);

    constructor(
        address asset_,
        IOracle oracle_,
        IPullOracle pullOracle_,
        MarketParams memory params
    ) {
        uint256 decimals = ERC20(asset_).decimals();
        require(decimals <= MAX_DECIMALS && params.skewScale > 0, Errors.InvalidParameter());
        require(params.makerFee <= params.takerFee, Errors.InvalidParameter());
        require(params.minKeeperFee > 0, Errors.InvalidParameter());
        require(params.maxLeverage > uint256(WAD), Errors.InvalidParameter());
        require(params.minOrderAge + 1 < params.maxOrderAge, Errors.InvalidParameter());
        _asset = asset_;
        oracle = oracle_;
        pullOracle = pullOracle_;
        _wadPerUnit = 10 ** (MAX_DECIMALS - decimals);
        _skewScale = params.skewScale.toInt256();
        _maxFundingVelocity = params.maxFundingVelocity.toInt256();
        _makerFee = params.makerFee;
        _takerFee = params.takerFee;
        _maxLeverage = params.maxLeverage;
        _maxMarketSize = params.maxMarketSize;
        _bufferRatio = params.liquidationBufferRatio;
        _premiumMultiplier = params.liquidationPremiumMultiplier;
        _liquidationFeeRatio = params.liquidationFeeRatio;
        _minKeeperFee = params.minKeeperFee;
        _maxKeeperFee = params.maxKeeperFee;
        _keeperLiquidationFee = params.keeperLiquidationFee;
        _minInitialMargin = params.minInitialMargin;
        _maxDivergence = params.maxDivergence;
        _maxLiquidationDelta = params.maxLiquidationDelta;
        _maxLiquidationSkew = params.maxLiquidationSkew;
        _minOrderAge = params.minOrderAge;
        _maxOrderAge = params.maxOrderAge;
        _forcedLiquidationDelay = params.forcedLiquidationDelay;
        _settlementDelay = params.settlementDelay;
        _market.updatedAt = _now();
    }

    /// @notice The market now. Never reverts.
    function marketState() public view returns (MarketState memory market) {
        if (_market.settled) return _marketAt(_market.price);
        (uint256 price,, bytes4 fault) = oracle.price();
        market = _marketAt(fault == 0 ? price : _market.price);
        market.fault = fault;
    }

    /// @notice Funding as it was booked last: the rate a day (WAD), the index (WAD of the asset)
    /// and when, seconds since the epoch.
    function lastFunding() external view returns (int256 rate, int256 index, uint256 updatedAt) {
        return (_market.fundingRate, _market.fundingIndex, _market.updatedAt);
    }

    /// @notice The account as it was booked last, WAD: margin, price of the last mark, size,
    /// funding index, its part of the market's correction, and what keeps it from acting.
    function positionOf(address account) external view returns (Position memory) {
        return _load(account);
    }

    /// @dev The market at an index price of `price`.
    function _marketAt(uint256 price) internal view returns (MarketState memory market) {
        StoredMarket storage stored = _market;
        market.price = price;
        market.skew = stored.skew;
        market.openInterest = stored.openInterest;
        market.fundingIndex = stored.fundingIndex;
        market.correction = stored.correction;
        market.cash = stored.cash;
        market.escrow = stored.liveOrders * _minKeeperFee;
        market.settled = stored.settled;
        int256 rate = stored.fundingRate;
        market.fundingRate = rate;
        if (!market.settled) {
            // Timestamps are far below the range of int256.
            int256 elapsed = int256(block.timestamp - stored.updatedAt) * WAD / DAY;
            int256 share = (market.skew * WAD / _skewScale).clamp(-WAD, WAD);
            market.fundingVelocity = share * _maxFundingVelocity / WAD;
            market.fundingRate += market.fundingVelocity * elapsed / WAD;
            int256 mean = -(rate + market.fundingRate) / 2;
            // Oracles give prices of at most 128 bits.
            market.fundingIndex += mean * elapsed / WAD * int256(price) / WAD;
        }
        market.debt = _debtOf(market);
    }

    // Orders and margin, on the copies in memory

    /// @dev What an order at the index price of `market` would do to a position.
    function _tryOrder(MarketState memory market, Position memory position, int256 sizeDelta)
        internal
        view
        returns (Fill memory fill, Position memory next)
    {
        fill.sizeDelta = sizeDelta;
        int256 price = SkewPricing.fillPrice(_curve(market), sizeDelta);
        if (price <= 0) {
            fill.fault = Errors.FillNotPositive.selector;
            return (fill, next);
        }
        fill.price = price.toUint256();
        fill.fee = SkewPricing.orderFee(_curve(market), sizeDelta, fill.price);
        next.margin = _marginAt(market, position, price) - fill.fee.toInt256();
        next.size = position.size + sizeDelta;
        int256 left = next.margin + next.size * (int256(market.price) - price) / WAD;
        fill.cost = _marked(market, position) - left;
        fill.fault = _orderFault(market, position, next, fill);
    }

    /// @dev Fills an order at the index price of `market`; with a fault nothing changes. What the
    /// skew would pay for it is lost when the market could not pay everybody then.
    function _order(MarketState memory market, Position memory position, int256 sizeDelta)
        internal
        view
        returns (Fill memory fill)
    {
        Position memory next;
        (fill, next) = _tryOrder(market, position, sizeDelta);
        if (fill.fault != 0) return fill;
        _resize(market, position, sizeDelta);
        position.margin = next.margin;
        if (fill.cost < 0 && _overdraws(market, fill.cost)) {
            position.margin += fill.cost;
            fill.cost = 0;
        }
        bool open = next.size != 0;
        position.lastPrice = open ? int256(fill.price) : int256(0);
        position.fundingIndex = open ? market.fundingIndex : int256(0);
    }

    function _resize(MarketState memory market, Position memory position, int256 sizeDelta)
        internal
        pure
    {
        int256 size = position.size + sizeDelta;
        market.openInterest = market.openInterest + size.abs() - position.size.abs();
        market.skew += sizeDelta;
        position.size = size;
    }

    /// @dev The first check that an order fails, in the order of the real market.
    function _orderFault(
        MarketState memory market,
        Position memory old,
        Position memory next,
        Fill memory fill
    ) private view returns (bytes4) {
        if (_canLiquidate(market, old)) return Errors.Liquidatable.selector;
        if (next.margin < 0) return Errors.InsufficientMargin.selector;
        uint256 margin = next.margin.toUint256();
        if (old.size != 0 && margin <= _liquidationMargin(old.size, fill.price)) {
            return Errors.Liquidatable.selector;
        }
        if (!_isReducing(old.size, next.size) && margin + fill.fee < _minInitialMargin) {
            return Errors.InsufficientMargin.selector;
        }
        if (margin <= _health(next.size, market.price)) return Errors.Liquidatable.selector;
        // As for a notional.
        unchecked {
            uint256 notional = _notional(next.size, fill.price);
            if (notional * uint256(WAD) / (margin + fill.fee) > _maxLeverage + LEVERAGE_TOLERANCE) {
                return Errors.MaxLeverageExceeded.selector;
            }
            bool grows =
                !SkewPricing.sameSide(old.size, next.size) || next.size.abs() > old.size.abs();
            if (!grows) return 0;
            int256 total = (market.openInterest + next.size.abs() - old.size.abs()).toInt256();
            int256 skew = market.skew + fill.sizeDelta;
            int256 side = (next.size > 0 ? total + skew : total - skew) / 2;
            if (side.abs() > _maxMarketSize) return Errors.MarketSizeExceeded.selector;
        }
        return _overdraws(market, fill.cost) ? Errors.MarketInsolvent.selector : bytes4(0);
    }

    /// @dev Changes margin by `delta` and moves the mark of the position to `price`. Returns the
    /// first check that fails, in the order of the real market; `sizeDelta` is that of the order
    /// for which margin is taken.
    function _moveMargin(
        MarketState memory market,
        Position memory position,
        int256 price,
        int256 delta,
        int256 sizeDelta
    ) internal view returns (bytes4) {
        position.margin = _marginAt(market, position, price) + delta;
        if (position.margin < 0) return Errors.InsufficientMargin.selector;
        if (position.size == 0) return 0;
        position.lastPrice = price;
        position.fundingIndex = market.fundingIndex;
        uint256 margin = position.margin.toUint256();
        uint256 mark = price.toUint256();
        if (margin <= _liquidationMargin(position.size, mark)) return Errors.Liquidatable.selector;
        if (delta >= 0) return 0;
        if (margin <= _health(position.size, mark)) return Errors.InsufficientMargin.selector;
        if (_isReducing(position.size, position.size + sizeDelta)) return 0;
        if (_notional(position.size, mark) * uint256(WAD) / margin > _maxLeverage) {
            return Errors.MaxLeverageExceeded.selector;
        }
        return margin < _minInitialMargin ? Errors.InsufficientMargin.selector : bytes4(0);
    }

    /// @dev Moves the mark of a position to the index price: profit and funding become margin.
    function _mark(MarketState memory market, Position memory position) internal pure {
        if (position.size == 0) return;
        position.margin = _marked(market, position);
        position.lastPrice = int256(market.price);
        position.fundingIndex = market.fundingIndex;
    }

    /// @dev Margin that must stay behind an open position when some is taken out, WAD, rounded up.
    function _neededMargin(MarketState memory market, Position memory position)
        internal
        view
        returns (uint256)
    {
        uint256 notional = _notional(position.size, market.price);
        uint256 health = _health(position.size, market.price) + 1;
        return health.max(notional.fullMulDivUp(uint256(WAD), _maxLeverage)).max(_minInitialMargin);
    }

    /// @dev Margin that could be taken out of a position, WAD.
    function _releasable(MarketState memory market, Position memory position)
        internal
        view
        returns (uint256)
    {
        _mark(market, position);
        uint256 margin = position.margin.max(0).toUint256();
        return position.size == 0 ? margin : margin.zeroFloorSub(_neededMargin(market, position));
    }

    // Solvency

    /// @dev What the market owes its accounts at the index price, WAD: the sum of their equities.
    function _debtOf(MarketState memory market) internal pure returns (uint256) {
        return _signedDebt(market).max(0).toUint256();
    }

    function _signedDebt(MarketState memory market) internal pure returns (int256) {
        return market.skew * (int256(market.price) + market.fundingIndex) / WAD + market.correction;
    }

    /// @dev Cash that is not in escrow, WAD.
    function _backing(MarketState memory market) internal view returns (uint256) {
        return market.cash * _unit() - market.escrow;
    }

    function _isInsolvent(MarketState memory market) internal view returns (bool) {
        return market.debt > _backing(market);
    }

    /// @dev Whether the market owes more than it has after an order of this cost; a gain is owed.
    function _overdraws(MarketState memory market, int256 cost) internal view returns (bool) {
        return market.debt + (-cost).max(0).toUint256() > _backing(market);
    }

    /// @dev What an equity of `amount` is paid, WAD, rounded down: all of it, or everybody's same
    /// part when the market owes more than it has.
    function _payout(MarketState memory market, uint256 amount) internal view returns (uint256) {
        uint256 backing = _backing(market);
        return market.debt > backing ? amount.fullMulDiv(backing, market.debt) : amount;
    }

    /// @dev The equity that a payment of `amount` takes, WAD, rounded up.
    function _taken(MarketState memory market, uint256 amount) internal view returns (uint256) {
        uint256 backing = _backing(market);
        require(backing >= amount, Errors.InsufficientCash());
        if (market.debt <= backing || amount == 0) return amount;
        return amount.fullMulDivUp(market.debt, backing);
    }

    // Formulas

    function _state(MarketState memory market, Position memory position)
        internal
        view
        returns (VenueState memory)
    {
        uint256 equity = _payout(market, _equity(market, position));
        return VenueState(market.price, position.size, equity, _marketFault(market));
    }

    /// @dev Equity at the index price, WAD, never below 0, as if the market could pay it.
    function _equity(MarketState memory market, Position memory position)
        internal
        pure
        returns (uint256)
    {
        return _marked(market, position).max(0).toUint256();
    }

    /// @dev Margin + profit + funding at the index price; below 0 when more than all is lost.
    function _marked(MarketState memory market, Position memory position)
        internal
        pure
        returns (int256)
    {
        return _marginAt(market, position, int256(market.price));
    }

    /// @dev Margin + profit at `price` + funding.
    function _marginAt(MarketState memory market, Position memory position, int256 price)
        internal
        pure
        returns (int256)
    {
        int256 profit = position.size * (price - position.lastPrice) / WAD;
        return position.margin + profit + _funding(market, position);
    }

    function _funding(MarketState memory market, Position memory position)
        internal
        pure
        returns (int256)
    {
        return position.size * (market.fundingIndex - position.fundingIndex) / WAD;
    }

    function _canLiquidate(MarketState memory market, Position memory position)
        internal
        view
        returns (bool)
    {
        if (position.size == 0) return false;
        return _marked(market, position) <= _health(position.size, market.price).toInt256();
    }

    /// @dev Whether a position only shrinks.
    function _isReducing(int256 old, int256 next) internal pure returns (bool) {
        return SkewPricing.sameSide(old, next) && next.abs() < old.abs();
    }

    function _notional(int256 size, uint256 price) internal pure returns (uint256) {
        // Prices have at most 128 bits, sizes 127: larger orders are too large for any market.
        unchecked {
            return size.abs() * price / uint256(WAD);
        }
    }

    /// @dev What a position needs to stay: it is liquidatable at or below.
    function _health(int256 size, uint256 price) internal view returns (uint256) {
        return _liquidationMargin(size, price) + _liquidationPremium(size, price);
    }

    function _liquidationMargin(int256 size, uint256 price) internal view returns (uint256) {
        return _notional(size, price) * _bufferRatio / uint256(WAD) + _liquidationFee(size, price)
            + _keeperLiquidationFee;
    }

    function _liquidationFee(int256 size, uint256 price) internal view returns (uint256) {
        uint256 fee = _notional(size, price) * _liquidationFeeRatio / uint256(WAD);
        return fee.min(_maxKeeperFee).max(_minKeeperFee);
    }

    function _liquidationPremium(int256 size, uint256 price) internal view returns (uint256) {
        uint256 share = size.abs() * uint256(WAD) / uint256(_skewScale);
        uint256 weighed = share * _notional(size, price) / uint256(WAD);
        return weighed * _premiumMultiplier / uint256(WAD);
    }

    function _curve(MarketState memory market) internal view returns (SkewPricing.Curve memory) {
        return
            SkewPricing.Curve(market.price, market.skew, uint256(_skewScale), _makerFee, _takerFee);
    }

    // Storage and cash

    /// @dev The market at a good price, for a verb.
    function _open() internal view returns (MarketState memory market) {
        market = marketState();
        Errors.raise(_marketFault(market));
    }

    /// @dev The market at a good price or settled, for a verb that leaves.
    function _openToLeave() internal view returns (MarketState memory market) {
        market = marketState();
        Errors.raise(market.fault);
    }

    function _marketFault(MarketState memory market) internal pure returns (bytes4) {
        return market.settled ? Errors.MarketSettled.selector : market.fault;
    }

    /// @dev What keeps the account from acting, or 0.
    function _accountFault(Position memory position) internal pure returns (bytes4) {
        if (position.status == Status.Free) return 0;
        return position.status == Status.Ordered
            ? Errors.OrderLive.selector
            : Errors.PositionFlagged.selector;
    }

    function _load(address account) internal view returns (Position memory position) {
        StoredPosition storage stored = _positions[account];
        position = Position({
            // 128 bits unsigned fit into 256 signed.
            margin: int256(uint256(stored.margin)),
            lastPrice: int256(uint256(stored.lastPrice)),
            size: stored.size,
            fundingIndex: stored.fundingIndex,
            booked: 0,
            status: stored.status
        });
        position.booked = _correction(position);
    }

    /// @dev The position of an account that may act.
    function _loadFree(address account) internal view returns (Position memory position) {
        position = _load(account);
        Errors.raise(_accountFault(position));
    }

    /// @dev The part of an equity that does not move with price and funding.
    function _correction(Position memory position) internal pure returns (int256) {
        return position.margin - position.size * (position.lastPrice + position.fundingIndex) / WAD;
    }

    /// @dev Stores what was worked on, and with it the debt of the market.
    function _store(address account, MarketState memory market, Position memory position) internal {
        _positions[account] = StoredPosition({
            margin: position.margin.toUint256().toUint128(),
            lastPrice: position.lastPrice.toUint256().toUint128(),
            size: position.size.toInt128(),
            fundingIndex: position.fundingIndex.toInt120(),
            status: position.status
        });
        market.correction += _correction(position) - position.booked;
        market.debt = _debtOf(market);
        _storeMarket(market);
    }

    /// @dev Stores a market whose price is good, or that is settled.
    function _storeMarket(MarketState memory market) internal {
        _market = StoredMarket({
            skew: market.skew.toInt128(),
            openInterest: market.openInterest.toUint128(),
            fundingRate: market.fundingRate.toInt128(),
            price: market.price.toUint128(),
            fundingIndex: market.fundingIndex.toInt128(),
            cash: market.cash.toUint128(),
            correction: market.correction.toInt128(),
            updatedAt: _now(),
            invalidSince: 0,
            checkedAt: 0,
            liveOrders: (market.escrow / _minKeeperFee).toUint24(),
            settled: market.settled
        });
    }

    /// @dev Takes an order and its deposit off the books; `pays` says whether the deposit leaves.
    /// Returns the asset units that the caller gets.
    function _removeOrder(
        MarketState memory market,
        Position memory position,
        address account,
        bool pays
    ) internal returns (uint256 paid) {
        uint256 deposit = _orders[account].keeperDeposit;
        delete _orders[account];
        position.status = Status.Free;
        market.escrow -= deposit;
        if (pays) paid = _debit(market, deposit);
        emit OrderRemoved(account, msg.sender, paid);
    }

    function _requireWithin(Fill memory fill, uint256 limit) internal pure {
        bool within = fill.sizeDelta > 0 ? fill.price <= limit : fill.price >= limit;
        require(within, Errors.FillBeyondLimit());
    }

    /// @dev Books assets that were sent before.
    function _credit(MarketState memory market, uint256 assets) internal view {
        uint256 balance = _asset.balanceOf(address(this));
        require(balance >= market.cash + assets, Errors.AssetsNotReceived());
        market.cash += assets;
    }

    /// @dev The asset units in `amount` (WAD, rounded down), which leave the books.
    function _debit(MarketState memory market, uint256 amount)
        internal
        view
        returns (uint256 paid)
    {
        paid = amount / _unit();
        market.cash -= paid;
    }

    function _send(address to, uint256 assets) internal {
        if (assets > 0) _asset.safeTransfer(to, assets);
    }

    /// @dev WAD per asset unit. A function, because every use of an immutable is 33 bytes of code.
    function _unit() internal view returns (uint256) {
        return _wadPerUnit;
    }

    function _now() internal view returns (uint32) {
        // 32 bits of seconds last until 2106.
        return uint32(block.timestamp);
    }

    /// @dev Transient storage on every chain, so that local chains run the code of the public ones.
    function _useTransientReentrancyGuardOnlyOnMainnet() internal pure override returns (bool) {
        return false;
    }
}
