"""Numbers of a replay as people read them."""

from decimal import Decimal

from levtoken.simulation.demo.results import ReplayResult
from levtoken.simulation.prices import format_time

HOUR = 3_600

# The causes of a change of a share price.
CAUSES = {
    "exposure": "ideal exposure",
    "drift": "drift",
    "funding": "funding",
    "fees": "market fees",
    "impact": "price impact",
    "rewards": "keeper rewards",
    "streaming": "streaming fee",
    "liquidation": "liquidation",
}


def percent(value: Decimal | float | None) -> str:
    """A fraction of 1 in percent, with its sign."""
    return "none" if value is None else f"{value * 100:+.2f} %"


def plain_percent(value: Decimal | float | None) -> str:
    """A fraction of 1 in percent, where a sign would say nothing."""
    return "none" if value is None else f"{value * 100:.2f} %"


def per_share(value: Decimal) -> str:
    """Assets per share, of a change."""
    return f"{value:+.6f}"


def money(value: Decimal) -> str:
    """An amount of the asset."""
    return f"{value:,.2f}"


def describe(result: ReplayResult) -> str:
    """What was replayed, in a line."""
    step = f"{result.step // HOUR} h" if result.step % HOUR == 0 else f"{result.step} s"
    invented = " (SYNTHETIC: no market's history)" if result.is_synthetic else ""
    return (
        f"{result.source}{invented}: {format_time(result.start)} to {format_time(result.end)} UTC, "
        f"{result.bars} bars of {step}"
    )
