"""The policy of a token is validated when the token is created and when it is changed."""

import pytest

from levtoken.evm import Revert
from levtoken.system import PLAIN_POLICY
from levtoken.units import WAD, to_fixed
from tests.unit.token.desk import OWNER, Desk, market_desk
from tests.world import DAY, POLICY_3X, small_string

REFUSED = [
    ("lower", {"lower": to_fixed(3)}),
    ("lower", {"lower": to_fixed("2.985")}),
    ("upper", {"upper": to_fixed(3)}),
    ("upper", {"upper": to_fixed("3.015")}),
    ("upper", {"upper": to_fixed("4.5") + 1}),
    ("emergencySlices", {"emergencySlices": 0}),
    ("emergencySlices", {"emergencySlices": 101}),
    ("emergencyMove", {"emergencyMove": WAD}),
    ("emergencyMove", {"emergencyMove": to_fixed("0.01") - 1}),
    ("minDrift", {"minDrift": 3 * WAD}),
    ("minMove", {"minMove": WAD}),
    ("interval", {"interval": 366 * DAY + 1, "window": 60}),
    ("offset", {"interval": DAY, "offset": DAY, "window": 60}),
    ("window", {"interval": DAY, "window": DAY + 1}),
    ("window", {"interval": DAY, "window": 59}),
    ("recenter", {"recenter": WAD + 1}),
    ("maxSlippage", {"maxSlippage": to_fixed("0.0001") - 1}),
    ("maxSlippage", {"maxSlippage": to_fixed("0.05") + 1}),
    ("rewardRate", {"rewardRate": to_fixed("0.001") + 1}),
    ("rewardRamp", {"rewardRamp": 0}),
    ("rewardDelay", {"rewardDelay": 0}),
    ("maxTrade", {"maxTrade": 0}),
    ("cooldown", {"cooldown": 59}),
    ("cooldown", {"cooldown": 7 * DAY + 1}),
    ("cooldownUp", {"cooldownUp": 7 * DAY + 1}),
    ("emergencyCooldown", {"emergencyCooldown": 0}),
    ("emergencyCooldown", {"emergencyCooldown": 3_601, "cooldown": 3_601}),
    # u * (1 + s) / (1 - u * (s + fee)) reaches 55 ...
    ("emergency", {"emergency": to_fixed(36)}),
    # ... and u * (s + fee + reward) reaches 1.
    ("emergency", {"emergency": to_fixed(20), "maxSlippage": to_fixed("0.05")}),
]


@pytest.mark.parametrize(("field", "changes"), REFUSED)
def test_refuses_a_policy_that_would_not_keep_a_token_alive(
    empty: Desk, field: str, changes: dict[str, int]
) -> None:
    with pytest.raises(Revert) as caught:
        empty.other(policy=changes)
    assert caught.value.name == "InvalidPolicy"
    assert caught.value.data[4:] == small_string(field)


def test_refuses_an_emergency_at_which_the_slippage_could_liquidate() -> None:
    """At 12 times, 5 % of slippage leave 3.33 % of the notional; the market asks for its buffer."""
    changes = {"emergency": to_fixed(12), "maxSlippage": to_fixed("0.05")}
    desk = market_desk(liquidationBufferRatio=to_fixed("0.0333"))
    desk.other(policy=changes)
    desk = market_desk(liquidationBufferRatio=to_fixed("0.0334"))
    with pytest.raises(Revert) as caught:
        desk.other(policy=changes)
    assert caught.value.data[4:] == small_string("emergency")


@pytest.mark.parametrize(
    "changes",
    [
        {"lower": 0, "upper": to_fixed("4.5")},
        {"lower": to_fixed("2.985") - 1, "upper": to_fixed("3.015") + 1},
        {"emergency": to_fixed(34)},
        {"emergencySlices": 100, "emergencyMove": to_fixed("0.01")},
        {"interval": DAY, "offset": DAY - 1, "window": DAY},
        {"recenter": WAD, "rewardRate": to_fixed("0.001"), "maxSlippage": to_fixed("0.05")},
        {"cooldown": 60, "cooldownUp": 0, "rewardRate": 0, "rewardCap": 0},
        {"cooldown": 3_600, "emergencyCooldown": 3_600},
    ],
)
def test_accepts_a_policy_just_inside_the_rules(empty: Desk, changes: dict[str, int]) -> None:
    assert empty.other(policy=changes).ask("sharePrice") == WAD


@pytest.mark.parametrize("target", [0, 101, -101])
def test_refuses_a_target_that_no_venue_could_hold(empty: Desk, target: int) -> None:
    with pytest.raises(Revert, match="InvalidP"):
        empty.other(target)


def test_refuses_slices_that_an_open_position_could_not_leave_by(desk: Desk) -> None:
    """At most a hundred."""
    least = -(-desk.state()["size"] // 100)
    for trade, ok in ((least - 1, False), (least, True)):
        policy = PLAIN_POLICY | POLICY_3X | {"maxTrade": trade, "emergencySlices": 100}
        stored = desk.system.logic.transact("storePolicy", policy)
        if ok:
            desk.do("setPolicy", stored, sender=OWNER)
        else:
            desk.refuses("InvalidPolicy", "setPolicy", stored, sender=OWNER)


def test_a_policy_is_stored_once_where_its_content_says(empty: Desk) -> None:
    logic = empty.system.logic
    policy = PLAIN_POLICY | POLICY_3X | {"cooldown": 1_234}
    at = logic.transact("storePolicy", policy)
    assert logic.transact("storePolicy", policy) == at
    assert empty.evm.logs() == []
    assert logic.call("policyAt", at) == policy
    assert logic.transact("storePolicy", policy | {"cooldown": 1_235}) != at
