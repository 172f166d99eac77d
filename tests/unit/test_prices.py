"""Price paths: what a file must look like, and the named error of each fault."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from levtoken.errors import (
    BarGapError,
    BarOrderError,
    DuplicateBarError,
    EmptyWindowError,
    InvalidPriceError,
    MissingColumnError,
    PriceError,
    PriceFileError,
    TimeZoneError,
    UnknownSymbolError,
)
from levtoken.simulation.price_files import load
from levtoken.simulation.prices import Bar, build, check_aligned, format_time, match_underlying
from levtoken.simulation.synthetic import HOUR, synthetic
from levtoken.simulation.window import Window
from levtoken.units import WAD

ALL = Window()
START = 1_583_625_600  # 2020-03-08 00:00 UTC
STAMPS = [f"2020-03-08T0{hour}:00:00Z" for hour in range(4)]


def write_csv(folder: Path, rows: Sequence[str], header: str = "date,close") -> Path:
    file = folder / "bars.csv"
    file.write_text("\n".join([header, *rows]) + "\n")
    return file


def bars(prices: Sequence[object], step: int = HOUR) -> list[tuple[int, object]]:
    return [(START + step * i, price) for i, price in enumerate(prices)]


def test_a_bar_carries_the_time_at_which_its_price_is_known(tmp_path: Path) -> None:
    file = write_csv(tmp_path, [f"{STAMPS[0]},8000.5", f"{STAMPS[1]},8100"])
    [path] = load(file, ["BTCUSDT"], ALL)
    assert path.bars == (Bar(START + HOUR, 80005 * WAD // 10), Bar(START + 2 * HOUR, 8100 * WAD))
    assert (path.symbol, path.step, path.source, path.synthetic) == (
        "BTCUSDT",
        HOUR,
        "bars.csv",
        False,
    )


@pytest.mark.parametrize("price", ["0.1", "123456.789012345678", "0.000000000000000001"])
def test_a_price_is_exact_to_eighteen_decimals(price: str) -> None:
    path = build("X", bars([price, 1]), "here")
    whole, _, decimals = price.partition(".")
    assert path.bars[0].price == int(whole) * WAD + int(decimals.ljust(18, "0"))


def test_a_float_is_the_shortest_decimal_that_means_it(tmp_path: Path) -> None:
    frame = pd.DataFrame({"date": pd.to_datetime(STAMPS[:2]), "close": [0.1, 7899.99]})
    frame.to_parquet(tmp_path / "bars.parquet")
    [path] = load(tmp_path / "bars.parquet", ["X"], ALL)
    assert [bar.price for bar in path.bars] == [WAD // 10, 789_999 * WAD // 100]


def test_a_long_file_holds_several_series(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "date": pd.to_datetime(STAMPS[:2] * 2),
            "close": [1.0, 2.0, 3.0, 4.0],
            "symbol": pd.Categorical(["BTCUSDT"] * 2 + ["ETHUSDT"] * 2),
        }
    )
    frame.to_parquet(tmp_path / "bars.parquet")
    paths = load(tmp_path / "bars.parquet", ["ETHUSDT", "BTCUSDT"], ALL)
    assert [path.symbol for path in paths] == ["ETHUSDT", "BTCUSDT"]
    assert [bar.price for bar in paths[0].bars] == [3 * WAD, 4 * WAD]


@pytest.mark.parametrize("column", ["date", "time", "timestamp"])
@pytest.mark.parametrize("unit", [1, 1000])
def test_times_may_be_seconds_or_milliseconds(tmp_path: Path, column: str, unit: int) -> None:
    rows = [f"{(START + HOUR * i) * unit},{100 + i}" for i in range(3)]
    [path] = load(write_csv(tmp_path, rows, f"{column},price"), ["X"], ALL)
    assert [bar.time for bar in path.bars] == [START + HOUR * (i + 1) for i in range(3)]


def test_times_may_be_the_index_of_the_file(tmp_path: Path) -> None:
    index = pd.DatetimeIndex(STAMPS[:2], name="date")
    pd.DataFrame({"close": [1.0, 2.0]}, index=index).to_parquet(tmp_path / "bars.parquet")
    [path] = load(tmp_path / "bars.parquet", ["X"], ALL)
    assert path.bars[0].time == START + HOUR


def test_the_only_symbol_of_a_file_needs_no_choice(tmp_path: Path) -> None:
    rows = [f"{stamp},1,BTCUSDT" for stamp in STAMPS]
    [path] = load(write_csv(tmp_path, rows, "date,close,symbol"), [], ALL)
    assert path.symbol == "BTCUSDT"


@pytest.mark.parametrize(
    ("start", "end", "count"),
    [
        ("2020-03-08", "2020-03-08", 24),
        ("2020-03-08", "2020-03-09", 48),
        ("2020-03-08T22:00", "2020-03-09", 26),
        ("2020-03-08 22:00Z", "2020-03-09T01:00", 4),
        (None, "2020-03-08 05", 6),
        ("2020-03-09T20", None, 4),
        (None, None, 48),
    ],
)
def test_from_and_to_include_both_ends(start: str, end: str, count: int, tmp_path: Path) -> None:
    rows = [f"{START + HOUR * i},1" for i in range(48)]
    [path] = load(write_csv(tmp_path, rows), ["X"], Window.parse(start, end))
    assert len(path.bars) == count


def test_a_fault_outside_the_window_is_not_in_the_way(tmp_path: Path) -> None:
    rows = [f"{START + HOUR * i},{0 if i == 9 else 1}" for i in range(12)]
    [path] = load(write_csv(tmp_path, rows), ["X"], Window.parse(None, "2020-03-08T08:00"))
    assert len(path.bars) == 9


@pytest.mark.parametrize(
    ("rows", "error", "says"),
    [
        ([*bars([1, 1]), (START + HOUR, 1)], DuplicateBarError, "2020-03-08 01:00 comes twice"),
        ([(START + HOUR, 1), (START, 1)], BarOrderError, "01:00 comes before 2020-03-08 00:00"),
        ([*bars([1, 1, 1]), (START + 4 * HOUR, 1)], BarGapError, "after 2020-03-08 02:00"),
        ([*bars([1, 1, 1]), (START + 2 * HOUR + 60, 1)], BarGapError, "60 s later, not 3600 s"),
        (bars([1, 0]), InvalidPriceError, "the price at 2020-03-08 01:00 is 0"),
        (bars([1, -5]), InvalidPriceError, "is -5"),
        (bars([1, float("nan")]), InvalidPriceError, "is nan"),
        (bars([1, float("inf")]), InvalidPriceError, "is inf"),
        (bars([1, "1e999999"]), InvalidPriceError, "below 1000000000000000"),
        (bars([1, "eight"]), InvalidPriceError, "is eight"),
        (bars([1]), EmptyWindowError, "has 1 bars, a replay needs 2"),
        ([], EmptyWindowError, "has 0 bars"),
    ],
)
def test_a_faulty_bar_is_named(rows: list, error: type[PriceError], says: str) -> None:
    with pytest.raises(error, match=r"^X: ") as caught:
        build("X", rows, "here")
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("stamps", "error", "says"),
    [
        (["2020-03-08 00:00", "2020-03-08 01:00"], TimeZoneError, "not marked as UTC"),
        (["2020-03-08T00:00+02:00", "2020-03-08T01:00+02:00"], TimeZoneError, "+02:00"),
        (["yesterday", "today"], PriceFileError, "'yesterday' is not a time"),
        (["", "2020-03-08T00:00Z"], PriceFileError, "a row has no time"),
        (["1583625600000000", "1583629200000000"], PriceFileError, "seconds or milliseconds"),
        (["1583625600" + "0" * 9, "1583629200" + "0" * 9], PriceFileError, "is too large"),
        (["0", "3600"], PriceFileError, "the time 0 lies before 1971"),
        (["1970-12-31T23:00Z", "1971-01-01T00:00Z"], PriceFileError, "lies before 1971"),
    ],
)
def test_a_time_must_be_utc(
    stamps: list[str], error: type[PriceError], says: str, tmp_path: Path
) -> None:
    with pytest.raises(error) as caught:
        load(write_csv(tmp_path, [f"{stamp},1" for stamp in stamps]), ["X"], ALL)
    assert says in str(caught.value)


@pytest.mark.parametrize(("zone", "says"), [(None, "have no zone"), ("Europe/Berlin", "Berlin")])
def test_a_column_of_datetimes_must_be_utc(zone: str | None, says: str, tmp_path: Path) -> None:
    dates = pd.date_range("2020-03-08", periods=2, freq="h", tz=zone)
    pd.DataFrame({"date": dates, "close": [1.0, 2.0]}).to_parquet(tmp_path / "bars.parquet")
    with pytest.raises(TimeZoneError, match=says):
        load(tmp_path / "bars.parquet", ["X"], ALL)


def test_a_row_without_a_time_is_named(tmp_path: Path) -> None:
    dates = pd.to_datetime([*STAMPS[:2], None])
    pd.DataFrame({"date": dates, "close": [1.0, 2.0, 3.0]}).to_parquet(tmp_path / "bars.parquet")
    with pytest.raises(PriceFileError, match="a row has no time"):
        load(tmp_path / "bars.parquet", ["X"], ALL)


def test_a_symbol_may_be_a_number(tmp_path: Path) -> None:
    frame = pd.DataFrame({"date": pd.to_datetime(STAMPS), "close": 1.0, "symbol": [1, 1, 7, 7]})
    frame.to_parquet(tmp_path / "bars.parquet")
    [path] = load(tmp_path / "bars.parquet", ["7"], ALL)
    assert (path.symbol, len(path.bars)) == ("7", 2)


def test_an_unknown_symbol_is_told_which_there_are(tmp_path: Path) -> None:
    rows = [f"{stamp},1,{symbol}" for symbol in ("BTCUSDT", "ETHUSDT") for stamp in STAMPS]
    file = write_csv(tmp_path, rows, "date,close,symbol")
    with pytest.raises(UnknownSymbolError, match=r"no symbol DOGE.* BTCUSDT, ETHUSDT"):
        load(file, ["DOGE"], ALL)
    with pytest.raises(UnknownSymbolError, match=r"several symbols.* BTCUSDT, ETHUSDT"):
        load(file, [], ALL)


def test_a_file_of_one_series_needs_one_name(tmp_path: Path) -> None:
    file = write_csv(tmp_path, [f"{stamp},1" for stamp in STAMPS])
    with pytest.raises(UnknownSymbolError, match="name it by one --symbol"):
        load(file, [], ALL)


@pytest.mark.parametrize("header", ["when,close", "date,value"])
def test_a_missing_column_is_told_which_there_are(header: str, tmp_path: Path) -> None:
    with pytest.raises(MissingColumnError, match=header.replace(",", ", ")):
        load(write_csv(tmp_path, ["1,1"], header), ["X"], ALL)


def test_a_window_beside_the_file_is_told_what_it_covers(tmp_path: Path) -> None:
    file = write_csv(tmp_path, [f"{stamp},1" for stamp in STAMPS])
    with pytest.raises(EmptyWindowError, match="from 2020-03-08 00:00 to 2020-03-08 03:00"):
        load(file, ["X"], Window.parse("2021-01-01", "2021-01-02"))


@pytest.mark.parametrize(
    ("start", "end", "error"),
    [
        ("2020-03-09", "2020-03-08", EmptyWindowError),
        ("March", None, EmptyWindowError),
        (None, "2020-02-30", EmptyWindowError),
        ("2020-03-08T00:00+01:00", None, TimeZoneError),
    ],
)
def test_a_wrong_window_is_refused(
    start: str | None, end: str | None, error: type[PriceError]
) -> None:
    with pytest.raises(error):
        Window.parse(start, end)


def test_a_file_that_is_not_there_or_not_readable_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"not parquet")
    text = tmp_path / "bars.txt"
    text.write_text("date,close\n")
    empty = tmp_path / "empty.csv"
    empty.touch()
    for file, says in [
        (tmp_path / "none.csv", "there is no file"),
        (text, "neither .parquet nor .csv"),
        (broken, "broken.parquet cannot be read"),
        (empty, "empty.csv cannot be read"),
    ]:
        with pytest.raises(PriceFileError, match=says):
            load(file, ["X"], ALL)


def test_paths_that_are_replayed_together_have_the_same_bars() -> None:
    one = build("A", bars([1, 1, 1]), "here")
    check_aligned([one, build("B", bars([2, 2, 2]), "here")])
    with pytest.raises(BarGapError, match=r"A and B do not have the same bars.* 2020-03-08 03:00"):
        check_aligned([one, build("B", bars([2, 2]), "here")])


@pytest.mark.parametrize("symbol", ["BTC", "btcusdt", "BTC-USD", "BTC/USDC", "BTCUSD", "BTC_PERP"])
def test_a_symbol_prices_its_underlying(symbol: str) -> None:
    assert match_underlying(symbol, ["ETH", "BTC"]) == "BTC"


@pytest.mark.parametrize("symbol", ["DOGEUSDT", "WBTC", "BTCETH"])
def test_a_symbol_of_something_else_prices_nothing(symbol: str) -> None:
    with pytest.raises(UnknownSymbolError, match="BTC, ETH"):
        match_underlying(symbol, ["ETH", "BTC"])


def test_the_synthetic_path_is_the_same_everywhere() -> None:
    text = repr([(path.symbol, path.bars) for path in synthetic()])
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == "ab1a6b074e412aca"


def test_the_synthetic_path_says_so_and_has_every_mood() -> None:
    btc, eth = synthetic()
    assert btc.synthetic
    assert eth.synthetic
    check_aligned([btc, eth])
    assert 200 <= len(btc.bars) <= 240
    assert {later.time - one.time for one, later in pairwise(btc.bars)} == {HOUR}
    prices = [bar.price / WAD for bar in btc.bars]
    moves = [later / earlier - 1 for earlier, later in pairwise(prices)]
    assert min(moves) < -0.08
    assert max(prices) / prices[0] > 1.2
    assert min(prices) / max(prices) < 0.7
    assert max(map(abs, moves[:40])) < 0.015


def test_a_time_is_shown_in_utc() -> None:
    assert format_time(int(datetime(2020, 3, 8, 5, tzinfo=UTC).timestamp())) == "2020-03-08 05:00"
