"""Files of bars and of funding rates, as series that can be looked at, faults and all.

column                         content
date | time | timestamp        as in levtoken/simulation/price_files.py
close | price                  bars; open, high, low and volume may be there too
funding_rate | rate            the part of the notional paid; funding_mean: a mean
exchange, market, contract,    what tells series of one file apart; without any it is one series
pair, symbol, token, event
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from levtoken.errors import MissingColumnError, PriceFileError
from levtoken.prices.steps import Seconds
from levtoken.simulation.price_files import (
    EARLIEST,
    MILLISECONDS_BELOW,
    MILLISECONDS_FROM,
    PRICE_COLUMNS,
    TIME_COLUMNS,
    UTC_NAMES,
    read,
)

RATE_COLUMNS = ("funding_rate", "rate", "funding_mean")
NUMBER_COLUMNS = ("open", "high", "low", "close", "volume", "rate")
SERIES_COLUMNS = ("exchange", "market", "contract", "pair", "symbol", "token", "event")
WITH_ZONE = r"(?:Z|[+-]\d\d:?\d\d)$"
IS_UTC = r"(?:Z|[+-]00:?00)$"
ONLY_SERIES = "the only one"


@dataclass(frozen=True)
class Series:
    """Rows of one series in the file's order. `times` are those of the rows that have one; the
    others are counted in `timeless`. `zone` says what is wrong with the time zone, if anything."""

    name: str
    times: Seconds
    numbers: pd.DataFrame  # of NUMBER_COLUMNS, as many as there are
    timeless: int
    zone: str | None


def series(file: Path) -> list[Series]:
    """The series of a file; raises a `PriceError` when it holds none."""
    frame = read(file)
    time = _first(frame, TIME_COLUMNS)
    price, rate = _first(frame, PRICE_COLUMNS), _first(frame, RATE_COLUMNS)
    if time is None or (price is None and rate is None):
        lacking = TIME_COLUMNS if time is None else (*PRICE_COLUMNS, *RATE_COLUMNS[:2])
        raise MissingColumnError(
            f"{file.name} has no column {' or '.join(lacking)}, only "
            f"{', '.join(map(str, frame)) or 'none at all'}: rename the one that holds it"
        )
    if frame.empty:
        raise PriceFileError(f"{file.name} holds no rows: fetch or choose another window")
    unused = [name for name in ("close", "rate") if name in frame and name not in (price, rate)]
    frame = frame.drop(columns=unused).rename(columns={price: "close", rate: "rate"})
    stamps = _times(frame[time])
    zone = _zone(frame[time][stamps.notna()])
    return list(_split(frame, stamps, zone))


def _first(frame: pd.DataFrame, names: tuple[str, ...]) -> str | None:
    return next((name for name in names if name in frame), None)


def _split(frame: pd.DataFrame, stamps: "pd.Series[float]", zone: str | None) -> Iterator[Series]:
    labels = [name for name in SERIES_COLUMNS if name in frame]
    numbers = pd.DataFrame(
        {name: _numbers(frame[name]) for name in NUMBER_COLUMNS if name in frame}
    )
    groups: Any = [((), frame.index)]
    if labels:
        texts = frame[labels].astype(str)
        groups = texts.groupby(labels, sort=False).groups.items()
    for key, rows in groups:
        parts = key if isinstance(key, tuple) else (key,)
        timed = stamps.loc[rows].notna()
        own = numbers.loc[rows][timed].reset_index(drop=True)
        if "close" in own and "rate" in own and own["rate"].isna().all():
            own = own.drop(columns="rate")  # bars beside others of which the rates are known
        times = stamps.loc[rows][timed].to_numpy().astype("int64")
        yield Series(" ".join(parts) or ONLY_SERIES, times, own, int((~timed).sum()), zone)


def _numbers(column: "pd.Series[Any]") -> "pd.Series[float]":
    return pd.to_numeric(column, errors="coerce").astype("float64")


def _zone(column: "pd.Series[Any]") -> str | None:
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        zone = str(column.dtype.tz)
        return None if zone in UTC_NAMES else f"the times are in {zone}, not in UTC"
    if pd.api.types.is_datetime64_dtype(column):
        return "the times have no zone: they are taken as UTC"
    if pd.api.types.is_numeric_dtype(column):
        return None
    texts = column.dropna().astype(str).str.strip()
    written = texts[~texts.str.fullmatch(r"\d+")]
    if not written.str.contains(WITH_ZONE).all():
        return "some times have no zone: they are taken as UTC"
    return None if written.str.contains(IS_UTC).all() else "some times are not in UTC"


def _times(column: "pd.Series[Any]") -> "pd.Series[float]":
    """Seconds since the epoch; NaN where there is no time, or none after 1971."""
    if isinstance(column.dtype, pd.DatetimeTZDtype) or pd.api.types.is_datetime64_dtype(column):
        return _seconds(pd.to_datetime(column, utc=True))
    if pd.api.types.is_numeric_dtype(column):
        return _from_epoch(column.astype("float64"))
    texts = column.astype("string").str.strip()
    counted = texts.str.fullmatch(r"\d+").fillna(value=False).astype(bool)
    written = pd.to_datetime(texts.mask(counted), utc=True, format="ISO8601", errors="coerce")
    return _seconds(written).where(~counted, _from_epoch(_numbers(texts.where(counted))))


def _from_epoch(numbers: "pd.Series[float]") -> "pd.Series[float]":
    seconds = numbers.where(numbers < MILLISECONDS_FROM, numbers // 1000)
    return seconds.where((numbers < MILLISECONDS_BELOW) & (seconds >= EARLIEST))


def _seconds(moments: "pd.Series[Any]") -> "pd.Series[float]":
    seconds: pd.Series[float] = (
        moments.dt.floor("s").astype("datetime64[s, UTC]").astype("int64").astype("float64")
    )
    return seconds.where(moments.notna() & (seconds >= EARLIEST))
