"""Means of many paths, and how sure they are."""

from dataclasses import replace
from math import sqrt
from statistics import fmean

import numpy as np
import pytest

from levtoken.errors import ChainError
from levtoken.simulation import small_bands
from levtoken.simulation.limit import LIMIT
from levtoken.simulation.montecarlo import Sample, estimate, sample, student
from levtoken.simulation.paths import Shape
from tests.simulation.desk import setup

SHAPE = Shape(years=10 / 365)


def test_the_quantile_is_that_of_the_tables():
    for freedom, value in ((7, 2.3646), (15, 2.1314), (30, 2.0423), (1000, 1.9623)):
        assert student(0.95, freedom) == pytest.approx(value, rel=1e-3)


def test_an_interval_holds_the_mean_as_often_as_it_says():
    generator = np.random.default_rng(8)
    found = [estimate(generator.normal(5, 2, 8).tolist()) for _ in range(4000)]
    held = fmean(one.low <= 5 <= one.high for one in found)
    assert held == pytest.approx(0.95, abs=4 * sqrt(0.95 * 0.05 / 4000))
    with pytest.raises(ChainError, match="give more seeds"):
        estimate([1.0])


def test_a_sample_is_one_replay_a_seed():
    found = sample(setup(), "gbm", SHAPE, [1, 2, 3])
    assert len({one.total for one in found.measures}) == 3
    again = sample(setup(), "gbm", SHAPE, [3, 1])
    assert [one.total for one in again.measures] == [
        found.measures[2].total,
        found.measures[0].total,
    ]
    total = found.estimate("total")
    assert total.mean == pytest.approx(fmean(one.total for one in found.measures))
    assert total.count == 3
    assert found.estimate(lambda one: one.total).margin == total.margin


def test_the_jackknife_of_a_mean_is_the_mean_and_of_a_ratio_less_biased():
    plain = sample(setup(), "gbm", SHAPE, [1, 2]).measures[0]
    values = [1.0, 2.0, 4.0, 9.0]
    some = Sample(range(4), [replace(plain, total=value) for value in values])
    mean = some.pooled(lambda all_: fmean(one.total for one in all_))
    plainly = some.estimate("total")
    assert (mean.mean, mean.margin) == pytest.approx((plainly.mean, plainly.margin))
    # The square of a mean is too large by the variance of the mean.
    square = some.pooled(lambda all_: fmean(one.total for one in all_) ** 2)
    variance = np.var(values, ddof=1) / 4
    assert square.mean == pytest.approx(4**2 - variance)


def test_a_small_run_of_the_constants_holds_what_theory_says():
    """Two of the twelve cells, with intervals as wide as so few paths make them."""
    edge = small_bands.measure_cell("edge", 3, paths=6, days=4)
    timed = small_bands.measure_cell("timed", -3, paths=6, days=4)
    for cell in (edge, timed):
        assert cell.product.low * 0.98 < cell.theory < cell.product.high * 1.02  # 2 % of bias
        assert cell.product.margin < 0.35 * cell.theory
        assert cell.trades > 100
    assert edge.theory == LIMIT
    assert edge.product.mean < 0.75 * timed.product.mean
