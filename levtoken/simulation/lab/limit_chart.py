"""Scores against the limit, and cost against tracking error."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from levtoken.simulation.lab.ink import INK, MUTED, WIDTH, Axes, Pen, texts_at_right
from levtoken.simulation.lab.result import Replayed
from levtoken.simulation.limit import LIMIT, RESET, TIMED, partial, path_factor
from levtoken.simulation.rows import Floats

RULES = (
    ("the limit", 1.0, "-"),
    ("half way back to the target", partial(0.5) / LIMIT, (0, (1.2, 1.2))),
    ("back to the target", RESET / LIMIT, (0, (6, 2))),
    ("at fixed times", TIMED / LIMIT, (0, (7, 2, 1.2, 2))),
)
ROW = 0.34  # inches
ROOM = 1.05  # behind the longest bar
MARGIN = 1.6  # around the points of the frontier, as a factor
PERCENTS = (
    0.001,
    0.002,
    0.005,
    0.01,
    0.02,
    0.05,
    0.1,
    0.2,
    0.5,
    1,
    2,
    5,
    10,
    20,
    50,
    100,
    200,
    500,
)


def draw_scores(replays: Sequence[Replayed], pens: dict[str, Pen]) -> Figure:
    """A bar a case, in limits, with lines where the rules of the theory are."""
    figure = Figure(figsize=(WIDTH, ROW * len(replays) + 1.4), layout="constrained")
    ax: Axes = figure.subplots()
    multiples = [one.multiple or 0.0 for one in replays]
    colors = [pens[one.case.label].color for one in replays]
    rows = range(len(replays))
    ax.barh(rows, multiples, color=colors, edgecolor=INK, linewidth=0.6, height=0.62)
    for words, multiple, dash in RULES:
        label = f"{words}: {multiple:.3f}"
        ax.axvline(multiple, linestyle=dash, color=INK, linewidth=1.6, label=label)
    ax.set_yticks(rows, [f"{one.case.token}  {one.case.label}" for one in replays])
    ax.set_xlim(0, max(RULES[-1][1], *multiples) * ROOM)
    ax.invert_yaxis()
    ax.grid(visible=False, axis="y")
    ax.tick_params(axis="y", length=0)
    texts_at_right(ax, [_score(one) for one in replays])
    ax.set_xlabel("cost x tracking error, in limits: shorter is better")
    figure.legend(loc="outside lower center", ncols=len(RULES), handlelength=3)
    return figure


def _score(one: Replayed) -> str:
    if one.measures.liquidated:
        return "liquidated"
    return "no score" if one.multiple is None else f"{one.multiple:.2f}"


def draw_frontier(replays: Sequence[Replayed], pens: dict[str, Pen]) -> Figure | None:
    """Of the policies of one token, which share volatility and leverage; None: none has a score."""
    drawn = [one for one in replays if one.multiple and one.measures.tracking_error]
    if not drawn:
        return None
    figure = Figure(figsize=(WIDTH, 4.8), layout="constrained")
    ax: Axes = figure.subplots()
    errors = [100 * (one.measures.tracking_error or 0) for one in drawn]
    costs = [100 * one.measures.cost for one in drawn]
    x = np.geomspace(min(errors) / MARGIN, max(errors) * MARGIN, 40)
    rates = [one.measures.cost_rate or 0 for one in drawn]
    _draw_rules(ax, x, (min(rates), max(rates)), drawn[0])
    for one, error, cost in zip(drawn, errors, costs, strict=True):
        pen = pens[one.case.label]
        rate = (one.measures.cost_rate or 0) * 1e4
        label = f"{one.case.label}: {one.multiple:.2f} limits, {rate:.2f} bp"
        style = {"marker": pen.mark, "color": pen.color, "edgecolor": INK, "label": label}
        ax.scatter(error, cost, s=90, linewidth=0.8, zorder=3, **style)
    ax.set_xscale("log")
    ax.set_yscale("log")
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_ticks(PERCENTS)
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g} %"))
        axis.set_minor_formatter(NullFormatter())
        axis.set_ticks([], minor=True)
    ax.set_xlim(x[0], x[-1])
    ax.set_ylim(*_bounds(costs, x, min(rates), drawn[0]))
    ax.set_xlabel("tracking error of bars, a year")
    ax.set_ylabel("cost a year")
    ax.set_title(f"{drawn[0].case.token}: cost against tracking error, towards the lower left")
    figure.legend(loc="outside right upper", handlelength=2.5, labelspacing=0.8)
    return figure


def _draw_rules(ax: Axes, x: Floats, rates: tuple[float, float], one: Replayed) -> None:
    """The hyperbolas of the rules at the lowest cost of a unit traded, and how far the limit moves
    up to the highest."""
    low, high = (_product(rate, one) for rate in rates)
    if high > low * 1.01:
        words = f"the limit, {rates[0] * 1e4:.2f} to {rates[1] * 1e4:.2f} bp a unit traded"
        ax.fill_between(x, low / x, high / x, color=MUTED, alpha=0.25, linewidth=0, label=words)
    for words, multiple, dash in RULES:
        at = f"{words}, at {rates[0] * 1e4:.2f} bp" if multiple == 1 else f"{words}, likewise"
        ax.plot(x, multiple * low / x, linestyle=dash, color=INK, linewidth=1.2, label=at)


def _product(rate: float, one: Replayed) -> float:
    """Cost x tracking error at the limit, in squared percent."""
    factor = path_factor(one.case.setup.leverage) ** 2
    return LIMIT * rate * one.measures.volatility**3 * factor * 1e4


def _bounds(costs: Sequence[float], x: Floats, rate: float, one: Replayed) -> tuple[float, float]:
    """Of the axis of costs: all points, and the limit through most of the width."""
    middle = _product(rate, one) / float(np.sqrt(x[0] * x[-1]))
    return min([*costs, middle]) / MARGIN, max([*costs, middle]) * MARGIN
