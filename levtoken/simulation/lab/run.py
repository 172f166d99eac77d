"""Runs what the lab is asked for."""

import resource
import sys
import time
from dataclasses import replace

from levtoken.markets import Config
from levtoken.simulation.engine import Track
from levtoken.simulation.lab.asked import Asked
from levtoken.simulation.lab.output import prepare, write
from levtoken.simulation.lab.plan import Plan, check_start, choose
from levtoken.simulation.lab.result import Replayed, Result
from levtoken.simulation.lab.typed import Progress
from levtoken.simulation.pool import run as run_one
from levtoken.simulation.pool import run_all

PROBE = 1_000  # bars that an estimate is timed on
MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024  # bytes


def simulate(asked: Asked, config: Config, progress: Progress) -> Result:
    """Runs it and writes everything to its folder."""
    plan = _ready(asked, config, progress)
    prepare(asked.out, overwrite=asked.overwrite)
    progress.tell("replaying")
    progress.start(plan.bars)
    begin = time.perf_counter()
    jobs = [case.job for case in plan.cases]
    outcomes = run_all(jobs, asked.workers, asked.cluster, progress.reach)
    replays = tuple(
        Replayed(case, one.measures, one.series, one.seconds)
        for case, one in zip(plan.cases, outcomes, strict=True)
    )
    workers = min(asked.workers, len(jobs))
    result = Result(plan, replays, time.perf_counter() - begin, _memory(workers))
    progress.tell("writing")
    write(result, asked.out)
    return result


def rehearse(asked: Asked, config: Config, progress: Progress) -> tuple[Plan, float]:
    """What would be run, and the seconds it would take here, from its first bars."""
    plan = _ready(asked, config, progress)
    progress.tell("timing the first bars")
    job = plan.cases[0].job
    track = job.track
    rates = None if track.rates is None else track.rates[:PROBE]
    part = Track(track.times[:PROBE], track.prices[:PROBE], rates)
    seconds = run_one(replace(job, track=part)).seconds
    workers = min(asked.workers, len(plan.cases))
    return plan, seconds / len(part.times) * plan.bars / workers


def _ready(asked: Asked, config: Config, progress: Progress) -> Plan:
    progress.tell("reading")
    plan = choose(asked, config)
    progress.tell("deploying")
    for case in plan.cases:
        check_start(case)
    return plan


def _memory(workers: int) -> int:
    """This process at its largest, and each worker as large as the largest."""
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    theirs = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss if workers > 1 else 0
    return int(own + workers * theirs) * MAXRSS_UNIT
