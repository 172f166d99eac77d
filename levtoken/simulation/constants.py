"""Whether the contracts show the constants of docs/policies.md. How they are measured is told in
`small_bands`; `python -m levtoken.simulation.constants` writes out/constants.json."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from itertools import product
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress, TaskID
from rich.table import Table

from levtoken.simulation.paths import Shape
from levtoken.simulation.small_bands import (
    DAYS,
    FEE,
    PATHS,
    RULES,
    STEP,
    TARGETS,
    TOLERANCE,
    VOLATILITY,
    Cell,
    measure_cell,
)


def as_json(cells: Sequence[Cell]) -> dict[str, object]:
    """What constants.json holds."""
    asked = {"volatility": VOLATILITY, "step": STEP, "days": DAYS, "fee": float(FEE)}
    rows = [asdict(cell) | {"ratio": cell.ratio, "agrees": cell.agrees} for cell in cells]
    return asked | {"tolerance": TOLERANCE, "cells": rows}


def table(cells: Sequence[Cell]) -> Table:
    """A row a cell."""
    shown = Table("rule", "target", "product", "95 %", "theory", "ratio", "trades", "")
    for cell in cells:
        shown.add_row(
            cell.rule,
            f"{cell.target}x",
            f"{cell.product.mean:.4f}",
            f"{cell.product.low:.4f} to {cell.product.high:.4f}",
            f"{cell.theory:.4f}",
            f"{cell.ratio:.3f}",
            f"{cell.trades:,}",
            "" if cell.agrees else f"beyond {TOLERANCE:.0%}",
        )
    return shown


@click.command()
@click.option("--workers", default=2, show_default=True, help="Processes.")
@click.option("--paths", default=PATHS, show_default=True, help="Paths of a cell.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("out/constants.json"),
    show_default=True,
)
def main(workers: int, paths: int, out: Path) -> None:
    """Measures the constant of each rule at each target; fails if one is off by more than 5 %."""
    cells = []
    bars = Shape(years=DAYS / 365, step=STEP).bars * paths
    with Progress() as shown:
        for rule, target in product(RULES, TARGETS):
            task = shown.add_task(f"{rule} {target}x", total=bars)
            tell = partial(_tell, shown, task)
            cells.append(measure_cell(rule, target, paths=paths, workers=workers, progress=tell))
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(as_json(cells), indent=2) + "\n")
    Console().print(table(cells))
    if not all(cell.agrees for cell in cells):
        raise SystemExit(1)


def _tell(shown: Progress, task: TaskID, bars: int) -> None:
    shown.update(task, completed=bars)


if __name__ == "__main__":
    main()
