"""Faults that the walks found, each in its smallest form. The steps check themselves."""

import pytest

from levtoken.units import WAD
from tests.property import flows, keeping, moves
from tests.property.scenarios import Scenario
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


def test_i_5_the_preview_of_a_redemption_knows_that_the_cash_is_short():
    walk = begin(Scenario("poor", "3", pool=0))
    moves.shift(walk, 60, 1.05)
    shares = walk.world.shares_of("depositor")
    assert flows.redeem(walk, "depositor", shares) == "InsufficientCash"


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
