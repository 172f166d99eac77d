"""Break the contracts one line at a time, and see which test notices (`make mutants`).

Writes out/mutants.json. Fails when fewer than 90 % of the mutants are killed, when one survives
that the tables do not explain, or when one is killed that they say nothing can kill.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from itertools import count
from queue import SimpleQueue

from levtoken.artifacts import PROJECT
from tests.mutants.mutants import Mutant, MutantError, check, read_tables
from tests.mutants.trees import Tree
from tools.compiler import sources

OUT = PROJECT / "out"
RESULTS = OUT / "mutants.json"
LEAST_KILLED = 0.9
BASELINE_SECONDS = 1800


@dataclass(frozen=True)
class Result:
    """`killer` is the test or the walk that noticed; empty when none did."""

    title: str
    file: str
    change: tuple[str, str]
    contracts: tuple[str, ...]
    killer: str
    seconds: float
    explanation: str

    @property
    def is_explained(self) -> bool:
        return bool(self.killer) != bool(self.explanation)


def killer_of(tree: Tree, seconds: float) -> str:
    answer = tree.folder / "killer.json"
    answer.unlink(missing_ok=True)
    try:
        done = tree.run(["-m", "tests.mutants.kill", str(answer)], seconds)
    except subprocess.TimeoutExpired:
        return "it does not end"
    if not answer.is_file():
        raise MutantError(f"the tests do not run:\n{done.stdout[-1000:]}{done.stderr[-2000:]}")
    return str(json.loads(answer.read_text()))


def judge(tree: Tree, mutant: Mutant, seconds: float) -> Result:
    start = time.monotonic()
    contracts = tuple(tree.mutate(mutant))
    killer = killer_of(tree, seconds) if contracts else ""
    took = round(time.monotonic() - start, 1)
    change = (mutant.old, mutant.new)
    return Result(mutant.title, mutant.file, change, contracts, killer, took, mutant.survives)


def judge_all(mutants: list[Mutant], jobs: int) -> Iterator[Result]:
    """In their order. Each job has a tree of its own."""
    trees: SimpleQueue[Tree] = SimpleQueue()
    for number in range(jobs):
        trees.put(Tree(OUT / "mutants" / str(number)))
    tree = trees.get()
    start = time.monotonic()
    if killer := killer_of(tree, BASELINE_SECONDS):
        raise MutantError(f"without any mutant this fails: {killer}")
    took = time.monotonic() - start
    print(f"without any mutant nothing fails ({took:.0f} s)", flush=True)
    trees.put(tree)

    def one(mutant: Mutant) -> Result:
        tree = trees.get()
        try:
            return judge(tree, mutant, 60 + 3 * took * jobs)
        finally:
            trees.put(tree)

    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(one, mutants)


def show(number: int, total: int, result: Result) -> None:
    state = "killed" if result.killer else "SURVIVES"
    why = result.killer or result.explanation or "and nothing explains it"
    print(
        f"[{number:3}/{total}] {state:8} {result.title} ({result.seconds:.0f} s): {why}", flush=True
    )


def write(results: list[Result]) -> None:
    killed = sum(bool(one.killer) for one in results)
    summary = {"mutants": len(results), "killed": killed, "rate": round(killed / len(results), 4)}
    OUT.mkdir(exist_ok=True)
    content = {**summary, "results": [asdict(one) for one in results]}
    RESULTS.write_text(json.dumps(content, indent=2) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("--only", action="append", help="mutants whose title has this text; repeat")
    parser.add_argument("--every", type=int, default=1, help="one of so many")
    parser.add_argument("--jobs", type=int, default=1, help="how many at once")
    options = parser.parse_args()
    results: list[Result] = []
    try:
        mutants = read_tables()
        check(mutants, sources(PROJECT))
        texts = options.only or [""]
        mutants = [one for one in mutants if any(text in one.title for text in texts)]
        mutants = mutants[:: options.every]
        for number, result in zip(count(1), judge_all(mutants, options.jobs), strict=False):
            results.append(result)
            show(number, len(mutants), result)
            write(results)
    except MutantError as error:
        sys.exit(f"mutants: {error}")
    killed = sum(bool(one.killer) for one in results)
    print(f"{killed} of {len(results)} mutants killed; see {RESULTS.relative_to(PROJECT)}")
    for wrong in [one for one in results if not one.is_explained]:
        print(f"not as explained: {wrong.title}")
    if killed < LEAST_KILLED * len(results) or not all(one.is_explained for one in results):
        sys.exit(1)


if __name__ == "__main__":
    main()
