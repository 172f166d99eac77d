"""Corners that a random walk seldom comes to. The steps check themselves."""

from tests.property import flows, keeping, moves
from tests.property.scenarios import Scenario
from tests.property.staging import begin


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
