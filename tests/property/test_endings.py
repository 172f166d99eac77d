"""How a token comes to its end. The steps check themselves."""

import pytest

from tests.property import closing, faults, flows, keeping, maxima, moves
from tests.property.reference_terms import CLOSING
from tests.property.scenarios import HIGHEST, Scenario
from tests.property.staging import begin
from tests.property.walk import Walk

SLICES = {"maxTrade": "3", "emergencySlices": "10"}


def trade_out(walk: Walk) -> int:
    """In so many slices."""
    slices = 0
    while walk.before.size:
        moves.shift(walk, 900, 1)
        assert not keeping.rebalance(walk)
        slices += 1
    return slices


@pytest.mark.parametrize("leverage", ["3", "-3"])
def test_i_10_a_closing_token_trades_out_in_slices_and_pays_everybody(leverage):
    walk = begin(Scenario("closing", leverage, policy=SLICES, fees=HIGHEST))
    assert closing.close(walk) == "NothingToClose"
    assert not closing.start(walk)
    assert walk.before.terms.phase == CLOSING
    assert keeping.rebalance(walk) == "CooldownActive"
    assert trade_out(walk) == 4
    assert not closing.close(walk)
    maxima.at_most(walk)
    closing.refuse(walk)
    closing.renew(walk)


def test_i_10_who_leaves_while_it_closes_is_paid_as_ever():
    walk = begin(Scenario("closing", "3", policy=SLICES))
    assert not closing.start(walk)
    assert flows.deposit(walk, "saver", 10**9) == "TokenNotLive"
    assert not flows.redeem(walk, "depositor", walk.world.shares_of("depositor") // 2)
    assert not flows.withdraw(walk, "depositor", 10**9)


def test_an_emergency_goes_before_trading_out():
    walk = begin(Scenario("closing", "3", policy=SLICES))
    assert not closing.start(walk)
    moves.shift(walk, 61, 0.85)
    assert walk.before.leverage >= walk.world.policy.emergency
    assert not keeping.rebalance(walk)


def test_i_11_a_closed_token_needs_no_price():
    walk = begin(Scenario("closing", "3"))
    assert not closing.start(walk)
    moves.shift(walk, 900, 1)
    trade_out(walk)
    assert not closing.close(walk)
    faults.bad(walk)
    maxima.at_most(walk)
    closing.renew(walk)


def test_i_13_what_was_lost_is_closed_by_anyone():
    walk = begin(Scenario("lost", "3"))
    moves.shift(walk, 60, 0.6)
    walk.random.choice = lambda found: found[-1]
    assert not moves.flag(walk)
    assert closing.close(walk) == "NothingToClose"
    assert not moves.liquidate(walk)
    assert not closing.lose(walk)
    closing.renew(walk)


@pytest.mark.parametrize("factor", [0.9, 1, 1.2])
def test_i_10_a_settled_market_lets_everybody_out(factor):
    walk = begin(Scenario("settled", "3", fees=HIGHEST))
    moves.shift(walk, 60, factor)
    closing.settle(walk)
    assert walk.report.done["close when settled"]
