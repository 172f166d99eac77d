"""Emergencies: they only reduce, at a limit that opens as liquidation comes near."""

import pytest

from levtoken.units import WAD, to_fixed
from tests.unit.token.desk import DEPOSITOR, FIRST, KEEPER, Desk
from tests.world import POLICY_3X

UPPER, LOWER, EMERGENCY = 1, 2, 3
ROUNDING = 2 * WAD // 10**9  # a wei of size, an asset unit of reward


def opened(desk: Desk, target: int = 3, **policy: int) -> Desk:
    other = desk.other(target, policy)
    other.deposit(FIRST)
    return other


def allowed(desk: Desk) -> int:
    """`maxSlippage + max(0, 1 - 4.5 / l) * max(0, 1 / l - buffer - maxSlippage)`, WAD."""
    leverage, least = desk.ask("leverage"), POLICY_3X["maxSlippage"]
    room = WAD * WAD // leverage - to_fixed("0.0075") - least
    return least + (WAD - to_fixed("4.5") * WAD // leverage) * room // WAD


@pytest.mark.parametrize("factor", ["0.85", "0.8", "0.72"])
def test_the_limit_opens_as_liquidation_comes_near(desk: Desk, factor: str) -> None:
    desk.move(factor)
    due, price = desk.ask("assess"), desk.state()["price"]
    assert due["trigger"] == EMERGENCY
    assert due["limit"] == price * (WAD - allowed(desk)) // WAD
    assert due["limit"] < price * (WAD - POLICY_3X["maxSlippage"]) // WAD


@pytest.mark.parametrize("target", [3, -3])
def test_only_ever_reduces(desk: Desk, target: int) -> None:
    """I-6."""
    other = opened(desk, target)
    for factor in ("0.85", "0.9", "0.95") if target > 0 else ("1.12", "1.09", "1.06"):
        other.move(factor)
        before = other.state()["size"], other.ask("leverage")
        due = other.ask("assess")
        if due["trigger"] == EMERGENCY:
            assert (due["sizeDelta"] > 0) == (target < 0)
            other.do("rebalance", sender=KEEPER)
            assert abs(other.state()["size"]) < abs(before[0])
            assert abs(other.ask("leverage") - 3 * WAD) <= ROUNDING < before[1] - 3 * WAD
        other.wait(POLICY_3X["emergencyCooldown"])


def test_just_above_liquidation_one_emergency_saves_the_token(desk: Desk) -> None:
    desk.move("0.68")
    assert desk.ask("leverage") > 40 * WAD
    desk.do("rebalance", sender=KEEPER)
    # Equity is 2,000 assets by then: a unit of reward is a billionth of it, at three times.
    assert abs(desk.ask("leverage") - 3 * WAD) <= ROUNDING * 2


def test_beyond_the_maximum_of_the_venue_a_slice_is_what_brings_it_well_under(desk: Desk) -> None:
    slices = {"maxTrade": to_fixed("0.1"), "emergencySlices": 100}
    other = opened(desk, **slices)
    other.move("0.6775")
    assert other.ask("leverage") > to_fixed("49.5")
    assert abs(other.ask("assess")["sizeDelta"]) > slices["maxTrade"]
    other.do("rebalance", sender=KEEPER)
    # 0.9 of 55; the reward is a part of the trade that the solution takes into account.
    assert abs(other.ask("leverage") - to_fixed("49.5")) <= WAD // 10**6
    assert other.ask("progress")["unfinished"] == EMERGENCY


def test_a_fill_beyond_the_limit_is_refused_until_it_opens_so_far(desk: Desk) -> None:
    """Others are short by 0.7 % of the scale, so that selling fills so far below the index."""
    desk.trade(-to_fixed(700), margin=20_000_000)
    other = opened(desk, maxSlippage=to_fixed("0.005"))
    other.move("0.856")
    assert other.ask("assess")["trigger"] == EMERGENCY
    other.refuses("FillBeyondLimit", "rebalance", sender=KEEPER)
    other.move("0.95")
    other.do("rebalance", sender=KEEPER)


MOVES = [(3, "0.95", "0.9501"), (-3, "1.05", "1.0499")]


@pytest.mark.parametrize(("target", "least", "less"), MOVES)
def test_an_adverse_move_since_the_last_rebalance_is_one(
    desk: Desk, target: int, least: str, less: str
) -> None:
    other = opened(desk, target, emergencyMove=to_fixed("0.05"))
    assert other.ask("prices")["last"] == other.state()["price"]
    with other.evm.rolled_back():
        other.move(less)
        other.refuses("NothingDue", "rebalance", sender=KEEPER)
    other.move(least)
    due = other.ask("assess")
    assert (due["trigger"], due["aim"]) == (EMERGENCY, 3 * WAD)
    other.do("rebalance", sender=KEEPER)
    assert abs(other.ask("leverage") - 3 * WAD) <= ROUNDING
    assert other.ask("prices")["last"] == other.state()["price"]
    other.wait(POLICY_3X["emergencyCooldown"])
    other.refuses("NothingDue", "rebalance", sender=KEEPER)


def test_a_move_in_favour_is_none(desk: Desk) -> None:
    other = opened(desk, emergencyMove=to_fixed("0.05"))
    other.move("1.06")
    other.refuses("NothingDue", "rebalance", sender=KEEPER)


def test_moves_count_from_where_a_flat_token_was_opened_again(desk: Desk) -> None:
    other = opened(desk, emergencyMove=to_fixed("0.05"))
    everything = other.shares(DEPOSITOR)
    other.do("redeem", everything, DEPOSITOR, DEPOSITOR)
    for verb, amount in (("deposit", FIRST * other.unit), ("mint", FIRST * WAD)):
        with other.evm.rolled_back():
            other.move("0.5")
            other.do(verb, amount, DEPOSITOR)
            assert other.ask("prices")["last"] == other.state()["price"]
            other.refuses("NothingDue", "rebalance", sender=KEEPER)


def test_without_such_a_rule_no_price_is_kept(desk: Desk) -> None:
    desk.move("0.9")
    desk.do("rebalance", sender=KEEPER)
    assert desk.ask("prices") == {"last": 0, "slot": 0}


def test_leverage_has_no_bound_once_the_equity_is_gone(desk: Desk) -> None:
    """I-13: and no view reverts for it."""
    desk.move("0.6")
    assert desk.state()["equity"] == 0
    assert desk.ask("leverage") == 2**256 - 1
    assert desk.ask("assess")["leverage"] == 2**256 - 1


def test_a_move_is_an_emergency_however_small_the_trade(desk: Desk) -> None:
    """Leverage was brought below the target before, so the move has only just passed it."""
    other = opened(desk, emergencyMove=to_fixed("0.05"))
    other.move("1.16")
    other.wait(POLICY_3X["cooldownUp"])
    assert other.ask("assess")["trigger"] == LOWER
    other.do("rebalance", sender=KEEPER)
    other.wait(POLICY_3X["emergencyCooldown"])
    other.move("0.9444")
    due = other.ask("assess")
    assert abs(due["sizeDelta"]) < other.state()["size"] // 1_000
    assert (due["trigger"], due["reason"]) == (EMERGENCY, bytes(4))
