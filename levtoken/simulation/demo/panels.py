"""The three panels of a token: the underlying, the share price and the leverage."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

from levtoken.keeper.execute import Result
from levtoken.simulation.demo.entries import Mark, marks_of
from levtoken.simulation.demo.metrics import ideal
from levtoken.simulation.demo.recording import Recording
from levtoken.simulation.demo.results import TokenResult
from levtoken.simulation.words import percent
from levtoken.units import from_fixed

Axes = Any  # matplotlib's stubs are too wide to be of help here

# Okabe and Ito's colours, which the colour-blind can tell apart; marks differ in shape as well.
UNDERLYING = "#000000"
SHARE = "#0072B2"
IDEAL = "#D55E00"
BAND = "#56B4E9"
TRIGGERS = {
    "upper": ("v", "#E69F00", "reduced at the upper edge"),
    "lower": ("^", "#009E73", "enlarged at the lower edge"),
    "emergency": ("X", "#CC79A7", "reduced in an emergency"),
}
HEADROOM = 1.08


def draw_token(axes: Axes, token: TokenResult, recording: Recording, asset: str) -> None:
    """Fills the column of a token, from the top."""
    symbol = token.holding.symbol
    closes = recording.closes[symbol]
    _draw_underlying(axes[0], token, closes, asset)
    _draw_share_price(axes[1], token, closes, asset)
    _draw_leverage(axes[2], token, recording)
    locator: Any = AutoDateLocator(minticks=4, maxticks=8)  # type: ignore[no-untyped-call]
    axes[2].xaxis.set_major_locator(locator)
    axes[2].xaxis.set_major_formatter(
        ConciseDateFormatter(locator)  # type: ignore[no-untyped-call]
    )
    axes[2].set_xlabel("UTC")
    for ax in axes:
        ax.grid(visible=True, color="#dddddd", linewidth=0.6)
        ax.set_axisbelow(True)


def _draw_underlying(ax: Axes, token: TokenResult, closes: Sequence[Mark], asset: str) -> None:
    ax.plot(_times(closes), [float(from_fixed(mark.price)) for mark in closes], color=UNDERLYING)
    ax.set_title(f"{token.holding.symbol}: {token.holding.name}", fontweight="bold")
    ax.set_ylabel(f"{token.holding.underlying}, {asset}")
    ax.yaxis.set_major_formatter("{x:,.0f}")


def _draw_share_price(ax: Axes, token: TokenResult, closes: Sequence[Mark], asset: str) -> None:
    times = _times(closes)
    values = ideal([mark.price for mark in closes], token.holding.target)
    start = token.share_price_start
    ax.plot(
        times,
        [float(start * value) for value in values],
        color=IDEAL,
        linestyle="--",
        label=f"ideal {float(token.holding.target):+g}x: {percent(token.ideal)}",
    )
    shares = [float(mark.share_price) for mark in closes]
    ax.plot(times, shares, color=SHARE, label=f"share: {percent(token.total)}")
    ax.set_ylabel(f"share price, {asset}")
    ax.set_ylim(bottom=0)
    ax.legend(loc="best", frameon=False)


def _draw_leverage(ax: Axes, token: TokenResult, recording: Recording) -> None:
    held = token.holding
    marks = [mark for mark in marks_of(recording.entries[held.symbol]) if mark.size]
    levers = [float(abs(mark.leverage)) for mark in marks]
    ax.axhspan(float(held.lower), float(held.upper), color=BAND, alpha=0.2, label="band")
    ax.axhline(float(abs(held.target)), color=BAND, linewidth=1, label="target")
    ax.axhline(
        float(held.emergency), color=IDEAL, linewidth=1, linestyle=":", label="emergency level"
    )
    ax.plot(_times(marks), levers, color=UNDERLYING, linewidth=1, label="leverage")
    _draw_rebalances(ax, held.symbol, recording)
    top = max([*levers, float(held.emergency)]) * HEADROOM
    ax.set_ylim(min([*levers, float(held.lower)]) / HEADROOM, top)
    ax.set_ylabel("leverage")
    done = sum(token.rebalances.values())
    ax.set_title(
        f"{done} rebalances, {token.leverage_low:.2f} to {token.leverage_high:.2f}", fontsize=9
    )


def _draw_rebalances(ax: Axes, symbol: str, recording: Recording) -> None:
    """A mark where each rebalance started."""
    done = [
        (time, outcome)
        for time, outcome in recording.outcomes
        if outcome.symbol == symbol and outcome.result is Result.REBALANCED
    ]
    for trigger, (marker, color, label) in TRIGGERS.items():
        points = [
            (_moment(time), float(from_fixed(outcome.leverage_before)))
            for time, outcome in done
            if outcome.trigger.name.lower() == trigger
        ]
        if points:
            ax.scatter(
                *zip(*points, strict=True),
                marker=marker,
                s=42,
                color=color,
                edgecolor="black",
                linewidth=0.5,
                zorder=3,
                label=label,
            )


def _times(marks: Sequence[Mark]) -> list[datetime]:
    return [_moment(mark.time) for mark in marks]


def _moment(time: int) -> datetime:
    return datetime.fromtimestamp(time, UTC)
