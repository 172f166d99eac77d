"""Rebalance: anyone may poke, the chain decides."""

import pytest

from levtoken.units import WAD, to_fixed
from tests.unit.token.desk import (
    ATTACKER,
    DEPOSITOR,
    FIRST,
    KEEPER,
    Desk,
    selector,
)
from tests.world import DAY, POLICY_3X

NONE, UPPER, LOWER, EMERGENCY = range(4)
# The trade is sized to a wei of the underlying, and the reward is rounded down to an asset unit, a
# 1e-11 of the equity, times the leverage.
ROUNDING = 2 * WAD // 10**9
SLICES = {"maxTrade": to_fixed("0.2"), "emergencySlices": 100}


def opened(desk: Desk, target: int = 3, **policy: int) -> Desk:
    other = desk.other(target, policy)
    other.deposit(FIRST)
    return other


def rebalance(desk: Desk) -> int:
    return desk.do("rebalance", sender=KEEPER)


def reason(desk: Desk) -> bytes:
    return desk.ask("assess")["reason"]


def test_refuses_while_leverage_is_inside_the_band(desk: Desk) -> None:
    for factor in ("0.95", "1.1"):
        desk.move(factor)
        desk.refuses("NothingDue", "rebalance", sender=KEEPER)


def test_refuses_a_token_without_position(empty: Desk) -> None:
    empty.refuses("TokenFlat", "rebalance", sender=KEEPER)


def test_refuses_a_bad_price_before_all_else(desk: Desk) -> None:
    """I-11."""
    desk.system.feed.transact("push", 0)
    with desk.nothing_changes():
        desk.refuses("PriceNotPositive", "rebalance", sender=KEEPER)


def test_refuses_a_position_that_is_lost(desk: Desk) -> None:
    """I-13."""
    desk.liquidate()
    desk.refuses("EquityGone", "rebalance", sender=KEEPER)


@pytest.mark.parametrize(
    ("move", "trigger", "aim"),
    [("0.9", UPPER, "3.4"), ("1.17", LOWER, "2.7"), ("0.85", EMERGENCY, "3")],
)
def test_stops_at_the_aim_net_of_cost_and_reward(
    desk: Desk, move: str, trigger: int, aim: str
) -> None:
    """I-6."""
    desk.move(move)
    due, before = desk.ask("assess"), desk.ask("leverage")
    assert (due["trigger"], due["aim"], due["left"]) == (trigger, to_fixed(aim), 0)
    assert rebalance(desk) == due["reward"] == desk.assets_of(KEEPER) > 0
    assert abs(desk.ask("leverage") - to_fixed(aim)) <= ROUNDING
    assert desk.event("Rebalanced") == {
        "keeper": KEEPER, "trigger": trigger, "sizeDelta": due["sizeDelta"],
        "leverageBefore": before, "leverageAfter": desk.ask("leverage"), "reward": due["reward"],
    }  # fmt: skip
    state = desk.state()
    marked = {"price": state["price"], "equity": state["equity"], "supply": desk.supply()}
    assert desk.event("Marked") == marked


def test_costs_at_most_fee_slippage_and_reward(desk: Desk) -> None:
    """I-6."""
    desk.move("0.9")
    due, before = desk.ask("assess"), desk.state()
    rebalance(desk)
    notional = abs(due["sizeDelta"]) * before["price"] // WAD
    rate = to_fixed("0.0006") + POLICY_3X["maxSlippage"] + POLICY_3X["rewardRate"]
    assert before["equity"] - desk.state()["equity"] <= notional * rate // WAD


@pytest.mark.parametrize(("target", "move"), [(3, "0.9"), (-3, "1.06"), (-3, "0.9")])
def test_a_long_and_a_short_come_back_to_their_side(desk: Desk, target: int, move: str) -> None:
    other = opened(desk, target)
    other.move(move)
    rises = (target > 0) == (move > "1")
    due, before = other.ask("assess"), other.ask("leverage")
    assert due["trigger"] == (LOWER if before < 3 * WAD else UPPER)
    assert (abs(other.state()["size"] + due["sizeDelta"]) > abs(other.state()["size"])) == rises
    rebalance(other)
    assert abs(other.ask("leverage") - due["aim"]) <= ROUNDING


@pytest.mark.parametrize(("recenter", "aim"), [("0", "3"), ("0.25", "3.2"), ("1", "3.79962")])
def test_stops_between_the_target_and_a_hair_inside_the_edge(
    desk: Desk, recenter: str, aim: str
) -> None:
    other = opened(desk, recenter=to_fixed(recenter))
    other.move("0.89")
    rebalance(other)
    assert abs(other.ask("leverage") - to_fixed(aim)) <= ROUNDING


@pytest.mark.parametrize(
    ("policy", "move"), [({"lower": 0}, "3"), ({"upper": to_fixed("4.5")}, "0.87")]
)
def test_an_edge_that_is_left_out_is_never_due(
    desk: Desk, policy: dict[str, int], move: str
) -> None:
    other = opened(desk, **policy)
    other.move(move)
    assert not to_fixed("2.4") < other.ask("leverage") < to_fixed("3.8")
    other.refuses("NothingDue", "rebalance", sender=KEEPER)


def test_a_second_keeper_comes_too_late(desk: Desk) -> None:
    """I-7."""
    desk.move("0.9")
    rebalance(desk)
    desk.refuses("NothingDue", "rebalance", sender=ATTACKER)


def test_the_cooldown_holds_after_a_trade_to_the_second(desk: Desk) -> None:
    desk.move("0.9")
    rebalance(desk)
    desk.wait(POLICY_3X["cooldown"] - 1)
    desk.move("0.95")
    desk.refuses("CooldownActive", "rebalance", sender=KEEPER)
    desk.wait(1)
    rebalance(desk)


