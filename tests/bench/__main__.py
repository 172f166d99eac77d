"""How fast a replay is: `python -m tests.bench` writes out/bench.json.

One token, hourly bars, funding that changes every eight hours, the policy of the configuration: in
process, in two processes, and fewer bars on a local node through RPC, in JSON batches and through
contract objects: these must find the same integers as in process.
"""

import json
import os
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from tests.bench.speed import JOBS, measure

BARS = 57_000  # about the hourly history of a perpetual
RUNS = 5
LEAST = {"in_process": 12_000, "two_processes": 1.8}


def table(found: dict[str, Any]) -> Table:
    """A row a way to replay."""
    shown = Table("replay", "bars/s", "in process is faster by", title="Speed of a replay")
    here, pair = found["in_process"], found["processes"]
    shown.add_row("in process", f"{here['bars_per_second']:,}", "")
    shown.add_row("  by its own processor time", f"{here['bars_per_cpu_second']:,}", "")
    shown.add_row("  share of the EVM", f"{here['share_of_evm']:.0%}", "")
    shown.add_row(f"{JOBS} tokens, one process", f"{pair['one']:,}", "")
    shown.add_row(f"{JOBS} tokens, two processes", f"{pair['two']:,}", f"{pair['ratio']} of one")
    for name, one in found["anvil"].items():
        faster = f"{one['in_process_is_faster']:,} times"
        shown.add_row(f"Anvil, {name}", f"{one['bars_per_second']:,}", faster)
    return shown


@click.command()
@click.option("--bars", default=BARS, show_default=True, help="Of the replay in process.")
@click.option("--runs", default=RUNS, show_default=True, help="Of which the median counts.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("out/bench.json"),
    show_default=True,
)
def main(bars: int, runs: int, out: Path) -> None:
    """Measures how many bars a second are replayed."""
    found = measure(bars, runs)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(found, indent=2) + "\n")
    console = Console()
    console.print(table(found))
    missed = {
        "in one process": found["in_process"]["bars_per_second"] < LEAST["in_process"],
        "in two": found["processes"]["ratio"] < LEAST["two_processes"],
    }
    for name, is_missed in missed.items():
        if is_missed:
            console.print(f"slower {name} than aimed at; the load was {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
