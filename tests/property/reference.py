"""The market and the token in exact rational arithmetic, as the design and the market's published
formulas state them. Nothing here is taken from the contracts.

Amounts are whole: one unit of the underlying, one of the asset, one share. Fractions are exact, but
for the size that solves a quadratic: that is a rational within 2**-160 of the root.
"""

from dataclasses import dataclass, replace
from fractions import Fraction
from math import isqrt

DAY = 86_400
ROOT_BITS = 160
LOCKED_SHARES = Fraction(1, 1000)
LOCKED_UNITS = 1000
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
    """The market at one moment; `funding` is what one unit has received since the start."""

    rules: Rules
    price: Fraction
    skew: Fraction
    open_interest: Fraction
    rate: Fraction
    funding: Fraction

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

    def liquidation_margin(self, size: Fraction) -> Fraction:
        notional = abs(size) * self.price
        fee = max(min(notional * self.rules.fee_ratio, self.rules.max_fee), self.rules.min_fee)
        return notional * self.rules.buffer + fee + self.rules.keeper_fee

    def liquidation_premium(self, size: Fraction) -> Fraction:
        return abs(size) / self.rules.scale * abs(size) * self.price * self.rules.premium

    def is_liquidatable(self, position: Position) -> bool:
        if position.size == 0:
            return False
        left = max(Fraction(0), position.equity - self.liquidation_premium(position.size))
        return left <= self.liquidation_margin(position.size)

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
        if not (kept_side and abs(size) <= abs(old.size)) and self._exceeds_cap(old, delta):
            faults.add("MarketSizeExceeded")
        if abs(size) > abs(old.size):
            market, later = self.traded(old, delta)
            faults |= {"Liquidatable"} if market.is_liquidatable(later) else set()
        return faults

    def _exceeds_cap(self, old: Position, delta: Fraction) -> bool:
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
        market = replace(self, skew=self.skew + delta, open_interest=total)
        return market, Position(size, old.equity - self.cost(delta))

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


@dataclass(frozen=True)
class Token:
    """What a flow needs to know of the token. `unit` is the value of one asset unit."""

    target: Fraction
    supply: Fraction
    unit: Fraction

    @property
    def direction(self) -> int:
        return 1 if self.target > 0 else -1

    @property
    def locked(self) -> Fraction:
        return max(LOCKED_SHARES, LOCKED_UNITS * self.unit)


@dataclass(frozen=True)
class Flow:
    """A flow before any rounding. Its faults are all that apply: a call may name any of them."""

    faults: frozenset[str] = frozenset()
    delta: Fraction = Fraction(0)
    cost: Fraction = Fraction(0)
    assets: Fraction = Fraction(0)
    shares: Fraction = Fraction(0)
    flat: bool = False


def refused(*faults: str) -> Flow:
    return Flow(frozenset(faults))


def _ordered(market: Market, position: Position, delta: Fraction) -> tuple[set[str], Fraction]:
    """Faults and cost of the order of a flow; what is less than a wei is no order."""
    if abs(delta) < WEI:
        return set(), Fraction(0)
    cost = market.cost(delta) if market.fill(delta) > 0 else Fraction(0)
    return market.order_faults(position, delta), cost


def deposit(market: Market, position: Position, token: Token, assets: Fraction) -> Flow:
    equity = max(Fraction(0), position.equity)
    if assets == 0:
        return refused("ZeroAmount")
    if market.is_liquidatable(position):
        return refused("Liquidatable")
    flat = position.size == 0
    leverage = abs(token.target) if flat else abs(position.size) * market.price / equity
    total = equity + assets
    delta = market.size_for(position.size, total, leverage, token.direction)
    if delta is None:
        return refused("NoSolution", "CostAboveValue", *market.free_faults())
    faults, cost = _ordered(market, Position(position.size, total), delta)
    if token.supply > 0 and equity == 0:
        return refused("EquityGone", *faults)
    if cost >= assets:
        faults.add("CostAboveValue")
    if token.supply == 0:
        shares = total - cost - token.locked
        faults |= {"SharesBelowLocked"} if shares <= 0 else set()
    else:
        gain = min(assets, assets - cost) if flat else assets - cost
        shares = token.supply * gain / equity
        faults |= {"ZeroAmount"} if 0 <= shares < WEI else set()
    return Flow(frozenset(faults), delta, cost, assets, shares)


def mint(market: Market, position: Position, token: Token, shares: Fraction) -> Flow:
    equity = max(Fraction(0), position.equity)
    if shares == 0:
        return refused("ZeroAmount")
    if token.supply > 0 and equity == 0:
        return refused("EquityGone")
    if position.size == 0:
        return _mint_flat(market, equity, token, shares)
    part = shares / token.supply
    delta = position.size * part
    cost = market.cost(delta) if market.fill(delta) > 0 else Fraction(0)
    assets = equity * part + cost
    faults = market.order_faults(Position(position.size, equity + assets), delta)
    if position.equity + assets <= market.liquidation_margin(position.size):
        faults.add("Liquidatable")
    if assets <= 0:
        faults.add("CostAboveValue")
    return Flow(frozenset(faults), delta, cost, assets, shares)


def _mint_flat(market: Market, equity: Fraction, token: Token, shares: Fraction) -> Flow:
    """The shares are worth what comes in net of cost; a trade that the skew pays for is a gift."""
    first = token.supply == 0
    value = shares + token.locked if first else equity * shares / token.supply
    delta: Fraction | None = token.target * (equity + value) / market.price
    assert delta is not None
    if market.fill(delta) <= 0:
        return refused("FillNotPositive")
    assets = value + max(Fraction(0), market.cost(delta))
    if market.cost(delta) < 0:
        assets = -(-value // token.unit) * token.unit  # the position is carried by whole units
        total = equity + assets
        delta = market.size_for(Fraction(0), total, abs(token.target), token.direction)
        if delta is None:
            return refused("NoSolution", *market.free_faults())
    faults = market.order_faults(Position(Fraction(0), equity + assets), delta)
    cost = market.cost(delta) if market.fill(delta) > 0 else Fraction(0)
    return Flow(frozenset(faults), delta, cost, assets, shares)


def redeem(
    market: Market, position: Position, token: Token, shares: Fraction, cash: Fraction
) -> Flow:
    if shares == 0:
        return refused("ZeroAmount")
    if position.equity <= 0:
        return refused("EquityGone")
    part = shares / token.supply
    flat = position.equity * (1 - part) < market.rules.min_margin
    delta = -position.size if flat else -position.size * part
    faults, cost = _ordered(market, position, delta)
    if flat:
        assets = max(Fraction(0), position.equity * part - max(cost, part * cost))
    else:
        assets = position.equity * part - cost
        faults |= {"CostAboveValue"} if assets < 0 else set()
    left = Position(position.size + delta, position.equity - cost - assets)
    if assets >= token.unit and left.equity < market.needed(left.size):
        faults.add("InsufficientMargin")
    if assets > cash:
        faults.add("InsufficientCash")
    return Flow(frozenset(faults), delta, cost, assets, shares, flat)
