"""What is measured, against histories in which one cause acts alone, and against fractions of the
chain's own integers."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from math import exp, sqrt

import numpy as np
import pytest

from levtoken.policies import Schedule
from levtoken.simulation import limit
from levtoken.simulation.engine import Track, replay
from levtoken.simulation.measures import TERMS, YEAR, measure
from levtoken.simulation.paths import SYNTHETIC, Shape
from levtoken.simulation.rows import Kind
from levtoken.units import WAD
from tests.simulation.desk import CONFIG, HOUR, exact, policy, setup, track

BUSY = policy(
    recenter=Decimal("0.5"),
    reward_rate=Decimal("0.001"),
    reward_ramp=Decimal("0.2"),
    reward_cap=Decimal(100),
)
FEES = {
    "streaming": Decimal("0.05"),
    "deposit": Decimal("0.001"),
    "redemption": Decimal("0.002"),
}
# A float has 1e-16 of each of some thousand sums, the chain a few wei of each row.
EQUAL = 1e-12


def alone(found, *names):
    """Only the terms of those names are not 0."""
    others = {name: value for name, value in found.attribution.items() if name not in names}
    return all(abs(value) < EQUAL for value in others.values())


def test_funding_alone():
    log = replay(setup(), track([60_000] * 25, rates=[WAD // 1000] * 25))
    found, _ = measure(log, 3)
    assert alone(found, "funding")
    # A day at 0.1 % on three times the equity.
    start = exact(log)[0]
    paid = Fraction(start["size"] * 60_000, start["supply"]) / 1000
    assert found.attribution["funding"] == pytest.approx(float(-paid), rel=1e-9)
    assert found.total == pytest.approx(-0.003, rel=1e-4)


def test_the_streaming_fee_alone():
    fees = {"streaming": Decimal("0.05")}
    found, _ = measure(replay(setup(fees=fees), track([60_000] * 8761)), 3)
    assert alone(found, "streaming")
    assert found.total == pytest.approx(exp(-0.05) - 1, rel=1e-9)


def test_a_move_within_the_band_is_exposure_and_then_drift():
    log = replay(setup(), track([60_000, 60_600, 61_206]))
    found, _ = measure(log, 3)
    assert alone(found, "exposure", "drift")
    first, second, _ = exact(log)
    r = Fraction(1, 100)
    start = Fraction(first["equity"], first["supply"])
    later = Fraction(second["equity"], second["supply"])
    exposure = 3 * r * start + 3 * r * later
    assert found.attribution["exposure"] == pytest.approx(float(exposure), rel=1e-9)
    # Three times 1.01 of 1.03, instead of three times.
    drift = (Fraction(303, 103) - 3) * r * later
    assert found.attribution["drift"] == pytest.approx(float(drift), rel=1e-5)
    assert found.ideal == pytest.approx(1.03**2 - 1)
    assert found.path == pytest.approx(1.03**2 - 1 - 3 * (1.01**2 - 1))


def test_a_trade_alone_is_fees_impact_and_reward():
    log = replay(setup(policy_=BUSY), track([60_000, 51_000]))
    found, _ = measure(log, 3)
    before, after = exact(log)[-2:]
    jump = Fraction(after["equity"], after["supply"]) - Fraction(before["equity"], before["supply"])
    spent = sum(found.attribution[name] for name in ("fees", "impact", "rewards"))
    assert all(found.attribution[name] < 0 for name in ("fees", "impact", "rewards"))
    assert spent == pytest.approx(float(jump), rel=1e-9)
    (trade,) = log.trades
    notional = abs(trade.size_delta) * trade.price / WAD**2
    equity = (exact(log)[0]["equity"] + after["equity"]) / 2 / WAD
    assert found.turnover * found.years == pytest.approx(notional / equity)
    paid = (trade.fee + trade.reward + trade.size_delta * (trade.fill - trade.price) / WAD) / WAD
    assert found.cost * found.years == pytest.approx(paid / equity)
    assert found.cost_rate == pytest.approx(paid / notional)
    assert trade.fee == pytest.approx(0.0006 * abs(trade.size_delta) / WAD * trade.fill, rel=1e-9)


def history(name, **changes):
    """A busy one: funding, fees, flows, trades with reward and impact."""
    plain = SYNTHETIC[name](Shape(volatility=0.9, years=0.2, seed=11))
    rates = [(bar // 8 % 5 - 2) * 10**15 for bar in range(len(plain.times))]
    flows = {50: 0.5, 200: -0.4, 201: 0.2, 900: -0.1, 1200: 1.0}
    path = Track(plain.times, plain.prices, rates, flows)
    return replay(setup(policy_=BUSY, fees=FEES, **changes), path)


def by_fractions(log, target):
    """The terms, from the chain's integers."""
    rows = exact(log)
    terms = dict.fromkeys(TERMS, Fraction(0))
    trades = {trade.row: trade for trade in log.trades}
    for at in range(1, len(rows)):
        old, new, kind = rows[at - 1], rows[at], log.kinds[at]
        change = Fraction(new["equity"], new["supply"]) - Fraction(old["equity"], old["supply"])
        if kind in (Kind.BAR, Kind.LATE):
            r = Fraction(new["price"] - old["price"], old["price"])
            aimed = target * old["equity"]
            held = Fraction(old["size"] * old["price"], WAD)
            terms["exposure"] += aimed * r / old["supply"]
            terms["drift"] += (held - aimed) * r / old["supply"]
            paid = Fraction(old["size"] * (new["funding"] - old["funding"]), WAD)
            terms["funding"] += paid / old["supply"]
            diluted = Fraction(1, new["supply"]) - Fraction(1, old["supply"])
            terms["streaming"] += new["equity"] * diluted
        elif kind == Kind.TRADED:
            trade = trades[at]
            terms["fees"] -= Fraction(trade.fee, new["supply"])
            impact = Fraction(trade.size_delta * (trade.fill - trade.price), WAD)
            terms["impact"] -= impact / new["supply"]
            terms["rewards"] -= Fraction(trade.reward, new["supply"])
        else:
            terms["flows" if kind == Kind.FLOWED else "liquidation"] += change
    return terms, Fraction(rows[-1]["equity"], rows[-1]["supply"]) - Fraction(
        rows[0]["equity"], rows[0]["supply"]
    )


