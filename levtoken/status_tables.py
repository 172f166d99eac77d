"""How tokens are, for people: three tables that each fit a screen, one line a token."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from rich.console import Console

from levtoken.markets import NO_CAP
from levtoken.screen import print_whole
from levtoken.status import ENDLESS, Phase, TokenStatus, TriggerPoint
from levtoken.tables import table
from levtoken.units import from_fixed

CALM = {"NothingDue": "not due", "TokenFlat": "flat", "TokenNotLive": "closed"}
MINUTE, HOUR = 60, 3_600
LONG = 2  # of a unit of time, from which it is told in the next larger one
Columns = dict[str, Callable[[TokenStatus], str]]


def print_status(statuses: Sequence[TokenStatus], decimals: Mapping[str, int], now: int) -> None:
    """The position, the shares and the market of each token; `decimals` are those of the assets by
    address, `now` is the time of the chain."""
    readable = [status for status in statuses if status.ok]
    for title, columns in (
        ("position", _position()),
        ("shares", _shares(decimals)),
        ("market", _market(now)),
    ):
        shown = table("token", title=title)
        shown.padding = (0, 1, 0, 0)
        for heading in columns:
            shown.add_column(heading, justify="right")
        for status in readable:
            shown.add_row(status.symbol, *(column(status) for column in columns.values()))
        print_whole(shown, Console())
    for status in statuses:
        if not status.ok:
            Console().print(f"{status.token} cannot be read", soft_wrap=True)


def _position() -> Columns:
    return {
        "target": lambda status: f"{from_fixed(status.target_leverage).normalize():+f}",
        "leverage": lambda status: leverage_text(status.leverage),
        "band": band_text,
        "enlarged at": lambda status: _point(status.lower),
        "reduced at": lambda status: _point(status.upper),
        "emergency at": lambda status: _point(status.emergency),
        "liquidated at": _liquidation,
        "rebalance": _rebalance,
    }


def _shares(decimals: Mapping[str, int]) -> Columns:
    def asset(status: TokenStatus, amount: int) -> str:
        return f"{from_fixed(amount, decimals.get(status.asset, 18)):,.2f}"

    return {
        "phase": _phase,
        "share price": lambda status: f"{from_fixed(status.share_price):,.4f}",
        "supply": lambda status: f"{from_fixed(status.supply):,.2f}",
        "cap": _cap,
        "assets": lambda status: asset(status, status.total_assets),
        "exit value": lambda status: asset(status, status.exit_value),
        "least deposit": lambda status: asset(status, status.terms.min_deposit),
        "fees": _fees,
    }


def _market(now: int) -> Columns:
    return {
        "index": lambda status: _price(status.position.price),
        "age": lambda status: _age(now - status.price_updated_at),
        "funding a day": lambda status: f"{from_fixed(status.report.funding_rate) * 100:+.4f} %",
        "skew": lambda status: f"{from_fixed(status.report.skew):+,.4f}",
        "solvency": lambda status: _percent(status.report.solvency),
        "room": lambda status: f"{from_fixed(status.capacity):,.4f}",
        "size": lambda status: f"{from_fixed(status.position.size):+,.4f}",
        "size limit": lambda status: f"{from_fixed(status.terms.max_size):,.4f}",
    }


def leverage_text(leverage: int) -> str:
    """Leverage for people."""
    return "endless" if leverage == ENDLESS else f"{from_fixed(leverage):.3f}"


def band_text(status: TokenStatus) -> str:
    """The edges at which a rebalance is due; a dash where there is none."""
    policy = status.policy
    lower = f"{from_fixed(policy.lower):.2f}" if policy.lower else "-"
    upper = f"{from_fixed(policy.upper):.2f}" if policy.upper < policy.emergency else "-"
    return f"{lower} to {upper}"


def _point(point: TriggerPoint) -> str:
    return _price(point.price) if point.price else "-"


def _liquidation(status: TokenStatus) -> str:
    if status.liquidation_price == 0:
        return "-"
    return f"{_price(status.liquidation_price)} ({_percent(status.liquidation_distance)} away)"


def _rebalance(status: TokenStatus) -> str:
    due = status.due
    if status.terms.phase is not Phase.CLOSED and status.position.fault is not None:
        return status.position.fault
    if due.reason is None:
        return f"{due.trigger.name.lower()}: {from_fixed(due.size_delta):+,.4f}"
    return CALM.get(due.reason, due.reason)


def _phase(status: TokenStatus) -> str:
    phase = status.terms.phase
    paused = phase is Phase.LIVE and status.terms.deposits_paused
    return "deposits paused" if paused else phase.name.lower()


def _cap(status: TokenStatus) -> str:
    cap = status.terms.supply_cap
    return "-" if cap >= NO_CAP else f"{from_fixed(cap):,.2f}"


def _fees(status: TokenStatus) -> str:
    fees = status.terms.fees
    rates = {"a year": fees.streaming, "in": fees.deposit, "out": fees.redemption}
    return ", ".join(f"{_percent(rate)} {when}" for when, rate in rates.items() if rate) or "-"


def _age(seconds: int) -> str:
    if seconds < LONG * MINUTE:
        return f"{seconds} s"
    if seconds < LONG * HOUR:
        return f"{seconds // MINUTE} min"
    return f"{seconds // HOUR} h"


def _price(price: int) -> str:
    return f"{from_fixed(price):,.2f}"


def _percent(fraction: int) -> str:
    percent = (from_fixed(fraction) * 100).quantize(Decimal("0.01")).normalize()
    return f"{percent:,f} %"
