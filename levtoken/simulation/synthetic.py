"""A built-in price path with calm, trend, chop and a crash. Invented: it is no market's history."""

import random
from dataclasses import dataclass

from levtoken.simulation.prices import Bar, PricePath
from levtoken.units import WAD

HOUR = 3600
START = 1_704_067_200  # 2024-01-01 00:00 UTC, an arbitrary day
SEED = 20240101
SOURCE = "the built-in path"
ETH_BETA = 1.2
ETH_NOISE = 0.35  # of the volatility of the phase
UNIFORMS = 12  # their sum less 6 has mean 0 and variance 1
PARTS = 10**9  # a return is rounded to this fraction, so that prices are exact integers


@dataclass(frozen=True)
class Phase:
    """Hours with a mean return, a volatility and a pull back to the price at the start of them."""

    hours: int
    drift: float
    volatility: float
    pull: float = 0.0
    shocks: tuple[tuple[int, float], ...] = ()


PHASES = (
    Phase(40, 0.0, 0.003),  # calm
    Phase(56, 0.0035, 0.006),  # trend
    Phase(60, 0.0, 0.014, pull=0.12),  # chop
    Phase(20, -0.008, 0.014, shocks=((4, -0.06), (5, -0.085), (9, -0.07))),  # crash
    Phase(44, 0.0015, 0.011),  # aftermath
)
STARTS = {"BTC": 42_000 * WAD, "ETH": 2_300 * WAD}


def synthetic() -> list[PricePath]:
    """BTC and ETH, hourly, the same on every machine and in every version of Python: only sums
    and products of `random.random()`, whose sequence is guaranteed, go into a price."""
    source = random.Random(SEED)
    prices = {symbol: [start] for symbol, start in STARTS.items()}
    for phase in PHASES:
        shocks = dict(phase.shocks)
        anchor = prices["BTC"][-1]
        for hour in range(phase.hours):
            level = prices["BTC"][-1] / anchor - 1
            move = phase.drift - phase.pull * level + shocks.get(hour, 0.0)
            common = move + phase.volatility * _normal(source)
            own = ETH_NOISE * phase.volatility * _normal(source)
            _extend(prices["BTC"], common)
            _extend(prices["ETH"], ETH_BETA * common + own)
    return [
        PricePath(
            symbol,
            HOUR,
            tuple(Bar(START + HOUR * i, price) for i, price in enumerate(series)),
            SOURCE,
            synthetic=True,
        )
        for symbol, series in prices.items()
    ]


def _normal(source: random.Random) -> float:
    return sum(source.random() for _ in range(UNIFORMS)) - UNIFORMS / 2


def _extend(series: list[int], change: float) -> None:
    series.append(series[-1] * (PARTS + round(change * PARTS)) // PARTS)
