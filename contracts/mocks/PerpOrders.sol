// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {SafeCastLib} from "solady/utils/SafeCastLib.sol";

import {Errors} from "../libraries/Errors.sol";
import {SkewPricing} from "../libraries/SkewPricing.sol";
import {PerpBook} from "./PerpBook.sol";
import {Fill, MarketState, Order, Position, Status} from "./PerpTypes.sol";

/// @title PerpOrders
/// @notice Delayed orders: submitted at one price, filled later at another that anyone brings, or
/// cancelled. Whoever executes chooses among the prices of the window; a deposit pays for it.
abstract contract PerpOrders is PerpBook {
    using FixedPointMathLib for uint256;
    using SafeCastLib for int256;
    using SafeCastLib for uint256;

    /// @notice An order waits for its price. All WAD.
    event OrderSubmitted(
        address indexed account, int256 sizeDelta, uint256 limit, uint256 keeperDeposit
    );

    /// @notice The waiting order of `account`.
    function orderOf(address account) external view returns (Order memory) {
        return _orders[account];
    }

    /// @notice Submits an order of `sizeDelta` (WAD, signed) with a fill price of at worst `limit`
    /// (WAD), for an account that has none. Fails if it could not be filled now. Takes a deposit
    /// from the margin, which marks the position at the fill that it would have now.
    function submit(int256 sizeDelta, uint256 limit) external nonReentrant {
        require(address(pullOracle) != address(0), Errors.NoPullOracle());
        require(sizeDelta != 0, Errors.EmptyOrder());
        MarketState memory market = marketState();
        _requireOpen(market);
        Position memory position = _load(msg.sender);
        _requireFree(position);
        require(!_isInsolvent(market), Errors.MarketInsolvent());
        Fill memory fill;
        fill.sizeDelta = sizeDelta;
        _tryOrder(market, position, fill);
        Errors.raise(fill.fault);
        int256 deposit = _minKeeperFee.toInt256();
        Errors.raise(_moveMargin(market, position, int256(fill.price), -deposit, sizeDelta));
        // Where the debt hides accounts below zero, others may have taken the cash.
        require(_backing(market) >= _minKeeperFee, Errors.InsufficientCash());
        position.status = Status.Ordered;
        market.escrow += _minKeeperFee;
        Order memory order = Order({
            sizeDelta: sizeDelta.toInt128(),
            limit: limit.min(type(uint128).max).toUint128(),
            keeperDeposit: _minKeeperFee.toUint128(),
            submittedAt: _now()
        });
        _orders[msg.sender] = order;
        _store(msg.sender, market, position);
        emit OrderSubmitted(msg.sender, sizeDelta, order.limit, order.keeperDeposit);
    }

    /// @notice Fills the order of `account` at the price in `updateData`, published more than
    /// `minOrderAge` after it was submitted, less than `maxOrderAge` after it was submitted, unless
    /// that price diverges from the index price. The deposit goes to the caller, or back to margin
    /// when the account itself calls. An order that fails here waits on, as one does that would
    /// find or leave the market insolvent at the index price. What `updateData` does not cost of
    /// the value comes back.
    function execute(address account, bytes[] calldata updateData) external payable nonReentrant {
        Order memory order = _orders[account];
        require(order.sizeDelta != 0, Errors.NoOrder());
        pullOracle.update{value: msg.value}(updateData, msg.sender);
        MarketState memory market = marketState();
        _requireOpen(market);
        uint256 index = market.price;
        uint256 price = _executionPrice(order, index);
        require(!_isInsolvent(market), Errors.MarketInsolvent());
        _markTo(market, price);
        Position memory position = _load(account);
        bool own = msg.sender == account;
        if (own) {
            int256 first = SkewPricing.fillPrice(_curve(market), order.sizeDelta);
            require(first > 0, Errors.FillNotPositive());
            int256 deposit = int256(uint256(order.keeperDeposit));
            Errors.raise(_moveMargin(market, position, first, deposit, order.sizeDelta));
        }
        Fill memory fill;
        fill.sizeDelta = order.sizeDelta;
        _order(market, position, fill);
        Errors.raise(fill.fault);
        _requireWithin(fill, order.limit);
        emit OrderFilled(account, fill.sizeDelta, market.price, fill.price, fill.fee);
        uint256 paid = _removeOrder(market, position, account, !own);
        market.price = index;
        _store(account, market, position);
        require(!_isInsolvent(market), Errors.MarketInsolvent());
        _send(msg.sender, paid);
    }

    /// @notice Removes the order of `account` once it is more than `maxOrderAge` old. The deposit
    /// goes to the caller, or back to margin when the account itself calls, which marks the
    /// position at the index price.
    function cancel(address account) external nonReentrant {
        Order memory order = _orders[account];
        require(order.sizeDelta != 0, Errors.NoOrder());
        require(block.timestamp - order.submittedAt > _maxOrderAge, Errors.OrderNotExpired());
        if (msg.sender == account) {
            MarketState memory market = marketState();
            Errors.raise(market.fault);
            Position memory position = _load(account);
            int256 deposit = int256(uint256(order.keeperDeposit));
            if (market.settled) position.margin += deposit;
            else Errors.raise(_moveMargin(market, position, int256(market.price), deposit, 0));
            _removeOrder(market, position, account, false);
            _store(account, market, position);
        } else {
            uint256 paid = order.keeperDeposit / _unit();
            delete _orders[account];
            _positions[account].status = Status.Free;
            _market.liveOrders -= 1;
            _market.cash -= paid.toUint128();
            emit OrderRemoved(account, msg.sender, paid);
            _send(msg.sender, paid);
        }
    }

    /// @dev The newest price of the pull oracle, in the order of the real market's checks.
    function _executionPrice(Order memory order, uint256 index) private view returns (uint256) {
        (uint256 price, uint256 publishedAt, bytes4 fault) = pullOracle.price();
        Errors.raise(fault);
        uint256 ratio = price.max(index) * uint256(WAD) / price.min(index);
        require(ratio - uint256(WAD) < _maxDivergence, Errors.PricesDiverge());
        require(publishedAt > order.submittedAt, Errors.PriceNotUpdated());
        require(publishedAt - order.submittedAt > _minOrderAge, Errors.OrderTooYoung());
        require(block.timestamp - order.submittedAt < _maxOrderAge, Errors.OrderTooOld());
        return price;
    }
}
