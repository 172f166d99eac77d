"""Walks the token far: `python -m tests.property.deep`. Prints progress, what was met and the
totals; ends with 1 when something does not hold."""

import argparse
import os
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed

from tests.property.running import run
from tests.property.scenarios import SCENARIOS, Scenario
from tests.property.totals import COMMON, RARE, SELDOM, missed
from tests.property.walk import Report


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Random walks of the token, with every check.")
    parser.add_argument("--steps", type=int, default=300_000, help="of all walks together")
    parser.add_argument("--seed", type=int, default=1, help="of the first walk of each scenario")
    parser.add_argument("--seeds", type=int, default=6, help="walks of each scenario")
    parser.add_argument("--scenario", default="", help="only those with this in their name")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="processes")
    return parser.parse_args()


def main() -> int:
    options = arguments()
    chosen = [one for one in SCENARIOS if options.scenario in one.name]
    seeds = range(options.seed, options.seed + options.seeds)
    walks = [(one, seed) for seed in seeds for one in chosen]
    each = -(-options.steps // max(1, len(walks)))
    start, reports = time.monotonic(), []
    with ProcessPoolExecutor(options.workers) as pool:
        waiting = [pool.submit(walk, one, seed, each) for one, seed in walks]
        for done in as_completed(waiting):
            reports.append(done.result())
            tell(len(reports), len(walks), reports[-1])
    return summary(reports, time.monotonic() - start)


def walk(scenario: Scenario, seed: int, steps: int) -> Report:
    return run(scenario, seed, steps)


def tell(number: int, count: int, report: Report) -> None:
    state = f"VIOLATION of {report.violation.identity}" if report.violation else "holds"
    name = report.scenario.name
    print(
        f"[{number}/{count}] {name}, seed {report.seed}: {report.steps} steps, {state}",
        flush=True,
    )
    if report.violation:
        print(report.explain(), flush=True)


def summary(reports: list[Report], seconds: float) -> int:
    done = sum((one.done for one in reports), Counter[str]())
    looked = sum((one.looked for one in reports), Counter[str]())
    print("met:")
    for kind, times in sorted(done.items()):
        print(f"  {kind}: {times}")
    print("looked at:", ", ".join(f"{name} {times}" for name, times in sorted(looked.items())))
    print("never met:", ", ".join(missed(done, looked, (*COMMON, *RARE, *SELDOM))) or "nothing")
    broken = [one for one in reports if one.violation]
    steps = sum(one.steps for one in reports)
    print(f"{steps} steps, {len(reports)} walks, {seconds:.0f} s, {len(broken)} violations")
    return 1 if broken or not reports else 0


if __name__ == "__main__":
    sys.exit(main())
