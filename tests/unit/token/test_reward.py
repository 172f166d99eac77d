"""The keeper's reward: a Dutch auction by drift and delay, capped twice (I-7)."""

import pytest

from levtoken.units import WAD, to_fixed
from tests.unit.token.desk import FIRST, KEEPER, Desk
from tests.world import POLICY_3X

ROUNDING = 2 * WAD // 10**9  # a wei of size, an asset unit of reward


def opened(desk: Desk, **policy: int) -> Desk:
    other = desk.other(policy=policy)
    other.deposit(FIRST)
    return other


def expected(desk: Desk, rate: int) -> int:
    """Asset units, each product rounded down."""
    due = desk.ask("assess")
    notional = abs(due["sizeDelta"]) * desk.state()["price"] // WAD
    return notional * rate // WAD * desk.unit // WAD


@pytest.mark.parametrize("factor", ["0.8985", "0.8937", "0.89", "0.88"])
def test_grows_with_the_drift_beyond_the_edge_up_to_its_rate(desk: Desk, factor: str) -> None:
    desk.move(factor)
    drift = desk.ask("leverage") - to_fixed("3.8")
    assert drift >= 0
    ramp = min(drift * WAD // POLICY_3X["rewardRamp"], WAD)
    rate = POLICY_3X["rewardRate"] * ramp // WAD
    assert desk.ask("assess")["reward"] == expected(desk, rate)


def test_never_exceeds_a_thousandth_of_what_is_traded(desk: Desk) -> None:
    for factor in ("0.87", "0.97", "0.95", "0.9"):
        desk.move(factor)
        assert desk.ask("assess")["reward"] == expected(desk, to_fixed("0.001"))


def test_is_capped_and_the_aim_is_met_all_the_same(desk: Desk) -> None:
    other = opened(desk, rewardCap=to_fixed(5))
    other.move("0.87")
    assert other.ask("assess")["reward"] == 5 * other.unit
    assert other.do("rebalance", sender=KEEPER) == 5 * other.unit == other.assets_of(KEEPER)
    assert abs(other.ask("leverage") - to_fixed("3.4")) <= ROUNDING


@pytest.mark.parametrize("policy", [{"rewardRate": 0}, {"rewardCap": 0}])
def test_may_be_nothing(desk: Desk, policy: dict[str, int]) -> None:
    other = opened(desk, **policy)
    other.move("0.87")
    assert other.do("rebalance", sender=KEEPER) == 0 == other.assets_of(KEEPER)
    assert abs(other.ask("leverage") - to_fixed("3.4")) <= ROUNDING


def test_of_what_is_left_grows_from_the_end_of_the_cooldown(desk: Desk) -> None:
    other = opened(desk, maxTrade=to_fixed("0.2"), emergencySlices=100)
    other.move("0.8985")
    other.do("rebalance", sender=KEEPER)
    other.wait(POLICY_3X["cooldown"])
    assert other.ask("assess")["reward"] == 0
    other.wait(POLICY_3X["rewardDelay"] // 3)
    assert other.ask("assess")["reward"] == expected(other, POLICY_3X["rewardRate"] // 3)
    other.wait(POLICY_3X["rewardDelay"])
    assert other.ask("assess")["reward"] == expected(other, POLICY_3X["rewardRate"])


def test_is_paid_out_of_the_equity_to_the_unit(desk: Desk) -> None:
    desk.move("0.87")
    due = desk.ask("assess")
    cost = desk.market.call("quote", desk.token.address, due["sizeDelta"], 0)["cost"]
    before = desk.state()["equity"]
    reward = desk.do("rebalance", sender=KEEPER)
    # The mark truncates a wei of profit.
    assert abs(before - cost - reward * WAD // desk.unit - desk.state()["equity"]) <= 2
