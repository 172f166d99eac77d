"""Demos run as a user runs them, and what came of them."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.scripts.chains import PROJECT

APE = Path(sys.executable).with_name("ape")


@dataclass(frozen=True)
class Demo:
    """A finished demo."""

    code: int
    stdout: str
    stderr: str
    out: Path

    @property
    def summary(self) -> dict[str, Any]:
        return json.loads((self.out / "summary.json").read_text())

    def row(self, label: str, *, arbitrageurs: bool = False) -> list[str]:
        """What a table shows in the row of that label."""
        tables = self.stdout.split("arbitrageur, money in")
        lines = [line.strip() for line in tables[arbitrageurs].splitlines()]
        [cells] = [line.removeprefix(label) for line in lines if line.startswith(f"{label}  ")]
        return [cell.strip() for cell in cells.split("  ") if cell.strip()]


def demo(folder: Path, *arguments: str) -> Demo:
    """Runs it as a user does, because it turns the clock of the chain that it starts."""
    out = folder / "out"
    command = [str(APE), "run", "demo", "--out", str(out), *arguments]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    return Demo(done.returncode, done.stdout, done.stderr, out)
