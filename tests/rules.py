"""The rules of issuers and of reference, as `config/policies.json` has them."""

import json
from decimal import Decimal
from typing import Any

from levtoken.artifacts import PROJECT

Rule = dict[str, Any]

# A rule that is left out, and its number that policies.json has as null.
LEFT_OUT = {
    "FTX_HALF": "emergency_trigger",
    "BINANCE_UP": "rebalance_to",
    "BINANCE_DOWN": "rebalance_to",
    "PIONEX_5L": "emergency_trigger.threshold",
    "PIONEX_3L": "upper_band",
    "HTX_3L": "schedule.time_utc",
    "HTX_3S": "schedule.time_utc",
    "HTX_1S": "schedule.time_utc",
    "ASCENDEX_3L": "schedule.time_utc",
    "ASCENDEX_5L": "schedule.time_utc",
}
# Whose lower edge follows from the move that is their trigger too.
BY_MOVE = {"GATE_3X_2025_04", "GATE_3X_PRE_2025_04"}

DATA = json.loads(
    (PROJECT / "config" / "policies.json").read_text(), parse_float=Decimal, parse_int=Decimal
)
RULES: dict[str, Rule] = {
    **{f"issuers/{rule['id']}": rule for rule in DATA["presets"]},
    **{f"reference/{rule['id']}": rule for rule in DATA["reference_policies"]},
}


def seconds(time: str) -> int:
    """Of a time of the day: 00:02."""
    hours, minutes = time.split(":")
    return int(hours) * 3_600 + int(minutes) * 60


def after_move(leverage: Decimal, move: Decimal) -> Decimal:
    """What a move of the price makes of a signed leverage."""
    return leverage * (1 + move) / (1 + leverage * move)


def limit_of_move(rule: Rule) -> Decimal:
    """The move since the last rebalance that is an emergency, as a fraction; 0: none."""
    trigger = rule["emergency_trigger"] or {"metric": ""}
    if "move" not in trigger["metric"]:
        return Decimal(0)
    threshold = trigger["threshold"]
    percent: Decimal = threshold[-1] if isinstance(threshold, list) else threshold
    return percent / 100
