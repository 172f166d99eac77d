"""What happens inside recorded bars: open, low, high and close are visited, as jumps or along a
continuous path.

A bar that closes at or above its open is taken to have seen its low first, another one its high.
"""

from dataclasses import dataclass
from math import log, sqrt
from pathlib import Path

import numpy as np

from levtoken.errors import BarGapError, InvalidPriceError, MissingColumnError
from levtoken.simulation.engine import Track
from levtoken.simulation.paths import to_wad
from levtoken.simulation.price_files import choose_rows, read
from levtoken.simulation.prices import format_time
from levtoken.simulation.processes import Floats, bridge
from levtoken.simulation.window import Window

COLUMNS = ("open", "high", "low", "close")
VISITS = 4  # prices of a bar
PARKINSON = 4 * log(2)  # squared range of a Brownian motion, as a multiple of its variance


@dataclass(frozen=True)
class Candles:
    """Bars `step` seconds long. `times`: when they open, seconds since the epoch; prices in the
    asset: a row a bar, of open, high, low, close."""

    times: list[int]
    step: int
    prices: Floats

    def __post_init__(self) -> None:
        opens, highs, lows, closes = self.prices.T
        good = (lows > 0) & (lows <= np.minimum(opens, closes))
        good &= highs >= np.maximum(opens, closes)
        if not good.all():
            when = format_time(self.times[int(np.argmin(good))])
            raise InvalidPriceError(
                f"the bar at {when} has no open and close between a low above 0 and a high"
            )
        if any(time % self.step != self.times[0] % self.step for time in self.times):
            raise BarGapError(f"not all bars are {self.step} s long: choose other ones")


def load(file: Path, symbol: str, window: Window) -> Candles:
    """The bars of `symbol` in a file of prices that has open, high, low and close."""
    frame, times = choose_rows(read(file), symbol, file)
    missing = [name for name in COLUMNS if name not in frame]
    if missing:
        raise MissingColumnError(f"{file.name} has no column {missing[0]}: rename the one it is")
    inside = [window.contains(time) for time in times]
    chosen = [time for time, is_in in zip(times, inside, strict=True) if is_in]
    values = frame.loc[inside, list(COLUMNS)].to_numpy(dtype=np.float64)
    step = int(np.median(np.diff(np.asarray(chosen)))) if len(chosen) > 1 else 1
    return Candles(chosen, step, values)


def jumps(candles: Candles) -> Track:
    """Four prices a bar, a quarter of it apart; the last one at its end is the close."""
    return visit(candles, candles.step // VISITS)


def continuous(candles: Candles, step: int, seed: int = 0) -> Track:
    """A price every `step` seconds: between the four of a bar a Brownian bridge as volatile as the
    bar's range says, reflected at low and high. What lies between two bars stays a jump."""
    return visit(candles, step, np.random.default_rng(seed))


def visit(candles: Candles, step: int, generator: np.random.Generator | None = None) -> Track:
    """Along the bars, a price every `step` seconds; without a generator a price of the four holds
    until the next."""
    points = candles.step // step if step > 0 else 0
    if points < VISITS or candles.step % step:
        raise BarGapError(
            f"a step of {step} s does not divide bars of {candles.step} s into {VISITS} or more"
        )
    times: list[int] = []
    parts: list[Floats] = []
    for time, row in zip(candles.times, np.log(candles.prices), strict=True):
        times += range(time + step, time + candles.step + step, step)
        parts.append(_inside(row, points, generator))
    return Track(times, to_wad(np.exp(np.concatenate(parts))))


def _inside(row: Floats, points: int, generator: np.random.Generator | None) -> Floats:
    """The logarithms of a bar's prices."""
    opened, high, low, closed = row
    order = (opened, low, high, closed) if closed >= opened else (opened, high, low, closed)
    knots = [round(leg * (points - 1) / (VISITS - 1)) for leg in range(VISITS)]
    found = np.empty(points)
    found[knots[0]] = opened
    deviation = (high - low) / sqrt(PARKINSON * points)
    for leg in range(1, VISITS):
        before, at = knots[leg - 1], knots[leg]
        if generator is None:
            found[before + 1 : at] = order[leg - 1]
            found[at] = order[leg]
            continue
        free = bridge(generator, order[leg - 1], order[leg], at - before, deviation)
        found[before + 1 : at + 1] = _reflected(free, low, high)
        found[at] = order[leg]
    return found


def _reflected(values: Floats, low: float, high: float) -> Floats:
    """Values folded into a range."""
    width = high - low
    if width == 0:
        return np.full_like(values, low)
    past = np.mod(values - low, 2 * width)
    return low + np.minimum(past, 2 * width - past)
