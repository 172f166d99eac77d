"""How the charts of the lab look: light, readable in print and without colours."""

import math
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from io import StringIO
from typing import Any

import matplotlib as mpl
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from levtoken.simulation.lab.result import Replayed

Axes = Any  # matplotlib's stubs are too wide to be of help here

WIDTH = 9.6  # inches
PIXELS = 800  # about as many columns as the widest panel has on a screen
# Okabe and Ito's colours, which the colour-blind can tell apart; dashes and marks differ as well.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
DASHES: tuple[Any, ...] = (
    "-",
    (0, (6, 1.5)),
    (0, (1.2, 1.2)),
    (0, (7, 1.5, 1.2, 1.5)),
    (0, (3, 1.2)),
    (0, (7, 1.5, 1.2, 1.5, 1.2, 1.5)),
    (0, (10, 3)),
)
MARKS = ("o", "s", "^", "D", "v", "P", "X", "*")
INK, MUTED, GRID = "#222222", "#777777", "#dddddd"
STYLE: dict[Any, object] = {
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": MUTED,
    "axes.titlelocation": "left",
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "svg.hashsalt": "levtoken",  # the same numbers make the same file
    "path.simplify": True,
}
STRAIGHT = 2.0  # times the lowest
# Up to so many decades these digits have a label.
LABELLED = ((0.8, (1, 1.5, 2, 3, 4, 5, 6, 8)), (2.5, (1, 2, 5)), (math.inf, (1,)))
DRAWN = re.compile(r'( d=")([^"]*)"')
DECIMALS = re.compile(r"(\.\d\d)\d+")  # of a pixel
NO_METADATA = {"Date": None, "Creator": None, "Format": None, "Type": None}


@dataclass(frozen=True)
class Pen:
    """How one policy is drawn, in every chart."""

    color: str
    dash: Any
    mark: str


@contextmanager
def styled() -> Iterator[None]:
    with mpl.rc_context(STYLE):
        yield


def pens(replays: Sequence[Replayed]) -> dict[str, Pen]:
    """By label, in the order of the policies: no two of 56 are alike."""
    labels = dict.fromkeys(one.case.label for one in replays)
    return {
        label: Pen(COLORS[i % len(COLORS)], DASHES[i % len(DASHES)], MARKS[i % len(MARKS)])
        for i, label in enumerate(labels)
    }


def to_svg(figure: Figure, words: str) -> str:
    """The figure as an element of a page; `words` say what it shows to those who do not see it."""
    stream = StringIO()
    figure.savefig(stream, format="svg", metadata=NO_METADATA)
    text = stream.getvalue()
    text = text[text.index("<svg ") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = DRAWN.sub(lambda found: found[1] + DECIMALS.sub(r"\1", found[2]) + '"', text)
    label = escape(words, quote=True)
    return text.replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1)


def moments(times: Sequence[int]) -> list[datetime]:
    return [datetime.fromtimestamp(time, UTC) for time in times]


def date_axis(ax: Axes) -> None:
    locator: Any = AutoDateLocator(minticks=4, maxticks=9)  # type: ignore[no-untyped-call]
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(
        ConciseDateFormatter(locator)  # type: ignore[no-untyped-call]
    )


def log_axis(ax: Axes) -> None:
    """A log scale of what is drawn, with labels as people write numbers; straight where the two
    scales look the same."""
    ax.set_yscale("log")
    low, high = ax.get_ylim()
    if high / low < STRAIGHT:
        ax.set_yscale("linear")
        return
    decades = math.log10(high / low)
    digits = next(digits for most, digits in LABELLED if decades < most)
    ax.yaxis.set_major_locator(LogLocator(subs=digits))
    ax.yaxis.set_major_formatter("{x:g}")
    ax.yaxis.set_minor_locator(NullLocator())


def texts_at_right(ax: Axes, texts: Sequence[str]) -> None:
    """Figures beside the rows of a chart of bars, where nothing else is."""
    right = ax.secondary_yaxis("right")
    right.set_yticks(range(len(texts)), texts)
    right.tick_params(axis="y", length=0)
    right.spines["right"].set_visible(False)
