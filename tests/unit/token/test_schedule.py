"""The schedule: once a slot, within its window, to the target, and on its conditions."""

from fractions import Fraction

import pytest

from levtoken.units import WAD, to_fixed
from tests.unit.token.desk import FIRST, KEEPER, NOW, Desk
from tests.world import POLICY_3X

UPPER, SCHEDULE = 1, 4
DAY, HOUR = 86_400, 3_600
OFFSET = 14 * HOUR
DAILY = {
    "lower": 0, "upper": to_fixed("4.5"), "interval": DAY, "offset": OFFSET, "window": 4 * HOUR,
    "cooldownUp": 900,
}  # fmt: skip
ROUNDING = 2 * WAD // 10**9  # a wei of size, an asset unit of reward


def slot_after(time: int) -> int:
    """When the next slot starts."""
    return time - (time - OFFSET) % DAY + DAY


def opened(desk: Desk, **policy: int) -> Desk:
    """A token that was opened just after a slot's window, and a price that has moved since."""
    desk.wait(slot_after(NOW) - DAY + 5 * HOUR - NOW + DAY)
    other = desk.other(policy={**DAILY, **policy})
    other.deposit(FIRST)
    other.move("0.97")
    return other


def at(desk: Desk, time: int) -> None:
    desk.wait(time - desk.evm.timestamp)


def test_nothing_is_due_before_the_slot_and_after_its_window(desk: Desk) -> None:
    other = opened(desk)
    slot = slot_after(other.evm.timestamp)
    for time, due in ((slot - 1, False), (slot, True), (slot + 4 * HOUR - 1, True)):
        at(other, time)
        assert (other.ask("assess")["trigger"] == SCHEDULE) == due
    at(other, slot + 4 * HOUR)
    other.refuses("NothingDue", "rebalance", sender=KEEPER)


@pytest.mark.parametrize("factor", ["1", "1.05"])
def test_goes_to_the_target_in_both_directions_once_a_slot(desk: Desk, factor: str) -> None:
    other = opened(desk)
    slot = slot_after(other.evm.timestamp)
    at(other, slot + 60)
    other.move(factor)
    other.do("rebalance", sender=KEEPER)
    assert other.event("Rebalanced")["trigger"] == SCHEDULE
    assert abs(other.ask("leverage") - 3 * WAD) <= ROUNDING
    assert other.ask("progress")["slot"] == slot
    other.move("0.97")
    at(other, slot + 3 * HOUR)
    other.refuses("NothingDue", "rebalance", sender=KEEPER)
    at(other, slot + DAY)
    other.do("rebalance", sender=KEEPER)
    assert other.ask("progress")["slot"] == slot + DAY


def test_the_reward_grows_with_the_time_since_the_slot_began(desk: Desk) -> None:
    """I-7."""
    other = opened(desk)
    slot = slot_after(other.evm.timestamp)
    rewards = []
    for late in (0, 450, 900, 2 * HOUR):
        at(other, slot + late)
        rewards.append(other.ask("assess"))
    assert rewards[0]["reward"] == 0
    price = other.state()["price"]
    for due, rate in zip(rewards[1:], ("0.0005", "0.001", "0.001"), strict=True):
        notional = abs(due["sizeDelta"]) * price // WAD
        expected = notional * to_fixed(rate) // WAD * other.unit // WAD
        assert 0 <= expected - due["reward"] <= 1


def test_slices_of_a_slot_use_it_up_when_they_are_done_or_the_window_ends(desk: Desk) -> None:
    other = opened(desk, maxTrade=to_fixed("0.1"), emergencySlices=100)
    slot = slot_after(other.evm.timestamp)
    at(other, slot)
    other.do("rebalance", sender=KEEPER)
    progress = other.ask("progress")
    assert (progress["unfinished"], progress["slot"]) == (SCHEDULE, slot)
    other.refuses("CooldownActive", "rebalance", sender=KEEPER)
    at(other, slot + POLICY_3X["cooldown"])
    assert other.ask("assess")["trigger"] == SCHEDULE
    other.do("rebalance", sender=KEEPER)
    at(other, slot + 4 * HOUR)
    other.refuses("NothingDue", "rebalance", sender=KEEPER)
    at(other, slot + DAY)
    assert other.ask("assess")["trigger"] == SCHEDULE


def test_a_slot_may_ask_for_a_least_drift(desk: Desk) -> None:
    other = opened(desk, minDrift=to_fixed("0.3"))
    slot = slot_after(other.evm.timestamp)
    at(other, slot)
    other.refuses("NothingDue", "rebalance", sender=KEEPER)
    other.move("0.97")
    assert other.ask("leverage") > to_fixed("3.3")
    other.do("rebalance", sender=KEEPER)


@pytest.mark.parametrize("move", ["0.98", "1.035"])
def test_a_slot_may_ask_for_a_least_move_since_the_last_one(desk: Desk, move: str) -> None:
    """Down from where it was opened, and up or down from the slot that was used last."""
    other = opened(desk, minMove=to_fixed("0.03"))
    slot = slot_after(other.evm.timestamp)
    at(other, slot)
    other.do("rebalance", sender=KEEPER)
    assert other.ask("prices")["slot"] == other.state()["price"]
    at(other, slot + DAY)
    other.move("0.985" if move == "0.98" else "1.02")
    other.refuses("NothingDue", "rebalance", sender=KEEPER)
    at(other, slot + 2 * DAY)
    other.move(move)
    assert other.ask("assess")["trigger"] == SCHEDULE


def test_either_condition_is_enough(desk: Desk) -> None:
    other = opened(desk, minMove=to_fixed("0.03"), minDrift=to_fixed("2"))
    at(other, slot_after(other.evm.timestamp))
    assert other.ask("assess")["trigger"] == SCHEDULE
    both = {"minMove": to_fixed("0.5"), "minDrift": to_fixed("0.1")}
    drifted = desk.other(policy={**DAILY, **both})
    drifted.deposit(FIRST)
    drifted.move("0.97")
    assert drifted.ask("assess")["trigger"] == SCHEDULE


def test_band_and_emergency_go_before_the_slot(desk: Desk) -> None:
    other = opened(desk, upper=to_fixed("3.8"))
    at(other, slot_after(other.evm.timestamp))
    other.move("0.92")
    assert other.ask("assess")["trigger"] == 1
    other.move("0.93")
    assert other.ask("assess")["trigger"] == 3


def test_a_rest_that_is_not_worth_a_trade_does_not_stand_in_its_way(desk: Desk) -> None:
    """The price has done all but a ten-thousandth of what was left at the upper edge."""
    slices = {"maxTrade": to_fixed("0.3"), "emergencySlices": 100}
    other = opened(desk, upper=to_fixed("3.8"), **slices)
    slot = slot_after(other.evm.timestamp)
    at(other, slot - HOUR)
    other.move("0.93")
    other.do("rebalance", sender=KEEPER)
    assert other.event("Rebalanced")["trigger"] == UPPER
    assert other.ask("progress")["unfinished"] == UPPER
    leverage, aim = Fraction(other.ask("leverage"), WAD), Fraction("3.4003")
    other.move(str(float(1 + (leverage - aim) / (leverage * (aim - 1)))))
    at(other, slot)
    assert to_fixed("3.4") < other.ask("leverage") < to_fixed("3.4034")
    assert other.ask("assess")["trigger"] == SCHEDULE
    other.do("rebalance", sender=KEEPER)
    assert other.ask("progress")["slot"] == slot
