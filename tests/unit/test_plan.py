"""What a demo replays: which tokens on which prices, and the named error of each wrong wish."""

from decimal import Decimal
from pathlib import Path

import pytest

from levtoken.errors import BarGapError, ConfigError, PriceError, PriceFileError, UnknownSymbolError
from levtoken.markets import Config, load_config
from levtoken.simulation.demo.plan import Demo, Plan, Prices, choose
from levtoken.simulation.window import Window

CONFIG = Path(__file__).resolve().parents[2] / "config"
ALL = Window()
HOUR = 3_600
START = 1_583_625_600  # 2020-03-08 00:00 UTC


@pytest.fixture(scope="module")
def config() -> Config:
    return load_config(CONFIG)


def plan(config: Config, prices: Prices, *tokens: str) -> Plan:
    return choose(Demo(prices, tokens, Decimal(100), None, Path("out")), config)


def write(folder: Path, *symbols: str, step: int = HOUR) -> Path:
    file = folder / "prices.csv"
    rows = [f"{START + step * i},{100 + i},{symbol}" for symbol in symbols for i in range(3)]
    file.write_text("\n".join(["date,close,symbol", *rows]))
    return file


def test_without_a_file_the_usual_tokens_walk_the_built_in_path(config: Config) -> None:
    chosen = plan(config, Prices(None, (), ALL))
    assert chosen.symbols == ("BTC3L", "BTC3S", "ETH2L")
    assert list(chosen.paths) == ["BTC", "ETH"]
    assert chosen.path.synthetic


def test_a_symbol_moves_the_usual_tokens_of_its_underlying(config: Config, tmp_path: Path) -> None:
    file = write(tmp_path, "BTCUSDT", "ETHUSDT")
    chosen = plan(config, Prices(file, ("BTCUSDT",), ALL))
    assert chosen.symbols == ("BTC3L", "BTC3S")
    assert list(chosen.paths) == ["BTC"]


def test_an_underlying_without_usual_tokens_moves_all_of_its_own(
    config: Config, tmp_path: Path
) -> None:
    chosen = plan(config, Prices(write(tmp_path, "SOLUSDT"), (), ALL))
    assert chosen.symbols == ("SOL3L",)


def test_tokens_may_be_chosen_and_other_paths_are_left_out(config: Config) -> None:
    chosen = plan(config, Prices(None, (), ALL), "ETH3L", "ETH2S", "ETH3L")
    assert chosen.symbols == ("ETH3L", "ETH2S")
    assert list(chosen.paths) == ["ETH"]


@pytest.mark.parametrize(
    ("tokens", "error", "says"),
    [
        (("SOL3L",), UnknownSymbolError, "SOL3L follows SOL, and the prices are of BTC, ETH"),
        (("BTC9L",), ConfigError, "no token BTC9L: choose from BTC2L"),
    ],
)
def test_a_token_without_a_path_is_refused(
    tokens: tuple[str, ...], error: type[Exception], says: str, config: Config
) -> None:
    with pytest.raises(error, match=says):
        plan(config, Prices(None, (), ALL), *tokens)


@pytest.mark.parametrize(
    ("symbols", "step", "error", "says"),
    [
        (("DOGEUSDT",), HOUR, UnknownSymbolError, "no token follows DOGEUSDT"),
        (("BTCUSDT", "BTCUSDC"), HOUR, UnknownSymbolError, "two symbols price one underlying"),
        (("BTCUSDT",), 1, BarGapError, "a bar takes 1 s: use bars of 60 s or more"),
    ],
)
def test_prices_that_cannot_move_tokens_are_refused(
    *,
    symbols: tuple[str, ...],
    step: int,
    error: type[PriceError],
    says: str,
    config: Config,
    tmp_path: Path,
) -> None:
    file = write(tmp_path, *symbols, step=step)
    with pytest.raises(error, match=says):
        plan(config, Prices(file, symbols, ALL))


@pytest.mark.parametrize(
    "prices", [Prices(None, ("BTCUSDT",), ALL), Prices(None, (), Window.parse("2020-03-08", None))]
)
def test_a_choice_within_a_file_needs_the_file(prices: Prices, config: Config) -> None:
    with pytest.raises(PriceFileError, match="name it by --prices"):
        plan(config, prices)
