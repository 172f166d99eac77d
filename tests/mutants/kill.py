"""Runs in a mutant's tree: the tests in process, then walks, until one notices. Says which."""

import json
import sys
from pathlib import Path

import pytest

UNIT_TESTS = (
    "tests/unit/token",
    "tests/threats",
    "tests/unit/test_guards.py",
    "tests/unit/test_policy.py",
    "tests/property/test_corners.py",
    "tests/property/test_regressions.py",
)
PAGE = "tests/threats/test_table.py"  # reads a page that a tree does not have
WALKS = ((1, 60), (2, 240))  # seed, and steps of each scenario


class FirstFailure:
    """A pytest plugin: which test failed first."""

    def __init__(self) -> None:
        self.name = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and not self.name:
            self.name = report.nodeid

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed and not self.name:
            self.name = f"{report.nodeid}, which cannot be collected"


def by_tests() -> str:
    found = [path for path in UNIT_TESTS if Path(path).exists()]
    plugin = FirstFailure()
    options = [
        "-x",
        "-q",
        "-p",
        "no:ape_test",
        "-p",
        "no:cacheprovider",
        "-W",
        "ignore",
        f"--ignore={PAGE}",
    ]
    code = pytest.main([*options, *found], plugins=[plugin])
    return "" if code == pytest.ExitCode.OK else plugin.name or f"pytest ends with {code}"


def by_walks() -> str:
    from tests.property.running import run  # noqa: PLC0415  # not before pytest sees warnings
    from tests.property.scenarios import SCENARIOS  # noqa: PLC0415

    for seed, steps in WALKS:
        for scenario in SCENARIOS:
            report = run(scenario, seed, steps)
            if report.violation:
                where = f"walk {scenario.name!r}, seed {seed}, step {report.steps}"
                return f"{where}: {report.violation}".splitlines()[0][:200]
    return ""


def main() -> None:
    """Writes the killer, or nothing, to the file that is named."""
    killer = by_tests() or by_walks()
    Path(sys.argv[1]).write_text(json.dumps(killer))


if __name__ == "__main__":
    main()
