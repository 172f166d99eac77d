"""Prices that jump further than the market moves. Pure.

A crash is no fault, so a return is measured by those around it, robustly: one wrong price must not
make the measure.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from levtoken.prices.steps import Seconds, usual_step

DEVIATIONS = 40.0  # no hour of ten perpetuals in six years, crashes included, was beyond 39
NEIGHBOURS = 101
FEWEST_NEIGHBOURS = 20
FEWEST_PRICES = 3  # two returns, one of which measures the other
SMALLEST_DEVIATION = 1e-4
ROBUST = 1.4826  # makes a median of sizes a standard deviation, where they are normal


@dataclass(frozen=True)
class Jump:
    """A price, its change against the one before, and how many robust deviations that is."""

    time: int
    price: float
    change: float
    deviations: float


def jumps(times: Seconds, closes: "pd.Series[float]", deviations: float) -> Iterator[Jump]:
    """Those beyond `deviations`. `times` are in order and once each."""
    usable = np.isfinite(closes.to_numpy()) & (closes.to_numpy() > 0)
    times, prices = times[usable], closes.to_numpy()[usable]
    if prices.size < FEWEST_PRICES:
        return
    distances = np.diff(times)
    step = usual_step(distances) or 1
    returns = np.diff(np.log(prices)) / np.sqrt(np.maximum(distances / step, 1))
    sizes = pd.Series(np.abs(returns))
    around = sizes.rolling(NEIGHBOURS, center=True, min_periods=FEWEST_NEIGHBOURS).median()
    usual = np.fmax(around.to_numpy(), sizes.median()) * ROBUST
    counts = sizes.to_numpy() / np.maximum(usual, SMALLEST_DEVIATION)
    for i in np.flatnonzero(counts > deviations):
        change = float(prices[i + 1] / prices[i] - 1)
        yield Jump(int(times[i + 1]), float(prices[i + 1]), change, float(counts[i]))
