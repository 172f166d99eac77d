"""What the tests of downloads share: a request, a run of it, and what it wrote."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from levtoken.prices.exchanges import EXCHANGES
from levtoken.prices.fetch import BARS, Request, fetch
from levtoken.prices.progress import Progress
from levtoken.prices.source import Source
from levtoken.simulation.window import Window
from tests.prices.wire import Wire, connected

START = int(datetime(2024, 3, 1, tzinfo=UTC).timestamp())


@dataclass
class Desk:
    """A person who downloads from one exchange into one folder."""

    wire: Wire
    out: Path
    exchange: str = "binanceusdm"
    waits: list[float] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    steps: int = 0

    def request(
        self,
        start: str = "2024-03-01",
        end: str | None = "2024-03-01",
        symbols: Sequence[str] = ("BTCUSDT",),
        what: str = BARS,
        timeframe: str = "1h",
    ) -> Request:
        window = Window.parse(start, end)
        exchange = EXCHANGES[self.exchange]
        return Request(exchange, tuple(symbols), timeframe, window, what, self.out)

    def fetch(self, request: Request) -> list[pd.DataFrame]:
        """Downloads it with a new client, as a new command would."""
        client = connected(self.exchange, self.wire)
        source = Source(request.exchange, client, self.waits.append, self.said.append)
        progress = Progress(self.said.append, lambda _: None, self._step)
        return [pd.read_parquet(file) for file in fetch(request, source, progress)]

    def _step(self) -> None:
        self.steps += 1

    @property
    def files(self) -> set[str]:
        """What is in the folder, without pages and locks."""
        return {file.name for file in self.out.glob("*") if file.is_file()} - {".lock"}


def hours(frame: pd.DataFrame, column: str = "date") -> list[float]:
    """Times as hours after START."""
    seconds = frame[column].astype("datetime64[s, UTC]").astype("int64")
    return [(int(second) - START) / 3600 for second in seconds]
