"""The market in exact integers, from the published formulas; nothing here is taken from the
contracts.

Money, prices and sizes are WAD, times are seconds. Signed operations truncate toward zero. There
is no cash here: the model pays whatever is owed, as a market with a deep pool does.
"""

from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

UNIT = 10**18
DAY = 86_400
MILLI = UNIT // 1_000
LEVERAGE_TOLERANCE = UNIT // 100

Actor = Hashable


class Refused(Exception):  # noqa: N818  # what a market does
    """A verb failed; `name` is that of the contracts' error. Nothing has changed."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def require(condition: bool, name: str) -> None:
    if not condition:
        raise Refused(name)


def quotient(numerator: int, denominator: int) -> int:
    """Division that truncates toward zero."""
    size = abs(numerator) // abs(denominator)
    return size if (numerator < 0) == (denominator < 0) else -size


def mul(x: int, y: int) -> int:
    return quotient(x * y, UNIT)


def div(x: int, y: int) -> int:
    return quotient(x * UNIT, y)


def same(a: int, b: int) -> bool:
    """Whether two numbers point the same way; zero points both ways."""
    return a == 0 or b == 0 or (a > 0) == (b > 0)


def reduces(old: int, new: int) -> bool:
    return same(old, new) and abs(new) < abs(old)


@dataclass(frozen=True)
class Position:
    """As stored; `index` is the funding per unit at the last mark."""

    margin: int = 0
    last_price: int = 0
    size: int = 0
    index: int = 0


@dataclass(frozen=True)
class Order:
    """A delayed order that waits."""

    size: int
    limit: int
    deposit: int
    submitted: int


@dataclass(frozen=True)
class Flag:
    flagger: Actor
    time: int


@dataclass(frozen=True)
class Fill:
    price: int
    fee: int


@dataclass(frozen=True)
class LiquidationFees:
    flagger: int
    liquidator: int
    stakers: int


@dataclass
class Model:
    """One market. `params` has the fields of the contract's `MarketParams`."""

    params: Mapping[str, int]
    time: int
    price: int
    skew: int = 0
    size: int = 0
    rate: int = 0
    index: int = 0
    updated: int = 0
    positions: dict[Actor, Position] = field(default_factory=dict)
    orders: dict[Actor, Order] = field(default_factory=dict)
    flags: dict[Actor, Flag] = field(default_factory=dict)
    paid: Counter[Actor] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.updated = self.time

    def at(self, time: int, price: int) -> None:
        """Starts the block at `time`, in which the push oracle says `price`."""
        self.time, self.price = time, price

    # Funding

    def velocity(self) -> int:
        share = max(-UNIT, min(UNIT, div(self.skew, self.params["skewScale"])))
        return mul(share, self.params["maxFundingVelocity"])

    def rate_now(self) -> int:
        return self.rate + mul(self.velocity(), self._elapsed())

    def index_now(self, price: int) -> int:
        mean = quotient(-(self.rate + self.rate_now()), 2)
        return self.index + mul(mul(mean, self._elapsed()), price)

    def _elapsed(self) -> int:
        return quotient((self.time - self.updated) * UNIT, DAY)

    def _push_funding(self, price: int) -> None:
        self.index, self.rate = self.index_now(price), self.rate_now()
        self.updated = self.time

    # Views

    def position(self, account: Actor) -> Position:
        return self.positions.get(account, Position())

    def order(self, account: Actor) -> Order | None:
        return self.orders.get(account)

    def funding(self, position: Position, price: int) -> int:
        """Accrued since the last mark, + received."""
        return mul(position.size, self.index_now(price) - position.index)

    def equity(self, position: Position, price: int) -> int:
        """Margin + profit + funding, below zero when more than all is lost."""
        profit = mul(position.size, price - position.last_price)
        return position.margin + profit + self.funding(position, price)

    def remaining(self, position: Position, price: int) -> int:
        return max(0, self.equity(position, price))

    def liquidation_fee(self, size: int, price: int) -> int:
        fee = mul(mul(abs(size), price), self.params["liquidationFeeRatio"])
        return max(min(fee, self.params["maxKeeperFee"]), self.params["minKeeperFee"])

    def liquidation_margin(self, size: int, price: int) -> int:
        buffer = mul(mul(abs(size), price), self.params["liquidationBufferRatio"])
        return buffer + self.liquidation_fee(size, price) + self.params["keeperLiquidationFee"]

    def premium(self, size: int, price: int) -> int:
        share = div(abs(size), self.params["skewScale"])
        weighed = mul(share, abs(mul(size, price)))
        return mul(weighed, self.params["liquidationPremiumMultiplier"])

    def health(self, size: int, price: int) -> int:
        return self.liquidation_margin(size, price) + self.premium(size, price)

    def can_liquidate(self, position: Position, price: int) -> bool:
        if position.size == 0:
            return False
        left = max(0, self.equity(position, price) - self.premium(position.size, price))
        return left <= self.liquidation_margin(position.size, price)

    def liquidation_price(self, position: Position, price: int) -> int:
        """Approximate: the premium and the liquidation margin are those at `price`."""
        if position.size == 0:
            return 0
        missing = self.health(position.size, price) - position.margin
        moved = self.index_now(price) - position.index
        return max(0, position.last_price + div(missing, position.size) - moved)

    def accessible(self, position: Position, price: int) -> int:
        kept = abs(div(mul(position.size, price), self.params["maxLeverage"] - MILLI))
        if kept > 0:
            kept = max(kept, self.params["minInitialMargin"]) + MILLI
        return max(0, self.remaining(position, price) - kept)

    def debt(self) -> int:
        """What the market owes its traders."""
        correction = sum(
            one.margin - mul(one.size, one.last_price + one.index)
            for one in self.positions.values()
        )
        return max(0, mul(self.skew, self.price + self.index_now(self.price)) + correction)

    # Prices of orders

    def fill_price(self, size: int, price: int) -> int:
        scale = self.params["skewScale"]
        before = price + mul(price, div(self.skew, scale))
        after = price + mul(price, div(self.skew + size, scale))
        return quotient((before + after) * UNIT, 2 * UNIT)

    def order_fee(self, size: int, fill: int) -> int:
        maker, taker = self.params["makerFee"], self.params["takerFee"]
        notional, after = mul(size, fill), self.skew + size
        if same(after, self.skew):
            return abs(mul(notional, taker if same(notional, self.skew) else maker))
        flipped = abs(div(after, size))
        value = abs(notional)
        return mul(mul(value, flipped), taker) + mul(mul(value, UNIT - flipped), maker)

    # Margin

    def move_margin(self, account: Actor, delta: int) -> None:
        """Deposits or, with a negative `delta`, withdraws."""
        self._require_free(account)
        require(delta != 0, "ZeroAmount")
        self._change_margin(account, delta, self.price, self.price)
        self.paid[account] -= delta

    def _change_margin(
        self, account: Actor, delta: int, price: int, pushed: int, order_size: int = 0
    ) -> None:
        """Pushes funding at `pushed` and re-marks the position at `price`, or changes nothing."""
        old = self.position(account)
        funding = mul(old.size, self.index_now(pushed) - old.index)
        margin = old.margin + mul(old.size, price - old.last_price) + funding + delta
        self._require_carried(old.size, margin, price)
        if old.size != 0 and delta < 0:
            require(margin > self.health(old.size, price), "InsufficientMargin")
            if not reduces(old.size, old.size + order_size):
                leverage = abs(div(mul(old.size, price), margin))
                require(leverage <= self.params["maxLeverage"], "MaxLeverageExceeded")
                require(margin >= self.params["minInitialMargin"], "InsufficientMargin")
        self._push_funding(pushed)
        self.positions[account] = self._marked(margin, price, old.size)

    def _require_carried(self, size: int, margin: int, price: int) -> None:
        require(margin >= 0, "InsufficientMargin")
        bears = size == 0 or margin > self.liquidation_margin(size, price)
        require(bears, "Liquidatable")

    def _marked(self, margin: int, price: int, size: int) -> Position:
        return Position(margin, price, size, self.index) if size else Position(margin)

    def _require_free(self, account: Actor) -> None:
        require(account not in self.flags, "PositionFlagged")
        require(account not in self.orders, "OrderLive")

    # Orders

    def trade(self, account: Actor, size: int, limit: int) -> Fill:
        """An atomic order at the index price, which marks the position there first."""
        self._require_free(account)
        require(size != 0, "EmptyOrder")
        old = self.position(account)
        index = self.index_now(self.price)
        marked = old
        if old.size:
            margin = self.equity(old, self.price)
            marked = Position(margin, self.price, old.size, index)
        fill, new = self._checked(marked, size, self.price)
        if abs(new.size) > abs(old.size):
            require(not self.can_liquidate(new, self.price), "Liquidatable")
        self._require_within(size, fill, limit)
        self._push_funding(self.price)
        self._book(account, old.size, new)
        return fill

    def submit(self, account: Actor, size: int, limit: int) -> None:
        self._require_free(account)
        require(size != 0, "EmptyOrder")
        fill, _ = self._checked(self.position(account), size, self.price)
        deposit = self.params["minKeeperFee"]
        self._change_margin(account, -deposit, fill.price, self.price, order_size=size)
        self.orders[account] = Order(size, limit, deposit, self.time)

    def execute(self, account: Actor, price: int, published: int, executor: Actor) -> Fill:
        """Fills the waiting order at the pull oracle's `price`."""
        require(account in self.orders, "NoOrder")
        order = self.orders[account]
        high, low = max(price, self.price), min(price, self.price)
        require(div(high, low) - UNIT < self.params["maxDivergence"], "PricesDiverge")
        require(published > order.submitted, "PriceNotUpdated")
        require(published - order.submitted > self.params["minOrderAge"], "OrderTooYoung")
        require(self.time - order.submitted < self.params["maxOrderAge"], "OrderTooOld")
        before = self._copy()
        try:
            self._push_funding(price)
            if executor == account:
                own = self.fill_price(order.size, price)
                self._change_margin(account, order.deposit, own, price, order_size=order.size)
            old = self.position(account)
            fill, new = self._checked(old, order.size, price)
            self._require_within(order.size, fill, order.limit)
        except Refused:
            self._restore(before)
            raise
        self._book(account, old.size, new)
        self._pay_deposit(account, executor)
        return fill

    def cancel(self, account: Actor, canceller: Actor) -> None:
        require(account in self.orders, "NoOrder")
        order = self.orders[account]
        require(self.time - order.submitted > self.params["maxOrderAge"], "OrderNotExpired")
        if canceller == account:
            self._change_margin(account, order.deposit, self.price, self.price)
        self._pay_deposit(account, canceller)

    def _pay_deposit(self, account: Actor, receiver: Actor) -> None:
        """Removes the order; the account itself has had its deposit as margin."""
        order = self.orders.pop(account)
        if receiver != account:
            self.paid[receiver] += order.deposit

    def _checked(self, old: Position, size: int, price: int) -> tuple[Fill, Position]:
        """The fill of an order at index price `price` and the position after it."""
        fill = self.fill_price(size, price)
        require(fill > 0, "FillNotPositive")
        require(not self.can_liquidate(old, price), "Liquidatable")
        fee = self.order_fee(size, fill)
        index = self.index_now(price)
        funding = mul(old.size, index - old.index)
        margin = old.margin + mul(old.size, fill - old.last_price) + funding - fee
        self._require_carried(old.size, margin, fill)
        new = old.size + size
        enough = margin + fee >= self.params["minInitialMargin"]
        require(enough or reduces(old.size, new), "InsufficientMargin")
        require(margin > self.health(new, price), "Liquidatable")
        leverage = abs(div(mul(new, fill), margin + fee))
        most = self.params["maxLeverage"] + LEVERAGE_TOLERANCE
        require(leverage <= most, "MaxLeverageExceeded")
        require(self._fits(old.size, new), "MarketSizeExceeded")
        booked = Position(margin, fill, new, index) if new else Position(margin)
        return Fill(fill, fee), booked

    def _fits(self, old: int, new: int) -> bool:
        if same(old, new) and abs(new) <= abs(old):
            return True
        skew, size = self.skew + new - old, self.size + abs(new) - abs(old)
        side = size + skew if new > 0 else size - skew
        return abs(quotient(side, 2)) <= self.params["maxMarketSize"]

    def _require_within(self, size: int, fill: Fill, limit: int) -> None:
        within = fill.price <= limit if size > 0 else fill.price >= limit
        require(within, "FillBeyondLimit")

    def _book(self, account: Actor, old: int, new: Position) -> None:
        self.skew += new.size - old
        self.size += abs(new.size) - abs(old)
        self.positions[account] = new

    def _copy(self) -> tuple[int, int, int, dict[Actor, Position]]:
        return self.index, self.rate, self.updated, dict(self.positions)

    def _restore(self, copy: tuple[int, int, int, dict[Actor, Position]]) -> None:
        self.index, self.rate, self.updated, self.positions = copy

    # Liquidation

    def flag(self, account: Actor, flagger: Actor) -> None:
        require(account not in self.flags, "PositionFlagged")
        liquidatable = self.can_liquidate(self.position(account), self.price)
        require(liquidatable, "NotLiquidatable")
        self._push_funding(self.price)
        self.flags[account] = Flag(flagger, self.time)
        if account in self.orders:
            self.paid[flagger] += self.orders.pop(account).deposit

    def liquidate(self, account: Actor, liquidator: Actor) -> LiquidationFees:
        require(account in self.flags, "NotFlagged")
        flag, old, scale = self.flags[account], self.position(account), self.params["skewScale"]
        if self.time - flag.time < self.params["forcedLiquidationDelay"]:
            share, skew = div(abs(old.size), scale), div(abs(self.skew), scale)
            require(share < self.params["maxLiquidationDelta"], "LiquidationTooLarge")
            require(skew < self.params["maxLiquidationSkew"], "SkewTooLarge")
        self._push_funding(self.price)
        fee, reward = (
            self.liquidation_fee(old.size, self.price),
            self.params["keeperLiquidationFee"],
        )
        left = max(0, self.remaining(old, self.price) - fee - reward)
        self._book(account, old.size, Position())
        del self.flags[account]
        self.paid[flag.flagger] += fee
        self.paid[liquidator] += reward
        return LiquidationFees(fee, reward, left)

    # What a vector file says after each step

    def after(self, accounts: int) -> dict[str, Any]:
        """The whole state by the names of the vector files, for accounts 0, 1, 2..."""
        return {
            "skew": self.skew,
            "size": self.size,
            "rateLast": self.rate,
            "lastRecomputed": self.updated,
            "seqLast": self.index,
            "rateNow": self.rate_now(),
            "velocity": self.velocity(),
            "debt": self.debt(),
            "accounts": [self._account(number) for number in range(accounts)],
        }

    def _account(self, account: Actor) -> dict[str, int | bool]:
        one, price = self.position(account), self.price
        return {
            "margin": one.margin,
            "lastPrice": one.last_price,
            "size": one.size,
            "remaining": self.remaining(one, price),
            "accessible": self.accessible(one, price),
            "funding": self.funding(one, price),
            "liqPrice": self.liquidation_price(one, price),
            "canLiquidate": self.can_liquidate(one, price),
            "flagged": account in self.flags,
        }
