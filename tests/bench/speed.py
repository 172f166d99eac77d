"""Measures how many bars a second are replayed: in process, in two processes, and through RPC."""

import os
import platform
import time
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

from levtoken.artifacts import PROJECT
from levtoken.errors import ChainError
from levtoken.markets import load_config
from levtoken.simulation.engine import Log, Track, _Replay, replay, silent
from levtoken.simulation.paths import SYNTHETIC, Shape
from levtoken.simulation.pool import Job, run_all
from levtoken.simulation.processes import YEAR
from levtoken.simulation.setup import Setup, build, from_config
from tests.bench.chain import Anvil, Objects, node

HOUR = 3_600
BATCHED, THROUGH_OBJECTS = 1_000, 200  # bars
CALM, WILD = 0.6, 1.2  # a year; wild enough that few bars hold some trades
JOBS = 8


@dataclass(frozen=True)
class Speed:
    """Bars a second of a run, by the clock and by what the process itself used of it."""

    bars: int
    seconds: float
    cpu_seconds: float

    @property
    def rate(self) -> float:
        return self.bars / self.seconds

    @property
    def cpu_rate(self) -> float:
        return self.bars / self.cpu_seconds


class Timed:
    """The EVM, and how long it took."""

    def __init__(self, evm: Any) -> None:  # pyrevm has no types
        self._evm = evm
        self._call = evm.message_call
        self.seconds = 0.0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._evm, name)

    def message_call(self, *arguments: Any, **named: Any) -> bytes:
        start = time.perf_counter()
        try:
            return bytes(self._call(*arguments, **named))
        finally:
            self.seconds += time.perf_counter() - start


def history(bars: int, volatility: float = CALM) -> Track:
    """Bars of a geometric Brownian motion, and funding."""
    shape = Shape(volatility=volatility, years=(bars - 1) * HOUR / YEAR)
    plain = SYNTHETIC["gbm"](shape)
    return replace(plain, rates=[(bar // 8 % 5 - 2) * 10**15 for bar in range(bars)])


def in_process(setup: Setup, track: Track, runs: int) -> list[Speed]:
    """Whole replays, from the deployment on."""
    found = []
    for _ in range(runs):
        start, cpu = time.perf_counter(), time.process_time()
        replay(setup, track)
        used = (time.perf_counter() - start, time.process_time() - cpu)
        found.append(Speed(len(track.times), *used))
    return found


def share_of_evm(setup: Setup, track: Track) -> float:
    """Of the time of a replay, without the deployment; the rest is Python."""
    answers = _answers(setup, track)
    stage = build(setup, track.times[0], answers[0], imposes=True)
    timed = Timed(stage.evm._evm)
    stage.evm._evm = timed
    start = time.perf_counter()
    _Replay(setup, stage, track).run(answers, silent)
    return timed.seconds / (time.perf_counter() - start)


def on_node(setup: Setup, track: Track, kind: type[Anvil]) -> tuple[Speed, Log]:
    """A replay on a fresh node, its deployment apart."""
    answers = _answers(setup, track)
    with ExitStack() as stack:
        url = stack.enter_context(node(track.times[0]))
        chain = stack.enter_context(closing(kind(url, track.times[0])))
        stage = build(setup, track.times[0], answers[0], imposes=True, chain=chain)
        if isinstance(chain, Objects):
            chain.watch("Simulator", stage.simulator.address)
        start, cpu = time.perf_counter(), time.process_time()
        log = _Replay(setup, stage, track).run(answers, silent)
        used = (time.perf_counter() - start, time.process_time() - cpu)
    return Speed(len(track.times), *used), log


def check_same(setup: Setup, track: Track, other: Log) -> None:
    """A replay on a node found what one in process finds, to the wei."""
    here = replay(setup, track)
    if not here.trades:
        raise ChainError("nothing was rebalanced, so that nothing is compared: take more bars")
    if here.rows != other.rows or here.trades != other.trades:
        raise ChainError("the node found other integers than the EVM in process: report this")


def several(setup: Setup, track: Track, workers: int) -> float:
    """Bars a second of some replays in so many processes."""
    jobs = [Job(setup, track) for _ in range(JOBS)]
    start = time.perf_counter()
    run_all(jobs, workers)
    return JOBS * len(track.times) / (time.perf_counter() - start)


def measure(bars: int, runs: int) -> dict[str, Any]:
    """What bench.json holds."""
    setup = from_config(load_config(PROJECT / "config"), "BTC3L")
    track = history(bars)
    speeds = in_process(setup, track, runs)
    share = share_of_evm(setup, track)
    rates = {f"{workers}": several(setup, track, workers) for workers in (1, 2)}
    nodes = {}
    for name, kind, some in (("batched", Anvil, BATCHED), ("objects", Objects, THROUGH_OBJECTS)):
        part = history(min(some, bars), WILD)
        speed, log = on_node(setup, part, kind)
        check_same(setup, part, log)
        nodes[name] = speed
    best = median(speed.rate for speed in speeds)
    return {
        "machine": machine(),
        "bars": bars,
        "runs": runs,
        "in_process": {
            "bars_per_second": round(best),
            "all": [round(speed.rate) for speed in speeds],
            "bars_per_cpu_second": round(median(speed.cpu_rate for speed in speeds)),
            "share_of_evm": round(share, 3),
        },
        "processes": {
            "one": round(rates["1"]),
            "two": round(rates["2"]),
            "ratio": round(rates["2"] / rates["1"], 2),
        },
        "anvil": {
            name: {
                "bars": speed.bars,
                "bars_per_second": round(speed.rate, 1),
                "in_process_is_faster": round(best / speed.rate, 1),
                "same_integers": True,
            }
            for name, speed in nodes.items()
        },
    }


def machine() -> dict[str, Any]:
    """What it ran on, and how busy that was."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return {
        "processor": names[0] if names else platform.processor(),
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
        "load_before": [round(one, 1) for one in os.getloadavg()],
    }


def _answers(setup: Setup, track: Track) -> Sequence[int]:
    unit = 10 ** (18 - setup.market.feed.decimals)
    return [price // unit for price in track.prices]
