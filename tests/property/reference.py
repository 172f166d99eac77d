"""The market in exact rational arithmetic, as the design and the market's published formulas state
it. Nothing here is taken from the contracts.

Amounts are whole: one unit of the underlying, one of the asset, one share. Fractions are exact, but
for the size that solves a quadratic: that is a rational within 2**-160 of the root.
"""

from dataclasses import dataclass, replace
from fractions import Fraction
from math import isqrt

DAY = 86_400
ROOT_BITS = 160
LEVERAGE_TOLERANCE = Fraction(1, 100)
WEI = Fraction(1, 10**18)


@dataclass(frozen=True)
class Rules:
    """The parameters of a market."""

    scale: Fraction
    velocity: Fraction
    maker: Fraction
    taker: Fraction
    max_leverage: Fraction
    cap: Fraction
    buffer: Fraction
    premium: Fraction
    fee_ratio: Fraction
    min_fee: Fraction
    max_fee: Fraction
    keeper_fee: Fraction
    min_margin: Fraction
    max_divergence: Fraction = Fraction(1)
    max_liquidation_delta: Fraction = Fraction(10)
    max_liquidation_skew: Fraction = Fraction(10)


@dataclass(frozen=True)
class Position:
    """An account marked at the index price: funding and profit are in its equity."""

    size: Fraction
    equity: Fraction


@dataclass(frozen=True)
class Piece:
    """The cost of an order as `square * x**2 + linear * x + constant`, x its unsigned size."""

    square: Fraction
    linear: Fraction
    constant: Fraction


