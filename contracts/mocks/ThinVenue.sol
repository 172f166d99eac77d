// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "solady/tokens/ERC20.sol";
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
import {Errors} from "../libraries/Errors.sol";
import {LeverageMath} from "../libraries/LeverageMath.sol";

/// @title ThinVenue
/// @notice The thinnest venue that is honest: what a token's verbs cost on it is what the token
/// costs, and the least that any venue adds. For measurements of gas, not for simulations.
///
/// WHAT IT DOES
/// - a position in storage for each account: margin, size and the price of the last mark.
/// - real assets: what comes in is booked only when it has arrived, what goes out is sent, and
///   profits are paid out of what others left or gave it (`fund`).
/// - a price in storage, refused when it is older than `maxAge`.
/// - trades at the index price for one fee rate, up to a maximum leverage and above a minimum
///   equity, and every rule and view of the door.
///
/// WHAT IT LEAVES OUT
/// - an oracle: it is its own, and anyone sets its price.
/// - price impact, skew, open interest and its cap, funding.
/// - liquidation: an account that has lost all keeps its position, and its equity counts as zero.
/// - a pool that stands for profits, and solvency: whoever comes while there is too little cash is
///   not paid.
/// - orders that wait, events, and a guard against reentrancy: it stores before it pays.
///
/// BOUNDS
/// Why unchecked arithmetic cannot overflow. A price has at most 112 bits, a size 127 and a margin
/// 128, in storage and after every order; a unit has 60 bits, and the fee rate is below 1e18. So a
/// notional in WAD * WAD has at most 239 bits.
contract ThinVenue is IPerpVenue, IOracle {
    using FixedPointMathLib for int256;
    using FixedPointMathLib for uint256;
    using SafeCastLib for int256;
    using SafeCastLib for uint256;
    using SafeTransferLib for address;

    uint256 private constant WAD = 1e18;
    int256 private constant SWAD = 1e18;

    /// @inheritdoc IPerpVenue
    address public immutable asset;
    /// @notice Longest age of a price, seconds.
    uint256 public immutable maxAge;
    /// @notice Fee of every order, a fraction of its notional, WAD.
    uint256 public immutable feeRate;
    /// @notice Largest leverage after a trade that adds risk, WAD.
    uint256 public immutable maxLeverage;
    /// @notice Least equity of an account with a position, WAD.
    uint256 public immutable minEquity;
    /// @dev WAD per asset unit.
    uint256 private immutable _unit;

    /// @dev Price in WAD, time in seconds since the epoch, what is booked in asset units.
    struct Book {
        uint112 price;
        uint32 updatedAt;
        uint112 cash;
    }

    struct StoredPosition {
        uint128 margin;
        int128 size;
        uint128 lastPrice;
    }

    Book private _book;
    mapping(address account => StoredPosition) private _positions;

    constructor(
        address asset_,
        uint256 maxAge_,
        uint256 feeRate_,
        uint256 maxLeverage_,
        uint256 minEquity_,
        uint256 price_
    ) {
        uint256 decimals = ERC20(asset_).decimals();
        require(decimals <= 18 && minEquity_ > 0, Errors.InvalidParameter());
        require(feeRate_ < WAD && maxLeverage_ >= WAD, Errors.InvalidParameter());
        asset = asset_;
        maxAge = maxAge_;
        feeRate = feeRate_;
        maxLeverage = maxLeverage_;
        minEquity = minEquity_;
        _unit = 10 ** (18 - decimals);
        setPrice(price_);
    }

    // What stands around it

    /// @notice Sets the index price (WAD) as of now. Anyone may.
    function setPrice(uint256 price_) public {
        require(price_ > 0 && price_ <= type(uint112).max, Errors.InvalidParameter());
        // 32 bits of seconds last until 2106; the line above bounds the price.
        (_book.price, _book.updatedAt) = (uint112(price_), uint32(block.timestamp));
    }

    /// @notice Gives the venue `assets` (asset units) out of which profits are paid.
    function fund(uint256 assets) external {
        asset.safeTransferFrom(msg.sender, address(this), assets);
        _credit(_book.cash, assets);
    }

    // Views

    /// @inheritdoc IPerpVenue
    function oracle() external view returns (IOracle) {
        return this;
    }

    /// @inheritdoc IOracle
    function price() external view returns (uint256, uint256, bytes4) {
        (uint256 index,, bytes4 fault) = _read();
        return (index, _book.updatedAt, fault);
    }

    /// @inheritdoc IPerpVenue
    function limits() external view returns (VenueLimits memory rules) {
        rules.maxLeverage = maxLeverage;
        rules.minEquity = minEquity;
        rules.feeRate = feeRate;
        // No size moves the price.
        rules.skewScale = type(uint128).max;
    }

    /// @inheritdoc IPerpVenue
    function report() external pure returns (VenueReport memory) {
        return VenueReport({fundingRate: 0, skew: 0, solvency: WAD});
    }

    /// @inheritdoc IPerpVenue
    function capacity(bool) external pure returns (uint256) {
        // The largest size that a position holds.
        return uint128(type(int128).max);
    }

    /// @inheritdoc IPerpVenue
    function state(address account) external view returns (VenueState memory) {
        (uint256 index,, bytes4 fault) = _read();
        (int256 margin, int256 size) = _marked(account, index);
        return VenueState(index, size, _positive(margin), fault);
    }

    /// @inheritdoc IPerpVenue
    function liquidationPrice(address account) external view returns (uint256) {
        StoredPosition memory stored = _positions[account];
        if (stored.size == 0) return 0;
        // 128 bits unsigned fit into 256 signed. There all is lost.
        int256 move = int256(uint256(stored.margin)) * SWAD / stored.size;
        return (int256(uint256(stored.lastPrice)) - move).max(0).toUint256();
    }

    /// @inheritdoc IPerpVenue
    function quote(address account, int256 sizeDelta, uint256 marginDelta)
        external
        view
        returns (Quote memory)
    {
        (uint256 index, uint256 cash, bytes4 fault) = _read();
        (int256 margin, int256 size) = _marked(account, index);
        margin += (marginDelta * _unit).toInt256();
        return _quote(index, cash, fault, margin, size, sizeDelta);
    }

    /// @inheritdoc IPerpVenue
    function sizeFor(address account, int256 assets, int256 leverage, uint256 rewardRate)
        external
        view
        returns (int256 sizeDelta, Quote memory q)
    {
        (uint256 index, uint256 cash, bytes4 fault) = _read();
        (int256 margin, int256 size) = _marked(account, index);
        int256 equity = margin + assets * int256(_unit);
        sizeDelta = _sizeFor(index, size, equity, leverage, feeRate + rewardRate);
        if (sizeDelta == 0) q.whyNot = fault == 0 ? Errors.NoSolution.selector : fault;
        else q = _quote(index, cash, fault, margin, size, sizeDelta);
    }

    /// @inheritdoc IPerpVenue
    function previewEnter(address account, uint256 assets, int256 leverage)
        external
        view
        returns (Entry memory entry)
    {
        (uint256 index,) = _open();
        (int256 margin, int256 size) = _marked(account, index);
        _enter(index, margin, size, assets, leverage, entry);
    }

    /// @inheritdoc IPerpVenue
    function previewExit(address account, uint256 numerator, uint256 denominator)
        external
        view
        returns (Exit memory result)
    {
        (uint256 index, uint256 cash) = _open();
        (int256 margin, int256 size) = _marked(account, index);
        _exit(index, cash, margin, size, numerator, denominator, type(uint256).max, result);
        result.equityAfter = 0;
    }

    // Verbs

    /// @inheritdoc IPerpVenue
    function enter(uint256 assets, int256 leverage) external returns (Entry memory entry) {
        (uint256 index, uint256 cash) = _open();
        (int256 margin, int256 size) = _marked(msg.sender, index);
        _enter(index, margin, size, assets, leverage, entry);
        _credit(cash, assets);
        _store(index, entry.equityAfter, entry.size);
    }

    /// @inheritdoc IPerpVenue
    function exit(uint256 numerator, uint256 denominator, uint256 most, address to)
        external
        returns (Exit memory result)
    {
        (uint256 index, uint256 cash) = _open();
        (int256 margin, int256 size) = _marked(msg.sender, index);
        int256 left = _exit(index, cash, margin, size, numerator, denominator, most, result);
        _store(index, result.equityAfter, left);
        _pay(cash, to, result.paid);
    }

    /// @inheritdoc IPerpVenue
    function trade(int256 sizeDelta, int256 marginDelta, uint256 limit, address to)
        external
        returns (VenueState memory)
    {
        require(sizeDelta != 0 || marginDelta != 0, Errors.EmptyOrder());
        (uint256 index, uint256 cash) = _open();
        (int256 margin, int256 size) = _marked(msg.sender, index);
        if (marginDelta > 0) {
            margin += marginDelta * int256(_unit);
            cash = _credit(cash, marginDelta.toUint256());
        }
        if (sizeDelta != 0) {
            require(sizeDelta > 0 ? index <= limit : index >= limit, Errors.FillBeyondLimit());
            bytes4 fault;
            (margin, size,, fault) = _order(index, margin, size, sizeDelta);
            Errors.raise(fault);
        }
        uint256 taken;
        if (marginDelta < 0) {
            taken = marginDelta.abs();
            require(taken <= _releasable(index, cash, margin, size), Errors.InsufficientMargin());
            // What can be released fits.
            margin -= int256(taken * _unit);
        }
        uint256 equity = margin.toUint256();
        _store(index, equity, size);
        _pay(cash, to, taken);
        return VenueState(index, size, equity, 0);
    }

    // Flows and orders, on copies

    /// @dev A flow in; writes `entry`.
    function _enter(
        uint256 index,
        int256 margin,
        int256 size,
        uint256 assets,
        int256 leverage,
        Entry memory entry
    ) private view {
        entry.price = index;
        entry.opened = size == 0;
        require(entry.opened || margin > 0, Errors.EquityGone());
        entry.equityBefore = margin.toUint256();
        uint256 added = assets * _unit;
        int256 sizeDelta;
        if (entry.opened) {
            int256 equity = (entry.equityBefore + added).toInt256();
            sizeDelta = _sizeFor(index, 0, equity, leverage, feeRate);
        } else {
            // The fraction of the position whose equity and cost are what is added.
            uint256 whole = entry.equityBefore + _cost(index, size);
            sizeDelta = size.abs().mulDiv(added, whole).toInt256();
            if (size < 0) sizeDelta = -sizeDelta;
        }
        require(sizeDelta != 0, Errors.NoSolution());
        (, int256 later, uint256 cost, bytes4 fault) =
            _order(index, margin + added.toInt256(), size, sizeDelta);
        Errors.raise(fault);
        require(added > cost, Errors.CostAboveValue());
        entry.gain = added - cost;
        entry.equityAfter = entry.equityBefore + entry.gain;
        entry.size = later;
    }

    /// @dev A flow out; writes `result`, and returns the size that is left.
    function _exit(
        uint256 index,
        uint256 cash,
        int256 margin,
        int256 size,
        uint256 numerator,
        uint256 denominator,
        uint256 most,
        Exit memory result
    ) private view returns (int256) {
        require(numerator <= denominator && denominator > 0, Errors.FractionOutOfRange());
        require(margin > 0, Errors.EquityGone());
        uint256 equity = margin.toUint256();
        uint256 part = equity.mulDiv(numerator, denominator);
        result.flat = equity - part < minEquity;
        int256 closed = result.flat ? size : LeverageMath.fraction(size, numerator, denominator);
        uint256 cost = _cost(index, closed);
        require(result.flat || part >= cost, Errors.CostAboveValue());
        require(cost <= equity, Errors.InsufficientMargin());
        result.price = index;
        result.paid = (part.zeroFloorSub(cost) / _unit).min(most);
        require(result.paid <= cash, Errors.InsufficientCash());
        result.equityAfter = equity - cost - result.paid * _unit;
        return size - closed;
    }

    /// @dev An order at the index price. Returns margin and size after it, what it costs (WAD, up)
    /// and why it is refused, or 0: only one that adds risk is judged.
    function _order(uint256 index, int256 margin, int256 size, int256 sizeDelta)
        private
        view
        returns (int256, int256, uint256 cost, bytes4)
    {
        cost = _cost(index, sizeDelta);
        int256 later = int256((size + sizeDelta).toInt128());
        margin -= cost.toInt256();
        if (margin < 0) return (margin, later, cost, Errors.InsufficientMargin.selector);
        bool shrinks = later.abs() < size.abs() && (later ^ size) >= 0;
        if (later == 0 || shrinks) return (margin, later, cost, 0);
        // Not below zero after the check above.
        uint256 equity = uint256(margin);
        if (equity < minEquity) {
            return (margin, later, cost, Errors.InsufficientMargin.selector);
        }
        bool within = _notional(index, later) <= equity.mulDiv(maxLeverage, WAD);
        return (margin, later, cost, within ? bytes4(0) : Errors.MaxLeverageExceeded.selector);
    }

    function _quote(
        uint256 index,
        uint256 cash,
        bytes4 fault,
        int256 margin,
        int256 size,
        int256 sizeDelta
    ) private view returns (Quote memory) {
        uint256 fee;
        bytes4 whyNot;
        (margin, size, fee, whyNot) = _order(index, margin, size, sizeDelta);
        if (fault != 0) whyNot = fault;
        return Quote(index, fee, fee.toInt256(), _releasable(index, cash, margin, size), whyNot);
    }

    /// @dev The order after which an equity of `equity` has `leverage`, net of `rate` of its
    /// notional; 0 when there is none.
    function _sizeFor(uint256 index, int256 size, int256 equity, int256 leverage, uint256 rate)
        private
        pure
        returns (int256)
    {
        if (equity <= 0) return 0;
        uint256 aim = leverage.abs();
        uint256 notional = _notional(index, size);
        // Positive after the check above.
        uint256 wanted = uint256(equity).mulDiv(aim, WAD);
        bool grows = wanted > notional;
        uint256 lost = aim.mulDiv(rate, WAD);
        uint256 weight = grows ? WAD + lost : WAD.zeroFloorSub(lost);
        if (weight == 0) return 0;
        uint256 traded = wanted.dist(notional).mulDiv(WAD, weight);
        int256 sizeDelta = traded.mulDiv(WAD, index).toInt256();
        return grows == (leverage > 0) ? sizeDelta : -sizeDelta;
    }

    /// @dev Margin that can be taken out and is there, asset units.
    function _releasable(uint256 index, uint256 cash, int256 margin, int256 size)
        private
        view
        returns (uint256)
    {
        uint256 needed;
        if (size != 0) {
            needed = _notional(index, size).mulDivUp(WAD, maxLeverage).max(minEquity);
        }
        return (_positive(margin).zeroFloorSub(needed) / _unit).min(cash);
    }

    // Formulas

    function _notional(uint256 index, int256 size) private pure returns (uint256) {
        // By BOUNDS.
        unchecked {
            return size.abs() * index / WAD;
        }
    }

    /// @dev Fee of an order, WAD, up; reverts for an order that is beyond any size.
    function _cost(uint256 index, int256 sizeDelta) private view returns (uint256) {
        // By BOUNDS.
        unchecked {
            return sizeDelta.abs().mulDivUp(index * feeRate, WAD * WAD);
        }
    }

    function _positive(int256 margin) private pure returns (uint256) {
        return uint256(margin.max(0));
    }

    // Storage and cash

    /// @dev The price, what is booked, and why the price is not good, or 0.
    function _read() private view returns (uint256 index, uint256 cash, bytes4 fault) {
        Book storage book = _book;
        (index, cash) = (book.price, book.cash);
        // No price is newer than now.
        unchecked {
            if (block.timestamp - book.updatedAt > maxAge) fault = Errors.PriceStale.selector;
        }
    }

    /// @dev For a verb: the price is good.
    function _open() private view returns (uint256 index, uint256 cash) {
        bytes4 fault;
        (index, cash, fault) = _read();
        Errors.raise(fault);
    }

    /// @dev Margin, which may be below zero, and size of an account at the index price.
    function _marked(address account, uint256 index)
        private
        view
        returns (int256 margin, int256 size)
    {
        StoredPosition storage stored = _positions[account];
        size = stored.size;
        // By BOUNDS, and a last price is a price.
        unchecked {
            int256 move = int256(index) - int256(uint256(stored.lastPrice));
            margin = int256(uint256(stored.margin)) + size * move / SWAD;
        }
    }

    function _store(uint256 index, uint256 margin, int256 size) private {
        // By BOUNDS; a margin that does not fit is refused.
        _positions[msg.sender] = StoredPosition(margin.toUint128(), int128(size), uint128(index));
    }

    /// @dev Books `assets` that were sent before, and returns the cash with them.
    function _credit(uint256 cash, uint256 assets) private returns (uint256 booked) {
        booked = cash + assets;
        require(asset.balanceOf(address(this)) >= booked, Errors.AssetsNotReceived());
        _book.cash = booked.toUint112();
    }

    function _pay(uint256 cash, address to, uint256 assets) private {
        if (assets == 0) return;
        // What is paid is not more than the cash, which has 112 bits.
        unchecked {
            _book.cash = uint112(cash - assets);
        }
        asset.safeTransfer(to, assets);
    }
}
