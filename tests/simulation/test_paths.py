"""Invented paths: as volatile as asked for, the same for a seed, and with the stress they name."""

from dataclasses import replace
from math import sqrt

import numpy as np
import pytest

from levtoken.errors import BarGapError, EmptyWindowError, InvalidPriceError
from levtoken.simulation import paths
from levtoken.simulation.intrabar import Candles, continuous, jumps
from levtoken.simulation.paths import HOUR, SYNTHETIC, Shape
from levtoken.simulation.processes import YEAR
from levtoken.units import WAD

SHAPE = Shape(years=0.25, seed=3)
STRESSES = ("gap", "flash", "halt", "late")


def prices(track):
    return np.array([price / WAD for price in track.prices])


@pytest.mark.parametrize("name", SYNTHETIC)
def test_a_seed_is_a_path(name):
    make = SYNTHETIC[name]
    one, same, other = make(SHAPE), make(SHAPE), make(replace(SHAPE, seed=4))
    assert list(one.prices) == list(same.prices) != list(other.prices)
    assert list(one.times) == list(same.times)
    assert one.prices[0] == 60_000 * WAD
    assert one.step == HOUR


@pytest.mark.parametrize("name", SYNTHETIC)
def test_the_oracle_has_eight_decimals(name):
    assert all(price % 10**10 == 0 for price in SYNTHETIC[name](SHAPE).prices)


# A volatility from n returns has a relative deviation of sqrt((kurtosis - 1) / n) / 2: 0.2 % of a
# walk, 1.5 % with jumps (a kurtosis of 120 at most); 300 pairs of regimes add 3 %. Four of them.
@pytest.mark.parametrize(("name", "within"), [("gbm", 0.01), ("jumps", 0.06), ("regimes", 0.12)])
def test_a_walk_is_as_volatile_as_asked_for(name, within):
    track = SYNTHETIC[name](Shape(volatility=0.6, drift=0.5, years=20, seed=1))
    returns = np.diff(np.log(prices(track)))
    volatility = sqrt(np.mean(returns**2) * YEAR / HOUR)
    assert volatility == pytest.approx(0.6, rel=within)


@pytest.mark.parametrize("name", ["gbm", "jumps", "regimes"])
def test_the_mean_price_grows_by_the_drift(name):
    shape = Shape(volatility=0.2, drift=0.5, years=1, step=86_400)
    ends = [prices(SYNTHETIC[name](replace(shape, seed=seed)))[-1] / 60_000 for seed in range(800)]
    error = np.std(ends) / sqrt(len(ends))
    assert np.mean(ends) == pytest.approx(np.exp(0.5), abs=4 * error)


def test_jumps_and_regimes_have_fatter_tails_than_a_walk():
    def kurtosis(name):
        returns = np.diff(np.log(prices(SYNTHETIC[name](Shape(years=5)))))
        return np.mean(returns**4) / np.mean(returns**2) ** 2

    assert kurtosis("gbm") == pytest.approx(3, abs=0.2)
    assert kurtosis("jumps") > 20
    assert kurtosis("regimes") > 4


def test_a_gap_is_one_bar_and_stays():
    plain, moved = prices(SYNTHETIC["gbm"](SHAPE)), prices(paths.gap(SHAPE))
    ratio = moved / plain
    at = int(np.argmax(ratio < 0.99))
    assert np.allclose(ratio[:at], 1)
    assert np.allclose(ratio[at:], 0.85)
    assert at == len(plain) // 2


def test_a_flash_crash_comes_back():
    shape = replace(SHAPE, step=600)
    ratio = prices(paths.flash(shape)) / prices(SYNTHETIC["gbm"](shape))
    assert np.count_nonzero(ratio < 0.99) == 6  # an hour
    assert np.allclose(ratio[ratio < 0.99], 0.85)
    assert ratio[-1] == pytest.approx(1)


def test_a_halted_chain_has_no_bars_and_finds_another_price():
    track = paths.halt(SHAPE)
    plain = SYNTHETIC["gbm"](SHAPE)
    missing = sorted(set(plain.times) - set(track.times))
    assert len(missing) == 6
    assert missing[-1] - missing[0] == 5 * HOUR
    woken = missing[-1] + HOUR
    after = track.prices[list(track.times).index(woken)]
    assert after / plain.prices[plain.times.index(woken)] == pytest.approx(0.85)


def test_a_late_oracle_has_no_price_while_the_market_moves():
    track = paths.late(SHAPE)
    plain = SYNTHETIC["gbm"](SHAPE)
    gone = [bar for bar, price in enumerate(track.prices) if price == 0]
    assert len(gone) == 6
    assert gone[-1] - gone[0] == 5
    assert track.prices[gone[-1] + 1] / plain.prices[gone[-1] + 1] == pytest.approx(0.85)
    assert track.prices[gone[0] - 1] == plain.prices[gone[0] - 1]


def test_a_stress_fits_into_the_shortest_path():
    shape = Shape(years=8 * HOUR / YEAR, outage=30 * HOUR)
    for name in STRESSES:
        assert len(SYNTHETIC[name](shape).prices) >= 6
    with pytest.raises(EmptyWindowError, match="8 are needed"):
        SYNTHETIC["gbm"](Shape(years=3 * HOUR / YEAR))


UP, DOWN = (100, 104, 98, 103), (103, 106, 95, 96)  # open, high, low, close
CANDLES = Candles([HOUR * 10, HOUR * 11], HOUR, np.array([UP, DOWN], dtype=float))


def test_a_bar_is_visited_as_jumps_low_first_when_it_rises():
    track = jumps(CANDLES)
    assert [round(price) for price in prices(track)] == [100, 98, 104, 103, 103, 106, 95, 96]
    assert list(track.times) == [HOUR * 10 + 900 * k for k in range(1, 9)]


def test_a_continuous_path_visits_the_same_prices_and_stays_within_the_bar():
    track = continuous(CANDLES, 60, seed=5)
    inside = prices(track)
    assert len(inside) == 120
    for bar, (opened, high, low, closed) in zip(inside.reshape(2, 60), (UP, DOWN), strict=True):
        assert bar[0] == pytest.approx(opened)
        assert bar[-1] == pytest.approx(closed)
        assert bar.min() == pytest.approx(low)
        assert bar.max() == pytest.approx(high)
    assert len(set(track.prices)) > 100
    assert list(continuous(CANDLES, 60, seed=5).prices) == list(track.prices)
    assert list(continuous(CANDLES, 60, seed=6).prices) != list(track.prices)


def test_a_bar_that_did_not_move_does_not_move_inside():
    flat = Candles([HOUR], HOUR, np.full((1, 4), 50.0))
    assert set(continuous(flat, 60).prices) == {50 * WAD}


def test_bars_that_cannot_be_visited_are_refused():
    with pytest.raises(BarGapError, match="does not divide"):
        continuous(CANDLES, 7)
    with pytest.raises(BarGapError, match="does not divide"):
        continuous(CANDLES, 1800)
    with pytest.raises(InvalidPriceError, match="no open and close between"):
        Candles([0], HOUR, np.array([[100.0, 99.0, 98.0, 98.5]]))
