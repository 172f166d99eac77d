"""The policy of a token is validated once, when the token is created."""

import pytest

from levtoken.evm import Evm, Revert
from levtoken.system import Feed, System, deploy_system
from levtoken.units import WAD, to_fixed
from tests.world import BTC_MARKET, POLICY_3X, small_string


@pytest.fixture(scope="module")
def system() -> System:
    return deploy_system(Evm(timestamp=10**9), feed=Feed(60_000 * 10**8), market=BTC_MARKET)


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("lower", {"lower": 0}),
        ("lower", {"lower": to_fixed(3)}),
        ("upper", {"upper": to_fixed(3)}),
        ("emergency", {"emergency": to_fixed("3.8")}),
        ("recenter", {"recenter": WAD + 1}),
        ("maxSlippage", {"maxSlippage": 0}),
        ("maxSlippage", {"maxSlippage": to_fixed("0.05") + 1}),
        ("rewardRate", {"rewardRate": to_fixed("0.001") + 1}),
        ("rewardRamp", {"rewardRamp": 0}),
        ("rewardDelay", {"rewardDelay": 0}),
        ("maxTrade", {"maxTrade": 0}),
        ("cooldown", {"cooldown": 59}),
        ("cooldown", {"cooldown": 7 * 86_400 + 1}),
        ("cooldownUp", {"cooldownUp": 7 * 86_400 + 1}),
        ("emergencyCooldown", {"emergencyCooldown": 0}),
        # u * (1 + s) / (1 - u * (s + fee)) reaches 55 ...
        ("emergency", {"emergency": to_fixed(36), "maxSlippage": to_fixed("0.01")}),
        # ... and u * (s + fee + reward) reaches 1.
        ("emergency", {"emergency": to_fixed(20), "maxSlippage": to_fixed("0.05")}),
    ],
)
def test_refuses_a_policy_that_would_not_keep_a_token_alive(
    system: System, field: str, changes: dict[str, int]
) -> None:
    with pytest.raises(Revert) as caught:
        system.create_token("BTC3L", 3 * WAD, POLICY_3X | changes)
    assert caught.value.name == "InvalidPolicy"
    assert caught.value.data[4:] == small_string(field)


@pytest.mark.parametrize(
    "changes",
    [
        {"emergency": to_fixed(34)},
        {"recenter": WAD, "rewardRate": to_fixed("0.001"), "maxSlippage": to_fixed("0.05")},
        {"cooldown": 60, "cooldownUp": 0, "rewardRate": 0, "rewardCap": 0},
    ],
)
def test_accepts_a_policy_just_inside_the_rules(system: System, changes: dict[str, int]) -> None:
    assert system.create_token("BTC3L", 3 * WAD, POLICY_3X | changes).call("sharePrice") == WAD


@pytest.mark.parametrize("target", [0, 101 * WAD, -101 * WAD])
def test_refuses_a_target_that_no_venue_could_hold(system: System, target: int) -> None:
    with pytest.raises(Revert, match="InvalidP"):
        system.create_token("BTC", target, POLICY_3X)
