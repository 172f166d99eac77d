"""The families of the issuers' rules, as the contracts follow them."""

import pytest

from tests.rule_desk import DAY, NOON, assert_at, desk


@pytest.mark.parametrize(
    ("name", "target"), [("BULL_3L", "3"), ("BEAR_3S", "-3"), ("HEDGE_1S", "-1")]
)
def test_ftx_rebalances_two_minutes_after_midnight_and_once(name: str, target: str) -> None:
    token = desk(f"issuers/FTX_{name}", target)
    midnight = NOON + DAY // 2
    token.at(midnight + 119, 0.02)
    assert token.rebalance() == "NothingDue"
    token.at(midnight + 120)
    assert token.rebalance() == "Schedule"
    assert_at(token, target)
    token.later(0.02)
    assert token.rebalance() == "NothingDue"
    token.at(midnight + DAY + 120)
    assert token.rebalance() == "Schedule"


def test_ftx_acts_on_an_adverse_move_only() -> None:
    token = desk("issuers/FTX_BULL_3L", "3")
    token.later(0.3)
    assert token.rebalance() == "NothingDue"
    token.later(1 / 1.3 - 1)
    token.later(-0.112)
    assert token.rebalance() == "Emergency"
    assert_at(token, "3")


@pytest.mark.parametrize(
    ("name", "target", "move", "trigger"),
    [
        ("BYBIT_3L", "3", -0.112, "Emergency"),
        ("BYBIT_3L", "3", 0.334, "Lower"),
        ("BYBIT_3S", "-3", -0.112, "Lower"),
        ("BYBIT_3S", "-3", 0.067, "Emergency"),
        ("GATE_3S", "-3", 0.121, "Emergency"),
        ("GATE_5L", "5", 0.121, "Lower"),
        ("PIONEX_2L", "2", -0.301, "Emergency"),
        ("PIONEX_2L", "2", 0.334, "Lower"),
    ],
)
def test_a_band_resets_to_the_target_at_its_edge(
    name: str, target: str, move: float, trigger: str
) -> None:
    token = desk(f"issuers/{name}", target)
    token.later(move * 0.95)
    assert token.rebalance() == "NothingDue"
    token.later((1 + move) / (1 + move * 0.95) - 1)
    assert token.rebalance() == trigger
    assert_at(token, target)


@pytest.mark.parametrize("issuer", ["KUCOIN", "MEXC", "AMUN"])
@pytest.mark.parametrize(("side", "adverse"), [("3L", -1), ("3S", 1)])
def test_fifteen_percent_the_wrong_way_is_an_emergency(
    issuer: str, side: str, adverse: int
) -> None:
    token = desk(f"issuers/{issuer}_{side}", "3" if side == "3L" else "-3")
    token.later(adverse * 0.149)
    assert token.rebalance() == "NothingDue"
    token.later((1 + adverse * 0.15) / (1 + adverse * 0.149) - 1 + adverse * 2e-6)
    assert token.rebalance() == "Emergency"
    assert_at(token, "3")
    token.later(adverse * 0.149)
    assert token.rebalance() == "NothingDue"


def test_gate_checks_at_four_whether_the_price_has_moved() -> None:
    token = desk("issuers/GATE_3L", "3")
    four = NOON + 4 * 3_600
    token.at(four, 0.009)
    assert token.rebalance() == "NothingDue"
    token.at(four + 900, 0.05)
    assert token.rebalance() == "NothingDue"
    token.at(four + DAY)
    assert token.rebalance() == "Schedule"
    assert_at(token, "3")


@pytest.mark.parametrize(("name", "target"), [("2025_04", "3"), ("PRE_2025_04", "2.3")])
def test_gate_acts_on_twenty_percent_of_gain(name: str, target: str) -> None:
    token = desk(f"issuers/GATE_3X_{name}", target)
    token.later(0.199)
    assert token.rebalance() == "NothingDue"
    token.later(1.201 / 1.199 - 1)
    assert token.rebalance() == "Lower"
    assert_at(token, target)


def test_halfway_stops_halfway() -> None:
    token = desk("reference/REF_3L_HALFWAY_0.5", "3")
    token.later(-0.067)
    assert token.rebalance() == "Upper"
    assert_at(token, "3.25")
