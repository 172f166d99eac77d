"""Runs many replays on all cores, or on a Dask cluster."""

import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from typing import TYPE_CHECKING

from levtoken.artifacts import PROJECT
from levtoken.errors import ClusterError, WorkerError
from levtoken.simulation.engine import Progress, Track, replay, silent
from levtoken.simulation.measures import Measures, Series, measure
from levtoken.simulation.setup import Setup

if TYPE_CHECKING:
    from multiprocessing.sharedctypes import Synchronized

POLL = 0.2  # seconds

_done: "Synchronized[int] | None" = None


@dataclass(frozen=True)
class Job:
    """A replay to run; `gas_per_trade` in the asset."""

    setup: Setup
    track: Track
    gas_per_trade: float = 0.0


@dataclass(frozen=True)
class Outcome:
    """A job and what came of it; `seconds` it took."""

    job: Job
    measures: Measures
    series: Series
    seconds: float


def run(job: Job, progress: Progress = silent) -> Outcome:
    """Runs one replay here."""
    start = time.perf_counter()
    log = replay(job.setup, job.track, progress)
    measures, series = measure(log, job.setup.leverage, job.gas_per_trade)
    return Outcome(job, measures, series, time.perf_counter() - start)


def run_all(
    jobs: Sequence[Job],
    workers: int = 1,
    cluster: str | None = None,
    progress: Progress = silent,
) -> list[Outcome]:
    """Runs all, in their order. `progress` is told how many bars of all have been done. `cluster`:
    the address of a Dask scheduler, whose workers have this package."""
    if cluster is not None:
        with _dask(cluster) as executor:
            return _collect(executor, jobs, progress, None)
    if workers == 1 or len(jobs) == 1:
        return list(_here(jobs, progress))
    # Ape takes the project out of the path once a script is loaded; workers get the path as it is.
    if str(PROJECT) not in sys.path:
        sys.path.append(str(PROJECT))
    context = get_context("spawn")
    done = context.Value("q", 0)
    arguments = (min(workers, len(jobs)), context, _share, (done,))
    with ProcessPoolExecutor(*arguments) as executor:
        try:
            return _collect(executor, jobs, progress, done)
        except BrokenProcessPool:
            raise WorkerError(
                "a worker process ended before its replay: use fewer --workers, memory may be short"
            ) from None


def _here(jobs: Sequence[Job], progress: Progress) -> Iterator[Outcome]:
    before = 0
    for job in jobs:
        yield run(job, lambda bars, before=before: progress(before + bars))  # type: ignore[misc]
        before += len(job.track.times)


def _collect(
    executor: Executor,
    jobs: Sequence[Job],
    progress: Progress,
    done: "Synchronized[int] | None",
) -> list[Outcome]:
    futures = [executor.submit(_counted, job) for job in jobs]
    waiting: set[Future[Outcome]] = set(futures)
    while waiting:
        finished, waiting = wait(waiting, POLL, FIRST_COMPLETED)
        for one in finished:
            one.result()  # a fault ends it all
        if done is not None:
            progress(done.value)
        else:
            ended = (job for job, one in zip(jobs, futures, strict=True) if one.done())
            progress(sum(len(job.track.times) for job in ended))
    return [future.result() for future in futures]


def _share(done: "Synchronized[int]") -> None:
    global _done  # noqa: PLW0603 # what a worker's process shares with its parent
    _done = done


def _counted(job: Job) -> Outcome:
    counted = 0

    def count(bars: int) -> None:
        nonlocal counted
        if _done is not None:
            with _done.get_lock():
                _done.value += bars - counted
        counted = bars

    return run(job, count)


@contextmanager
def _dask(address: str) -> Iterator[Executor]:
    """The workers of a scheduler, until all is done."""
    try:
        from distributed import Client  # noqa: PLC0415 # an optional dependency
    except ImportError:
        raise ClusterError("a cluster needs Dask: install dask[distributed]") from None
    try:
        client = Client(address, timeout="10s", set_as_default=False)
    except (OSError, ValueError) as error:
        raise ClusterError(f"no Dask scheduler answers at {address}: {error}") from None
    with client, client.get_executor() as executor:
        yield executor
