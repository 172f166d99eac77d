// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "solady/tokens/ERC20.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {SafeCastLib} from "solady/utils/SafeCastLib.sol";

import {Errors} from "../libraries/Errors.sol";
import {PerpBook} from "./PerpBook.sol";
import {PerpMath} from "./PerpMath.sol";
import {MarketState, Position, Status} from "./PerpTypes.sol";

/// @title PerpLiquidations
/// @notice Liquidation in two steps: whoever sees that a position no longer carries its margin
/// flags it, and anyone closes what is flagged, unless it is so large, or the market so skewed,
/// that closing it would hurt the pool. After a delay it is closed all the same, and at once when
/// nothing is left of its margin and the pool is not worth the open interest: what an account owes
/// must not hide from a market that may be insolvent.
abstract contract PerpLiquidations is PerpBook {
    using FixedPointMathLib for int256;
    using FixedPointMathLib for uint256;
    using SafeCastLib for int256;
    using SafeCastLib for uint256;

    /// @notice Who flagged an account (0: nobody), and when, seconds since the epoch.
    struct Flag {
        address flagger;
        uint32 flaggedAt;
    }

    mapping(address account => Flag) private _flags;

    /// @notice The account can do nothing more and awaits its liquidation.
    event PositionFlagged(address indexed account, address indexed flagger);
    /// @notice A position was closed at `price`: `flaggerFee` went to the flagger, `liquidatorFee`
    /// to the liquidator, and `poolFee` of its margin stays with the pool. All WAD.
    event PositionLiquidated(
        address indexed account,
        address indexed liquidator,
        int256 size,
        uint256 price,
        uint256 flaggerFee,
        uint256 liquidatorFee,
        uint256 poolFee
    );

    /// @notice The flag of `account`.
    function flagOf(address account) external view returns (Flag memory) {
        return _flags[account];
    }

    /// @notice Flags a position that no longer carries its liquidation margin, or in a settled
    /// market one that has lost everything. A live order goes, and its deposit goes to the caller.
    function flag(address account) external nonReentrant {
        MarketState memory market = marketState();
        Errors.raise(market.fault);
        Position memory position = _load(account);
        require(position.status != Status.Flagged, Errors.PositionFlagged());
        bool lost = market.settled
            ? position.size != 0 && PerpMath.equity(market, position) == 0
            : _canLiquidate(market, position);
        require(lost, Errors.NotLiquidatable());
        uint256 paid;
        if (position.status == Status.Ordered) {
            paid = _removeOrder(market, position, account, true);
        }
        position.status = Status.Flagged;
        _flags[account] = Flag(msg.sender, _now());
        _store(account, market, position);
        emit PositionFlagged(account, msg.sender);
        _send(msg.sender, paid);
    }

    /// @notice Closes a flagged position at the index price. Nothing returns to the account. The
    /// fees are paid out of what is left of its margin and the pool, never out of what the other
    /// accounts own; that of a flagger who cannot receive stays with the pool. Size and skew no
    /// longer protect `forcedLiquidationDelay` after the flag, nor an account without equity where
    /// the pool has less than the open interest is worth.
    function liquidate(address account) external nonReentrant {
        MarketState memory market = marketState();
        Errors.raise(market.fault);
        Position memory position = _load(account);
        Flag memory flagged = _flags[account];
        require(position.status == Status.Flagged, Errors.NotFlagged());
        bool early = block.timestamp - flagged.flaggedAt < _forcedLiquidationDelay;
        if (early && !market.settled && !_hides(market, position)) {
            uint256 delta = _scaleShare(position.size);
            require(delta < _maxLiquidationDelta, Errors.LiquidationTooLarge());
            require(_scaleShare(market.skew) < _maxLiquidationSkew, Errors.SkewTooLarge());
        }
        int256 size = position.size;
        (uint256 flaggerFee, uint256 liquidatorFee, uint256 poolFee) = _close(market, position);
        uint256 flaggerPaid = _debit(market, flaggerFee);
        uint256 liquidatorPaid = _debit(market, liquidatorFee);
        delete _positions[account];
        delete _flags[account];
        _storeMarket(market);
        emit PositionLiquidated(
            account, msg.sender, size, market.price, flaggerFee, liquidatorFee, poolFee
        );
        _send(msg.sender, liquidatorPaid);
        if (!_trySend(flagged.flagger, flaggerPaid)) _market.cash += flaggerPaid.toUint128();
    }

    /// @dev Takes a position off the books and shares out its margin. There is as much for the fees
    /// as the pool has then, or, when the market owes more than it has, as the account would have
    /// been paid.
    function _close(MarketState memory market, Position memory position)
        private
        view
        returns (uint256 flaggerFee, uint256 liquidatorFee, uint256 poolFee)
    {
        uint256 left = PerpMath.equity(market, position);
        flaggerFee = _liquidationFee(PerpMath.notional(position.size, market.price));
        liquidatorFee = _keeperLiquidationFee;
        bool insolvent = _isInsolvent(market);
        uint256 funds = _payout(market, left);
        PerpMath.resize(market, position, -position.size);
        market.correction -= position.booked;
        market.debt = PerpMath.debtOf(market);
        if (!insolvent) funds = _backing(market).zeroFloorSub(market.debt);
        flaggerFee = flaggerFee.min(funds);
        liquidatorFee = liquidatorFee.min(funds - flaggerFee);
        poolFee = left.zeroFloorSub(flaggerFee + liquidatorFee);
    }

    /// @dev Whether the account may hide from the debt of the market that it is insolvent. No
    /// position loses more than it was worth, now or at its mark.
    function _hides(MarketState memory market, Position memory position)
        private
        view
        returns (bool)
    {
        uint256 mark = market.price.max(position.lastPrice.toUint256());
        uint256 worth = market.openInterest * mark / uint256(WAD);
        return PerpMath.equity(market, position) == 0 && market.debt + worth > _backing(market);
    }

    function _scaleShare(int256 size) private view returns (uint256) {
        return size.abs() * uint256(WAD) / _skewScale.toUint256();
    }

    /// @dev Whether `to` took the assets; what it did not take is still here.
    function _trySend(address to, uint256 assets) private returns (bool) {
        if (assets == 0) return true;
        (bool ok, bytes memory said) = _asset.call(abi.encodeCall(ERC20.transfer, (to, assets)));
        return ok && (said.length == 0 || abi.decode(said, (bool)));
    }
}
