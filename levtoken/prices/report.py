"""What a check found, for people and for programs."""

import textwrap
from collections import Counter
from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from levtoken.prices.check import RULES, Checked, Finding
from levtoken.prices.fetch import BARS, Request, Task
from levtoken.screen import print_whole
from levtoken.simulation.prices import format_time

EXAMPLES = 3  # of a rule in a series


def print_checked(checked: Sequence[Checked], console: Console) -> None:
    """A table of the series, and the first findings of each."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("series", "kind"):
        table.add_column(heading, no_wrap=True)
    for heading in ("rows", "step", "first", "last"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("findings")
    for one in checked:
        table.add_row(*map(Text, _row(one)))  # a name may look like markup
    print_whole(table, console)
    for one in checked:
        for rule in RULES:
            _print_examples(one, rule, console)


def rules() -> str:
    """What is looked for, as an epilogue that click leaves as it is."""
    lines = ["\b", "Rules:"]
    for rule, words in RULES.items():
        first, *others = textwrap.wrap(words, 84)
        lines += [f"  {rule:<10} {first}", *(f"  {'':<10} {other}" for other in others)]
    return "\n".join(lines)


def summary(checked: Sequence[Checked]) -> str:
    """One line."""
    faulty = [one for one in checked if one.findings]
    rows = sum(one.rows for one in checked)
    if not faulty:
        return f"{rows:,} rows of {len(checked)} series: nothing is wrong"
    count = sum(len(one.findings) for one in faulty)
    return f"{rows:,} rows of {len(checked)} series: {count:,} findings in {len(faulty)} of them"


def to_plain(file: str, checked: Sequence[Checked]) -> dict[str, object]:
    """The same for programs: every finding, times in seconds since the epoch."""
    return {
        "file": file,
        "ok": not any(one.findings for one in checked),
        "series": [
            {
                "name": one.name,
                "kind": one.kind,
                "rows": one.rows,
                "first": one.first,
                "last": one.last,
                "step": one.step,
                "findings": [
                    {"rule": found.rule, "time": found.time, "detail": found.detail}
                    for found in one.findings
                ],
            }
            for one in checked
        ],
    }


def _row(one: Checked) -> list[str]:
    counts = Counter(found.rule for found in one.findings)
    words = ", ".join(f"{counts[rule]:,} {rule}" for rule in RULES if counts[rule])
    step = "" if one.step is None else f"{one.step} s"
    return [one.name, one.kind, f"{one.rows:,}", step, _time(one.first), _time(one.last), words]


def _print_examples(one: Checked, rule: str, console: Console) -> None:
    found = [finding for finding in one.findings if finding.rule == rule]
    for finding in found[:EXAMPLES]:
        console.print(_line(one, finding), highlight=False, markup=False, soft_wrap=True)
    if len(found) > EXAMPLES:
        rest = f"{one.name}: {len(found) - EXAMPLES:,} more of {rule}; --json names all"
        console.print(rest, highlight=False, markup=False, soft_wrap=True)


def _line(one: Checked, finding: Finding) -> str:
    when = f" {_time(finding.time)}" if finding.time is not None else ""
    return f"{one.name}: {finding.rule}{when}: {finding.detail}"


def _time(time: int | None) -> str:
    return "" if time is None else format_time(time)


def print_plan(request: Request, tasks: Sequence[Task], console: Console) -> None:
    """What a download would ask for."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("series", "kind", "first", "last"):
        table.add_column(heading, no_wrap=True)
    table.add_column("requests", justify="right")
    for task in tasks:
        last = _time(task.span.end - (request.step if task.kind == BARS else 1))
        requests = f"{len(task.pages):,}" if task.pages else "all there"
        cells = (task.symbol, task.kind, _time(task.span.start), last, requests)
        table.add_row(*map(Text, cells))
    print_whole(table, console)
    total = sum(len(task.pages) for task in tasks)
    where = f"{request.exchange.name} would be asked {total:,} times for rows, into {request.out}"
    console.print(where, highlight=False, markup=False, soft_wrap=True)
