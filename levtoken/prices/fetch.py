"""Downloads bars and funding rates, page by page, so that nothing is asked for twice.

OUT/EXCHANGE-bars-TIMEFRAME.parquet has a row a closed bar:
date (UTC, when it opens), open, high, low, close, volume (of the base), symbol, exchange.

OUT/EXCHANGE-funding.parquet has a row a settlement:
time (UTC), funding_rate (the part of the notional that longs pay to shorts; negative: the other
way round), symbol, exchange, interval (seconds since the settlement before; none for the first one
and after a gap).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from levtoken.errors import EmptyWindowError, UnknownMarketError
from levtoken.prices.exchanges import EXCHANGES, TIMEFRAMES, Exchange
from levtoken.prices.markets import Market, check_symbol, choose, plain
from levtoken.prices.pages import Query, bar_page, funding_page, with_intervals
from levtoken.prices.plan import Span, bar_span, funding_pages, funding_span, missing, pages
from levtoken.prices.progress import Progress
from levtoken.prices.store import Store, alone
from levtoken.simulation.window import Window

if TYPE_CHECKING:
    from levtoken.prices.source import Source

BARS, FUNDING, BOTH = "bars", "funding", "both"


@dataclass(frozen=True)
class Request:
    """What is asked for: `what` is BARS, FUNDING or BOTH."""

    exchange: Exchange
    symbols: tuple[str, ...]
    timeframe: str
    window: Window
    what: str
    out: Path

    def __post_init__(self) -> None:
        for symbol in self.symbols:
            check_symbol(symbol)
        if FUNDING in self.kinds and not self.exchange.funding:
            others = ", ".join(one.name for one in EXCHANGES.values() if one.funding)
            raise UnknownMarketError(
                f"{self.exchange.name} has no funding rates: use --what bars, or --exchange with "
                f"one of {others}"
            )

    @property
    def kinds(self) -> tuple[str, ...]:
        return (BARS, FUNDING) if self.what == BOTH else (self.what,)

    @property
    def step(self) -> int:
        return TIMEFRAMES[self.timeframe]


@dataclass(frozen=True)
class Task:
    """One series: what of it is wanted, and the pages that are missing."""

    kind: str
    symbol: str
    span: Span
    pages: tuple[Span, ...]


def plan(request: Request, names: Iterable[str], now: int) -> list[Task]:
    """What is left to download for the series `names`."""
    names = list(names)
    return [_task(request, kind, name, now) for kind in request.kinds for name in names]


def plan_offline(request: Request, now: int) -> list[Task]:
    """The same without asking the exchange what its symbols are."""
    return plan(request, dict.fromkeys(map(plain, request.symbols)), now)


def fetch(request: Request, source: "Source", progress: Progress) -> list[Path]:
    """Downloads what is missing, and returns the files."""
    with alone(request.out):
        progress.tell(f"asking {request.exchange.name} for its markets")
        known = source.markets()
        markets = [choose(symbol, known, request.exchange) for symbol in request.symbols]
        by_name = {market.name: market for market in markets}
        tasks = plan(request, by_name, source.now())
        progress.start(sum(len(task.pages) for task in tasks))
        for task in tasks:
            progress.tell(f"{task.symbol} {task.kind}")
            for page in task.pages:
                rows = _download(request, source, task.kind, by_name[task.symbol], page)
                _store(request, task.kind).put(task.symbol, page, rows)
                progress.step()
        files = [_finish(request, kind) for kind in request.kinds]
        _refuse_empty(request, tasks)
        return files


def _task(request: Request, kind: str, name: str, now: int) -> Task:
    covered = _store(request, kind).covered(name)
    if kind == BARS:
        span = bar_span(request.window, request.step, now)
        left = pages(missing(span, covered), request.step, request.exchange.bars)
    else:
        span = funding_span(request.window, now)
        left = funding_pages(missing(span, covered), request.exchange.funding)
    return Task(kind, name, span, tuple(left))


def _refuse_empty(request: Request, tasks: Iterable[Task]) -> None:
    empty = [
        f"{task.symbol} ({task.kind})"
        for task in tasks
        if task.symbol not in _store(request, task.kind).symbols()
    ]
    if empty:
        raise EmptyWindowError(
            f"{request.exchange.name} has nothing of {', '.join(empty)} in this window: choose "
            "another; what else it has is written"
        )


def _store(request: Request, kind: str) -> Store:
    name = f"bars-{request.timeframe}" if kind == BARS else kind
    time = "date" if kind == BARS else "time"
    return Store(request.out / f"{request.exchange.name}-{name}.parquet", time)


def _download(
    request: Request, source: "Source", kind: str, market: Market, page: Span
) -> pd.DataFrame:
    exchange = request.exchange
    if kind == BARS:
        query = Query(exchange.name, "bars", market, page, exchange.bars)
        return bar_page(source.bars(market, request.timeframe, page), query, request.step)
    query = Query(exchange.name, "funding rates", market, page, exchange.funding)
    return funding_page(source.funding(market, page), query)


def _finish(request: Request, kind: str) -> Path:
    store = _store(request, kind)
    if kind == FUNDING:
        store.merge(with_intervals)
    else:
        store.merge()
    return store.file
