"""The exchanges that prices are fetched from, and how each of them pages.

A page is asked for by its first and last moment. What may come back in one answer differs, and an
answer that is cut short shows no sign of it, so only exchanges whose paging was looked up are here.
The limits are those of ccxt where it caps them, else those of the exchange's documentation.
"""

from dataclasses import dataclass
from datetime import timedelta

# The steps that all of them have, and that divide the day: longer ones do not start at a multiple.
TIMEFRAMES = {
    "1m": 60,
    "3m": 180,
    "5m": 300,
    "15m": 900,
    "30m": 1800,
    "1h": 3600,
    "2h": 7200,
    "4h": 14_400,
    "6h": 21_600,
    "12h": 43_200,
    "1d": 86_400,
}
SHORTEST_FUNDING = int(timedelta(hours=1).total_seconds())  # no exchange here settles more often
LONGEST_FUNDING = int(timedelta(hours=8).total_seconds())


@dataclass(frozen=True)
class Exchange:
    """How ccxt names an exchange's markets of one kind, and how many rows an answer may have."""

    name: str
    market: str  # ccxt's word for the kind of market: swap or spot
    fetched: str  # ccxt's word for the list of markets to load
    bars: int
    funding: int  # 0: it has none
    rows: tuple[str, ...] = ()  # where they are in the JSON of an answer
    bound: str = "until"  # what ccxt passes on as the last moment of funding rates


EXCHANGES = {
    exchange.name: exchange
    for exchange in (
        Exchange("binanceusdm", "swap", "linear", bars=1000, funding=1000),
        Exchange("binance", "spot", "spot", bars=1000, funding=0),
        Exchange("bybit", "swap", "linear", bars=1000, funding=200, rows=("result", "list")),
        # ccxt gives OKX no upper bound for funding rates: it would answer with the newest ones.
        Exchange("okx", "swap", "swap", bars=100, funding=100, rows=("data",), bound="after"),
    )
}
