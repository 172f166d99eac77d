"""Invented price paths, deterministic by seed.

`SYNTHETIC` has them by name: each makes a `Track` of a `Shape`. Random: gbm (geometric Brownian
motion), jumps (Merton's), regimes (calm and wild times). Stress, in the middle of a gbm: gap (one
bar beyond the band), flash (down for an hour and back), halt (a chain without blocks for hours,
which finds another price when it wakes), late (an oracle that gets no price for hours, while the
price moves). `intrabar` makes a Track of recorded bars with what happens inside them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from levtoken.errors import EmptyWindowError
from levtoken.simulation import processes
from levtoken.simulation.engine import Track
from levtoken.simulation.processes import YEAR, Floats, Walk
from levtoken.units import WAD

START = 1_704_067_200  # 2024-01-01 00:00 UTC, an arbitrary day
FEWEST_BARS = 8  # what a stress needs before and after it
FEED_UNIT = 10**8  # prices have as many decimals as feeds do
HOUR = 3_600


@dataclass(frozen=True)
class Shape:
    """What a path is asked to be. `volatility` and `drift` a year (of the mean price); `step`
    seconds; `price` at the start, in the asset. `shock`: the move of a stress, a signed fraction;
    `outage`: for how long a chain halts or an oracle is late, seconds."""

    volatility: float = 0.6
    drift: float = 0.0
    years: float = 1.0
    step: int = HOUR
    seed: int = 0
    price: float = 60_000.0
    shock: float = -0.15
    outage: int = 6 * HOUR

    @property
    def bars(self) -> int:
        """How many prices it has."""
        bars = round(self.years * YEAR / self.step) + 1
        if bars < FEWEST_BARS:
            raise EmptyWindowError(
                f"{bars} bars are too few, {FEWEST_BARS} are needed: ask for more years or a "
                "shorter step"
            )
        return bars


Process = Callable[[np.random.Generator, Walk], Floats]


def prices(shape: Shape, process: Process = processes.gbm) -> Floats:
    """The prices of a path, in the asset."""
    generator = np.random.default_rng(shape.seed)
    span = shape.step / YEAR
    returns = process(generator, Walk(shape.bars - 1, span, shape.volatility, shape.drift))
    logarithms: Floats = np.append(0.0, np.cumsum(returns))
    return shape.price * np.exp(logarithms)


def walk(process: Process, shape: Shape) -> Track:
    """A random walk."""
    return _track(shape, prices(shape, process))


def gap(shape: Shape) -> Track:
    """One bar moves by the shock, and stays."""
    values = prices(shape)
    values[_middle(shape) :] *= 1 + shape.shock
    return _track(shape, values)


def flash(shape: Shape) -> Track:
    """The shock within a bar, an hour there, and back within a bar."""
    values = prices(shape)
    values[_middle(shape) :][: _bars_of(shape, HOUR)] *= 1 + shape.shock
    return _track(shape, values)


def halt(shape: Shape) -> Track:
    """No bars for the outage; the first one after it has moved by the shock too."""
    values = prices(shape)
    first = _middle(shape)
    after = first + _bars_of(shape, shape.outage)
    values[after:] *= 1 + shape.shock
    track = _track(shape, values)
    times, numbers = list(track.times), list(track.prices)
    return Track(times[:first] + times[after:], numbers[:first] + numbers[after:])


def late(shape: Shape) -> Track:
    """The oracle gets no price for the outage, in the middle of which the price moves by the
    shock."""
    values = prices(shape)
    first, lasts = _middle(shape), _bars_of(shape, shape.outage)
    values[first + lasts // 2 :] *= 1 + shape.shock
    values[first : first + lasts] = 0
    return _track(shape, values)


SYNTHETIC: dict[str, Callable[[Shape], Track]] = {
    "gbm": partial(walk, processes.gbm),
    "jumps": partial(walk, processes.merton),
    "regimes": partial(walk, processes.switching),
    "gap": gap,
    "flash": flash,
    "halt": halt,
    "late": late,
}


def to_wad(values: Floats) -> list[int]:
    """Prices as a feed has them, in WAD."""
    return [round(value * FEED_UNIT) * (WAD // FEED_UNIT) for value in values.tolist()]


def _track(shape: Shape, values: Floats) -> Track:
    return Track(range(START, START + shape.step * len(values), shape.step), to_wad(values))


def _middle(shape: Shape) -> int:
    return shape.bars // 2


def _bars_of(shape: Shape, seconds: int) -> int:
    """How many bars a time is, at least one, and so few that bars are left after it."""
    return max(1, min(-(-seconds // shape.step), shape.bars // 4))
