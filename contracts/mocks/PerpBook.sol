// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "solady/tokens/ERC20.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {SafeCastLib} from "solady/utils/SafeCastLib.sol";

import {IOracle} from "../interfaces/IOracle.sol";
import {VenueState} from "../interfaces/IPerpVenue.sol";
import {IPullOracle} from "../interfaces/IPullOracle.sol";
import {Errors} from "../libraries/Errors.sol";
import {SkewPricing} from "../libraries/SkewPricing.sol";

/// @notice The rules of a market. Sizes in the underlying, money in the asset, all WAD.
/// @param skewScale Skew at which the premium is 100 %.
/// @param maxFundingVelocity Change of the funding rate a day, per day, when the whole scale is
/// skewed.
/// @param makerFee Fee rate of an order that shrinks the skew.
/// @param takerFee Fee rate of an order that grows the skew.
/// @param maxLeverage Largest leverage after an order.
/// @param maxMarketSize Largest open interest of each side.
/// @param liquidationBufferRatio Liquidation margin as a fraction of the notional.
/// @param liquidationPremiumMultiplier Weight of a position's own size in its liquidation.
/// @param liquidationFeeRatio Liquidator's fee as a fraction of the notional, between the next two.
/// @param minKeeperFee Smallest liquidation fee.
/// @param maxKeeperFee Largest liquidation fee.
/// @param keeperLiquidationFee Fixed part of the liquidator's pay.
/// @param minInitialMargin Smallest margin of an account with a position.
/// @param maxDivergence Smallest difference of an execution price from the index price that is
/// refused, a fraction.
/// @param maxLiquidationDelta Size from which a position is too large to liquidate, as a fraction
/// of the scale.
/// @param maxLiquidationSkew Skew from which nobody is liquidated, as a fraction of the scale.
/// @param minOrderAge A delayed order executes at a price published more than this after it was
/// submitted, seconds.
/// @param maxOrderAge A delayed order executes less than this after it was submitted, and is
/// cancelled more than this after, seconds.
/// @param forcedLiquidationDelay Time after a flag at which size and skew no longer protect from
/// liquidation, seconds.
/// @param settlementDelay Time without a good price after which the market settles, seconds.
struct MarketParams {
    uint256 skewScale;
    uint256 maxFundingVelocity;
    uint256 makerFee;
    uint256 takerFee;
    uint256 maxLeverage;
    uint256 maxMarketSize;
    uint256 liquidationBufferRatio;
    uint256 liquidationPremiumMultiplier;
    uint256 liquidationFeeRatio;
    uint256 minKeeperFee;
    uint256 maxKeeperFee;
    uint256 keeperLiquidationFee;
    uint256 minInitialMargin;
    uint256 maxDivergence;
    uint256 maxLiquidationDelta;
    uint256 maxLiquidationSkew;
    uint256 minOrderAge;
    uint256 maxOrderAge;
    uint256 forcedLiquidationDelay;
    uint256 settlementDelay;
}

/// @notice The market now.
/// @param price Index price, WAD; that of the last verb when `fault` is not 0.
/// @param skew Long less short open interest, WAD of the underlying.
/// @param openInterest Long plus short, WAD of the underlying.
/// @param fundingRate A day, WAD; longs pay while it is positive.
/// @param fundingIndex What one unit of the underlying has received since the start, WAD of the
/// asset.
/// @param cash Assets that the market has booked, asset units.
/// @param fault 0 when the price is good.
struct MarketState {
    uint256 price;
    int256 skew;
    uint256 openInterest;
    int256 fundingRate;
    int256 fundingIndex;
    uint256 cash;
    bytes4 fault;
}

