"""The schedule, adverse moves and the size limit. The steps check themselves."""

from tests.property import keeping, moves
from tests.property.reference_policy import EMERGENCY, LOWER, SCHEDULE
from tests.property.scenarios import Scenario
from tests.property.staging import begin
from tests.property.walk import Walk

DAY = 86_400
DAILY = {"interval": "86400", "window": "3600", "offset": "1200"}


def to_slot(walk: Walk, factor: float, into: int = 0) -> None:
    """To `into` seconds after the next slot began, with another price."""
    policy = walk.world.policy
    past = (walk.before.time - policy.offset) % policy.interval
    moves.shift(walk, policy.interval - past + into, factor)


def test_a_slot_is_used_once():
    walk = begin(Scenario("daily", "3", policy=DAILY))
    to_slot(walk, 1.02)
    assert not keeping.rebalance(walk)
    assert walk.before.last.slot == walk.before.time
    moves.shift(walk, 1_800, 1.02)
    assert keeping.rebalance(walk) == "NothingDue"
    to_slot(walk, 1)
    assert not keeping.rebalance(walk)


def test_a_slot_that_nobody_used_is_lost():
    walk = begin(Scenario("daily", "3", policy=DAILY))
    to_slot(walk, 1.02, into=3_600)
    assert keeping.rebalance(walk) == "NothingDue"


def test_the_reward_of_a_slot_grows_from_its_start():
    walk = begin(Scenario("daily", "3", policy=DAILY))
    to_slot(walk, 1.02)
    assert keeping.assess(walk).reward == 0
    moves.shift(walk, 450, 1)
    assert keeping.assess(walk).reward > 0


def test_what_is_left_of_a_slot_ends_with_its_window():
    policy = {**DAILY, "maxTrade": "0.2", "emergencySlices": "20", "cooldownUp": "900"}
    walk = begin(Scenario("daily", "3", policy=policy))
    to_slot(walk, 1.05)
    assert not keeping.rebalance(walk)
    assert walk.before.last.unfinished == SCHEDULE
    moves.shift(walk, 900, 1)
    assert not keeping.rebalance(walk)
    moves.shift(walk, 2_700, 1)
    assert keeping.rebalance(walk) == "NothingDue"


def test_a_slot_asks_for_a_drift():
    walk = begin(Scenario("daily", "3", policy={**DAILY, "minDrift": "0.2"}))
    to_slot(walk, 1.01)
    assert keeping.rebalance(walk) == "NothingDue"
    moves.shift(walk, 60, 1.05)
    assert not keeping.rebalance(walk)


def test_a_slot_asks_for_a_move():
    walk = begin(Scenario("daily", "3", policy={**DAILY, "minMove": "0.03"}))
    to_slot(walk, 1.02)
    assert keeping.rebalance(walk) == "NothingDue"
    moves.shift(walk, 60, 1.02)
    assert not keeping.rebalance(walk)
    assert walk.before.last.slot_price == walk.market.price
    to_slot(walk, 1.02)
    assert keeping.rebalance(walk) == "NothingDue"


def test_an_adverse_move_is_an_emergency():
    walk = begin(Scenario("moves", "3", policy={"emergencyMove": "0.03"}))
    moves.shift(walk, 60, 1.05)
    assert keeping.rebalance(walk) == "NothingDue"
    moves.shift(walk, 60, 0.95)
    assert keeping.rebalance(walk) == "NothingDue"
    moves.shift(walk, 60, 0.97)
    assert keeping.assess(walk).trigger == EMERGENCY
    assert not keeping.rebalance(walk)
    assert walk.before.last.price == walk.market.price


def test_growth_is_clipped_to_the_size_limit_and_leaves_nothing():
    policy = {"maxTrade": "3.4", "emergencySlices": "1"}
    walk = begin(Scenario("limited", "3", policy=policy))
    moves.shift(walk, DAY, 1.3)
    due = keeping.assess(walk)
    assert due.trigger == LOWER
    assert due.clipped
    assert not keeping.rebalance(walk)
    assert walk.before.position.size == walk.before.terms.max_size
    assert not walk.before.last.unfinished
