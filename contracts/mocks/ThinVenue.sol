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

    /// @dev An account marked at the index price; its margin may be below zero.
    struct Position {
        int256 margin;
        int256 size;
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
        _book.cash = _credited(_book, assets);
    }

    // Views

    /// @inheritdoc IPerpVenue
    function oracle() external view returns (IOracle) {
        return this;
    }

    /// @inheritdoc IOracle
    function price() external view returns (uint256, uint256, bytes4) {
        Book memory book = _book;
        return (book.price, book.updatedAt, _fault(book));
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
        Book memory book = _book;
        return _state(book, _marked(account, book.price));
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
        Book memory book = _book;
        Position memory position = _marked(account, book.price);
        position.margin += (marginDelta * _unit).toInt256();
        return _quote(book, position, sizeDelta);
    }

    /// @inheritdoc IPerpVenue
    function sizeFor(address account, int256 assets, int256 leverage, uint256 rewardRate)
        external
        view
        returns (int256 sizeDelta, Quote memory q)
    {
        Book memory book = _book;
        Position memory position = _marked(account, book.price);
        int256 equity = position.margin + assets * int256(_unit);
        sizeDelta = _sizeFor(book, position.size, equity, leverage, feeRate + rewardRate);
        if (sizeDelta == 0) {
            q.whyNot = _fault(book);
            if (q.whyNot == 0) q.whyNot = Errors.NoSolution.selector;
        } else {
            q = _quote(book, position, sizeDelta);
        }
    }

    /// @inheritdoc IPerpVenue
    function previewEnter(address account, uint256 assets, int256 leverage)
        external
        view
        returns (Entry memory)
    {
        Book memory book = _open();
        return _enter(book, _marked(account, book.price), assets, leverage);
    }

    /// @inheritdoc IPerpVenue
    function previewExit(address account, uint256 numerator, uint256 denominator)
        external
        view
        returns (Exit memory)
    {
        Book memory book = _open();
        Position memory position = _marked(account, book.price);
        return _exit(book, position, numerator, denominator, type(uint256).max);
    }

    // Verbs

    /// @inheritdoc IPerpVenue
    function enter(uint256 assets, int256 leverage) external returns (Entry memory entry) {
        Book memory book = _open();
        Position memory position = _marked(msg.sender, book.price);
        entry = _enter(book, position, assets, leverage);
        _book.cash = _credited(book, assets);
        _store(book, position);
    }

    /// @inheritdoc IPerpVenue
    function exit(uint256 numerator, uint256 denominator, uint256 most, address to)
        external
        returns (Exit memory result)
    {
        Book memory book = _open();
        Position memory position = _marked(msg.sender, book.price);
        result = _exit(book, position, numerator, denominator, most);
        result.equityAfter = position.margin.toUint256();
        _store(book, position);
        _pay(book, to, result.paid);
    }

    /// @inheritdoc IPerpVenue
    function trade(int256 sizeDelta, int256 marginDelta, uint256 limit, address to)
        external
        returns (VenueState memory later)
    {
        require(sizeDelta != 0 || marginDelta != 0, Errors.EmptyOrder());
        Book memory book = _open();
        Position memory position = _marked(msg.sender, book.price);
        if (marginDelta > 0) {
            position.margin += marginDelta * int256(_unit);
            _book.cash = _credited(book, marginDelta.toUint256());
        }
        if (sizeDelta != 0) {
            bool within = sizeDelta > 0 ? book.price <= limit : book.price >= limit;
            require(within, Errors.FillBeyondLimit());
            (, bytes4 fault) = _order(book, position, sizeDelta);
            Errors.raise(fault);
        }
        uint256 taken;
        if (marginDelta < 0) {
            taken = marginDelta.abs();
            require(taken <= _releasable(book, position), Errors.InsufficientMargin());
            position.margin -= (taken * _unit).toInt256();
        }
        later = _state(book, position);
        _store(book, position);
        _pay(book, to, taken);
    }

    // Flows and orders, on the copies in memory

    function _enter(Book memory book, Position memory position, uint256 assets, int256 leverage)
        private
        view
        returns (Entry memory entry)
    {
        entry.price = book.price;
        entry.opened = position.size == 0;
        require(entry.opened || position.margin > 0, Errors.EquityGone());
        entry.equityBefore = position.margin.toUint256();
        uint256 added = assets * _unit;
        int256 sizeDelta;
        if (entry.opened) {
            int256 equity = (entry.equityBefore + added).toInt256();
            sizeDelta = _sizeFor(book, 0, equity, leverage, feeRate);
        } else {
            // The fraction of the position whose equity and cost are what is added.
            uint256 whole = entry.equityBefore + _cost(book, position.size);
            uint256 size = position.size.abs().mulDiv(added, whole);
            sizeDelta = position.size > 0 ? size.toInt256() : -size.toInt256();
        }
        require(sizeDelta != 0, Errors.NoSolution());
        position.margin += added.toInt256();
        (uint256 cost, bytes4 fault) = _order(book, position, sizeDelta);
        Errors.raise(fault);
        require(added > cost, Errors.CostAboveValue());
        entry.gain = added - cost;
        entry.equityAfter = entry.equityBefore + entry.gain;
        entry.size = position.size;
    }

    function _exit(
        Book memory book,
        Position memory position,
        uint256 numerator,
        uint256 denominator,
        uint256 most
    ) private view returns (Exit memory result) {
        require(numerator <= denominator && denominator > 0, Errors.FractionOutOfRange());
        require(position.margin > 0, Errors.EquityGone());
        uint256 equity = position.margin.toUint256();
        uint256 part = equity.mulDiv(numerator, denominator);
        result.flat = equity - part < minEquity;
        int256 closed = result.flat
            ? position.size
            : LeverageMath.fraction(position.size, numerator, denominator);
        uint256 cost = _cost(book, closed);
        require(result.flat || part >= cost, Errors.CostAboveValue());
        require(cost <= equity, Errors.InsufficientMargin());
        result.price = book.price;
        result.paid = (part.zeroFloorSub(cost) / _unit).min(most);
        require(result.paid <= book.cash, Errors.InsufficientCash());
        position.size -= closed;
        position.margin = (equity - cost - result.paid * _unit).toInt256();
    }

    /// @dev An order at the index price. Returns what it costs (WAD, up) and why it is refused, or
    /// 0: only one that adds risk is judged.
    function _order(Book memory book, Position memory position, int256 sizeDelta)
        private
        view
        returns (uint256 cost, bytes4)
    {
        cost = _cost(book, sizeDelta);
        int256 held = position.size;
        position.margin -= cost.toInt256();
        position.size += sizeDelta;
        if (position.margin < 0) return (cost, Errors.InsufficientMargin.selector);
        bool shrinks = position.size.abs() < held.abs() && (position.size ^ held) >= 0;
        if (position.size == 0 || shrinks) return (cost, 0);
        // Not below zero after the check above.
        uint256 margin = uint256(position.margin);
        if (margin < minEquity) return (cost, Errors.InsufficientMargin.selector);
        bool within = _notional(book, position.size) <= margin.mulDiv(maxLeverage, WAD);
        return (cost, within ? bytes4(0) : Errors.MaxLeverageExceeded.selector);
    }

    function _quote(Book memory book, Position memory position, int256 sizeDelta)
        private
        view
        returns (Quote memory q)
    {
        q.fill = book.price;
        (q.fee, q.whyNot) = _order(book, position, sizeDelta);
        q.cost = q.fee.toInt256();
        q.releasable = _releasable(book, position);
        bytes4 fault = _fault(book);
        if (fault != 0) q.whyNot = fault;
    }

    /// @dev The order after which an equity of `equity` has `leverage`, net of `rate` of its
    /// notional; 0 when there is none.
    function _sizeFor(Book memory book, int256 size, int256 equity, int256 leverage, uint256 rate)
        private
        pure
        returns (int256)
    {
        if (equity <= 0) return 0;
        uint256 aim = leverage.abs();
        uint256 notional = _notional(book, size);
        uint256 wanted = equity.toUint256().mulDiv(aim, WAD);
        bool grows = wanted > notional;
        uint256 weight = grows ? WAD + aim * rate / WAD : WAD.zeroFloorSub(aim * rate / WAD);
        if (weight == 0) return 0;
        uint256 traded = wanted.dist(notional).mulDiv(WAD, weight);
        int256 sizeDelta = traded.mulDiv(WAD, book.price).toInt256();
        return grows == (leverage > 0) ? sizeDelta : -sizeDelta;
    }

    /// @dev Margin that can be taken out and is there, asset units.
    function _releasable(Book memory book, Position memory position)
        private
        view
        returns (uint256)
    {
        uint256 needed;
        if (position.size != 0) {
            needed = _notional(book, position.size).mulDivUp(WAD, maxLeverage).max(minEquity);
        }
        uint256 free = position.margin.max(0).toUint256().zeroFloorSub(needed);
        return (free / _unit).min(book.cash);
    }

    // Formulas

    function _state(Book memory book, Position memory position)
        private
        view
        returns (VenueState memory)
    {
        uint256 equity = position.margin.max(0).toUint256();
        return VenueState(book.price, position.size, equity, _fault(book));
    }

    function _fault(Book memory book) private view returns (bytes4) {
        bool stale = block.timestamp - book.updatedAt > maxAge;
        return stale ? Errors.PriceStale.selector : bytes4(0);
    }

    function _notional(Book memory book, int256 size) private pure returns (uint256) {
        return size.abs().mulDiv(book.price, WAD);
    }

    /// @dev Fee of an order, WAD, up. Products of this size and those below fit for any amount that
    /// exists; they revert where they do not.
    function _cost(Book memory book, int256 sizeDelta) private view returns (uint256) {
        return sizeDelta.abs().mulDivUp(book.price * feeRate, WAD * WAD);
    }

    // Storage and cash

    function _open() private view returns (Book memory book) {
        book = _book;
        Errors.raise(_fault(book));
    }

    function _marked(address account, uint256 price_)
        private
        view
        returns (Position memory position)
    {
        StoredPosition memory stored = _positions[account];
        position.size = stored.size;
        // Prices have 112 bits, a size and a margin 128.
        int256 move = int256(price_) - int256(uint256(stored.lastPrice));
        position.margin = int256(uint256(stored.margin)) + position.size * move / SWAD;
    }

    function _store(Book memory book, Position memory position) private {
        _positions[msg.sender] = StoredPosition({
            margin: position.margin.toUint256().toUint128(),
            size: position.size.toInt128(),
            lastPrice: book.price
        });
    }

    /// @dev The cash with `assets` that were sent before.
    function _credited(Book memory book, uint256 assets) private view returns (uint112) {
        uint256 cash = book.cash + assets;
        require(asset.balanceOf(address(this)) >= cash, Errors.AssetsNotReceived());
        return cash.toUint112();
    }

    function _pay(Book memory book, address to, uint256 assets) private {
        if (assets == 0) return;
        // What is paid is not more than the cash that was read in this call or booked by it.
        _book.cash = uint112(book.cash - assets);
        asset.safeTransfer(to, assets);
    }
}
