"""Where downloads are kept: one Parquet file, and beside it a folder of the pages that are not in
it yet.

Every page is a file of its own, named by the market and the time it covers (also when the exchange
had nothing there), and written under another name until it is whole. When all of them are there,
they are merged into the file, which remembers in its metadata what times it covers. So whatever
interrupts a download, the next one asks only for what is missing; rows are never thrown away.
"""

import fcntl
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from levtoken.errors import BusyFolderError, OutputError, PriceFileError
from levtoken.prices.plan import Span, merge
from levtoken.simulation.price_files import UNREADABLE

COVERED = b"levtoken.covered"  # the key of the metadata: {symbol: [[start, end], ...]}
UNFINISHED = ".partial"  # after a file's name while it is being written
LOCK = ".lock"
FULL = "make room there, or choose --out; what was downloaded is kept, so run this again"
CLOSED = "choose --out where a folder can be made and written to"


class Store:
    """One kind of series of one exchange. `time` names its column of times."""

    def __init__(self, file: Path, time: str) -> None:
        self.file = file
        self._time = time
        self._pages = file.with_suffix(".pages")

    def symbols(self) -> set[str]:
        """Those that the file has rows of."""
        return set(_read(self.file)["symbol"]) if self.file.is_file() else set()

    def covered(self, symbol: str) -> list[Span]:
        """What is there already, in the file or in pages."""
        spans = list(self._remembered().get(symbol, []))
        return merge([*spans, *(span for name, span, _ in self._listed() if name == symbol)])

    def put(self, symbol: str, page: Span, rows: pd.DataFrame) -> None:
        """Keeps a page, whole or not at all."""
        with explained(self.file.parent):
            self._pages.mkdir(parents=True, exist_ok=True)
            target = self._pages / f"{symbol}@{page.start}-{page.end}.parquet"
            _write(pa.Table.from_pandas(rows, preserve_index=False), target)

    def merge(self, complete: Callable[[pd.DataFrame], pd.DataFrame] = lambda rows: rows) -> None:
        """Brings the pages into the file; `complete` adds what only the whole series tells."""
        pages = [(symbol, span, _read(path)) for symbol, span, path in self._listed()]
        filled = [page for page in pages if not page[2].empty]
        if filled:
            frames = [rows for _, _, rows in filled]
            covered = self._remembered()
            if self.file.is_file():
                frames.append(_read(self.file))
            # Empty pages are not remembered: the next download asks whether they still are.
            for symbol, span, _ in filled:
                covered[symbol] = merge([*covered.get(symbol, []), span])
            rows = pd.concat(frames, ignore_index=True).drop_duplicates([self._time, "symbol"])
            rows = rows.sort_values(["symbol", self._time], ignore_index=True)
            with explained(self.file.parent):
                _write(_table(complete(rows), covered), self.file)
        if pages:
            with explained(self.file.parent):
                shutil.rmtree(self._pages)

    def _remembered(self) -> dict[str, list[Span]]:
        if not self.file.is_file():
            return {}
        with _readable(self.file):
            metadata = pq.read_schema(self.file).metadata or {}
        remembered = json.loads(metadata.get(COVERED, b"{}"))
        return {symbol: [Span(*pair) for pair in pairs] for symbol, pairs in remembered.items()}

    def _listed(self) -> Iterator[tuple[str, Span, Path]]:
        for path in sorted(self._pages.glob("*@*.parquet")):
            symbol, _, times = path.stem.partition("@")
            start, _, end = times.partition("-")
            yield symbol, Span(int(start), int(end)), path


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Within it no other download writes to `folder`. A killed one leaves no lock behind."""
    with explained(folder, CLOSED):
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / LOCK).open("w")
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise BusyFolderError(
                f"another download is writing to {folder}: wait for it, or choose another --out"
            ) from None
        yield


@contextmanager
def explained(folder: Path, remedy: str = FULL) -> Iterator[None]:
    """Within it a failed write becomes an `OutputError` that says the remedy."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or (str(error) or type(error).__name__).splitlines()[0]
        raise OutputError(f"cannot write to {folder} ({reason}): {remedy}") from None


def _write(table: pa.Table, target: Path) -> None:
    unfinished = target.with_name(target.name + UNFINISHED)
    try:
        pq.write_table(table, unfinished)
        unfinished.replace(target)
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise


def _table(rows: pd.DataFrame, covered: dict[str, list[Span]]) -> pa.Table:
    table = pa.Table.from_pandas(rows, preserve_index=False)
    plain = {symbol: [[s.start, s.end] for s in spans] for symbol, spans in covered.items()}
    return table.replace_schema_metadata(
        {**(table.schema.metadata or {}), COVERED: json.dumps(plain).encode()}
    )


def _read(file: Path) -> pd.DataFrame:
    with _readable(file):
        return pd.read_parquet(file)


@contextmanager
def _readable(file: Path) -> Iterator[None]:
    try:
        yield
    except UNREADABLE as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise PriceFileError(
            f"{file} cannot be read: {reason}; delete it, and run this again to download it anew"
        ) from None
