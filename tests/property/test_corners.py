"""Corners that a random walk seldom comes to. The steps check themselves."""

from decimal import Decimal
from fractions import Fraction

import pytest

from levtoken.units import WAD
from tests.property import flows, keeping, moves
from tests.property.reference import WEI
from tests.property.scenarios import FORCED_DELAY, Scenario
from tests.property.staging import begin
from tests.property.walk import Walk

MANY = {"maxTrade": "0.01", "emergencySlices": "100"}


def test_what_is_left_of_a_rebalance_is_forgotten_when_the_token_goes_flat():
    walk = begin(Scenario("slices", "3", policy={"maxTrade": "1"}))
    moves.shift(walk, 60, 0.89)
    assert not keeping.rebalance(walk)
    assert walk.before.last.unfinished
    assert not flows.redeem(walk, "depositor", walk.world.shares_of("depositor"))
    assert walk.before.size == 0
    assert not walk.before.last.unfinished


def test_a_token_below_the_floor_of_the_venue_shrinks_but_does_not_grow():
    walk = begin(Scenario("small", "3"), assets=45)
    moves.shift(walk, 3_600, 0.83)
    assert walk.before.true_equity < walk.world.rules.min_margin
    assert not keeping.rebalance(walk)
    moves.shift(walk, 86_400, 1.16)
    assert walk.before.leverage < walk.world.policy.lower
    assert keeping.rebalance(walk) == "BelowMinimumEquity"


def move_to(walk: Walk, seconds: int, leverage: Fraction) -> None:
    """Time passes, and the price moves to where the token has `leverage`, but for funding."""
    was, now = (one * walk.token.direction for one in (walk.before.leverage, leverage))
    # The move that takes one leverage to another, both signed.
    moves.shift(walk, seconds, float(now * (1 - was) / was / (1 - now)))


def test_a_reward_is_cut_to_what_the_venue_lets_go():
    walk = begin(Scenario("small", "3"), assets=60)
    floor = walk.world.rules.min_margin
    excess = walk.before.true_equity - floor - Fraction(2, 100)
    notional = walk.before.position.size * walk.market.price
    moves.shift(walk, 60, float(1 - excess / notional))
    assert keeping.assess(walk).reward > 0
    assert not keeping.rebalance(walk)
    assert floor <= walk.before.true_equity < floor + Fraction(1, 10**5)


@pytest.mark.parametrize("factor", [1.3, 1.6, 3])
def test_a_poor_market_rebalances_what_would_be_paid(factor):
    walk = begin(Scenario("poor", "3", pool=0))
    moves.shift(walk, 60, factor)
    before = walk.before
    assert 0 < before.part < 1
    # What everybody is paid together is what there is.
    assert abs(before.worth - before.cash * walk.token.unit) <= 8 * WEI
    assert keeping.assess(walk).reward > 0
    assert not keeping.rebalance(walk)
    moves.shift(walk, 86_400, 0.6 / factor)
    assert walk.before.leverage < walk.world.policy.lower or walk.before.part == 1


def test_a_market_with_a_bankrupt_account_pays_no_more_than_its_cash():
    walk = begin(Scenario("poor", "2", pool=0, crowd=Fraction(1, 10**5)), assets=1_000)
    assert not moves.order(walk, "trader", -WAD, with_margin=True)
    moves.shift(walk, 60, 5)
    assert moves.trader(walk, "trader").equity < 0
    shares = walk.world.shares_of("depositor")
    assert flows.redeem(walk, "depositor", shares) == "InsufficientCash"
    walk.random.choice = lambda found: found[0]
    assert not moves.flag(walk)
    assert not moves.liquidate(walk)
    assert walk.before.part < 1
    assert not flows.redeem(walk, "depositor", shares)


def test_the_slice_of_an_emergency_brings_leverage_well_under_the_maximum_of_the_venue():
    walk = begin(Scenario("slices", "3", policy=MANY), assets=1_000)
    safe = walk.world.rules.max_leverage * Fraction(9, 10)
    move_to(walk, 60, safe + 1)
    assert not keeping.rebalance(walk)
    assert walk.before.leverage <= safe
    assert walk.before.last.unfinished


def test_no_cooldown_holds_above_the_maximum_leverage_of_the_venue():
    walk = begin(Scenario("slices", "3", policy=MANY), assets=1_000)
    move_to(walk, 60, Fraction(5))
    assert not keeping.rebalance(walk)
    move_to(walk, 1, Fraction(6))
    assert keeping.rebalance(walk) == "CooldownActive"
    move_to(walk, 1, walk.world.rules.max_leverage + 1)
    assert not keeping.rebalance(walk)


@pytest.mark.parametrize(
    ("limit", "fault"),
    [
        ({"maxLiquidationDelta": "0.00001"}, "LiquidationTooLarge"),
        ({"maxLiquidationSkew": "0.00001"}, "SkewTooLarge"),
    ],
)
def test_what_is_too_large_to_liquidate_is_liquidated_after_the_delay(limit, fault):
    walk = begin(Scenario("limited", "3", market=limit))
    moves.shift(walk, 60, 0.67)
    walk.random.choice = lambda found: found[-1]
    assert not moves.flag(walk)
    assert flows.redeem(walk, "depositor", 10**18) == "PositionFlagged"
    assert moves.liquidate(walk) == fault
    moves.shift(walk, FORCED_DELAY - 1, 1)
    assert moves.liquidate(walk) == fault
    moves.shift(walk, 1, 1)
    assert not moves.liquidate(walk)
    assert flows.redeem(walk, "depositor", 10**18) == "EquityGone"


def test_a_trade_that_is_not_worth_its_cost_is_not_due():
    walk = begin(Scenario("just outside", "-3", policy={"recenter": "1"}))
    move_to(walk, 60, walk.world.policy.upper * Fraction(10_002, 10_000))
    assert walk.world.policy.upper < walk.before.leverage
    assert keeping.rebalance(walk) == "BelowMinimumTrade"


def test_a_rest_that_is_not_worth_its_cost_is_not_remembered():
    whole = begin(Scenario("slices", "3"))
    moves.shift(whole, 60, 0.88)
    due = keeping.assess(whole)
    nearly = abs(due.delta) - abs(whole.before.position.size) / 2_000
    largest = str(Decimal(nearly.numerator) / Decimal(nearly.denominator))
    walk = begin(Scenario("slices", "3", policy={"maxTrade": largest}))
    moves.shift(walk, 60, 0.88)
    assert not keeping.rebalance(walk)
    assert not walk.before.last.unfinished