@dataclass(frozen=True)
class Market:
    """The market at one moment; `funding` is what one unit has received since the start,
    `correction` the part of what the accounts are owed that moves with neither price nor funding,
    `backing` the cash that is not in escrow."""

    rules: Rules
    price: Fraction
    skew: Fraction
    open_interest: Fraction
    rate: Fraction
    funding: Fraction
    correction: Fraction = Fraction(0)
    backing: Fraction = Fraction(0)

    @property
    def owed(self) -> Fraction:
        """To all accounts together: the sum of their equities, signed."""
        return self.skew * (self.price + self.funding) + self.correction

    @property
    def debt(self) -> Fraction:
        return max(Fraction(0), self.owed)

    @property
    def pool(self) -> Fraction:
        """Equity of those who provide liquidity, signed."""
        return self.backing - self.owed

    @property
    def lent(self) -> Fraction:
        """What their shares stand for: not what the skew pays to whoever closes it."""
        return self.pool - self.price * self.skew**2 / (2 * self.rules.scale)

    @property
    def is_insolvent(self) -> bool:
        return self.debt > self.backing

    @property
    def part(self) -> Fraction:
        """Of what it is owed everybody is paid the same part."""
        return self.backing / self.debt if self.is_insolvent else Fraction(1)

    def later(self, seconds: int, price: Fraction) -> "Market":
        """Funding runs on: the rate drifts with the skew, longs pay while it is positive."""
        days = Fraction(seconds, DAY)
        share = max(Fraction(-1), min(Fraction(1), self.skew / self.rules.scale))
        rate = self.rate + share * self.rules.velocity * days
        paid = (self.rate + rate) / 2 * days * price
        return replace(self, price=price, rate=rate, funding=self.funding - paid)

    def fill(self, delta: Fraction) -> Fraction:
        """The mean of the premium before and after."""
        return self.price * (1 + (self.skew + delta / 2) / self.rules.scale)

    def fee(self, delta: Fraction) -> Fraction:
        notional = abs(delta * self.fill(delta))
        after = self.skew + delta
        if is_same_side(after, self.skew):
            growing = is_same_side(delta, self.skew)
            return notional * (self.rules.taker if growing else self.rules.maker)
        beyond = abs(after / delta)
        return notional * (beyond * self.rules.taker + (1 - beyond) * self.rules.maker)

    def cost(self, delta: Fraction) -> Fraction:
        """What trading takes from equity at index price; negative when the skew pays."""
        return self.fee(delta) + delta * (self.fill(delta) - self.price)

    def overdraws(self, delta: Fraction) -> bool:
        """Whether the market would owe more than it has after the order, its gain included."""
        return self.debt + max(Fraction(0), -self.cost(delta)) > self.backing

    def charged(self, delta: Fraction) -> Fraction:
        """What an order takes: where not everybody could then be paid in full, the skew pays
        nobody."""
        cost = self.cost(delta)
        return Fraction(0) if cost < 0 and self.overdraws(delta) else cost

    def pieces(self, direction: int) -> tuple[Fraction | None, Piece, Piece]:
        """The unsigned size up to which the first piece holds (None: for ever), and both."""
        first, slope = self.fill(Fraction(0)), direction * self.price / self.rules.scale / 2
        impact = direction * self.price * self.skew / self.rules.scale
        square = self.price / self.rules.scale / 2
        opposite = self.skew * direction < 0
        near = self.rules.maker if opposite else self.rules.taker
        # Beyond the flip the taker rate holds, less what the maker's part saves.
        saved = abs(self.skew) * (self.rules.taker - self.rules.maker)
        far = self.rules.taker
        return (
            abs(self.skew) if opposite else None,
            Piece(square + near * slope, impact + near * first, Fraction(0)),
            Piece(square + far * slope, impact + far * first - saved * slope, -saved * first),
        )

    def marginal(self, delta: Fraction) -> Fraction:
        """What one more unit costs at the end of the order."""
        direction, size = (1 if delta > 0 else -1), abs(delta)
        flip, near, far = self.pieces(direction)
        piece = near if flip is None or size <= flip else far
        return 2 * piece.square * size + piece.linear

    def liquidation_fee(self, size: Fraction) -> Fraction:
        by_ratio = abs(size) * self.price * self.rules.fee_ratio
        return max(min(by_ratio, self.rules.max_fee), self.rules.min_fee)

    def liquidation_margin(self, size: Fraction) -> Fraction:
        notional = abs(size) * self.price
        fee = self.liquidation_fee(size)
        return notional * self.rules.buffer + fee + self.rules.keeper_fee

    def liquidation_premium(self, size: Fraction) -> Fraction:
        return abs(size) / self.rules.scale * abs(size) * self.price * self.rules.premium

    def is_liquidatable(self, position: Position) -> bool:
        if position.size == 0:
            return False
        left = max(Fraction(0), position.equity - self.liquidation_premium(position.size))
        return left <= self.liquidation_margin(position.size)

    def liquidation_fault(self, size: Fraction) -> str:
        """Why a flagged position must wait for the delay."""
        if abs(size) >= self.rules.max_liquidation_delta * self.rules.scale:
            return "LiquidationTooLarge"
        if abs(self.skew) >= self.rules.max_liquidation_skew * self.rules.scale:
            return "SkewTooLarge"
        return ""

    def hides(self, position: Position, marked: Fraction) -> bool:
        """Whether an account without equity may hide that the market is insolvent: none has lost
        more than its notional, now or at its mark."""
        most = self.open_interest * max(self.price, marked)
        return position.equity <= 0 and self.debt + most > self.backing

    def liquidation_pay(self, position: Position) -> tuple[Fraction, Fraction]:
        """Of the flagger and of the liquidator: at most what would have been paid of the margin, or
        what the pool has once the position is gone. Nobody else is paid less for it."""
        if self.is_insolvent:
            funds = max(Fraction(0), position.equity) * self.part
        else:
            left = max(Fraction(0), self.owed - position.equity)
            funds = max(Fraction(0), self.backing - left)
        flagger = min(self.liquidation_fee(position.size), funds)
        return flagger, min(self.rules.keeper_fee, funds - flagger)

    def liquidated(self, position: Position, paid: Fraction) -> "Market":
        """After a position is gone and `paid` went to the keepers."""
        correction = self.correction - position.equity
        correction += position.size * (self.price + self.funding)
        rest = self.open_interest - abs(position.size)
        market = replace(self, skew=self.skew - position.size, open_interest=rest)
        return replace(market, correction=correction, backing=self.backing - paid)

    def order_faults(self, old: Position, delta: Fraction) -> set[str]:
        """Every check that the order fails; empty when the market takes it."""
        fill, size = self.fill(delta), old.size + delta
        if fill <= 0:
            return {"FillNotPositive"}
        faults = {"Liquidatable"} if self.is_liquidatable(old) else set()
        fee = self.fee(delta)
        margin = old.equity + old.size * (fill - self.price) - fee
        if margin < 0:
            return faults | {"InsufficientMargin"}
        there = replace(self, price=fill)
        if old.size != 0 and margin <= there.liquidation_margin(old.size):
            faults.add("Liquidatable")
        kept_side = is_same_side(old.size, size)
        if not (kept_side and abs(size) < abs(old.size)) and margin + fee < self.rules.min_margin:
            faults.add("InsufficientMargin")
        if margin <= self.liquidation_margin(size) + self.liquidation_premium(size):
            faults.add("Liquidatable")
        if abs(size * fill) > (self.rules.max_leverage + LEVERAGE_TOLERANCE) * (margin + fee):
            faults.add("MaxLeverageExceeded")
        if not (kept_side and abs(size) <= abs(old.size)) and self.exceeds_cap(old, delta):
            faults.add("MarketSizeExceeded")
        grows = not kept_side or abs(size) > abs(old.size)
        if grows and self.overdraws(delta):
            faults.add("MarketInsolvent")
        if abs(size) > abs(old.size):
            market, later = self.traded(old, delta)
            faults |= {"Liquidatable"} if market.is_liquidatable(later) else set()
        return faults

    def move_fault(self, old: Position, delta: Fraction) -> str:
        """The first check that a move of margin fails, in the order of the real market."""
        margin, size = old.equity + delta, old.size
        least = self.liquidation_margin(size)
        checks = [("InsufficientMargin", margin < 0), ("Liquidatable", size and margin <= least)]
        if size and delta < 0:
            notional = abs(size) * self.price
            checks += [
                ("InsufficientMargin", margin <= least + self.liquidation_premium(size)),
                ("MaxLeverageExceeded", notional > self.rules.max_leverage * margin),
                ("InsufficientMargin", margin < self.rules.min_margin),
            ]
        return next((name for name, fails in checks if fails), "")

    def taking_fault(self, old: Position, amount: Fraction) -> str:
        """Why `amount` cannot be paid out of a margin: it takes that much more of the margin as
        everybody is paid less than the whole."""
        if amount > self.backing:
            return "InsufficientCash"
        return self.move_fault(old, -amount / self.part) if amount else ""

    def capacity(self, direction: int) -> Fraction:
        """By how much the open interest of a side may still grow."""
        side = (self.open_interest + direction * self.skew) / 2
        return max(Fraction(0), self.rules.cap - max(Fraction(0), side))

    def exceeds_cap(self, old: Position, delta: Fraction) -> bool:
        size = old.size + delta
        total = self.open_interest + abs(size) - abs(old.size)
        skew = self.skew + delta
        return abs((total + skew if size > 0 else total - skew) / 2) > self.rules.cap

    def needed(self, size: Fraction) -> Fraction:
        """The margin that stays behind an open position when some is taken; health is strict."""
        if size == 0:
            return Fraction(0)
        health = self.liquidation_margin(size) + self.liquidation_premium(size) + WEI
        by_leverage = abs(size) * self.price / self.rules.max_leverage
        return max(health, by_leverage, self.rules.min_margin)

    def free_faults(self) -> set[str]:
        """The fault of an order of any size."""
        return {"FillNotPositive"} if self.fill(Fraction(0)) <= 0 else set()

    def traded(self, old: Position, delta: Fraction) -> tuple["Market", Position]:
        """Market and position after the order, which must have no fault."""
        size = old.size + delta
        total = self.open_interest + abs(size) - abs(old.size)
        paid = self.charged(delta)
        moved = delta * (self.price + self.funding) + paid
        market = replace(self, skew=self.skew + delta, open_interest=total)
        market = replace(market, correction=self.correction - moved)
        return market, Position(size, old.equity - paid)

    def size_for(
        self,
        size: Fraction,
        equity: Fraction,
        leverage: Fraction,
        direction: int,
        reward_rate: Fraction = Fraction(0),
    ) -> Fraction | None:
        """The smallest order d with `|size + d| * P = leverage * (equity - cost - reward)`, for a
        position of the side `direction`; None when trading costs more than it moves."""
        gap = leverage * equity - abs(size) * self.price
        if gap == 0:
            return Fraction(0)
        growing = 1 if gap > 0 else -1
        flip, near, far = self.pieces(growing * direction)
        own = self.price * (growing + leverage * reward_rate)
        if (own + leverage * near.linear) * growing <= 0:
            return None
        found = _first_root(near, own, leverage, gap)
        if flip is not None and (found is None or found > flip):
            found = _first_root(far, own, leverage, gap)
        return None if found is None else growing * direction * found


def _first_root(piece: Piece, own: Fraction, leverage: Fraction, gap: Fraction) -> Fraction | None:
    """The smallest positive x with `own * x + leverage * cost(x) = gap`."""
    a = leverage * piece.square
    b = own + leverage * piece.linear
    c = leverage * piece.constant - gap
    discriminant = b * b - 4 * a * c
    if discriminant < 0:
        return None
    root = square_root(discriminant)
    candidates = [2 * c / (sign * root - b) for sign in (1, -1) if sign * root != b]
    positive = [x for x in candidates if x > 0]
    return min(positive) if positive else None


def square_root(value: Fraction) -> Fraction:
    """Rounded down, with ROOT_BITS bits behind those of the integer part of the scaled root."""
    scaled = isqrt(value.numerator * value.denominator << 2 * ROOT_BITS)
    return Fraction(scaled, value.denominator << ROOT_BITS)


def is_same_side(a: Fraction, b: Fraction) -> bool:
    return a == 0 or b == 0 or (a > 0) == (b > 0)
