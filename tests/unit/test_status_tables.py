"""The status of tokens as people and programs read it."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from levtoken.status import ENDLESS, Fees, Phase, PositionState, TokenStatus, Trigger, TriggerPoint
from levtoken.status_tables import print_status
from levtoken.tables import to_json
from levtoken.units import WAD
from tests.statuses import ASSET, DUE, NOT_DUE, NOW, POLICY, TERMS, status

Cells = Callable[[TokenStatus], dict[str, str]]
WIDTH = 120  # of a terminal that shows the tables unbroken
FLAT = status(
    leverage=0,
    liquidation_price=0,
    liquidation_distance=ENDLESS,
    position=PositionState(price=100 * WAD, size=0, equity=0, fault=None),
    upper=TriggerPoint(0, 0, 0),
    lower=TriggerPoint(0, 0, 0),
    emergency=TriggerPoint(0, 0, 0),
    due=replace(NOT_DUE, reason="TokenFlat"),
)


@pytest.fixture
def cells(capsys: pytest.CaptureFixture[str]) -> Cells:
    """Every cell of a token's lines, by heading."""

    def read(one: TokenStatus) -> dict[str, str]:
        print_status([one], {ASSET: 6}, NOW)
        lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
        assert max(map(len, lines)) <= WIDTH
        found: dict[str, str] = {}
        for number, line in enumerate(lines):
            if line.startswith(" token"):
                found |= pair(line, lines[number + 2])
        return found

    return read


def pair(headings: str, values: str) -> dict[str, str]:
    """Cells are at least two blanks apart."""
    split = [
        [one.strip() for one in line.split("  ") if one.strip()] for line in (headings, values)
    ]
    return dict(zip(*split, strict=True))


def test_a_position_with_its_band_and_the_prices_of_its_triggers(cells: Cells) -> None:
    assert (
        cells(status()).items()
        >= {
            "token": "BTC3L",
            "target": "+3",
            "leverage": "3.000",
            "band": "2.40 to 3.80",
            "enlarged at": "110.00",
            "reduced at": "90.00",
            "emergency at": "85.00",
            "liquidated at": "70.00 (30 % away)",
            "rebalance": "not due",
        }.items()
    )


def test_shares_with_what_they_are_worth_and_what_they_cost(cells: Cells) -> None:
    fees = Fees(streaming=WAD // 100, deposit=WAD // 1000, redemption=0)
    terms = replace(TERMS, fees=fees, supply_cap=10**6 * WAD, min_deposit=5 * 10**6)
    assert (
        cells(status(terms=terms)).items()
        >= {
            "phase": "live",
            "share price": "1.0000",
            "supply": "100.00",
            "cap": "1,000,000.00",
            "assets": "100.00",
            "exit value": "99.82",
            "least deposit": "5.00",
            "fees": "1 % a year, 0.1 % in",
        }.items()
    )


def test_a_market_with_its_price_its_funding_and_its_room(cells: Cells) -> None:
    assert (
        cells(status()).items()
        >= {
            "index": "100.00",
            "age": "12 s",
            "funding a day": "+0.0100 %",
            "skew": "-5.0000",
            "solvency": "100 %",
            "room": "700.0000",
            "size": "+3.0000",
            "size limit": "600.0000",
        }.items()
    )


def test_a_flat_token_has_no_prices(cells: Cells) -> None:
    shown = cells(FLAT)
    assert shown["rebalance"] == "flat"
    for heading in ("enlarged at", "reduced at", "emergency at", "liquidated at"):
        assert shown[heading] == "-"


def test_a_token_without_a_band_and_without_equity(cells: Cells) -> None:
    shown = cells(status(leverage=ENDLESS, policy=replace(POLICY, lower=0, upper=POLICY.emergency)))
    assert (shown["leverage"], shown["band"]) == ("endless", "- to -")


@pytest.mark.parametrize(
    ("changes", "phase"),
    [
        ({"deposits_paused": True}, "deposits paused"),
        ({"phase": Phase.CLOSING}, "closing"),
        ({"phase": Phase.CLOSED, "deposits_paused": True}, "closed"),
    ],
)
def test_what_takes_nothing_in_says_so(
    cells: Cells, changes: dict[str, object], phase: str
) -> None:
    assert cells(status(terms=replace(TERMS, **changes)))["phase"] == phase


def test_what_is_due_what_stands_against_it_and_a_bad_price(cells: Cells) -> None:
    bad = PositionState(price=100 * WAD, size=3 * WAD, equity=100 * WAD, fault="PriceStale")
    stale = replace(NOT_DUE, reason="PriceStale")
    closing = replace(DUE, trigger=Trigger.CLOSING)
    shown = [
        cells(one)["rebalance"]
        for one in (
            status(due=DUE),
            status(due=closing),
            status(due=replace(DUE, reason="CooldownActive")),
            status(position=bad, due=stale),
            status(
                position=bad,
                due=replace(NOT_DUE, reason="TokenNotLive"),
                terms=replace(TERMS, phase=Phase.CLOSED),
            ),
        )
    ]
    assert shown == ["upper: -2.0000", "closing: -2.0000", "CooldownActive", "PriceStale", "closed"]


@pytest.mark.parametrize(("seconds", "text"), [(119, "119 s"), (120, "2 min"), (7_200, "2 h")])
def test_an_age_is_in_the_unit_that_it_can_be_read_in(
    cells: Cells, seconds: int, text: str
) -> None:
    assert cells(status(price_updated_at=NOW - seconds))["age"] == text


def test_a_token_that_cannot_be_read_is_named_and_leaves_the_others(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_status([status(ok=False, token="0xdead"), status()], {ASSET: 6}, NOW)
    output = capsys.readouterr().out
    assert "0xdead cannot be read" in output
    assert output.count("BTC3L") == 3
    assert to_json(status(ok=False, token="0xdead"), 6) == {"token": "0xdead", "ok": False}


def test_programs_read_exact_numbers_and_null_for_none() -> None:
    data = json.loads(json.dumps(to_json(FLAT, 6)))
    assert (data["total_assets"], data["exit_value"]) == ("100", "99.82")
    assert data["liquidation_distance"] is None
    assert data["terms"]["supply_cap"] is None
    assert data["terms"]["fees"]["streaming"] == "0.01"
    assert (data["terms"]["phase"], data["terms"]["accrued_at"]) == ("live", NOW)
    assert data["policy"]["emergency_slices"] == 4
    assert (data["progress"]["slot"], data["prices"]["slot"]) == (0, "0")
    assert data["due"]["reward"] == "0"
