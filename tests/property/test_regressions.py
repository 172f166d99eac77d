"""Faults that the walks found, each in its smallest form. The steps check themselves."""

from fractions import Fraction

import pytest

from levtoken.units import WAD
from tests.property import flows, keeping, moves
from tests.property.running import run
from tests.property.scenarios import SCENARIOS, Scenario
from tests.property.staging import begin

SHALLOW = 3 * 10**7  # a market in which a large skew is affordable


@pytest.mark.parametrize("skew", [0.1, 0.25, 0.3, 0.32, 0.33])
def test_i_5_a_mint_that_the_skew_pays_for_does_what_its_preview_said(skew):
    walk = begin(Scenario("crowded", "-3", depth=SHALLOW), skew=skew)
    flows.mint(walk, "saver", 50_000 * WAD)


@pytest.mark.parametrize("skew", [0.1, 0.25, 0.3, 0.32, 0.33])
def test_i_5_a_first_mint_that_the_skew_pays_for_does_what_its_preview_said(skew):
    walk = begin(Scenario("crowded", "-3", depth=SHALLOW), skew=skew)
    walk.world.create_token()
    walk.refresh(stored=False)
    flows.mint(walk, "saver", 2_000 * WAD)


@pytest.mark.parametrize("first", ["depositor", "saver"])
def test_i_5_whoever_leaves_a_poor_market_first_everyone_gets_the_same_part(first):
    walk = begin(Scenario("poor", "3", pool=0))
    assert not flows.deposit(walk, "saver", 5_000 * 10**6)
    moves.shift(walk, 60, 1.05)
    second = next(role for role in ("depositor", "saver") if role != first)
    price = walk.before.worth / walk.before.supply
    paid = {}
    for role in (first, second):
        assert 0 < walk.market.part < 1
        assert flows.deposit(walk, "redeemer", 10**9) == "MarketInsolvent"
        held, shares = walk.world.assets_of(role), walk.world.shares_of(role) * 9 // 10
        assert not flows.redeem(walk, role, shares)
        paid[role] = Fraction((walk.world.assets_of(role) - held) * 10**12, shares)
    # Each bears the cost of leaving, which raises the part of those who stay.
    assert Fraction(997, 1000) * price * WAD <= paid[first] <= price * WAD
    assert paid[first] <= paid[second] <= price * WAD * Fraction(1003, 1000)


def test_i_12_a_poor_market_that_is_refilled_pays_in_full_and_lets_in_again():
    walk = begin(Scenario("poor", "3", pool=0))
    moves.shift(walk, 60, 1.05)
    assert flows.deposit(walk, "saver", 10**9) == "MarketInsolvent"
    lacking = -walk.market.lent
    world = walk.world
    short = world.attempt("market", "provideLiquidity", int(lacking * 10**6), sender="provider")
    assert short == ("LiquidityBelowDeficit", 0)
    world.must("market", "provideLiquidity", int(lacking * 10**6) + 10**6, sender="provider")
    walk.refresh(stored=True)
    assert walk.market.part == 1
    assert not flows.deposit(walk, "saver", 10**9)
    assert not flows.redeem(walk, "depositor", walk.world.shares_of("depositor"))


def test_the_reward_by_delay_is_only_for_what_is_left_of_the_same_rebalance():
    walk = begin(Scenario("slices", "3", policy={"maxTrade": "1"}))
    moves.shift(walk, 60, 0.89)
    assert not keeping.rebalance(walk)
    assert walk.before.last.unfinished
    moves.shift(walk, 50_000, 1.25)
    assert walk.before.leverage < walk.world.policy.lower
    assert not keeping.rebalance(walk)


def test_nothing_comes_in_where_the_skew_pays_more_than_the_position_is_worth():
    walk = begin(Scenario("crowded", "3", depth=SHALLOW), skew=-0.3336)
    assert flows.deposit(walk, "saver", 1_000) == "NoSolution"


def test_growth_within_a_thousandth_of_the_size_limit_is_not_due():
    """It would start every cooldown anew, and the moves that count for an emergency."""
    policy = {"maxTrade": "3.4", "emergencySlices": "1"}
    walk = begin(Scenario("limited", "3", policy=policy), assets=10_213)
    room = walk.before.terms.max_size - walk.before.position.size
    assert 0 < room < walk.before.position.size / 1000
    moves.shift(walk, 86_400, 1.3)
    assert walk.before.leverage < walk.world.policy.lower
    assert keeping.rebalance(walk) == "SizeLimitExceeded"


@pytest.mark.parametrize("skew", [0, 0.005, 0.01])
@pytest.mark.parametrize("units", [69_059_253, 41_000_001, 300_000_007, 405_123_456])
def test_i_3_what_a_withdrawal_leaves_to_the_others_is_less_than_two_units(units, skew):
    walk = begin(Scenario("five times", "5"), assets=452, skew=skew)
    assert not flows.withdraw(walk, "depositor", units)


def test_i_8_a_new_fee_is_not_owed_for_the_time_before():
    """When the rate was a wei, which rounded to nothing, the clock stood still."""
    walk = begin(Scenario("fees", "3"))
    walk.world.must("token", "setFees", (0, 0, 0), sender="owner")
    moves.shift(walk, 300 * 86_400, 1)
    walk.world.must("token", "setFees", (WAD // 20, 0, 0), sender="owner")
    assert walk.world.books().supply == walk.before.total


def test_a_trade_that_the_venue_may_not_tell_from_none_has_either_name():
    """The last of these steps is a rebalance by 1.00003 wei, of which the venue finds none."""
    scenario = next(one for one in SCENARIOS if one.name == "schedule without a band")
    report = run(scenario, seed=6, steps=534)
    assert not report.violation, report.explain()
