"""Share prices and the ideal, and what is between them."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from levtoken.simulation.lab.ink import INK, PIXELS, WIDTH, Axes, Pen, date_axis, log_axis, moments
from levtoken.simulation.lab.reduce import extremes
from levtoken.simulation.lab.result import Replayed
from levtoken.simulation.rows import Floats

HEIGHT = 6.4  # inches
COLUMNS = 3  # of the legend
APART = 0.16  # from mark to mark on a line, of the diagonal of the panel


def draw(replays: Sequence[Replayed], pens: dict[str, Pen], asset: str) -> Figure:
    """Of the policies of one token. What is 0 is not drawn: it has no logarithm."""
    rows = -(-(len(replays) + 1) // COLUMNS)
    figure = Figure(figsize=(WIDTH, HEIGHT + 0.2 * rows), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(1.5, 1))
    first = replays[0]
    _line(above, first, first.series.ideal, color=INK, linewidth=2.4, alpha=0.35, label="ideal")
    below.axhline(1, color=INK, linewidth=2.4, alpha=0.35)
    for order, one in enumerate(replays):
        pen, series = pens[one.case.label], one.series
        ratio = np.divide(
            series.share_price,
            series.ideal,
            out=np.zeros_like(series.ideal),
            where=series.ideal > 0,
        )
        style = {"color": pen.color, "linestyle": pen.dash, "linewidth": 1.3} | {
            "marker": pen.mark,
            "markersize": 5,
            "markeredgecolor": INK,
            "markeredgewidth": 0.4,
            "markevery": ((order + 1) * APART / (len(replays) + 1), APART),
        }
        _line(above, one, series.share_price, label=one.case.label, **style)
        _line(below, one, ratio, **style)
    above.set_title(f"{first.case.token}: share price and ideal, {asset}")
    below.set_title("share price as a multiple of the ideal")
    for ax in (above, below):
        log_axis(ax)
    date_axis(below)
    below.set_xlabel("UTC")
    figure.legend(loc="outside lower center", ncols=COLUMNS, handlelength=4)
    return figure


def _line(ax: Axes, one: Replayed, values: Floats, **style: object) -> None:
    drawn = np.where(values > 0, values, np.nan)
    kept = extremes(np.nan_to_num(drawn), PIXELS)
    times = moments([one.series.time[at] for at in kept])
    ax.plot(times, drawn[kept], **style)
