"""What the scripts print: tables for people, and plain data for programs."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from rich import box
from rich.console import Console
from rich.table import Table

from levtoken.chain import TokenStatus, Trigger
from levtoken.flows import Coin, Flow
from levtoken.publish import Reading
from levtoken.screen import print_whole
from levtoken.units import from_fixed
from levtoken.verify import Check

ENDLESS = 2**256 - 1  # leverage without equity
CALM = {"NothingDue": "not due", "TokenFlat": "no position"}
# Fields that are not WAD: seconds, and amounts in the asset's own decimals.
SECONDS = {"time", "cooldown", "cooldown_up", "reward_delay", "emergency_cooldown"}
ASSET_UNITS = {"total_assets", "reward"}


def print_checks(checks: Sequence[Check]) -> None:
    """One line a subject, and one for every value that is not as configured."""
    table = _table("on chain", "compared", "as configured")
    for subject in dict.fromkeys(check.subject for check in checks):
        own = [check for check in checks if check.subject == subject]
        right = all(check.ok for check in own)
        names = dict.fromkeys(check.field.partition(".")[0] for check in own)
        table.add_row(subject, ", ".join(names), "yes" if right else "NO")
        for check in own:
            if not check.ok:
                table.add_row("", f"{check.field} is {check.actual}", f"not {check.expected}")
    print_whole(table, Console())


def print_status(statuses: Sequence[TokenStatus]) -> None:
    """One line a token."""
    table = _table("token")
    for heading in ("target", "leverage", "share price", "supply", "index", "liquidated at"):
        table.add_column(heading, justify="right")
    table.add_column("rebalance")
    for status in statuses:
        table.add_row(*_row(status))
    print_whole(table, Console())


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
    return (
        f"{paid.text(flow.paid)} for {received.text(flow.received)}, after a trade that {verb} "
        f"{flow.asset.text(abs(flow.cost))}; reverts below {received.text(flow.least)}"
    )


def to_json(status: TokenStatus, decimals: int) -> dict[str, object]:
    """The status with exact decimal numbers as strings; `decimals` are those of its asset."""
    if not status.ok:
        return {"token": status.token, "ok": False}
    return _plain(asdict(status), decimals)


def _plain(data: Mapping[str, object], decimals: int) -> dict[str, object]:
    return {name: _value(name, value, decimals) for name, value in data.items()}


def _value(name: str, value: object, decimals: int) -> object:
    if isinstance(value, dict):
        return _plain(value, decimals)
    if isinstance(value, Trigger):
        return value.name.lower()
    if isinstance(value, bool) or not isinstance(value, int) or name in SECONDS:
        return value
    number = from_fixed(value, decimals if name in ASSET_UNITS else 18)
    return f"{number.normalize():f}"


def _row(status: TokenStatus) -> list[str]:
    if not status.ok:
        return [status.token, "", "", "", "", "", "", "cannot be read"]
    return [
        status.symbol,
        f"{from_fixed(status.target_leverage).normalize():+f}",
        "endless" if status.leverage == ENDLESS else f"{from_fixed(status.leverage):.3f}",
        f"{from_fixed(status.share_price):,.4f}",
        f"{from_fixed(status.supply):,.2f}",
        f"{from_fixed(status.position.price):,.2f}",
        f"{from_fixed(status.liquidation_price):,.2f}" if status.position.size else "none",
        _rebalance(status),
    ]


def _rebalance(status: TokenStatus) -> str:
    due = status.due
    if status.position.fault is not None:
        return status.position.fault
    if due.reason is None:
        return f"{due.trigger.name.lower()}: {from_fixed(due.size_delta):+,.4f}"
    return CALM.get(due.reason, due.reason)


def _table(*headings: str) -> Table:
    return Table(*headings, box=box.SIMPLE_HEAD, pad_edge=False)
