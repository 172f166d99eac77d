"""Return, path, drawdown and tracking of a token over a replay. Pure; a float occurs only in the
tracking error."""

from collections.abc import Sequence
from decimal import Decimal, localcontext
from itertools import pairwise
from math import sqrt
from statistics import stdev

from levtoken.simulation.demo.entries import DIGITS

YEAR = 365 * 86_400  # seconds
FEWEST_RETURNS = 2  # a standard deviation needs two


def changes(prices: Sequence[int | Decimal]) -> list[Decimal]:
    """Simple returns from each price to the next; 0 after a price of 0."""
    with localcontext(prec=DIGITS):
        return [
            (Decimal(later) - earlier) / earlier if earlier else Decimal(0)
            for earlier, later in pairwise(map(Decimal, prices))
        ]


def ideal(prices: Sequence[int], target: Decimal) -> list[Decimal]:
    """What 1 becomes by the target leverage on each bar's return, bar by bar, at least 0."""
    values = [Decimal(1)]
    with localcontext(prec=DIGITS):
        for change in changes(prices):
            values.append(values[-1] * max(Decimal(0), 1 + target * change))
    return values


def path_term(prices: Sequence[int], target: Decimal) -> Decimal:
    """What the path added to the leverage on the whole span: ideal - (1 + L R)."""
    with localcontext(prec=DIGITS):
        whole = (Decimal(prices[-1]) - prices[0]) / prices[0]
        return ideal(prices, target)[-1] - (1 + target * whole)


def worst_drawdown(values: Sequence[Decimal]) -> Decimal:
    """Largest fall from an earlier high, as a fraction of that high."""
    worst, high = Decimal(0), values[0]
    with localcontext(prec=DIGITS):
        for value in values:
            high = max(high, value)
            worst = max(worst, 1 - value / high if high else Decimal(0))
    return worst


def tracking_error(
    share_prices: Sequence[Decimal], prices: Sequence[int], target: Decimal, step: int
) -> float | None:
    """Standard deviation of (token bar return - L r), a year; None with fewer than two returns."""
    pairs = zip(changes(share_prices), changes(prices), strict=True)
    differences = [float(own - target * underlying) for own, underlying in pairs]
    if len(differences) < FEWEST_RETURNS:
        return None
    return stdev(differences) * sqrt(YEAR / step)
