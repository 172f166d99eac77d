"""A run of the lab on a terminal."""

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from levtoken.screen import print_whole
from levtoken.simulation.lab.figures import sections, warnings
from levtoken.simulation.lab.inputs import Source
from levtoken.simulation.lab.plan import Plan
from levtoken.simulation.lab.result import Result, problems
from levtoken.simulation.prices import format_time

MIB = 2**20


def print_result(result: Result, console: Console) -> None:
    """The table, a column a case, and what nobody should overlook."""
    _print_sources(result.plan, console)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(f"money in {result.plan.asset}", no_wrap=True)
    for one in result.replays:
        column = Text(f"{one.case.token}\n{one.case.label}")
        if warning := warnings(one):
            column.append(f"\n{warning}", style="bold red")
        table.add_column(column, justify="right", no_wrap=True)
    for heading, rows in sections(result):
        table.add_row(Text(heading, style="bold"))
        for label, show in rows:
            table.add_row(f"  {label}", *(Text(show(one)) for one in result.replays))
        table.add_section()
    print_whole(table, console)
    for line in problems(result):
        console.print(Text(line, style="bold red"), soft_wrap=True)
    _say(console, spent(result))


def print_plan(plan: Plan, seconds: float, console: Console) -> None:
    """What would be run."""
    _print_sources(plan, console)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("token", "policy", "underlying"):
        table.add_column(heading, no_wrap=True)
    for heading in ("leverage", "band", "emergency", "bars", "flows"):
        table.add_column(heading, justify="right", no_wrap=True)
    for case in plan.cases:
        policy, track = case.setup.policy, case.job.track
        lower, upper = policy.band
        band = f"{lower} to {upper}"
        cells = (case.token, case.label, case.underlying, f"{case.setup.target:+f}", band)
        counts = (str(policy.emergency), f"{len(track.times):,}", f"{len(track.flows):,}")
        table.add_row(*map(Text, cells + counts))
    print_whole(table, console)
    _say(
        console,
        f"{len(plan.cases)} replays of {plan.bars:,} bars with {plan.asked.workers} workers would "
        f"take about {_duration(seconds)}; into {plan.asked.out}",
    )


def spent(result: Result) -> str:
    """What the run took, in words."""
    bars, seconds = result.plan.bars, result.seconds
    return (
        f"{len(result.replays)} replays, {bars:,} bars in {_duration(seconds)}, "
        f"{bars / seconds:,.0f} bars a second; memory at most {result.memory / MIB:,.0f} MiB"
    )


def describe(source: Source) -> str:
    """What the tokens of an underlying are replayed along, in a line."""
    times = source.track.times
    invented = " (SYNTHETIC: no market's history)" if source.is_synthetic else ""
    first, last = format_time(times[0]), format_time(times[-1])
    bars = f"{len(times):,} bars of {_step(source.track.step)}"
    return (
        f"{source.underlying}: {source.symbol} of {source.origin}{invented}, "
        f"{first} to {last} UTC, {bars}; funding: {source.funding}"
    )


def _print_sources(plan: Plan, console: Console) -> None:
    for source in plan.sources.values():
        console.print(Text(describe(source), style="bold"), soft_wrap=True)


def _say(console: Console, line: str) -> None:
    console.print(line, highlight=False, markup=False, soft_wrap=True)


def _step(seconds: int) -> str:
    """Exactly."""
    for unit, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds % unit == 0:
            return f"{seconds // unit} {name}"
    return f"{seconds} s"


def _duration(seconds: float) -> str:
    for unit, name in ((3_600, "h"), (60, "min")):
        if seconds >= unit:
            return f"{seconds / unit:.3g} {name}"
    return f"{seconds:.2g} s"
