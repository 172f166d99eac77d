// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {SafeCastLib} from "solady/utils/SafeCastLib.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";

import {Errors} from "../libraries/Errors.sol";
import {PerpBook} from "./PerpBook.sol";
import {PerpMath} from "./PerpMath.sol";
import {MarketState} from "./PerpTypes.sol";

/// @title PerpPool
/// @notice The counterparty of all traders: real deposits that earn fees, losses and the funding
/// that no trader receives, and pay profits. And what happens when its price never comes back: the
/// market settles at the last good one.
///
/// EQUITY
/// Cash that is not in escrow, less what the accounts are owed. Below zero the market is insolvent:
/// everybody is paid the same part, and nobody comes in but a provider who fills the hole.
///
/// SHARES
/// A share is a part of that equity less what the skew pays to whoever closes it,
/// `price * skew^2 / (2 * skewScale)`: so no order changes what shares are worth, but for its fee.
/// Shares of a pool that has lost all, or all but a billionth, are void as soon as somebody refills
/// it, at whatever price of one moment that is. A few shares are locked for ever, so that nobody
/// makes one so dear that the next provider gets none.
///
/// RISKS OF PROVIDERS
/// Shares count at the index price and at once: whoever knows the next price, or liquidates in
/// between, gains at their cost. A real pool would make them wait.
abstract contract PerpPool is PerpBook {
    using FixedPointMathLib for int256;
    using FixedPointMathLib for uint256;
    using SafeCastLib for int256;
    using SafeCastLib for uint256;
    using SafeTransferLib for address;

    uint256 private constant MAX_DILUTION = 1e9; // shares per WAD of equity
    uint256 private constant LOCKED_SHARES = 1e15; // of nobody, in every series
    uint256 private constant MAX_CHECK_GAP = 1 hours; // between two looks at a bad price

    uint256 private _series;
    uint256 private _shares;
    mapping(uint256 series => mapping(address provider => uint256)) private _sharesOf;

    /// @notice Liquidity came in, asset units, for `shares`.
    event LiquidityProvided(address indexed provider, uint256 assets, uint256 shares);
    /// @notice Liquidity left, asset units, for `shares`.
    event LiquidityRemoved(address indexed provider, uint256 assets, uint256 shares);
    /// @notice Somebody looked at the price; `fault` is 0 when it was good.
    event PriceChecked(bytes4 fault);
    /// @notice The market has ended at `price` (WAD).
    event Settled(uint256 price);

    /// @notice Equity of the pool, WAD, signed. A position below zero that nobody has liquidated
    /// counts as an asset of the pool.
    function poolEquity() external view returns (int256) {
        return _poolEquity(marketState());
    }

    /// @notice Shares of all providers, 18 decimals.
    function liquidityShares() external view returns (uint256) {
        return _shares;
    }

    /// @notice Shares of `provider`, 18 decimals.
    function liquidityOf(address provider) external view returns (uint256) {
        return _sharesOf[_series][provider];
    }

    /// @notice What a share is worth, WAD of the asset, rounded down: 1 before there are any, and 0
    /// when nothing is left.
    function liquiditySharePrice() external view returns (uint256) {
        uint256 value = _value(marketState(), false).max(0).toUint256();
        return _shares == 0 ? uint256(WAD) : value.fullMulDiv(uint256(WAD), _shares);
    }

    /// @notice Takes `assets` (asset units) from the caller into the pool, for shares at their
    /// price, rounded down. Where the pool has nothing, what fills the hole gives no shares.
    function provideLiquidity(uint256 assets) external nonReentrant returns (uint256 shares) {
        _asset.safeTransferFrom(msg.sender, address(this), assets);
        MarketState memory market = marketState();
        _requireOpen(market);
        int256 value = _value(market, true);
        _credit(market, assets);
        uint256 added = assets * _unit();
        uint256 supply = _shares;
        if (supply == 0 || value <= int256(supply / MAX_DILUTION)) {
            int256 left = added.toInt256() + value.min(0);
            require(left > int256(LOCKED_SHARES), Errors.LiquidityBelowDeficit());
            shares = left.toUint256() - LOCKED_SHARES;
            supply = value.max(0).toUint256() + LOCKED_SHARES;
            _series += 1;
        } else {
            shares = added.fullMulDiv(supply, value.toUint256());
            require(shares > 0, Errors.ZeroAmount());
        }
        _shares = supply + shares;
        _sharesOf[_series][msg.sender] += shares;
        _storeMarket(market);
        emit LiquidityProvided(msg.sender, assets, shares);
    }

    /// @notice Burns `shares` of the caller and pays `to` what they are worth, asset units, rounded
    /// down.
    function removeLiquidity(uint256 shares, address to)
        external
        nonReentrant
        returns (uint256 assets)
    {
        MarketState memory market = marketState();
        Errors.raise(market.fault);
        uint256 owned = _sharesOf[_series][msg.sender];
        require(shares > 0, Errors.ZeroAmount());
        require(shares <= owned, Errors.SharesAboveBalance());
        uint256 value = _value(market, false).max(0).toUint256().min(_backing(market));
        assets = _debit(market, value.fullMulDiv(shares, _shares));
        _sharesOf[_series][msg.sender] = owned - shares;
        _shares -= shares;
        _storeMarket(market);
        emit LiquidityRemoved(msg.sender, assets, shares);
        _send(to, assets);
    }

    /// @notice Looks at the price: a good one marks the market, a bad one starts the time after
    /// which it settles, or, at most `MAX_CHECK_GAP` after the last look, goes on with it. Any verb
    /// at a good price ends that time.
    function checkPrice() external nonReentrant {
        MarketState memory market = marketState();
        require(!market.settled, Errors.MarketSettled());
        if (market.fault == 0) {
            _storeMarket(market);
        } else {
            // Also when nobody has looked before.
            bool late = block.timestamp - _market.checkedAt > MAX_CHECK_GAP;
            if (late) _market.invalidSince = _now();
            _market.checkedAt = _now();
        }
        emit PriceChecked(market.fault);
    }

    /// @notice Ends the market at the last price that was marked, when the price is bad and was so
    /// at every look for `settlementDelay`, the last at most `MAX_CHECK_GAP` ago. From then on
    /// everybody leaves at that price, without cost.
    function settle() external nonReentrant {
        MarketState memory market = marketState();
        require(!market.settled, Errors.MarketSettled());
        require(market.fault != 0, Errors.PriceIsGood());
        bool watched = block.timestamp - _market.checkedAt <= MAX_CHECK_GAP;
        bool due = block.timestamp - _market.invalidSince >= _settlementDelay;
        require(watched && due, Errors.SettlementTooEarly());
        _market.settled = true;
        emit Settled(market.price);
    }

    /// @dev What the shares are worth, WAD, signed, rounded down or up.
    function _value(MarketState memory market, bool up) private view returns (int256) {
        if (market.settled) return _poolEquity(market);
        uint256 skew = market.skew.abs();
        uint256 scale = 2 * _skewScale.toUint256();
        uint256 owed = up
            ? skew.fullMulDiv(market.price, uint256(WAD)).fullMulDiv(skew, scale)
            : skew.fullMulDivUp(market.price, uint256(WAD)).fullMulDivUp(skew, scale);
        return _poolEquity(market) - owed.toInt256();
    }

    function _poolEquity(MarketState memory market) private view returns (int256) {
        return _backing(market).toInt256() - PerpMath.signedDebt(market);
    }
}
