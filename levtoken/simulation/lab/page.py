"""A run of the lab as one HTML file that needs nothing else: tables, and charts as inline SVG."""

from collections.abc import Iterator, Sequence
from html import escape
from itertools import groupby

from matplotlib.figure import Figure

from levtoken.simulation.lab import cost_chart, leverage_chart, limit_chart, share_chart
from levtoken.simulation.lab.figures import sections, warnings
from levtoken.simulation.lab.ink import Pen, pens, styled, to_svg
from levtoken.simulation.lab.result import Replayed, Result, problems
from levtoken.simulation.lab.screen import describe, spent

Chart = tuple[str, str, Figure | None]  # its heading, what to know about it, and it

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #222; background: #fff;
       max-width: 1000px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
code { font-size: .85em; overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .8rem; font-variant-numeric: tabular-nums; }
th, td { padding: .15rem .6rem; text-align: right; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
thead th { border-bottom: 2px solid #777; vertical-align: bottom; }
tbody th { padding-top: .7rem; }
tbody tr:hover td { background: #f2f6fa; }
.alarm { color: #a01010; font-weight: bold; }
figure { margin: 0; break-inside: avoid; } svg { width: 100%; height: auto; }
figcaption, .note { color: #555; font-size: .85rem; }
"""
SHARE = (
    "Log scale. The ideal makes L times the return of every bar and pays nothing; it has the path."
)
LEVERAGE = (
    "At the ends of bars, the lowest and the highest of each pixel. Below each panel: when it was "
    "rebalanced, by trigger."
)
WATERFALL = "Assets per share: what made the share price at the end of that at the start."
SCORES = (
    "Cost (market fees, impact, rewards; no gas) x tracking error, as a multiple of the least that "
    "is possible at the realised volatility."
)
CAUTION = (
    " The limit is a mean, for small bands and prices without gaps: few trades, wide bands or a "
    "crash can end on either side of it."
)
FRONTIER = (
    "At the realised volatility. A unit traded costs more where a rule pays rewards." + CAUTION
)
YEARLY = "What the rebalances cost; the score counts all but the gas."


def compose(result: Result) -> str:
    """The page."""
    with styled():
        charts = "\n".join(_figure(*chart) for chart in _charts(result))
    alarms = "".join(f'<p class="alarm">{escape(line)}</p>\n' for line in problems(result))
    sources = "".join(f"<p>{escape(describe(one))}</p>\n" for one in result.plan.sources.values())
    names = ", ".join(dict.fromkeys(one.case.token for one in result.replays))
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Policies of {escape(names)}</title>
<style>{STYLE}</style>
</head>
<body>
<h1>Policies of {escape(names)}</h1>
{sources}{alarms}<p class="note"><code>{escape(result.plan.asked.command)}</code></p>
<h2>Figures</h2>
<div class="wide">{_table(result)}</div>
{charts}
<p class="note">{escape(spent(result))}. Every number with its unit, the inputs with their hashes
and the versions are in summary.json, the series in series/ and trades/.</p>
</body>
</html>
"""


def _charts(result: Result) -> Iterator[Chart]:
    drawn = pens(result.replays)
    scores = limit_chart.draw_scores(result.replays, drawn)
    yield "Score against the limit", SCORES + CAUTION, scores
    yield "Cost a year", YEARLY, cost_chart.draw_yearly(result.replays)
    for token, replays in _by_token(result):
        yield f"{token}: policy frontier", FRONTIER, limit_chart.draw_frontier(replays, drawn)
    yield from _of_tokens(result, drawn)
    yield "Attribution", WATERFALL, cost_chart.draw(result.replays)


def _of_tokens(result: Result, drawn: dict[str, Pen]) -> Iterator[Chart]:
    for token, replays in _by_token(result):
        share = share_chart.draw(replays, drawn, result.plan.asset)
        yield f"{token}: share price and ideal", SHARE, share
        yield f"{token}: leverage", LEVERAGE, leverage_chart.draw(replays)


def _by_token(result: Result) -> list[tuple[str, list[Replayed]]]:
    groups = groupby(result.replays, lambda one: one.case.token)
    return [(token, list(replays)) for token, replays in groups]


def _figure(heading: str, words: str, figure: Figure | None) -> str:
    if figure is None:
        body = "<p>No policy has a score.</p>"
    else:
        body = to_svg(figure, f"{heading}. {words} The table has the figures.")
    return (
        f"<h2>{escape(heading)}</h2>\n<figure>{body}"
        f"<figcaption>{escape(words)}</figcaption></figure>"
    )


def _table(result: Result) -> str:
    heads = "".join(f"<th>{_heading(one)}</th>" for one in result.replays)
    rows = []
    for heading, lines in sections(result):
        rows.append(f'<tr><th colspan="{len(result.replays) + 1}">{escape(heading)}</th></tr>')
        rows += [_row(label, [show(one) for one in result.replays]) for label, show in lines]
    body = "\n".join(rows)
    corner = f"<th>money in {escape(result.plan.asset)}</th>"
    return f"<table><thead><tr>{corner}{heads}</tr></thead>\n<tbody>\n{body}\n</tbody></table>"


def _row(label: str, cells: Sequence[str]) -> str:
    shown = "".join(f"<td>{escape(cell).replace(chr(10), '<br>')}</td>" for cell in cells)
    return f"<tr><td>{escape(label)}</td>{shown}</tr>"


def _heading(one: Replayed) -> str:
    alarm = warnings(one)
    said = f'<br><span class="alarm">{alarm}</span>' if alarm else ""
    return f"{escape(one.case.token)}<br>{escape(one.case.label)}{said}"
