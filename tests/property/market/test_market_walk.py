"""Random walks through everything that can happen at the market: the invariants by their ids.

LEVTOKEN_MARKET_WALK_STEPS sets the number of steps of all walks together, LEVTOKEN_PROPERTY_SEED
their seed. A failure prints market, seed, step and the last actions. `make deep` walks further.
"""

import os
from collections import Counter

import pytest

from tests.property.market.running import run
from tests.property.market.scenarios import SCENARIOS
from tests.property.market.totals import missed
from tests.property.market.walk import Report

STEPS = int(os.environ.get("LEVTOKEN_MARKET_WALK_STEPS", "20000"))
SEED = int(os.environ.get("LEVTOKEN_PROPERTY_SEED", "1"))
STEPS_EACH = -(-STEPS // len(SCENARIOS))
ENOUGH = 1300  # steps of one walk, by which all together have met everything
DONE: dict[str, Report] = {}


@pytest.fixture(scope="module", params=SCENARIOS, ids=lambda scenario: scenario.name)
def report(request):
    report = run(request.param, SEED, STEPS_EACH)
    DONE[request.param.name] = report
    return report


def assert_holds(report: Report, *identities: str) -> None:
    """Nothing broke them, and they were looked at."""
    broken = report.violation
    if broken and broken.identity not in identities:
        pytest.skip(f"the walk ended early, at a violation of {broken.identity}")
    assert not broken, report.explain()
    assert any(report.looked[identity] for identity in identities), f"never looked at {identities}"


def test_i_4_no_actor_wins_at_one_price(report):
    assert_holds(report, "I-4", "I-4 delayed")


def test_i_5_a_call_does_what_its_preview_said(report):
    assert_holds(report, "I-5", "errors")


def test_i_9_a_gift_moves_nothing(report):
    assert_holds(report, "I-9")


def test_i_10_everybody_gets_out_in_the_end(report):
    assert_holds(report, "I-10", "everybody out")


def test_i_11_with_a_bad_price_every_verb_fails_and_nothing_changes(report):
    assert_holds(report, "I-11")


def test_i_12_the_cash_is_that_of_pool_accounts_and_orders(report):
    assert_holds(report, "I-12")


def test_i_13_nobody_owes_and_no_view_fails(report):
    assert_holds(report, "I-13", "views")


def test_the_integers_lie_within_their_rounding_of_the_ledger(report):
    assert_holds(report, "reference")


def test_calls_fail_by_the_named_error_that_the_reference_finds(report):
    assert_holds(report, "errors")


@pytest.mark.skipif(STEPS_EACH < ENOUGH, reason="too few steps to meet everything")
def test_together_they_met_what_is_rare():
    if len(DONE) < len(SCENARIOS) or any(one.violation for one in DONE.values()):
        pytest.skip("some of the walks did not run to their end")
    done = sum((one.done for one in DONE.values()), Counter())
    looked = sum((one.looked for one in DONE.values()), Counter())
    assert not missed(done, looked), f"never met with seed {SEED}: {missed(done, looked)}"
