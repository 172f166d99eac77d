"""What the scripts print: tables for people, and plain data for programs."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from enum import IntEnum

from rich import box
from rich.console import Console
from rich.table import Table

from levtoken.flows import Coin, Flow
from levtoken.markets import NO_CAP
from levtoken.publish import Reading
from levtoken.screen import print_whole
from levtoken.status import ENDLESS, TokenStatus
from levtoken.units import from_fixed
from levtoken.verify import Check

# Fields that are not WAD: seconds and counts, and amounts in the asset's own decimals.
PLAIN = {
    "time",
    "accrued_at",
    "price_updated_at",
    "cooldown",
    "cooldown_up",
    "reward_delay",
    "emergency_cooldown",
    "offset",
    "interval",
    "window",
    "emergency_slices",
    "progress.slot",
}
ASSET_UNITS = {"total_assets", "exit_value", "min_deposit", "reward"}
# Numbers that stand for there being none.
NONE = {"leverage": ENDLESS, "liquidation_distance": ENDLESS, "supply_cap": NO_CAP}


def print_checks(checks: Sequence[Check]) -> None:
    """One line a subject, and one for every value that is not as configured."""
    shown = table("on chain", "compared", "as configured")
    for subject in dict.fromkeys(check.subject for check in checks):
        own = [check for check in checks if check.subject == subject]
        right = all(check.ok for check in own)
        names = dict.fromkeys(check.field.partition(".")[0] for check in own)
        shown.add_row(subject, ", ".join(names), "yes" if right else "NO")
        for check in own:
            if not check.ok:
                shown.add_row("", f"{check.field} is {check.actual}", f"not {check.expected}")
    print_whole(shown, Console())


def reading_line(reading: Reading) -> str:
    """What an oracle says."""
    said = reading.fault if reading.price is None else f"{reading.price.normalize():,f}"
    return f"{reading.underlying} {reading.source}: {said}"


def readings_json(readings: Sequence[Reading]) -> list[dict[str, object]]:
    """The same for programs: prices exact, as strings."""
    return [
        {
            **asdict(reading),
            "price": None if reading.price is None else f"{reading.price.normalize():f}",
        }
        for reading in readings
    ]


def preview_line(flow: Flow, paid: Coin, received: Coin) -> str:
    """What a flow takes, gives and costs, and when it reverts."""
    verb = "gains" if flow.cost < 0 else "costs"
    cost = f"after a trade that {verb} {flow.asset.text(abs(flow.cost))}"
    return (
        f"{paid.text(flow.paid)} for {received.text(flow.received)}, "
        f"{cost if flow.trades else 'without a trade'}; reverts below {received.text(flow.least)}"
    )


def to_json(status: TokenStatus, decimals: int) -> dict[str, object]:
    """The status with exact decimal numbers as strings, and null where there is no leverage, no
    liquidation or no cap; `decimals` are those of its asset."""
    if not status.ok:
        return {"token": status.token, "ok": False}
    return _plain(asdict(status), decimals)


def _plain(data: Mapping[str, object], decimals: int, parent: str = "") -> dict[str, object]:
    return {name: _value(f"{parent}.{name}", value, decimals) for name, value in data.items()}


def _value(path: str, value: object, decimals: int) -> object:
    """`path` is the name of the field behind that of the record that holds it."""
    name = path.rpartition(".")[2]
    if isinstance(value, dict):
        return _plain(value, decimals, name)
    if isinstance(value, IntEnum):
        return value.name.lower()
    if isinstance(value, bool) or not isinstance(value, int) or PLAIN & {name, path}:
        return value
    if value == NONE.get(name):
        return None
    number = from_fixed(value, decimals if name in ASSET_UNITS else 18)
    return f"{number.normalize():f}"


def table(*headings: str, title: str | None = None) -> Table:
    """An empty table of the house."""
    return Table(*headings, box=box.SIMPLE_HEAD, pad_edge=False, title=title, title_justify="left")
