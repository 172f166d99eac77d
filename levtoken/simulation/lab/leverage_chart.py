"""Leverage with band and triggers: a panel a policy, and below it when it was rebalanced."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from levtoken.simulation.lab.figures import TRIGGERS
from levtoken.simulation.lab.ink import (
    COLORS,
    INK,
    MUTED,
    PIXELS,
    WIDTH,
    Axes,
    date_axis,
    moments,
)
from levtoken.simulation.lab.reduce import extremes, thinned
from levtoken.simulation.lab.result import Replayed

PANEL, RUG = 1.45, 0.19  # inches: height of a panel, and of a row of ticks below it
BAND, TARGET, EMERGENCY = "#56B4E9", "#0072B2", "#D55E00"
INKS = dict(zip(TRIGGERS, (COLORS[4], COLORS[2], COLORS[1], COLORS[0], COLORS[3]), strict=True))
HIGHEST = 2.0  # of the emergency level; beyond it the panel is cut, the title says the highest
HEADROOM = 1.06


def draw(replays: Sequence[Replayed]) -> Figure:
    """Of the policies of one token, on one axis of time."""
    rugs = [[name for name in TRIGGERS if one.measures.trades.get(name)] for one in replays]
    heights: list[float] = []
    for rows in rugs:
        heights += [PANEL, RUG * max(1, len(rows))]
    figure = Figure(figsize=(WIDTH, sum(heights) + 0.62 * len(replays) + 0.8), layout="constrained")
    axes = figure.subplots(len(heights), 1, sharex=True, height_ratios=heights)
    for i, (one, rows) in enumerate(zip(replays, rugs, strict=True)):
        _draw_panel(axes[2 * i], one)
        _draw_rug(axes[2 * i + 1], one, rows)
    date_axis(axes[-1])
    axes[-1].set_xlabel("UTC")
    handles = [
        Line2D([], [], color=INK, linewidth=1, label="leverage"),
        Patch(color=BAND, alpha=0.25, label="band"),
        Line2D([], [], color=TARGET, linewidth=1, label="target"),
        Line2D([], [], color=EMERGENCY, linestyle=":", linewidth=1.4, label="emergency level"),
    ]
    figure.legend(handles=handles, loc="outside upper right", ncols=len(handles))
    return figure


def _draw_panel(ax: Axes, one: Replayed) -> None:
    policy, measures = one.case.setup.policy, one.measures
    values = np.abs(one.series.leverage)
    kept = extremes(values, PIXELS)
    lower, upper = map(float, policy.band)
    emergency = float(policy.emergency)
    ax.axhspan(lower, upper, color=BAND, alpha=0.25, linewidth=0)
    ax.axhline(abs(one.case.setup.leverage), color=TARGET, linewidth=1)
    ax.axhline(emergency, color=EMERGENCY, linewidth=1.4, linestyle=":")
    times = moments([one.series.time[at] for at in kept])
    ax.plot(times, values[kept], color=INK, linewidth=0.6)
    top = min(max(float(values.max()), emergency), HIGHEST * emergency) * HEADROOM
    alive = values[values > 0]
    bottom = min(float(alive.min()), lower or float("inf"), abs(one.case.setup.leverage))
    ax.set_ylim(bottom / HEADROOM, top)
    count = sum(measures.trades.values())
    end = ", LIQUIDATED" if measures.liquidated else ""
    ax.set_title(
        f"{one.case.token} with {one.case.label}: {alive.min():.2f} to {values.max():.2f} at the "
        f"ends of bars, {count:,} rebalances{end}"
    )
    ax.set_ylabel("leverage")


def _draw_rug(ax: Axes, one: Replayed, rows: Sequence[str]) -> None:
    """A row of ticks a trigger: where it fired, one tick a pixel."""
    times = defaultdict(list)
    for act in one.series.acts:
        times[act.trigger].append(act.time)
    span = (one.series.time[0], one.series.time[-1])
    for row, name in enumerate(rows):
        ticks = thinned(times[name], span, PIXELS)
        x = np.repeat(np.array(moments(ticks), dtype=object), 3)
        y = np.tile([row - 0.38, row + 0.38, np.nan], len(ticks))
        ax.plot(x, y, color=INKS[name], linewidth=0.9)
    ax.set_ylim(max(1, len(rows)) - 0.5, -0.5)
    ax.set_yticks(
        range(len(rows)), [f"{TRIGGERS[name]}  {len(times[name]):,}" for name in rows], fontsize=8
    )
    ax.grid(visible=False)
    ax.tick_params(axis="y", length=0)
    for side in ("left", "bottom"):
        ax.spines[side].set_color(MUTED if side == "bottom" else "none")
