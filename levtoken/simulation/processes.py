"""Random walks of the logarithm of a price, a bar at a time. Pure: each takes its generator.

All have the volatility that is asked for over the long run, and a price that grows by `drift` a
year on average. What comes back is a return a bar.
"""

from dataclasses import dataclass, replace
from math import exp, sqrt

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Floats = NDArray[np.float64]

YEAR = 365 * 86_400  # seconds


@dataclass(frozen=True)
class Walk:
    """How many bars, of how many years each; `volatility` and `drift` a year."""

    bars: int
    span: float
    volatility: float
    drift: float = 0.0


@dataclass(frozen=True)
class Jumps:
    """How often prices jump, and which part of the variance is theirs. Their logarithm is normal,
    half a root mean square below 0 on average: more of them go down."""

    a_year: float = 24
    share: float = 0.25
    lean: float = -0.5


@dataclass(frozen=True)
class Regimes:
    """Calm and wild times that follow each other by chance: how much more volatile the wild ones
    are, and how long both last on average, years."""

    ratio: float = 3
    calm: float = 20 / 365
    wild: float = 5 / 365

    @property
    def calm_share(self) -> float:
        """Of all time."""
        return self.calm / (self.calm + self.wild)


def gbm(generator: Generator, walk: Walk) -> Floats:
    """Geometric Brownian motion."""
    mean = (walk.drift - walk.volatility**2 / 2) * walk.span
    noise: Floats = generator.standard_normal(walk.bars)
    return mean + walk.volatility * sqrt(walk.span) * noise


def merton(generator: Generator, walk: Walk, jumps: Jumps = Jumps()) -> Floats:
    """Geometric Brownian motion with jumps (Merton)."""
    rms = walk.volatility * sqrt(jumps.share / jumps.a_year)
    mean, deviation = jumps.lean * rms, rms * sqrt(1 - jumps.lean**2)
    growth = jumps.a_year * (exp(mean + deviation**2 / 2) - 1)
    calm = walk.volatility * sqrt(1 - jumps.share)
    returns = gbm(generator, replace(walk, volatility=calm, drift=walk.drift - growth))
    counts = generator.poisson(jumps.a_year * walk.span, walk.bars).astype(np.float64)
    noise: Floats = np.sqrt(counts) * generator.standard_normal(walk.bars)
    sizes: Floats = counts * mean + deviation * noise
    return returns + sizes


def switching(generator: Generator, walk: Walk, regimes: Regimes = Regimes()) -> Floats:
    """Two volatilities between which a Markov chain switches, in its equilibrium from the start."""
    share = regimes.calm_share
    calm = walk.volatility / sqrt(share + (1 - share) * regimes.ratio**2)
    level: Floats = np.where(_wild(generator, walk, regimes), calm * regimes.ratio, calm)
    mean: Floats = (walk.drift - level**2 / 2) * walk.span
    noise: Floats = level * sqrt(walk.span) * generator.standard_normal(walk.bars)
    found: Floats = mean + noise
    return found


def bridge(generator: Generator, start: float, end: float, steps: int, deviation: float) -> Floats:
    """A Brownian bridge: `steps` values after `start`, of which the last is `end`; `deviation` is
    that of a free step."""
    walk: Floats = np.cumsum(deviation * generator.standard_normal(steps))
    part: Floats = np.arange(1, steps + 1) / steps
    found: Floats = start + part * (end - start) + walk - part * walk[-1]
    return found


def _wild(generator: Generator, walk: Walk, regimes: Regimes) -> NDArray[np.bool_]:
    """Which bars are wild: times last geometrically long."""
    leave = (-np.expm1(-walk.span / regimes.calm), -np.expm1(-walk.span / regimes.wild))
    is_wild = bool(generator.random() >= regimes.calm_share)
    found = np.empty(walk.bars, dtype=np.bool_)
    at = 0
    while at < walk.bars:
        lasts = int(generator.geometric(leave[is_wild]))
        found[at : at + lasts] = is_wild
        at += lasts
        is_wild = not is_wild
    return found
