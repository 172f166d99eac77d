"""What an exchange answers, as rows that can be trusted: inside the page, in order, once each.

Exchanges return rows in either order, some beyond the page, some twice. That is put right here; an
answer that contradicts itself or holds something else than prices is refused whole.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from levtoken.errors import BadAnswerError
from levtoken.prices.markets import Market
from levtoken.prices.plan import Span
from levtoken.prices.steps import settlement_gaps
from levtoken.simulation.prices import format_time

BAR_COLUMNS = ("date", "open", "high", "low", "close", "volume")
FUNDING_COLUMNS = ("time", "funding_rate")


@dataclass(frozen=True)
class Query:
    """What was asked for, and how many rows may be an answer that was cut short."""

    exchange: str
    kind: str
    market: Market
    page: Span
    limit: int

    def bad(self, reason: str) -> BadAnswerError:
        return bad_answer(self.exchange, f"{self.kind} of {self.market.name}", reason)


def bar_page(rows: Sequence[Sequence[Any]], query: Query, step: int) -> pd.DataFrame:
    """The bars of a page, from ccxt's rows of milliseconds and five numbers."""
    kept = _rows(rows, query)
    for time, (*prices, volume) in kept.items():
        if time % step:
            raise query.bad(f"{format_time(time)} is no multiple of the timeframe")
        if not all(price > 0 for price in prices) or volume < 0:
            raise query.bad(f"a number at {format_time(time)} is not positive")
    return _frame(kept, query, BAR_COLUMNS)


def funding_page(rows: Sequence[Sequence[Any]], query: Query) -> pd.DataFrame:
    """The funding rates of a page, from rows of milliseconds and rate."""
    return _frame(_rows(rows, query), query, FUNDING_COLUMNS)


def with_intervals(rows: pd.DataFrame) -> pd.DataFrame:
    """Funding rates, ordered by symbol and time, with the seconds since the settlement before."""
    interval = pd.Series(pd.NA, index=rows.index, dtype="Int64")
    for _, series in rows.groupby("symbol"):
        times = series["time"].astype("datetime64[s, UTC]").astype("int64").to_numpy()
        distances = np.diff(times)
        known = ~settlement_gaps(distances)
        interval.loc[series.index[1:][known]] = distances[known]
    return rows.assign(interval=interval)


def bad_answer(exchange: str, what: str, reason: str) -> BadAnswerError:
    """The error that says so."""
    return BadAnswerError(
        f"{exchange} was asked for {what}, and the answer cannot be used: {reason}; run this "
        "again, and if it stays so choose another window"
    )


def _rows(rows: Sequence[Sequence[Any]], query: Query) -> dict[int, tuple[float, ...]]:
    """Numbers by time, in order. Exchanges stamp settlements some milliseconds late: seconds."""
    kept: dict[int, tuple[float, ...]] = {}
    for stamp, *values in rows:
        if not isinstance(stamp, int):
            raise query.bad(f"{stamp!r} is not a time")
        time = stamp // 1000
        if not query.page.start <= time < query.page.end:
            continue
        numbers = tuple(_number(value) for value in values)
        if any(map(math.isnan, numbers)):
            raise query.bad(f"a number at {format_time(time)} is missing")
        if kept.setdefault(time, numbers) != numbers:
            raise query.bad(f"{format_time(time)} comes twice and differs")
    if rows and not kept:
        raise query.bad("all of its rows lie outside the time that was asked for")
    if len(kept) >= query.limit:
        raise query.bad(f"it has {len(kept)} rows and may have been cut short")
    return dict(sorted(kept.items()))


def _number(value: object) -> float:
    number = float(value) if isinstance(value, int | float) else math.nan
    return number if math.isfinite(number) else math.nan


def _frame(
    kept: Mapping[int, tuple[float, ...]], query: Query, columns: Sequence[str]
) -> pd.DataFrame:
    time, *names = columns
    frame = pd.DataFrame(list(kept.values()), columns=names, dtype="float64")
    stamps = pd.to_datetime(pd.Series(list(kept), dtype="int64"), unit="s", utc=True)
    frame.insert(0, time, stamps.astype("datetime64[ms, UTC]"))
    return frame.assign(symbol=query.market.name, exchange=query.exchange)