/// @title PerpBook
/// @notice The books of `MockPerpMarket`: its rules, market and positions in storage, and the
/// formulas of Synthetix Perps V2 that work on copies of them in memory. Signed operations truncate
/// toward zero.
abstract contract PerpBook {
    using FixedPointMathLib for int256;
    using FixedPointMathLib for uint256;
    using SafeCastLib for int256;
    using SafeCastLib for uint256;

    int256 internal constant WAD = 1e18;
    int256 internal constant DAY = 1 days;
    uint256 internal constant MAX_DECIMALS = 18;
    /// @dev Tolerance of the leverage check, as the real market has it.
    uint256 internal constant LEVERAGE_TOLERANCE = 0.01e18;

    /// @notice Where the index price comes from.
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
    /// @dev WAD per asset unit.
    uint256 internal immutable _unit;

    struct StoredMarket {
        int128 skew;
        uint128 openInterest;
        int128 fundingRate;
        uint128 price;
        int128 fundingIndex;
        uint128 cash;
        uint256 updatedAt;
    }

    struct StoredPosition {
        uint128 margin;
        uint128 lastPrice;
        int128 size;
        int128 fundingIndex;
    }

    /// @dev A position while it is worked on; the margin may be below zero until a check refuses
    /// it.
    struct Position {
        int256 margin;
        int256 lastPrice;
        int256 size;
        int256 fundingIndex;
    }

    /// @dev What an order did to a position, or with a fault would have done.
    struct Fill {
        int256 sizeDelta;
        uint256 price;
        uint256 fee;
        int256 cost;
        bytes4 fault;
    }

    StoredMarket internal _market;
    mapping(address account => StoredPosition) internal _positions;

    constructor(
        address asset_,
        IOracle oracle_,
        IPullOracle pullOracle_,
        MarketParams memory params
    ) {
        uint256 decimals = ERC20(asset_).decimals();
        require(decimals <= MAX_DECIMALS && params.skewScale > 0, Errors.InvalidParameter());
        require(params.makerFee <= params.takerFee, Errors.InvalidParameter());
        _asset = asset_;
        oracle = oracle_;
        pullOracle = pullOracle_;
        _unit = 10 ** (MAX_DECIMALS - decimals);
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
        _market.updatedAt = block.timestamp;
    }

    /// @notice The market now. Never reverts.
    function marketState() public view returns (MarketState memory market) {
        StoredMarket storage stored = _market;
        (market.price,, market.fault) = oracle.price();
        if (market.fault != 0) market.price = stored.price;
        market.skew = stored.skew;
        market.openInterest = stored.openInterest;
        market.fundingIndex = stored.fundingIndex;
        market.cash = stored.cash;
        int256 rate = stored.fundingRate;
        // Timestamps are far below the range of int256.
        int256 elapsed = int256(block.timestamp - stored.updatedAt) * WAD / DAY;
        int256 share = (market.skew * WAD / _skewScale).clamp(-WAD, WAD);
        market.fundingRate = rate + share * _maxFundingVelocity / WAD * elapsed / WAD;
        int256 mean = -(rate + market.fundingRate) / 2;
        // Prices are stored in 128 bits, so this one fits as soon as it has been used once.
        market.fundingIndex += mean * elapsed / WAD * int256(market.price) / WAD;
    }

    // Orders and margin, on the copies in memory

    /// @dev Fills an order at the index price of `market` on a position that has been marked there.
    function _order(MarketState memory market, Position memory position, int256 sizeDelta)
        internal
        view
        returns (Fill memory fill)
    {
        fill.sizeDelta = sizeDelta;
        SkewPricing.Curve memory curve = _curve(market);
        int256 price = SkewPricing.fillPrice(curve, sizeDelta);
        if (price <= 0) {
            fill.fault = Errors.FillNotPositive.selector;
            return fill;
        }
        fill.price = price.toUint256();
        fill.fee = SkewPricing.orderFee(curve, sizeDelta, fill.price);
        Position memory next = Position({
            margin: position.margin + position.size * (price - position.lastPrice) / WAD
                - fill.fee.toInt256(),
            lastPrice: price,
            size: position.size + sizeDelta,
            fundingIndex: market.fundingIndex
        });
        int256 index = int256(market.price);
        fill.cost = position.margin - next.margin - next.size * (index - price) / WAD;
        fill.fault = _orderFault(market, position, next, fill);
        if (fill.fault != 0) return fill;
        market.openInterest = market.openInterest + next.size.abs() - position.size.abs();
        market.skew += sizeDelta;
        position.margin = next.margin;
        position.size = next.size;
        position.lastPrice = next.size == 0 ? int256(0) : price;
        position.fundingIndex = next.size == 0 ? int256(0) : market.fundingIndex;
    }

    /// @dev The first check that an order fails, in the order of the real market.
    function _orderFault(
        MarketState memory market,
        Position memory old,
        Position memory next,
        Fill memory fill
    ) internal view returns (bytes4) {
        if (_canLiquidate(market, old)) return Errors.Liquidatable.selector;
        if (next.margin < 0) return Errors.InsufficientMargin.selector;
        uint256 margin = next.margin.toUint256();
        bool sameSide = SkewPricing.sameSide(old.size, next.size);
        bool reducing = sameSide && next.size.abs() < old.size.abs();
        if (!reducing && margin + fill.fee < _minInitialMargin) {
            return Errors.InsufficientMargin.selector;
        }
        uint256 needed = _health(next.size, market.price);
        if (margin <= needed) return Errors.Liquidatable.selector;
        uint256 notional = _notional(next.size, fill.price);
        if (notional * uint256(WAD) / (margin + fill.fee) > _maxLeverage + LEVERAGE_TOLERANCE) {
            return Errors.MaxLeverageExceeded.selector;
        }
        if (sameSide && next.size.abs() <= old.size.abs()) return 0;
        int256 total = (market.openInterest + next.size.abs() - old.size.abs()).toInt256();
        int256 skew = market.skew + fill.sizeDelta;
        int256 side = (next.size > 0 ? total + skew : total - skew) / 2;
        return side.abs() > _maxMarketSize ? Errors.MarketSizeExceeded.selector : bytes4(0);
    }

    /// @dev Moves the mark of a position to the index price: profit and funding become margin.
    function _mark(MarketState memory market, Position memory position) internal pure {
        if (position.size == 0) return;
        int256 index = int256(market.price);
        position.margin = _marked(market, position);
        position.lastPrice = index;
        position.fundingIndex = market.fundingIndex;
    }

    /// @dev The check that a margin move fails on a marked position, or 0.
    function _marginFault(MarketState memory market, Position memory position, bool withdrawal)
        internal
        view
        returns (bytes4)
    {
        if (position.margin < 0) return Errors.InsufficientMargin.selector;
        if (position.size == 0) return 0;
        uint256 margin = position.margin.toUint256();
        uint256 needed = withdrawal
            ? _neededMargin(market, position)
            : _liquidationMargin(position.size, market.price) + 1;
        return margin < needed ? Errors.InsufficientMargin.selector : bytes4(0);
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

    // Formulas

    function _state(MarketState memory market, Position memory position)
        internal
        pure
        returns (VenueState memory)
    {
        return VenueState(market.price, position.size, _equity(market, position), market.fault);
    }

    /// @dev Equity at the index price, WAD, never below 0.
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
        int256 profit = position.size * (int256(market.price) - position.lastPrice) / WAD;
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
        int256 equity = _marked(market, position);
        int256 premium = _liquidationPremium(position.size, market.price).toInt256();
        uint256 left = (equity - premium).max(0).toUint256();
        return left <= _liquidationMargin(position.size, market.price);
    }

    function _notional(int256 size, uint256 price) internal pure returns (uint256) {
        return size.abs() * price / uint256(WAD);
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
        Errors.raise(market.fault);
    }

    function _load(address account) internal view returns (Position memory) {
        StoredPosition storage stored = _positions[account];
        return Position({
            // 128 bits unsigned fit into 256 signed.
            margin: int256(uint256(stored.margin)),
            lastPrice: int256(uint256(stored.lastPrice)),
            size: stored.size,
            fundingIndex: stored.fundingIndex
        });
    }

    function _store(MarketState memory market, Position memory position) internal {
        _positions[msg.sender] = StoredPosition({
            margin: position.margin.toUint256().toUint128(),
            lastPrice: position.lastPrice.toUint256().toUint128(),
            size: position.size.toInt128(),
            fundingIndex: position.fundingIndex.toInt128()
        });
        _storeMarket(market);
    }

    function _storeMarket(MarketState memory market) internal {
        _market = StoredMarket({
            skew: market.skew.toInt128(),
            openInterest: market.openInterest.toUint128(),
            fundingRate: market.fundingRate.toInt128(),
            price: market.price.toUint128(),
            fundingIndex: market.fundingIndex.toInt128(),
            cash: market.cash.toUint128(),
            updatedAt: block.timestamp
        });
    }
}
