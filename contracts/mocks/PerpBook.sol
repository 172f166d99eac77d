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
import {PerpMath} from "./PerpMath.sol";
import {Fill, MarketParams, MarketState, Order, Position, Status} from "./PerpTypes.sol";

/// @title PerpBook
/// @notice The books of `MockPerpMarket`: its rules, market and positions in storage, and the
/// formulas of Synthetix Perps V2 that work on copies of them in memory. Signed operations truncate
/// toward zero.
///
/// BOUNDS
/// Why unchecked arithmetic cannot overflow. Index prices and fills have at most 128 bits, the scale
/// 113, positions and each side of the market 115 (4 scales), orders 118 (32 scales; larger ones are
/// refused), money that comes in and fixed terms 128; rates are at most 1, or 2^62 in WAD for the
/// premium, and the scale at least 1. So a notional has at most 187 bits, a size as a part of the
/// scale 65 in WAD, both together 252, and 192 once divided by WAD. A margin, a correction or a
/// funding index that leaves its bits in storage fails there, and with it the verb.
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
    uint256 private constant MAX_SCALE = 1e34; // of the underlying, WAD
    uint256 private constant MAX_SIZE = 4; // of a side, in scales
    uint256 private constant MAX_ORDER = 32; // in scales
    uint256 private constant MAX_MULTIPLIER = 4e18; // of the premium of a liquidation
    uint256 private constant MAX_PRICE = type(uint128).max;
    uint256 private constant MAX_FEE = 0.1e18; // of the notional
    uint256 private constant MAX_VELOCITY = 1e24; // a million a day, per day

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
        require(decimals <= MAX_DECIMALS && params.minKeeperFee > 0, Errors.InvalidParameter());
        uint256 scale = params.skewScale;
        require(scale >= uint256(WAD) && scale <= MAX_SCALE, Errors.InvalidParameter());
        require(params.maxMarketSize <= MAX_SIZE * scale, Errors.InvalidParameter());
        bool priced = params.makerFee <= params.takerFee && params.takerFee <= MAX_FEE;
        require(priced && params.maxFundingVelocity <= MAX_VELOCITY, Errors.InvalidParameter());
        uint256 rate = params.liquidationBufferRatio.max(params.liquidationFeeRatio);
        uint256 most = params.minKeeperFee.max(params.maxKeeperFee).max(params.maxLeverage);
        most = most.max(params.keeperLiquidationFee);
        require(params.liquidationPremiumMultiplier <= MAX_MULTIPLIER, Errors.InvalidParameter());
        require(rate <= uint256(WAD) && most <= type(uint128).max, Errors.InvalidParameter());
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
        uint256 price = _market.price;
        if (!_market.settled) {
            (uint256 index,, bytes4 fault) = oracle.price();
            market.fault = fault;
            if (fault == 0) price = index;
        }
        _markTo(market, price);
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

    /// @dev Reads the market at an index price of `price`.
    function _markTo(MarketState memory market, uint256 price) internal view {
        StoredMarket storage stored = _market;
        market.price = price;
        market.skew = stored.skew;
        market.openInterest = stored.openInterest;
        market.fundingIndex = stored.fundingIndex;
        market.correction = stored.correction;
        market.cash = stored.cash;
        int256 rate = stored.fundingRate;
        market.fundingRate = rate;
        market.settled = stored.settled;
        // By BOUNDS; a rate has at most 97 bits after 2^17 days, and days in WAD have 77.
        unchecked {
            market.escrow = stored.liveOrders * _minKeeperFee;
            if (!market.settled) {
                int256 elapsed = int256(block.timestamp - stored.updatedAt) * WAD / DAY;
                int256 share = (market.skew * WAD / _skewScale).clamp(-WAD, WAD);
                market.fundingVelocity = share * _maxFundingVelocity / WAD;
                market.fundingRate += market.fundingVelocity * elapsed / WAD;
                int256 mean = -(rate + market.fundingRate) / 2;
                market.fundingIndex += mean * elapsed / WAD * int256(price) / WAD;
            }
        }
        market.debt = PerpMath.debtOf(market);
    }

    // Orders and margin, on the copies in memory

    /// @dev What an order of `fill.sizeDelta` at the index price of `market` would do to a position;
    /// returns its margin.
    function _tryOrder(MarketState memory market, Position memory position, Fill memory fill)
        internal
        view
        returns (int256 margin)
    {
        int256 sizeDelta = fill.sizeDelta;
        if (sizeDelta.abs() > MAX_ORDER * uint256(_skewScale)) {
            fill.fault = Errors.MarketSizeExceeded.selector;
            return 0;
        }
        SkewPricing.Curve memory curve = _curve(market);
        int256 price = SkewPricing.fillPrice(curve, sizeDelta);
        if (price <= 0 || price > int256(MAX_PRICE)) {
            fill.fault = Errors.FillNotPositive.selector;
            return 0;
        }
        // By BOUNDS.
        unchecked {
            fill.price = uint256(price);
            fill.fee = SkewPricing.orderFee(curve, sizeDelta, fill.price);
            margin = PerpMath.marginAt(market, position, price) - int256(fill.fee);
            int256 size = position.size + sizeDelta;
            int256 left = margin + size * (int256(market.price) - price) / WAD;
            int256 held = PerpMath.marked(market, position);
            fill.cost = held - left;
            fill.fault = _orderFault(market, position, held, size, margin, fill);
        }
    }

    /// @dev Fills an order of `fill.sizeDelta` at the index price of `market`; with a fault nothing
    /// changes. What the skew would pay for it is lost when the market could not pay everybody then.
    function _order(MarketState memory market, Position memory position, Fill memory fill)
        internal
        view
    {
        int256 margin = _tryOrder(market, position, fill);
        if (fill.fault != 0) return;
        PerpMath.resize(market, position, fill.sizeDelta);
        position.margin = margin;
        if (fill.cost < 0 && _overdraws(market, fill.cost)) {
            position.margin += fill.cost;
            fill.cost = 0;
        }
        bool open = position.size != 0;
        position.lastPrice = open ? int256(fill.price) : int256(0);
        position.fundingIndex = open ? market.fundingIndex : int256(0);
    }

    /// @dev The first check that an order fails, in the order of the real market. It makes of a
    /// position whose equity is `held` one of `size` with a margin of `signedMargin`.
    function _orderFault(
        MarketState memory market,
        Position memory old,
        int256 held,
        int256 size,
        int256 signedMargin,
        Fill memory fill
    ) private view returns (bytes4) {
        if (old.size != 0 && held <= int256(_health(old.size, market.price))) {
            return Errors.Liquidatable.selector;
        }
        if (signedMargin < 0) return Errors.InsufficientMargin.selector;
        uint256 margin = uint256(signedMargin);
        // By BOUNDS.
        unchecked {
            uint256 mark = fill.price;
            if (old.size != 0 && margin <= _liquidationMargin(PerpMath.notional(old.size, mark))) {
                return Errors.Liquidatable.selector;
            }
            bool reduces = PerpMath.isReducing(old.size, size);
            if (!reduces && margin + fill.fee < _minInitialMargin) {
                return Errors.InsufficientMargin.selector;
            }
            if (margin <= _health(size, market.price)) return Errors.Liquidatable.selector;
            uint256 leverage = PerpMath.notional(size, mark) * uint256(WAD) / (margin + fill.fee);
            if (leverage > _maxLeverage + LEVERAGE_TOLERANCE) {
                return Errors.MaxLeverageExceeded.selector;
            }
            if (reduces || size == old.size) return 0;
            int256 total = int256(market.openInterest + size.abs() - old.size.abs());
            int256 skew = market.skew + fill.sizeDelta;
            int256 side = (size > 0 ? total + skew : total - skew) / 2;
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
        // By BOUNDS, here and below.
        unchecked {
            int256 signedMargin = PerpMath.marginAt(market, position, price) + delta;
            position.margin = signedMargin;
            if (signedMargin < 0) return Errors.InsufficientMargin.selector;
            int256 size = position.size;
            if (size == 0) return 0;
            position.lastPrice = price;
            position.fundingIndex = market.fundingIndex;
            uint256 margin = uint256(signedMargin);
            uint256 notional = PerpMath.notional(size, uint256(price));
            uint256 needed = _liquidationMargin(notional);
            if (margin <= needed) return Errors.Liquidatable.selector;
            if (delta >= 0) return 0;
            needed += _liquidationPremium(size, notional);
            if (margin <= needed) return Errors.InsufficientMargin.selector;
            if (PerpMath.isReducing(size, size + sizeDelta)) return 0;
            if (notional * uint256(WAD) / margin > _maxLeverage) {
                return Errors.MaxLeverageExceeded.selector;
            }
            return margin < _minInitialMargin ? Errors.InsufficientMargin.selector : bytes4(0);
        }
    }

    /// @dev Margin that must stay behind an open position when some is taken out, WAD, rounded up.
    function _neededMargin(MarketState memory market, int256 size) private view returns (uint256) {
        uint256 notional = PerpMath.notional(size, market.price);
        // By BOUNDS.
        unchecked {
            uint256 health = _liquidationMargin(notional) + _liquidationPremium(size, notional) + 1;
            uint256 levered = (notional * uint256(WAD)).divUp(_maxLeverage);
            return health.max(levered).max(_minInitialMargin);
        }
    }

    /// @dev Margin that could be taken out of a position, WAD.
    function _releasable(MarketState memory market, Position memory position)
        internal
        view
        returns (uint256)
    {
        PerpMath.mark(market, position);
        uint256 margin = uint256(position.margin.max(0));
        int256 size = position.size;
        return size == 0 ? margin : margin.zeroFloorSub(_neededMargin(market, size));
    }

    // Solvency

    /// @dev Cash that is not in escrow, WAD.
    function _backing(MarketState memory market) internal view returns (uint256) {
        uint256 cash;
        // Assets have 128 bits, or the call fails where they are stored, and a unit has 60.
        unchecked {
            cash = market.cash * _unit();
        }
        return cash - market.escrow;
    }

    function _isInsolvent(MarketState memory market) internal view returns (bool) {
        return market.debt > _backing(market);
    }

    /// @dev Whether the market owes more than it has after an order of this cost; a gain is owed.
    function _overdraws(MarketState memory market, int256 cost) internal view returns (bool) {
        // By BOUNDS.
        unchecked {
            return market.debt + uint256((-cost).max(0)) > _backing(market);
        }
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

    /// @dev Fills `s`, because what is returned is laid out twice.
    function _describe(MarketState memory market, Position memory position, VenueState memory s)
        internal
        view
    {
        (s.price, s.size, s.fault) = (market.price, position.size, _marketFault(market));
        s.equity = _worth(market, position);
    }

    /// @dev Equity at the index price, WAD, as far as the market can pay it.
    function _worth(MarketState memory market, Position memory position)
        internal
        view
        returns (uint256)
    {
        return _payout(market, PerpMath.equity(market, position));
    }

    function _canLiquidate(MarketState memory market, Position memory position)
        internal
        view
        returns (bool)
    {
        if (position.size == 0) return false;
        return PerpMath.marked(market, position) <= int256(_health(position.size, market.price));
    }

    /// @dev What a position needs to stay: it is liquidatable at or below.
    function _health(int256 size, uint256 price) internal view returns (uint256) {
        uint256 notional = PerpMath.notional(size, price);
        // By BOUNDS.
        unchecked {
            return _liquidationMargin(notional) + _liquidationPremium(size, notional);
        }
    }

    function _liquidationMargin(uint256 notional) internal view returns (uint256) {
        // By BOUNDS.
        unchecked {
            uint256 buffer = notional * _bufferRatio / uint256(WAD);
            return buffer + _liquidationFee(notional) + _keeperLiquidationFee;
        }
    }

    function _liquidationFee(uint256 notional) internal view returns (uint256) {
        // By BOUNDS.
        unchecked {
            uint256 fee = notional * _liquidationFeeRatio / uint256(WAD);
            return fee.min(_maxKeeperFee).max(_minKeeperFee);
        }
    }

    function _liquidationPremium(int256 size, uint256 notional) internal view returns (uint256) {
        // By BOUNDS; a share has at most 65 bits.
        unchecked {
            uint256 share = size.abs() * uint256(WAD) / uint256(_skewScale);
            return share * notional / uint256(WAD) * _premiumMultiplier / uint256(WAD);
        }
    }

    function _curve(MarketState memory market)
        internal
        view
        returns (SkewPricing.Curve memory curve)
    {
        (curve.price, curve.skew, curve.scale) = (market.price, market.skew, uint256(_skewScale));
        (curve.maker, curve.taker) = (_makerFee, _takerFee);
    }

    // Storage and cash

    /// @dev For a verb: the price is good.
    function _requireOpen(MarketState memory market) internal pure {
        Errors.raise(_marketFault(market));
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
        // 128 bits unsigned fit into 256 signed.
        position.margin = int256(uint256(stored.margin));
        position.lastPrice = int256(uint256(stored.lastPrice));
        position.size = stored.size;
        position.fundingIndex = stored.fundingIndex;
        position.status = stored.status;
        position.booked = PerpMath.correction(position);
    }

    /// @dev For a verb: the account may act.
    function _requireFree(Position memory position) internal pure {
        Errors.raise(_accountFault(position));
    }

    /// @dev Stores what was worked on, and with it the debt of the market.
    function _store(address account, MarketState memory market, Position memory position) internal {
        // By BOUNDS, for what has no check.
        unchecked {
            _positions[account] = StoredPosition({
                margin: uint256(position.margin).toUint128(), // a negative one is too large
                lastPrice: uint128(uint256(position.lastPrice)),
                size: int128(position.size),
                fundingIndex: position.fundingIndex.toInt120(),
                status: position.status
            });
            market.correction += PerpMath.correction(position) - position.booked;
        }
        market.debt = PerpMath.debtOf(market);
        _storeMarket(market);
    }

    /// @dev Stores a market whose price is good, or that is settled.
    function _storeMarket(MarketState memory market) internal {
        // By BOUNDS, for what has no check.
        _market = StoredMarket({
            skew: int128(market.skew),
            openInterest: uint128(market.openInterest),
            fundingRate: int128(market.fundingRate),
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
