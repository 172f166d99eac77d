"""Which fault a verb of the market names: the first of its checks that fails, in the order of the
real market. In exact rationals, from the published rules."""

from dataclasses import dataclass, replace
from fractions import Fraction

from tests.property.reference import LEVERAGE_TOLERANCE, WEI, Market, Position, is_same_side


def first(checks: list[tuple[str, bool]]) -> str:
    return next((name for name, fails in checks if fails), "")


def is_reducing(old: Fraction, new: Fraction) -> bool:
    return is_same_side(old, new) and abs(new) < abs(old)


def order_fault(market: Market, old: Position, delta: Fraction) -> str:
    """Of an order, delayed or atomic."""
    fill, new = market.fill(delta), old.size + delta
    if fill <= 0:
        return "FillNotPositive"
    fee, there = market.fee(delta), replace(market, price=fill)
    margin = old.equity + old.size * (fill - market.price) - fee
    most = (market.rules.max_leverage + LEVERAGE_TOLERANCE) * (margin + fee)
    low = not is_reducing(old.size, new) and margin + fee < market.rules.min_margin
    health = market.liquidation_margin(new) + market.liquidation_premium(new)
    grows = not is_same_side(old.size, new) or abs(new) > abs(old.size)
    lost = old.size != 0 and margin <= there.liquidation_margin(old.size)
    return first(
        [
            ("Liquidatable", market.is_liquidatable(old)),
            ("InsufficientMargin", margin < 0),
            ("Liquidatable", lost),
            ("InsufficientMargin", low),
            ("Liquidatable", margin <= health),
            ("MaxLeverageExceeded", abs(new * fill) > most),
            ("MarketSizeExceeded", grows and market.exceeds_cap(old, delta)),
            ("MarketInsolvent", grows and market.overdraws(delta)),
        ]
    )


def atomic_fault(market: Market, old: Position, delta: Fraction) -> str:
    """An atomic order that grows must not leave what can be liquidated at the index price."""
    fault = order_fault(market, old, delta)
    if fault or abs(old.size + delta) <= abs(old.size):
        return fault
    return "Liquidatable" if market.is_liquidatable(after(market, old, delta)) else ""


def after(market: Market, old: Position, delta: Fraction) -> Position:
    return Position(old.size + delta, old.equity - market.charged(delta))


def submit_fault(market: Market, old: Position, delta: Fraction, deposit: Fraction) -> str:
    """An order must be one that could be filled now, and its deposit must be free."""
    if fault := order_fault(market, old, delta):
        return fault
    fill = market.fill(delta)
    there = replace(market, price=fill)
    margin = old.equity + old.size * (fill - market.price)
    reduces = is_reducing(old.size, old.size + delta)
    return move_fault(there, Position(old.size, margin), -deposit, free=reduces)


def move_fault(there: Market, old: Position, delta: Fraction, *, free: bool = False) -> str:
    """`free`: for an order that only reduces, leverage and minimum are not asked."""
    fault = there.move_fault(old, delta)
    margin = old.equity + delta
    health = there.liquidation_margin(old.size) + there.liquidation_premium(old.size)
    late = old.size != 0 and margin >= 0 and margin > health
    return "" if free and late else fault


@dataclass(frozen=True)
class Leaving:
    """An exit before what is paid is rounded to asset units."""

    fault: str = ""
    delta: int = 0
    cost: Fraction = Fraction(0)
    paid: Fraction = Fraction(0)


def leaving(
    market: Market, old: Position, part: tuple[int, int], unit: Fraction, *, settled: bool
) -> Leaving:
    """The fraction `part` of a position goes at its cost, or all of it when too little would stay.
    A settled market asks for nothing."""
    above, below = part
    if above > below or below == 0:
        return Leaving("FractionOutOfRange")
    if old.equity <= 0:
        return Leaving("EquityGone")
    share = Fraction(above, below)
    flat = old.equity * (1 - share) < market.rules.min_margin
    whole = int(old.size * 10**18)
    closed = whole if flat else abs(whole) * above // below * (1 if whole > 0 else -1)
    delta, cost = Fraction(-closed, 10**18), Fraction(0)
    if closed and not settled:
        if fault := atomic_fault(market, old, delta):
            return Leaving(fault)
        cost = market.charged(delta)
    taken = old.equity * share
    if flat:
        taken = max(Fraction(0), taken - max(cost, cost * share))
    elif taken < cost:
        return Leaving("CostAboveValue")
    else:
        taken -= cost
    paid = taken * market.part
    # Who is owed all that is owed is paid all there is, whatever the truncations of both say.
    fault = "InsufficientCash" if paid // unit * unit > market.backing + 8 * WEI else ""
    paid = min(paid, market.backing)
    if paid >= unit and not fault and not settled:
        left = Position(old.size + delta, old.equity - cost)
        fault = market.move_fault(left, -(paid // unit * unit) / market.part)
    return Leaving(fault, -closed, cost, paid)
