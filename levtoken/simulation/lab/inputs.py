"""The prices and funding rates that are asked for, by underlying, with what they lack."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from levtoken.errors import EmptyWindowError, PriceFileError, UnknownSymbolError
from levtoken.markets import Config
from levtoken.simulation import funding, intrabar, price_files
from levtoken.simulation.demo.plan import USUAL_TOKENS
from levtoken.simulation.engine import Track
from levtoken.simulation.lab.asked import Actors, Inputs, Invented
from levtoken.simulation.lab.flows import random_flows
from levtoken.simulation.paths import SYNTHETIC, Shape
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


def load(
    inputs: Inputs, actors: Actors, config: Config, tokens: Sequence[str]
) -> dict[str, Source]:
    """The sources by underlying; raises a `PriceError`. A path is invented for the underlyings of
    the tokens."""
    if inputs.invented is not None:
        _refuse_file(inputs, "--synthetic invents its own: leave it out, or the others")
        symbols = tokens or USUAL_TOKENS[:1]
        underlyings = dict.fromkeys(config.token(symbol).underlying for symbol in symbols)
        return {name: _invent(name, inputs.invented, actors, config) for name in underlyings}
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
    _refuse_file(inputs, "name it by --prices")
    return synthetic()


def _refuse_file(inputs: Inputs, remedy: str) -> None:
    """Raises a `PriceFileError` where something is asked for that only a file has."""
    chosen = inputs.prices or inputs.symbols or inputs.funding or inputs.exchange or inputs.inside
    if chosen or inputs.window != Window():
        raise PriceFileError(
            "--symbol, --from, --to, --funding, --exchange and --intrabar go with a file of "
            f"prices: {remedy}"
        )


def _invent(underlying: str, invented: Invented, actors: Actors, config: Config) -> Source:
    """Along an invented path from the price that the market has on local chains."""
    shape = Shape(
        volatility=invented.volatility,
        years=invented.years,
        step=invented.step,
        seed=actors.seed,
        price=float(config.markets[underlying].local.price),
        shock=invented.shock,
        outage=invented.outage,
    )
    track = SYNTHETIC[invented.name](shape)
    track = replace(track, flows=_flows(len(track.times), invented.step, actors))
    return Source(underlying, invented.name, f"seed {actors.seed}", is_synthetic=True, track=track)


def _source(underlying: str, path: PricePath, inputs: Inputs, actors: Actors) -> Source:
    track = _track(path, inputs)
    track = replace(track, flows=_flows(len(track.times), track.step, actors))
    source = Source(underlying, path.symbol, path.source, path.synthetic, track)
    return source if inputs.funding is None else _with_funding(source, inputs.funding, inputs)


def _track(path: PricePath, inputs: Inputs) -> Track:
    """Along the closes of bars, or along what happens inside them."""
    if inputs.inside is None or inputs.prices is None:
        return Track.along(path)
    candles = intrabar.load(inputs.prices, path.symbol, inputs.window)
    if inputs.inside.kind == "jumps":
        return intrabar.jumps(candles)
    return intrabar.continuous(candles, inputs.inside.step, inputs.inside.seed)


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
