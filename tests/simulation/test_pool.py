"""Many replays: the same on one core, on two, and on a cluster."""

from dataclasses import asdict, fields
from decimal import Decimal
from importlib.util import find_spec

import numpy as np
import pytest

from levtoken.errors import ClusterError
from levtoken.evm import Revert
from levtoken.simulation.paths import SYNTHETIC, Shape
from levtoken.simulation.pool import Job, run_all
from tests.simulation.desk import policy, setup

HAS_DASK = find_spec("distributed") is not None
BARS = 721


def jobs():
    path = SYNTHETIC["gbm"](Shape(years=30 / 365))
    wide = policy(upper=Decimal("3.8"))
    return [
        Job(setup(), path),
        Job(setup(-3), path, gas_per_trade=2.0),
        Job(setup(policy_=wide), path),
    ]


def check_same(some, others):
    for one, other in zip(some, others, strict=True):
        assert one.job == other.job
        assert asdict(one.measures) == asdict(other.measures)
        for name in (each.name for each in fields(one.series)):
            assert np.array_equal(getattr(one.series, name), getattr(other.series, name)), name


def test_two_processes_find_what_one_finds():
    told = []
    serial, parallel = run_all(jobs()), run_all(jobs(), workers=2, progress=told.append)
    check_same(serial, parallel)
    assert told[-1] == 3 * BARS
    assert told == sorted(told)


def test_progress_counts_the_bars_of_all_jobs():
    told = []
    run_all(jobs(), progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 3 * BARS


def test_a_fault_in_a_process_is_the_fault_of_the_run():
    path = SYNTHETIC["gbm"](Shape(years=30 / 365))
    bad = Job(setup(policy_=policy(upper=Decimal("3.0001"))), path)  # no band at all
    with pytest.raises(Revert, match="InvalidPolicy"):
        run_all([bad, *jobs()], workers=2)


@pytest.mark.skipif(HAS_DASK, reason="Dask is installed")
def test_a_cluster_without_dask_says_what_is_missing():
    with pytest.raises(ClusterError, match=r"install dask\[distributed\]"):
        run_all(jobs(), cluster="tcp://127.0.0.1:1")


@pytest.mark.skipif(not HAS_DASK, reason="Dask is not installed: pip install dask[distributed]")
def test_a_cluster_that_does_not_answer_is_named():
    with pytest.raises(ClusterError, match=r"no Dask scheduler answers at tcp:"):
        run_all(jobs(), cluster="tcp://127.0.0.1:1")


@pytest.mark.skipif(not HAS_DASK, reason="Dask is not installed: pip install dask[distributed]")
@pytest.mark.filterwarnings("ignore")  # Dask's own
def test_a_cluster_finds_what_one_process_finds():
    from distributed import LocalCluster  # noqa: PLC0415 # an optional dependency

    told = []
    local = LocalCluster(n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None)
    with local as cluster:
        found = run_all(jobs(), cluster=cluster.scheduler_address, progress=told.append)
    check_same(run_all(jobs()), found)
    assert told[-1] == 3 * BARS
