"""The files of a demo: all of one run, or none."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from levtoken.errors import OutputError
from levtoken.simulation.demo.chart import draw
from levtoken.simulation.demo.recording import Recording
from levtoken.simulation.demo.results import ReplayResult
from levtoken.simulation.demo.summary import to_plain

CHART, SUMMARY = "chart.png", "summary.json"
PARTIAL = "partial-"  # before a file's name while it is being written


def prepare(out: Path) -> None:
    """Makes the folder, without the files of an earlier run; raises an `OutputError`."""
    with _explained(out):
        out.mkdir(parents=True, exist_ok=True)
        _remove(out, CHART, SUMMARY)


def write(result: ReplayResult, recording: Recording, out: Path) -> None:
    """Writes chart.png and summary.json, or neither and raises an `OutputError`."""
    text = json.dumps(to_plain(result), indent=2) + "\n"
    with _explained(out):
        try:
            draw(result, recording, out / (PARTIAL + CHART))
            (out / (PARTIAL + SUMMARY)).write_text(text, encoding="utf-8")
            for name in (CHART, SUMMARY):
                (out / (PARTIAL + name)).replace(out / name)
        except OSError:
            _remove(out, PARTIAL + CHART, PARTIAL + SUMMARY, CHART, SUMMARY)
            raise


def _remove(out: Path, *names: str) -> None:
    for name in names:
        (out / name).unlink(missing_ok=True)


@contextmanager
def _explained(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise OutputError(
            f"cannot write to {out} ({reason}): make room there, or choose --out"
        ) from None
