"""What was traded against what a rule says."""

import numpy as np
import pytest

from levtoken.simulation.agreement import Pair, agree, implied

HOUR = 3_600


def pair(traded: list[float], replayed: list[float]) -> Pair:
    times = np.arange(len(traded), dtype=np.int64) * HOUR
    return Pair(times, np.ones(len(traded)), np.array(traded), np.array(replayed))


def test_a_price_that_follows_the_replay_agrees_whatever_its_unit() -> None:
    found = agree(pair([30.0, 33.0, 29.7, 31.185], [1.0, 1.1, 0.99, 1.0395]))
    assert found.correlation == pytest.approx(1)
    assert found.beta == pytest.approx(1)
    assert found.difference == pytest.approx(0)
    assert (found.bars, found.low_premium) == (3, pytest.approx(0))


def test_a_premium_that_comes_and_stays_is_the_difference() -> None:
    found = agree(pair([1.0, 1.1 * 1.05, 0.99 * 1.05], [1.0, 1.1, 0.99]))
    assert found.difference == pytest.approx(0.05)
    assert found.premium == pytest.approx(0.05)


def test_half_the_move_is_half_the_beta() -> None:
    replayed = np.cumprod([1, 1.1, 0.9, 1.2, 0.95])
    traded = np.cumprod([1, 1.05, 0.95, 1.1, 0.975])
    assert agree(pair(list(traded), list(replayed))).beta == pytest.approx(0.5)


def test_a_part_and_a_coarser_step_keep_the_times_that_they_name() -> None:
    whole = pair([1.0, 2.0, 3.0, 4.0, 5.0], [1.0, 2.0, 3.0, 4.0, 5.0])
    assert whole.within(HOUR, 3 * HOUR).traded.tolist() == [2, 3, 4]
    assert whole.every(2 * HOUR).replayed.tolist() == [1, 3, 5]


def test_the_leverage_of_single_days_is_read_from_days_that_move() -> None:
    moves = np.array([0.04, -0.05, 0.001, 0.06])
    found = implied(moves, np.array([-0.08, 0.11, 0.02, -0.3]), -1.25, -4)
    assert (found.days, found.moving_days) == (4, 3)
    assert found.median == pytest.approx(-2.2)
    assert found.inside == pytest.approx(2 / 3)
