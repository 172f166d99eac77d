"""Where the change of a share price comes from, a waterfall a policy; and what a year cost."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from levtoken.simulation.lab.figures import LABELS, RARE
from levtoken.simulation.lab.ink import COLORS, INK, MUTED, WIDTH, Axes, texts_at_right
from levtoken.simulation.lab.result import Replayed

COLUMNS = 2
ROW, FRAME = 0.2, 0.75  # inches: of a bar, of what is around a panel
UP, DOWN = COLORS[2], COLORS[1]
YEARLY = 0.34  # inches, of a bar
PARTS = {
    "market fees": (COLORS[0], ""),
    "price impact": (COLORS[4], "//"),
    "keeper rewards": (COLORS[2], ".."),
    "gas": ("#ffffff", "xx"),
}
START, END = "share price, start", "share price, end"


def draw(replays: Sequence[Replayed]) -> Figure:
    """Of every case. The figures stand at the right of the bars."""
    used = [
        term
        for term in LABELS
        if term not in RARE or any(one.measures.attribution[term] for one in replays)
    ]
    columns = min(COLUMNS, len(replays))
    rows = -(-len(replays) // columns)
    size = (WIDTH, rows * (ROW * (len(used) + 2) + FRAME) + 0.3)
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for ax, one in zip(axes, replays, strict=False):
        _draw_panel(ax, one, used)
    for ax in axes[len(replays) :]:
        ax.set_visible(False)
    return figure


def _draw_panel(ax: Axes, one: Replayed, terms: Sequence[str]) -> None:
    start, end = float(one.series.share_price[0]), float(one.series.share_price[-1])
    bars = [(START, 0.0, start, MUTED)]
    level = start
    for term in terms:
        change = one.measures.attribution[term]
        bars.append((LABELS[term], level, change, UP if change >= 0 else DOWN))
        level += change
    bars.append((END, 0.0, end, MUTED))
    for row, (_, left, width, color) in enumerate(bars):
        ax.barh(row, width, left=left, color=color, edgecolor=INK, linewidth=0.5, height=0.72)
    ax.use_sticky_edges = False  # so that no bar ends at the frame
    ax.set_yticks(range(len(bars)), [bar[0] for bar in bars])
    ax.invert_yaxis()
    ax.axvline(0, color=MUTED, linewidth=0.8)
    ax.set_title(f"{one.case.token} with {one.case.label}")
    ax.grid(visible=False, axis="y")
    ax.tick_params(axis="y", length=0)
    texts = [f"{start:.4f}", *(f"{bar[2]:+.4f}" for bar in bars[1:-1]), f"{end:.4f}"]
    texts_at_right(ax, texts)


def draw_yearly(replays: Sequence[Replayed]) -> Figure:
    """The cost a year of every case by its parts, and gas behind it."""
    figure = Figure(figsize=(WIDTH, YEARLY * len(replays) + 1.3), layout="constrained")
    ax: Axes = figure.subplots()
    rows = range(len(replays))
    left = [0.0] * len(replays)
    for words, (color, hatch) in PARTS.items():
        widths = [100 * yearly(one)[words] for one in replays]
        style = {"color": color, "hatch": hatch, "edgecolor": INK, "linewidth": 0.6}
        ax.barh(rows, widths, left=left, height=0.62, label=words, **style)
        left = [before + width for before, width in zip(left, widths, strict=True)]
    ax.set_yticks(rows, [f"{one.case.token}  {one.case.label}" for one in replays])
    ax.invert_yaxis()
    ax.grid(visible=False, axis="y")
    ax.tick_params(axis="y", length=0)
    texts_at_right(ax, [f"{total:.2f} %" for total in left])
    ax.set_xlabel("percent of the mean equity, a year")
    figure.legend(loc="outside lower center", ncols=len(PARTS), handlelength=2.5)
    return figure


def yearly(one: Replayed) -> dict[str, float]:
    """What was paid a year, as fractions of the mean equity, by part."""
    acts = one.series.acts
    paid = {
        "market fees": sum(act.fee for act in acts),
        "price impact": sum(act.impact for act in acts),
        "keeper rewards": sum(act.reward for act in acts),
        "gas": one.measures.gas_cost,
    }
    base = one.measures.years * float(one.series.equity.mean())
    return {words: amount / base for words, amount in paid.items()}
