"""The files of a run of the lab: all of one run, or none."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree

import pyarrow as pa
import pyarrow.parquet as pq

from levtoken.errors import OutputError
from levtoken.simulation.lab.page import compose
from levtoken.simulation.lab.result import Replayed, Result
from levtoken.simulation.lab.summary import to_plain

SUMMARY, REPORT, SERIES, TRADES = "summary.json", "report.html", "series", "trades"
FILES = (REPORT, SERIES, TRADES, SUMMARY)  # the summary is the last to come
STAMP = pa.timestamp("ms", tz="UTC")  # Parquet has no seconds
PARTIAL = ".partial"  # the folder in which a run's files are made


def prepare(out: Path, *, overwrite: bool) -> None:
    """Makes the folder, before anything takes time; raises an `OutputError` where it cannot be
    written, or holds a run that is not to be overwritten."""
    there = [name for name in FILES if (out / name).exists()]
    if there and not overwrite:
        raise OutputError(
            f"{out} holds {', '.join(there)} of an earlier run: choose another --out, or "
            "--overwrite it"
        )
    with _explained(out):
        out.mkdir(parents=True, exist_ok=True)
        _remove(out / PARTIAL)
        (out / PARTIAL).mkdir()
        (out / PARTIAL).rmdir()


def write(result: Result, out: Path) -> None:
    """Writes summary.json, report.html, and series/ and trades/ with a Parquet file a case; or
    nothing, and raises an `OutputError`. What an earlier run left goes when all is there."""
    partial = out / PARTIAL
    with _explained(out):
        try:
            partial.mkdir()
            _fill(partial, result)
            for name in reversed(FILES):
                _remove(out / name)
            for name in FILES:
                (partial / name).replace(out / name)
            partial.rmdir()
        except BaseException:
            rmtree(partial, ignore_errors=True)
            raise


def _fill(folder: Path, result: Result) -> None:
    (folder / SERIES).mkdir()
    (folder / TRADES).mkdir()
    for one in result.replays:
        name = f"{one.case.name}.parquet"
        pq.write_table(series_table(one), folder / SERIES / name)
        pq.write_table(trades_table(one), folder / TRADES / name)
    (folder / REPORT).write_text(compose(result), encoding="utf-8")
    text = json.dumps(to_plain(result), indent=2, allow_nan=False) + "\n"
    (folder / SUMMARY).write_text(text, encoding="utf-8")


def series_table(one: Replayed) -> pa.Table:
    """The closes of the bars. Money in the asset, leverage signed."""
    series = one.series
    columns = {name: getattr(series, name) for name in ("price", "share_price", "ideal")}
    columns |= {"leverage": series.leverage, "equity": series.equity}
    return pa.table({"time": _times(series.time), **columns})


def trades_table(one: Replayed) -> pa.Table:
    """The rebalances. Money in the asset, size and leverage signed."""
    acts = one.series.acts
    names = ("before", "after", "size", "price", "fee", "impact", "reward")
    columns = {name: pa.array([getattr(act, name) for act in acts], pa.float64()) for name in names}
    triggers = pa.array([act.trigger for act in acts], pa.string())
    return pa.table({"time": _times([act.time for act in acts]), "trigger": triggers, **columns})


def _times(seconds: list[int]) -> pa.Array:
    return pa.array(seconds, pa.int64()).cast(pa.timestamp("s", tz="UTC")).cast(STAMP)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        rmtree(path)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def _explained(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else type(error).__name__
        raise OutputError(
            f"cannot write to {out} ({reason}): make room there, or choose --out"
        ) from None
