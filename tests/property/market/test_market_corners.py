"""Corners of the market that a random walk seldom comes to, and faults that the walks found, each
in its smallest form. The steps check themselves."""

import random

import pytest

from levtoken.units import WAD
from tests.property.market import accidents, ending, orders, pool, trading
from tests.property.market.looking import look
from tests.property.market.scenarios import market
from tests.property.market.walk import Report, Walk

UNIT = 10**6


def begin(**changes) -> Walk:
    """A market without liquidity, whose steps leave nothing to chance."""
    walk = Walk(Report(market("corner", **{"pool": 0, **changes}), 0), random.Random(0))
    walk.random.random = lambda: 0.99
    return walk


def end_at(walk: Walk, factor: float) -> None:
    """The market marks a last price and settles at it."""
    walk.advance(60, factor)
    assert not accidents.check_price(walk)
    walk.world.must("feed", "pushAt", 0, walk.before.time, sender="stranger")
    walk.sleep(1)
    assert not accidents.check_price(walk)
    while not walk.is_due:
        walk.sleep(3_600)
        assert not accidents.check_price(walk)
    assert not accidents.settle_now(walk)
    look(walk)


def test_a_good_look_ends_the_time_without_a_price():
    walk = begin()
    for _ in range(2):
        walk.advance(60)
        assert not accidents.check_price(walk)
        walk.world.must("feed", "pushAt", 0, walk.before.time, sender="stranger")
        for _ in range(5):
            walk.sleep(1_800)
            assert not accidents.check_price(walk)
        assert accidents.settle_now(walk) == "SettlementTooEarly"


def test_who_carries_too_little_margin_leaves_a_settled_market_like_anyone():
    walk = begin(pool=10**6)
    pool.provide(walk, "provider", 10**6 * UNIT)
    assert not trading.deposit(walk, "trader", 1_000 * UNIT)
    assert not trading.order(walk, "trader", 3 * WAD)
    end_at(walk, 0.89)
    assert walk.market.is_liquidatable(walk.before.position("trader"))
    assert accidents.flag(walk, "trader") == "NotLiquidatable"
    assert not trading.leave(walk, "trader", (1, 1))
    ending.closed(walk)


def test_whoever_has_lost_all_in_a_settled_market_is_liquidated():
    walk = begin(pool=10**6)
    pool.provide(walk, "provider", 10**6 * UNIT)
    assert not trading.deposit(walk, "trader", 1_000 * UNIT)
    assert not trading.order(walk, "trader", 3 * WAD)
    end_at(walk, 0.8)
    assert trading.leave(walk, "trader", (1, 1)) == "EquityGone"
    assert not accidents.flag(walk, "trader")
    assert not accidents.liquidate(walk, "trader")
    ending.closed(walk)


def test_a_deposit_comes_back_in_a_settled_market_whatever_margin_is_left():
    walk = begin(pool=10**6)
    pool.provide(walk, "provider", 10**6 * UNIT)
    assert not trading.deposit(walk, "trader", 1_000 * UNIT)
    assert not trading.order(walk, "trader", 3 * WAD)
    assert not orders.submit(walk, "trader", -WAD)
    end_at(walk, 0.89)
    assert walk.market.is_liquidatable(walk.before.position("trader"))
    assert not orders.take_back(walk, "trader", "trader")
    assert not trading.leave(walk, "trader", (1, 1))
    ending.closed(walk)


def test_i_13_an_order_takes_no_deposit_that_the_cash_does_not_cover():
    walk = begin(depth=10**9)
    for name, assets in (("trader", 10_000), ("arbitrageur", 10_000), ("depositor", 300)):
        assert not trading.deposit(walk, name, assets * UNIT)
    assert not trading.order(walk, "trader", 20 * WAD)
    assert not trading.order(walk, "arbitrageur", -20 * WAD)
    walk.advance(60, 1.4)
    assert walk.before.equity("arbitrageur") < 0
    assert not trading.order(walk, "trader", -20 * WAD)
    assert not trading.withdraw(walk, "trader", walk.before.backing // walk.world.unit)
    assert orders.submit(walk, "depositor", WAD // 1000) == "InsufficientCash"
    look(walk)


@pytest.mark.parametrize("together", [False, True])
def test_i_12_the_skew_pays_nobody_what_the_pool_does_not_have(together):
    """Neither when the gain leaves in the same call nor when margin comes in with the order."""
    walk = skewed()
    scale = walk.world.rules.scale
    before = walk.before
    grows = trading.order(walk, "arbitrageur", -int(scale * WAD) // 40)
    assert grows == "MarketInsolvent"
    assert not trading.order(walk, "trader", -int(scale * WAD) // 40, 10**9 if together else -UNIT)
    assert walk.before.debt <= walk.before.backing
    assert before.debt <= before.backing
    look(walk)


def skewed() -> Walk:
    """A large skew, and a pool that has not what it would pay for closing it."""
    walk = begin(depth=10**7)
    assert not trading.deposit(walk, "trader", 300_000 * UNIT)
    assert not trading.deposit(walk, "arbitrageur", 300_000 * UNIT)
    assert not trading.order(walk, "trader", int(walk.world.rules.scale * WAD) // 20)
    taken = (walk.before.pool - WAD) // walk.world.unit
    # The price takes from the pool what opening cost.
    worth = walk.before.skew * walk.before.price // WAD
    walk.advance(1, 1 + taken * walk.world.unit / worth)
    assert 0 < walk.before.pool < 100 * WAD
    return walk


def test_i_12_what_a_pool_without_providers_earned_is_nobodys():
    walk = begin()
    assert not trading.deposit(walk, "trader", 10_000 * UNIT)
    assert not trading.order(walk, "trader", 3 * WAD)
    walk.advance(60, 0.9)
    assert not trading.order(walk, "trader", -3 * WAD)
    assert walk.before.pool > 500 * WAD
    had = walk.world.assets_of("saver")
    assert not pool.provide(walk, "saver", UNIT)
    assert not pool.remove(walk, "saver", walk.world.shares_of("saver"))
    assert walk.world.assets_of("saver") <= had


def test_i_4_who_trades_and_lends_at_one_price_takes_nothing_from_other_providers():
    walk = begin(pool=10**4, depth=10**7)
    pool.provide(walk, "provider", 50_000 * UNIT)
    assert not trading.deposit(walk, "trader", 300_000 * UNIT)
    size = int(walk.world.rules.scale * WAD) // 20
    assert not trading.order(walk, "trader", size)
    had = walk.world.assets_of("attacker")
    assert not trading.deposit(walk, "attacker", 300_000 * UNIT)
    assert not trading.order(walk, "attacker", -size)
    assert not pool.provide(walk, "attacker", 500_000 * UNIT)
    assert not trading.order(walk, "attacker", size)
    assert not pool.remove(walk, "attacker", walk.world.shares_of("attacker"))
    free = walk.before.held["attacker"].margin // walk.world.unit
    assert not trading.withdraw(walk, "attacker", free)
    assert walk.world.assets_of("attacker") <= had
