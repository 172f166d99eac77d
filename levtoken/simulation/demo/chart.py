"""A replay as a picture: for each token the underlying, the share price and the leverage."""

from pathlib import Path
from textwrap import fill
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from levtoken.simulation.demo.panels import draw_token
from levtoken.simulation.demo.recording import Recording
from levtoken.simulation.demo.results import ReplayResult
from levtoken.simulation.words import describe

WIDTH, HEIGHT = 5.2, 8.4  # inches: of a column, of the whole
DPI = 130
LEGEND_COLUMNS = 2  # entries of the legend that fit beside each other, for each token's column
TITLE_WIDTH = 52  # characters of the title that fit, likewise


def draw(result: ReplayResult, recording: Recording, path: Path) -> None:
    """Writes the picture as PNG."""
    with mpl.rc_context({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False}):
        compose(result, recording).savefig(path, dpi=DPI)


def compose(result: ReplayResult, recording: Recording) -> Figure:
    """The picture. One token gets the width of two, so that title and legend have room."""
    columns = len(result.tokens)
    wide = max(columns, 2)
    figure = Figure(figsize=(WIDTH * wide, HEIGHT), layout="constrained")
    axes = figure.subplots(3, columns, squeeze=False, sharex="col", height_ratios=(1, 1.25, 1.25))
    for column, token in enumerate(result.tokens):
        draw_token(axes[:, column], token, recording, result.asset)
    handles: dict[str, Any] = {}
    for ax in axes[2]:
        handles |= dict(zip(*reversed(ax.get_legend_handles_labels()), strict=True))
    figure.legend(
        handles.values(),
        handles,
        loc="outside lower center",
        ncols=LEGEND_COLUMNS * wide,
        frameon=False,
    )
    title = _title(describe(result), TITLE_WIDTH * wide)
    figure.suptitle(title, fontsize=11, fontweight="bold")
    return figure


def _title(text: str, width: int) -> str:
    """On one line if it fits, otherwise what was replayed above its times."""
    if len(text) <= width:
        return text
    return "\n".join(fill(part, width) for part in text.rsplit(": ", 1))
