"""Random walks through everything that can happen to a token: the invariants by their ids.

LEVTOKEN_PROPERTY_STEPS sets the number of steps of all walks together, LEVTOKEN_PROPERTY_SEED their
seed. A failure prints scenario, seed, step and the last actions.
"""

import os
from collections import Counter

import pytest

from tests.property.running import run
from tests.property.scenarios import SCENARIOS
from tests.property.totals import COMMON, missed
from tests.property.walk import Report

STEPS = int(os.environ.get("LEVTOKEN_PROPERTY_STEPS", "30000"))
SEED = int(os.environ.get("LEVTOKEN_PROPERTY_SEED", "1"))
STEPS_EACH = -(-STEPS // len(SCENARIOS))
ENOUGH = 800  # steps of one walk, by which it has met everything that is common

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
    never = [identity for identity in identities if not report.looked[identity]]
    assert not never, f"never looked at in {report.steps} steps: {never}"


def test_i_1_the_balances_add_up_to_the_supply(report):
    assert_holds(report, "I-1")


def test_i_2_a_flow_never_lowers_the_share_price_of_the_others(report):
    assert_holds(report, "I-2")


def test_i_3_a_flow_leaves_leverage_as_it_is(report):
    assert_holds(report, "I-3")


def test_i_4_an_actor_at_one_price_ends_at_or_below_its_start(report):
    assert_holds(report, "I-4")


def test_i_5_a_call_does_what_its_preview_said_and_the_largest_are_the_largest(report):
    assert_holds(report, "I-5", "I-5 at most")


def test_i_6_a_rebalance_improves_leverage_and_costs_what_it_may(report):
    assert_holds(report, "I-6")


def test_i_7_a_reward_keeps_its_caps_and_no_flow_makes_one_due(report):
    assert_holds(report, "I-7", "I-7 of flows")


def test_i_8_fees_keep_their_caps_however_often_they_are_charged(report):
    assert_holds(report, "I-8", "I-8 of setters")


def test_i_9_a_gift_changes_no_price(report):
    assert_holds(report, "I-9")


def test_i_10_whoever_can_be_paid_can_leave_altogether(report):
    assert_holds(report, "I-10")


def test_i_11_with_a_bad_price_every_verb_fails_and_nothing_changes(report):
    assert_holds(report, "I-11")


def test_i_12_the_market_owes_what_its_books_say_and_pays_everybody_the_same_part(report):
    assert_holds(report, "I-12")


def test_i_13_the_worst_is_nothing_and_nobody_owes(report):
    assert_holds(report, "I-13")


def test_i_14_the_integers_lie_within_their_rounding_of_the_reference(report):
    assert_holds(report, "I-14")


def test_calls_fail_by_the_named_errors_that_the_reference_finds(report):
    assert_holds(report, "errors")


@pytest.mark.skipif(STEPS_EACH < ENOUGH, reason="too few steps to meet everything")
def test_every_walk_met_what_is_common(report):
    if report.violation:
        pytest.skip("the walk ended early")
    never = [kind for kind in COMMON if not report.done[kind]]
    assert not never, f"never met in {report.steps} steps with seed {report.seed}: {never}"


@pytest.mark.skipif(STEPS_EACH < ENOUGH, reason="too few steps to meet everything")
def test_the_walks_together_met_what_is_rare():
    if len(DONE) < len(SCENARIOS) or any(one.violation for one in DONE.values()):
        pytest.skip("some of the walks did not run to their end")
    done = sum((one.done for one in DONE.values()), Counter())
    looked = sum((one.looked for one in DONE.values()), Counter())
    assert not missed(done, looked), f"never met with seed {SEED}: {missed(done, looked)}"