@pytest.mark.parametrize("path", SYNTHETIC)
@pytest.mark.parametrize("target", [3, -3])
def test_every_term_is_that_of_fractions_and_nothing_is_left(path, target):
    log = history(path, target=target)
    found, _ = measure(log, target)
    terms, change = by_fractions(log, target)
    for name, value in terms.items():
        assert found.attribution[name] == pytest.approx(float(value), abs=EQUAL)
    # Of each row some divisions truncate, by a wei of an equity of 1e23 or a price.
    assert abs(change - sum(terms.values())) < Fraction(1, 10**12)
    assert abs(found.residual) < 1e-9
    assert len(log.trades) > 5
    assert found.refusals == {}
    assert found.total == pytest.approx(
        float(change) / (exact(log)[0]["equity"] / exact(log)[0]["supply"]), rel=1e-9
    )


def test_a_liquidation_is_a_term_of_its_own():
    prices = [60_000, 54_300, 60_000]
    found, _ = measure(replay(setup(10, CONFIG.policies["10x"]), track(prices)), 10)
    assert found.liquidated
    assert found.attribution["liquidation"] < 0
    assert abs(found.residual) < 1e-9


def test_a_perfect_tracker_scores_as_its_schedule_says():
    """A token that is rebalanced at every bar has no drift and no tracking error but its cost."""
    always = policy(lower=None, upper=None, schedule=Schedule(interval=HOUR, window=HOUR))
    path = SYNTHETIC["gbm"](Shape(volatility=0.6, years=0.2, seed=2))
    found, series = measure(replay(setup(policy_=always), path), 3)
    assert abs(found.attribution["drift"]) < 0.002
    own = np.diff(series.share_price) / series.share_price[:-1]
    r = np.diff(series.price) / series.price[:-1]
    error = np.std(own - 3 * r, ddof=1) * sqrt(YEAR / HOUR)
    assert found.tracking_error == pytest.approx(error)
    assert found.tracking_error < 0.02
    assert found.total == pytest.approx(
        (1 + found.ideal) * exp(-found.cost * found.years) - 1, abs=0.01
    )


def test_the_score_is_cost_times_error_in_units_of_theory():
    log = history("gbm")
    found, _ = measure(log, 3, gas_per_trade=2.5)
    assert found.gas_cost == 2.5 * len(log.trades)
    unit = found.cost_rate * found.volatility**3 * limit.path_factor(3) ** 2
    assert found.score == pytest.approx(found.cost * found.tracking_error / unit)
    assert found.over_limit == pytest.approx(found.score * 2 * sqrt(3))
    assert sum(found.trades.values()) == len(log.trades)
    assert found.volatility == pytest.approx(0.9, rel=0.05)


def test_a_log_without_trades_has_no_score():
    found, _ = measure(replay(setup(), track([60_000, 60_100, 60_000])), 3)
    assert found.score is None
    assert found.over_limit is None
    assert found.cost == 0
    assert replace(found, score=0.5).over_limit == pytest.approx(sqrt(3))