def test_growing_waits_longer_than_shrinking(desk: Desk) -> None:
    desk.move("0.9")
    rebalance(desk)
    desk.wait(POLICY_3X["cooldownUp"] - 1)
    desk.move("1.35")
    assert reason(desk) == selector("CooldownActive")
    desk.wait(1)
    assert desk.ask("assess")["trigger"] == LOWER
    rebalance(desk)


def test_an_emergency_has_a_shorter_cooldown(desk: Desk) -> None:
    desk.move("0.9")
    rebalance(desk)
    desk.wait(POLICY_3X["emergencyCooldown"] - 1)
    desk.move("0.9")
    desk.refuses("CooldownActive", "rebalance", sender=KEEPER)
    desk.wait(1)
    rebalance(desk)


def test_no_cooldown_holds_beyond_the_maximum_of_the_venue(desk: Desk) -> None:
    desk.move("0.9")
    rebalance(desk)
    desk.move("0.7183")
    assert desk.ask("leverage") > 55 * WAD
    rebalance(desk)
    assert desk.ask("leverage") < 55 * WAD


def test_a_large_trade_goes_in_slices_and_the_rest_is_remembered(desk: Desk) -> None:
    other = opened(desk, **SLICES)
    other.move("0.9")
    whole = other.ask("assess")
    assert abs(whole["sizeDelta"]) == SLICES["maxTrade"]
    assert whole["left"] > SLICES["maxTrade"]
    rebalance(other)
    progress = other.ask("progress")
    assert (progress["unfinished"], progress["enlarges"]) == (UPPER, False)
    assert to_fixed("3.4") < other.ask("leverage") < to_fixed("3.8")
    other.refuses("CooldownActive", "rebalance", sender=KEEPER)
    for _ in range(2):
        other.wait(POLICY_3X["cooldown"])
        due = other.ask("assess")
        assert (due["trigger"], due["aim"]) == (UPPER, to_fixed("3.4"))
        assert abs(due["sizeDelta"]) <= SLICES["maxTrade"]
        rebalance(other)
    assert other.ask("progress")["unfinished"] == NONE
    assert abs(other.ask("leverage") - to_fixed("3.4")) <= ROUNDING


def test_what_is_left_is_dropped_when_the_opposite_edge_is_reached(desk: Desk) -> None:
    other = opened(desk, **SLICES)
    other.move("0.9")
    rebalance(other)
    other.move("1.4")
    other.wait(POLICY_3X["cooldownUp"])
    assert other.ask("assess")["trigger"] == LOWER
    rebalance(other)
    progress = other.ask("progress")
    assert (progress["unfinished"], progress["enlarges"]) == (LOWER, True)


def test_what_is_left_is_dropped_a_day_after_its_cooldown(desk: Desk) -> None:
    other = opened(desk, **SLICES)
    other.move("0.9")
    rebalance(other)
    other.wait(POLICY_3X["cooldown"] + DAY)
    assert other.ask("assess")["trigger"] == UPPER
    other.wait(1)
    assert other.ask("assess")["trigger"] == NONE


def test_what_is_left_is_dropped_when_the_price_did_it(desk: Desk) -> None:
    other = opened(desk, **SLICES)
    other.move("0.9")
    rebalance(other)
    other.wait(POLICY_3X["cooldown"])
    other.move("1.08")
    assert to_fixed("2.4") < other.ask("leverage") < to_fixed("3.4")
    other.refuses("NothingDue", "rebalance", sender=KEEPER)


def test_a_trade_below_a_thousandth_of_the_position_is_not_worth_it(desk: Desk) -> None:
    """With the aim a hair inside the edge, and leverage on the edge."""
    other = opened(desk, recenter=WAD)
    other.move("0.8982")
    rebalance(other)
    other.wait(POLICY_3X["cooldown"])
    other.move("0.99999")
    assert other.ask("leverage") >= to_fixed("3.79962")
    assert other.ask("leverage") < to_fixed("3.8")
    other.refuses("NothingDue", "rebalance", sender=KEEPER)
    other.move("0.99997")
    assert other.ask("leverage") > to_fixed("3.8")
    other.refuses("BelowMinimumTrade", "rebalance", sender=KEEPER)


def test_a_fill_beyond_the_slippage_is_not_due(desk: Desk) -> None:
    other = opened(desk, maxSlippage=to_fixed("0.001"))
    desk.trade(-to_fixed(700), margin=50_000_000)
    other.move("0.88")
    assert reason(other) == selector("FillBeyondLimit")
    other.refuses("FillBeyondLimit", "rebalance", sender=KEEPER)


def test_a_token_below_the_minimum_of_the_venue_may_only_shrink(desk: Desk) -> None:
    other = desk.other(policy={"rewardCap": to_fixed(7)})
    other.deposit(45)
    other.move("0.874")
    assert other.state()["equity"] < 40 * WAD
    due = other.ask("assess")
    assert due["trigger"] in (UPPER, EMERGENCY)
    assert due["reason"] == bytes(4)
    assert due["reward"] == 0  # the venue lets no margin go
    rebalance(other)
    assert other.ask("leverage") <= to_fixed("3.4") + ROUNDING * 10**4


@pytest.mark.parametrize("amount", [10**9, 10**11])
def test_flows_at_one_price_make_nothing_due(desk: Desk, amount: int) -> None:
    """I-7."""
    desk.move("0.93")
    for _ in range(5):
        desk.do("deposit", amount, DEPOSITOR)
        desk.refuses("NothingDue", "rebalance", sender=KEEPER)
        desk.do("withdraw", amount // 2, DEPOSITOR, DEPOSITOR)
        desk.refuses("NothingDue", "rebalance", sender=KEEPER)
