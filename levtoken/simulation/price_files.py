"""Price paths from files.

A file is Parquet (.parquet) or CSV (.csv, also compressed) with these columns; others are ignored.

column                        content
date | time | timestamp       when the bar opens, UTC: a time with its zone (2020-03-08T00:00:00Z),
                              or a number, seconds since the epoch (milliseconds from 1e11 on)
close | price                 price at the end of the bar, a positive number
symbol                        which series the row belongs to; without it the file is one series
"""

import zlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from lzma import LZMAError
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import pandas as pd
import pyarrow.parquet as pq

from levtoken.errors import (
    EmptyWindowError,
    MissingColumnError,
    PriceFileError,
    TimeZoneError,
    UnknownSymbolError,
)
from levtoken.simulation.prices import PricePath, build, check_aligned, format_time
from levtoken.simulation.window import Window

TIME_COLUMNS = ("date", "time", "timestamp")
PRICE_COLUMNS = ("close", "price")
SYMBOL_COLUMN = "symbol"
UTC_NAMES = {"UTC", "Etc/UTC", "UTC+00:00", "+00:00"}
MILLISECONDS_FROM = 10**11  # as seconds, a date beyond the year 5000
MILLISECONDS_BELOW = 10**14  # the same date; from here on they are micro- or nanoseconds
# What pandas, pyarrow and the modules of compressed formats raise.
UNREADABLE = (
    OSError,
    ValueError,
    EOFError,
    ImportError,
    NotImplementedError,
    LZMAError,
    BadZipFile,
    zlib.error,
)
EARLIEST = 365 * 86_400  # 1971: no chain takes a block of about the time 0


def load(file: Path, symbols: Sequence[str], window: Window) -> list[PricePath]:
    """The paths of `symbols` in `file`, checked. No symbol: the only one that the file holds."""
    frame = read(file)
    price_column = _column(frame, PRICE_COLUMNS, file)
    paths = []
    for symbol in _choose(frame, symbols, file):
        rows, stamps = choose_rows(frame, symbol, file)
        _check_overlap(symbol, stamps, window)
        pairs = zip(stamps, rows[price_column], strict=True)
        inside = [(time, value) for time, value in pairs if window.contains(time)]
        paths.append(build(symbol, inside, file.name))
    check_aligned(paths)
    return paths


def choose_rows(frame: pd.DataFrame, symbol: str, file: Path) -> tuple[pd.DataFrame, list[int]]:
    """The rows of a symbol, and their times, seconds since the epoch; all rows of a table without
    symbols."""
    time_column = _column(frame, TIME_COLUMNS, file)
    if SYMBOL_COLUMN in frame:
        _choose(frame, [symbol], file)
        frame = frame[frame[SYMBOL_COLUMN].astype(str) == symbol]
    return frame, _times(frame[time_column])


def _check_overlap(symbol: str, stamps: Sequence[int], window: Window) -> None:
    if stamps and not any(map(window.contains, stamps)):
        raise EmptyWindowError(
            f"{symbol}: no bar lies in the window, they run from {format_time(min(stamps))} to "
            f"{format_time(max(stamps))}: choose --from and --to in there"
        )


def read(file: Path) -> pd.DataFrame:
    """The table in a file; raises a `PriceFileError`."""
    if not file.is_file():
        raise PriceFileError(f"there is no file {file}: name a Parquet or CSV file")
    is_csv = ".csv" in file.suffixes
    if not is_csv and file.suffix != ".parquet":
        raise PriceFileError(f"{file.name} is neither .parquet nor .csv: convert it to one of them")
    try:
        frame = pd.read_csv(file, dtype=str) if is_csv else _read_parquet(file)
    except UNREADABLE as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise PriceFileError(f"{file.name} cannot be read: {reason}; check the file") from None
    return frame


def _read_parquet(file: Path) -> pd.DataFrame:
    """Without what pandas notes in a file: an index is a column like others."""
    frame: pd.DataFrame = pq.read_table(file).to_pandas(ignore_metadata=True)
    return frame


def _column(frame: pd.DataFrame, names: Sequence[str], file: Path) -> str:
    for name in names:
        if name in frame:
            return name
    raise MissingColumnError(
        f"{file.name} has no column {' or '.join(names)}, only {', '.join(map(str, frame))}: "
        "rename the one that holds it"
    )


def _choose(frame: pd.DataFrame, symbols: Sequence[str], file: Path) -> list[str]:
    if SYMBOL_COLUMN not in frame:
        if len(symbols) != 1:
            raise UnknownSymbolError(
                f"{file.name} is one series without a name: name it by one --symbol"
            )
        return list(symbols)
    known = sorted(map(str, frame[SYMBOL_COLUMN].dropna().unique()))
    if not symbols and len(known) == 1:
        return known
    unknown = [symbol for symbol in symbols if symbol not in known]
    if unknown or not symbols:
        fault = f"no symbol {unknown[0]}" if unknown else "several symbols"
        raise UnknownSymbolError(
            f"{file.name} has {fault}: choose by --symbol from {', '.join(known)}"
        )
    return list(dict.fromkeys(symbols))


def _times(column: "pd.Series[Any]") -> list[int]:
    """Seconds since the epoch."""
    zone = column.dtype.tz if isinstance(column.dtype, pd.DatetimeTZDtype) else "UTC"
    if str(zone) not in UTC_NAMES:
        raise TimeZoneError(f"the times of column {column.name} are in {zone}: convert them to UTC")
    if pd.api.types.is_datetime64_dtype(column):
        raise TimeZoneError(f"the times of column {column.name} have no zone: mark them as UTC")
    return [_time(value) for value in column]


def _time(value: object) -> int:
    if pd.isna(value):  # type: ignore[call-overload] # its stubs know no object
        raise PriceFileError("a row has no time: fill it in, or delete the row")
    time = int(value.timestamp()) if isinstance(value, pd.Timestamp) else _parse_time(str(value))
    if time < EARLIEST:
        raise PriceFileError(
            f"the time {value} lies before 1971: seconds or milliseconds since 1970 are expected"
        )
    return time


def _parse_time(text: str) -> int:
    text = text.strip()
    if text.isdecimal():
        return _parse_number(int(text))
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise PriceFileError(
            f"{text!r} is not a time: write 2020-03-08T00:00:00Z or seconds since the epoch"
        ) from None
    if moment.utcoffset() != timedelta(0):
        raise TimeZoneError(f"the time {text} is not marked as UTC: convert it and append Z")
    return int(moment.timestamp())


def _parse_number(number: int) -> int:
    if number >= MILLISECONDS_BELOW:
        raise PriceFileError(
            f"the time {number} is too large: seconds or milliseconds since 1970 are expected"
        )
    return number if number < MILLISECONDS_FROM else number // 1000
