"""How well what was traded agrees with what a rule says. Pure."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from levtoken.simulation.rows import Floats


@dataclass(frozen=True)
class Pair:
    """Share prices at the same times (seconds since the epoch): traded, and replayed. `rate`: what
    the underlying was worth."""

    times: NDArray[np.int64]
    rate: Floats
    traded: Floats
    replayed: Floats

    def within(self, start: int, end: int) -> "Pair":
        """The part from one time to another, both included."""
        chosen = (self.times >= start) & (self.times <= end)
        return Pair(
            self.times[chosen], self.rate[chosen], self.traded[chosen], self.replayed[chosen]
        )

    def every(self, step: int) -> "Pair":
        """Only the times that are whole steps (seconds)."""
        chosen = self.times % step == 0
        return Pair(
            self.times[chosen], self.rate[chosen], self.traded[chosen], self.replayed[chosen]
        )


@dataclass(frozen=True)
class Agreement:
    """Of two series. `beta`: the traded return per replayed one; `traded`, `replayed`: over the
    whole span; `premium`: the traded price over the replayed one, less 1, against the first time's;
    its median and the range of its middle 90 %."""

    bars: int
    correlation: float
    beta: float
    traded: float
    replayed: float
    premium: float
    low_premium: float
    high_premium: float

    @property
    def difference(self) -> float:
        """End to end, as a ratio less 1."""
        return (1 + self.traded) / (1 + self.replayed) - 1


def agree(pair: Pair) -> Agreement:
    """How well the returns agree, and the whole."""
    traded, replayed = returns(pair.traded), returns(pair.replayed)
    premium = pair.traded / pair.traded[0] / (pair.replayed / pair.replayed[0]) - 1
    low, middle, high = np.percentile(premium, (5, 50, 95))
    return Agreement(
        bars=len(traded),
        correlation=float(np.corrcoef(traded, replayed)[0, 1]),
        beta=slope(replayed, traded),
        traded=float(pair.traded[-1] / pair.traded[0] - 1),
        replayed=float(pair.replayed[-1] / pair.replayed[0] - 1),
        premium=float(middle),
        low_premium=float(low),
        high_premium=float(high),
    )


@dataclass(frozen=True)
class Implied:
    """The leverage that a token's returns imply: the slope over all days, and what single days with
    a move of at least `MOVE` say. `inside`: the fraction of these within the range asked about."""

    days: int
    correlation: float
    slope: float
    moving_days: int
    low: float
    median: float
    high: float
    inside: float


MOVE = 0.03  # of the underlying a day: below, noise of the closes blurs a ratio


def implied(underlying: Floats, token: Floats, low: float, high: float) -> Implied:
    """From returns of the same days; `low`, `high`: signed leverage."""
    moving = np.abs(underlying) >= MOVE
    ratios = token[moving] / underlying[moving]
    quantiles = np.percentile(ratios, (5, 50, 95))
    within = (ratios >= min(low, high)) & (ratios <= max(low, high))
    return Implied(
        days=len(token),
        correlation=float(np.corrcoef(underlying, token)[0, 1]),
        slope=slope(underlying, token),
        moving_days=int(moving.sum()),
        low=float(quantiles[0]),
        median=float(quantiles[1]),
        high=float(quantiles[2]),
        inside=float(within.mean()),
    )


def returns(values: Floats) -> Floats:
    """From one value to the next."""
    changes: Floats = np.diff(values) / values[:-1]
    return changes


def slope(x: Floats, y: Floats) -> float:
    """Of the least squares of `y` on `x`."""
    return float(np.cov(x, y)[0, 1] / np.var(x, ddof=1))
