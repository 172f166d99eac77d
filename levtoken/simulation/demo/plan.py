"""What a demo replays: which prices, and which tokens on them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from levtoken.errors import BarGapError, ConfigError, PriceFileError, UnknownSymbolError
from levtoken.markets import Config
from levtoken.simulation.demo.arbitrageur import ArbitrageurSettings
from levtoken.simulation.price_files import load
from levtoken.simulation.prices import PricePath, match_underlying
from levtoken.simulation.synthetic import synthetic
from levtoken.simulation.window import Window

USUAL_TOKENS = ("BTC3L", "BTC3S", "ETH2L")
SHORTEST_STEP = 60  # seconds: the transactions of a bar come a second apart


@dataclass(frozen=True)
class Prices:
    """What to replay: symbols and a window of a file, or without one the built-in path."""

    file: Path | None
    symbols: tuple[str, ...]
    window: Window

    def paths(self, config: Config) -> dict[str, PricePath]:
        """The paths by underlying."""
        if self.file is None and (self.symbols or self.window != Window()):
            raise PriceFileError(
                "--symbol, --from and --to choose from a file: name it by --prices"
            )
        found = load(self.file, self.symbols, self.window) if self.file else synthetic()
        paths = {match_underlying(path.symbol, config.markets): path for path in found}
        if len(paths) < len(found):
            raise UnknownSymbolError("two symbols price one underlying: choose one by --symbol")
        if found[0].step < SHORTEST_STEP:
            raise BarGapError(
                f"a bar takes {found[0].step} s: use bars of {SHORTEST_STEP} s or more"
            )
        return paths


@dataclass(frozen=True)
class Demo:
    """What is replayed and with whom. `capital` is paid into each token, in its asset."""

    prices: Prices
    tokens: tuple[str, ...]
    capital: Decimal
    arbitrageur: ArbitrageurSettings | None
    out: Path


@dataclass(frozen=True)
class Plan:
    """A demo with everything chosen: tokens by symbol, paths by underlying."""

    demo: Demo
    config: Config
    symbols: tuple[str, ...]
    paths: dict[str, PricePath]

    @property
    def path(self) -> PricePath:
        """One of the paths, whose times are those of all."""
        return next(iter(self.paths.values()))


def choose(demo: Demo, config: Config) -> Plan:
    """The demo's tokens with their paths: those asked for, or the usual ones that follow the
    prices, or every token that does."""
    paths = demo.prices.paths(config)
    symbols = choose_tokens(demo.tokens, config, paths)
    if len({config.market_of(symbol).asset for symbol in symbols}) > 1:
        raise ConfigError("the tokens of a demo share one asset: choose them by --token")
    used = {config.token(symbol).underlying for symbol in symbols}
    return Plan(demo, config, symbols, {name: paths[name] for name in paths if name in used})


def choose_tokens(asked: Sequence[str], config: Config, priced: Collection[str]) -> tuple[str, ...]:
    """The tokens that are asked for, or the usual ones that follow one of the underlyings that have
    prices, or every token that does."""
    for symbol in asked:
        underlying = config.token(symbol).underlying
        if underlying not in priced:
            raise UnknownSymbolError(
                f"{symbol} follows {underlying}, and the prices are of {', '.join(priced)}: choose "
                "other tokens, or other prices by --symbol"
            )
    following = [symbol for symbol, token in config.tokens.items() if token.underlying in priced]
    usual = [symbol for symbol in USUAL_TOKENS if symbol in following]
    symbols = tuple(dict.fromkeys(asked or usual or following))
    if not symbols:
        raise UnknownSymbolError(f"no token follows {', '.join(priced)}: add one to tokens.yaml")
    return symbols
