"""Walks the market far: `python -m tests.property.market.deep`. Prints progress, what was met and
the totals; ends with 1 when something does not hold."""

import argparse
import sys
import time
from collections import Counter

from tests.property.market.running import run
from tests.property.market.scenarios import SCENARIOS
from tests.property.market.totals import missed
from tests.property.market.walk import Report


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Random walks of the market, with every check.")
    parser.add_argument("--steps", type=int, default=200_000, help="of all walks together")
    parser.add_argument("--seed", type=int, default=1, help="of the first walk of each market")
    parser.add_argument("--seeds", type=int, default=5, help="walks of each market")
    parser.add_argument("--market", default="", help="only those with this in their name")
    return parser.parse_args()


def main() -> int:
    options = arguments()
    chosen = [one for one in SCENARIOS if options.market in one.name]
    seeds = range(options.seed, options.seed + options.seeds)
    each = -(-options.steps // max(1, len(chosen) * len(seeds)))
    start, reports = time.monotonic(), []
    for scenario in chosen:
        for seed in seeds:
            reports.append(
                walk(len(reports) + 1, len(chosen) * len(seeds), run(scenario, seed, each))
            )
    return summary(reports, time.monotonic() - start)


def walk(number: int, count: int, report: Report) -> Report:
    state = f"VIOLATION of {report.violation.identity}" if report.violation else "holds"
    print(
        f"[{number}/{count}] {report.scenario.name}, seed {report.seed}: {report.steps} steps, "
        f"{report.lives} lives, {state}",
        flush=True,
    )
    if report.violation:
        print(report.explain(), flush=True)
    return report


def summary(reports: list[Report], seconds: float) -> int:
    done = sum((one.done for one in reports), Counter[str]())
    looked = sum((one.looked for one in reports), Counter[str]())
    print("met:")
    for kind, times in sorted(done.items()):
        print(f"  {kind}: {times}")
    print("looked at:", ", ".join(f"{name} {times}" for name, times in sorted(looked.items())))
    left = missed(done, looked)
    print("never met:", ", ".join(left) or "nothing")
    broken = [one for one in reports if one.violation]
    steps, lives = sum(one.steps for one in reports), sum(one.lives for one in reports)
    print(
        f"{steps} steps, {lives} lives, {len(reports)} walks, {seconds:.0f} s, "
        f"{len(broken)} violations"
    )
    return 1 if broken or not reports else 0


if __name__ == "__main__":
    sys.exit(main())
