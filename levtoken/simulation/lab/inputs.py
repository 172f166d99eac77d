"""The prices and funding rates that are asked for, by underlying, with what they lack."""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

from levtoken.errors import EmptyWindowError, PriceFileError, UnknownSymbolError
from levtoken.markets import Config
from levtoken.simulation import funding, price_files
from levtoken.simulation.engine import Track
from levtoken.simulation.lab.asked import Actors, Inputs
from levtoken.simulation.lab.flows import random_flows
from levtoken.simulation.prices import PricePath, match_underlying
from levtoken.simulation.synthetic import synthetic
from levtoken.simulation.window import Window

BLOCK = 2**20  # bytes read at once


@dataclass(frozen=True)
class Source:
    """What the tokens of an underlying are replayed along: `symbol` of `origin`. `payments`: rates
    that were recorded; `holes`: bars without one; both None: funding arises at the market."""

    underlying: str
    symbol: str
    origin: str
    is_synthetic: bool
    track: Track
    payments: int | None = None
    holes: int | None = None

    @property
    def funding(self) -> str:
        """What is done about funding, in words."""
        if self.payments is None:
            return "from the market's skew, which the others balance"
        return f"{self.payments:,} payments; {self.holes:,} bars have none recorded, and pay 0"


def load(inputs: Inputs, actors: Actors, config: Config) -> dict[str, Source]:
    """The sources by underlying; raises a `PriceError`."""
    if inputs.funding is None and inputs.exchange is not None:
        raise PriceFileError("--exchange chooses from a file of rates: name it by --funding")
    sources: dict[str, Source] = {}
    for path in _paths(inputs):
        underlying = match_underlying(path.symbol, config.markets)
        if underlying in sources:
            raise UnknownSymbolError("two symbols price one underlying: choose one by --symbol")
        sources[underlying] = _source(underlying, path, inputs, actors)
    return sources


def digest(file: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    found = hashlib.sha256()
    with file.open("rb") as stream:
        while block := stream.read(BLOCK):
            found.update(block)
    return found.hexdigest()


def _paths(inputs: Inputs) -> list[PricePath]:
    if inputs.prices is not None:
        if not inputs.symbols:
            return price_files.load(inputs.prices, (), inputs.window)
        # One by one: series that do not cover the same times can be replayed all the same.
        symbols = dict.fromkeys(inputs.symbols)
        return [price_files.load(inputs.prices, (one,), inputs.window)[0] for one in symbols]
    if inputs.symbols or inputs.window != Window() or inputs.funding is not None:
        raise PriceFileError(
            "--symbol, --from, --to and --funding go with a file of prices: name it by --prices"
        )
    return synthetic()


def _source(underlying: str, path: PricePath, inputs: Inputs, actors: Actors) -> Source:
    track = replace(Track.along(path), flows=_flows(len(path.bars), path.step, actors))
    source = Source(underlying, path.symbol, path.source, path.synthetic, track)
    return source if inputs.funding is None else _with_funding(source, inputs.funding, inputs)


def _flows(bars: int, step: int, actors: Actors) -> dict[int, float]:
    return random_flows(bars, step, actors.flows, actors.flow_size, actors.seed)


def _with_funding(source: Source, file: Path, inputs: Inputs) -> Source:
    times = source.track.times
    payments = funding.load(file, source.symbol, inputs.exchange)
    spread = funding.spread(payments, times)
    if spread.holes >= len(times) - 1:
        raise EmptyWindowError(
            f"{file.name} has no rate of {source.symbol} between the first and the last bar: "
            "choose another --from and --to, or leave --funding out"
        )
    inside = sum(times[0] < payment.time <= times[-1] for payment in payments)
    track = replace(source.track, rates=spread.rates)
    return replace(source, track=track, payments=inside, holes=spread.holes)
