"""The worst times, nearer: months in which an hour's open, high, low and close come fifteen minutes
apart, with nothing between them; and days by the minute."""

from pathlib import Path

from levtoken.simulation import price_files
from levtoken.simulation.engine import Track
from levtoken.units import to_fixed

QUARTER, MINUTE = 900, 60
ORDERS = {
    "high first": ("open", "high", "low", "close"),
    "low first": ("open", "low", "high", "close"),
}
MONTHS = (
    ("BTC", "2020-03"),
    ("BTC", "2021-05"),
    ("ETH", "2021-05"),
    ("SOL", "2021-05"),
    ("SOL", "2022-11"),
    ("BTC", "2025-10"),
    ("ETH", "2025-10"),
    ("SOL", "2025-10"),
)


CRASHES = "ohlc_1m_crash_windows.parquet"
MINUTES = (
    ("BTC", "2021-05"),
    ("ETH", "2021-05"),
    ("BTC", "2022-06"),
    ("BTC", "2024-08"),
    ("ETH", "2024-08"),
)


def by_minute(file: Path, symbol: str, event: str) -> Track:
    """The closes of a symbol around an event, without funding."""
    frame = price_files.read(file)
    chosen = frame[(frame["symbol"] == symbol) & (frame["event"].astype(str) == event)]
    chosen = chosen.sort_values("date")
    times = [int(one.timestamp()) + MINUTE for one in chosen["date"]]
    return Track(times, [to_fixed(f"{one:.8f}") for one in chosen["close"]], [0] * len(times))


def jumping(file: Path, symbol: str, month: str, order: str) -> Track:
    """The bars of a symbol in a month, without funding."""
    frame = price_files.read(file)
    chosen = frame[(frame["symbol"] == symbol) & (frame["date"].dt.strftime("%Y-%m") == month)]
    chosen = chosen.sort_values("date")
    prices = [
        to_fixed(f"{price:.8f}")
        for bar in chosen[list(ORDERS[order])].to_numpy(dtype=float)
        for price in bar
    ]
    start = int(chosen["date"].iloc[0].timestamp())
    times = [start + QUARTER * i for i in range(len(prices))]
    return Track(times, prices, [0] * len(prices))
