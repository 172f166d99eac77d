"""What a check finds: each fault once, by its rule, and nothing in a clean file."""

import gzip
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from levtoken.errors import MissingColumnError, PriceFileError
from levtoken.prices.check import RULES, Checked, check
from levtoken.prices.report import to_plain
from levtoken.prices.tables import series
from tests.prices.desk import START

HOUR = 3600
ROWS = 300
NOON = START + 12 * HOUR


def bars(count: int = ROWS) -> pd.DataFrame:
    """Clean hourly bars that move by half a percent or so."""
    generator = np.random.default_rng(7)
    closes = 100 * np.exp(np.cumsum(generator.normal(0, 0.005, count)))
    opens = np.concatenate([[100.0], closes[:-1]])
    return pd.DataFrame(
        {
            "date": pd.date_range("2024-03-01", periods=count, freq="h", tz="UTC"),
            "open": opens,
            "high": np.maximum(opens, closes) * 1.001,
            "low": np.minimum(opens, closes) * 0.999,
            "close": closes,
            "volume": 5.0,
            "symbol": "BTCUSDT",
        }
    )


def rates(hours: list[int]) -> pd.DataFrame:
    moments = [pd.Timestamp(START + hour * HOUR, unit="s", tz="UTC") for hour in hours]
    return pd.DataFrame({"time": moments, "symbol": "BTCUSDT", "funding_rate": 0.0001})


def checked(frame: pd.DataFrame, folder: Path, name: str = "file.parquet") -> list[Checked]:
    file = folder / name
    if name.endswith(".csv"):
        frame.to_csv(file, index=False)
    else:
        frame.to_parquet(file)
    return [check(one) for one in series(file)]


def found(frame: pd.DataFrame, folder: Path, name: str = "file.parquet") -> dict[str, list]:
    """Times of the findings of the only series, by rule."""
    [one] = checked(frame, folder, name)
    times: dict[str, list] = {}
    for finding in one.findings:
        times.setdefault(finding.rule, []).append(finding.time)
    return times


@pytest.mark.parametrize("name", ["file.parquet", "file.csv", "file.csv.gz"])
def test_clean_bars_are_clean(name: str, tmp_path: Path) -> None:
    if name.endswith(".gz"):
        bars().to_csv(tmp_path / name, index=False)
        [one] = [check(each) for each in series(tmp_path / name)]
    else:
        [one] = checked(bars(), tmp_path, name)
    assert one.findings == ()
    assert (one.name, one.kind, one.rows, one.step) == ("BTCUSDT", "bars", ROWS, HOUR)
    assert (one.first, one.last) == (START, START + (ROWS - 1) * HOUR)


def put(column: str, value: object) -> Callable[[pd.DataFrame], pd.DataFrame]:
    def change(frame: pd.DataFrame) -> pd.DataFrame:
        frame.loc[12, column] = value
        return frame

    return change


@pytest.mark.parametrize(
    ("change", "rules"),
    [
        (put("close", float("nan")), {"missing"}),
        (put("open", float("inf")), {"missing", "high"}),
        (put("close", 0.0), {"sign", "low"}),
        (put("low", -1.0), {"sign"}),
        (put("volume", -1.0), {"sign"}),
        (put("high", 90.0), {"high"}),
        (put("low", 190.0), {"low", "high"}),
        (put("date", pd.NaT), {"time", "gap"}),
        (lambda frame: frame.drop(index=range(12, 15)), {"gap"}),
        (lambda frame: frame.iloc[[*range(12), 13, 12, *range(14, ROWS)]], {"order"}),
        (lambda frame: pd.concat([frame, frame.tail(1)]), {"duplicate"}),
        (lambda frame: frame.assign(date=frame["date"].dt.tz_localize(None)), {"zone"}),
        (lambda frame: frame.assign(date=frame["date"].dt.tz_convert("Asia/Tokyo")), {"zone"}),
    ],
)
@pytest.mark.parametrize("name", ["file.parquet", "file.csv"])
def test_a_fault_breaks_its_rule_and_no_other(
    change: Callable[[pd.DataFrame], pd.DataFrame], rules: set[str], name: str, tmp_path: Path
) -> None:
    assert set(found(change(bars()), tmp_path, name)) == rules


def test_findings_say_when(tmp_path: Path) -> None:
    frame = bars().drop(index=[13, 14, 20])
    frame.loc[12, "high"] = 1.0
    times = found(pd.concat([frame, frame.loc[[40]]]), tmp_path)
    assert times["gap"] == [NOON, START + 19 * HOUR]
    assert times["high"] == [NOON]
    assert times["duplicate"] == times["order"] == [START + 40 * HOUR]


def test_a_time_that_comes_again_with_other_values_says_so(tmp_path: Path) -> None:
    again = bars().loc[[5, 6]].assign(close=[bars()["close"][5], 101.0])
    [one] = checked(pd.concat([bars(), again]), tmp_path)
    details = [finding.detail for finding in one.findings if finding.rule == "duplicate"]
    assert details == ["comes again with the same values", "comes again with other values"]


def test_a_bar_off_the_grid_is_found(tmp_path: Path) -> None:
    frame = bars()
    frame.loc[12, "date"] += pd.Timedelta(minutes=10)
    times = found(frame, tmp_path)
    assert times["step"] == [START + 11 * HOUR, NOON + 600]
    assert times["gap"] == [START + 11 * HOUR]


def test_a_wrong_price_is_an_outlier_and_a_crash_is_not(tmp_path: Path) -> None:
    wrong = bars()
    wrong.loc[12, ["close", "high"]] = 1000.0
    assert found(wrong, tmp_path)["outlier"] == [NOON, NOON + HOUR]
    crash = bars()
    crash.loc[100:, ["open", "high", "low", "close"]] *= 0.85
    crash.loc[100, ["open", "high"]] /= 0.85
    assert found(crash, tmp_path) == {}


def test_how_far_an_outlier_is_can_be_chosen(tmp_path: Path) -> None:
    frame = bars()
    frame.loc[100:, ["open", "high", "low", "close"]] *= 0.85
    frame.to_parquet(tmp_path / "file.parquet")
    [one] = series(tmp_path / "file.parquet")
    assert [finding.rule for finding in check(one, 20).findings] == ["outlier"]


def test_the_move_across_a_gap_may_be_as_large_as_that_time_allows(tmp_path: Path) -> None:
    frame = bars()
    frame.loc[200:, ["open", "high", "low", "close"]] *= 1.5
    assert "outlier" in found(frame, tmp_path)
    assert set(found(frame.drop(index=range(100, 200)), tmp_path)) == {"gap"}


def test_flat_prices_are_no_outliers(tmp_path: Path) -> None:
    frame = bars().assign(open=100.0, high=100.0, low=100.0, close=100.0)
    assert found(frame, tmp_path) == {}
    frame.loc[12, ["close", "high"]] = 101.0
    assert set(found(frame, tmp_path)) == {"outlier"}


def test_settlements_that_change_their_interval_are_clean(tmp_path: Path) -> None:
    hours = [*range(0, 80, 8), *range(80, 160, 4), *range(160, 200, 8), *range(200, 220)]
    assert found(rates(hours), tmp_path) == {}


@pytest.mark.parametrize(
    ("hours", "gaps"),
    [
        ([0, 8, 16, 32, 40], [16]),
        ([0, 4, 8, 16, 20, 24], [8]),
        ([0, 1, 2, 4, 5], [2]),
        ([0, 8, 16, 40], [16]),
        ([0, 1, 2, 50, 98], [2, 50]),
    ],
)
def test_a_settlement_that_is_missing_is_found(
    hours: list[int], gaps: list[int], tmp_path: Path
) -> None:
    assert found(rates(hours), tmp_path) == {"gap": [START + hour * HOUR for hour in gaps]}


def test_a_rate_in_percent_is_an_outlier(tmp_path: Path) -> None:
    frame = rates(list(range(0, 80, 8)))
    frame.loc[3, "funding_rate"] = -0.75
    assert found(frame, tmp_path) == {"outlier": [START + 24 * HOUR]}


def test_series_are_told_apart_by_every_label(tmp_path: Path) -> None:
    frames = [bars(5).assign(market=market, symbol=symbol) for market, symbol in
              [("perp", "BTCUSDT"), ("spot", "BTCUSDT"), ("spot", "ETHUSDT")]]  # fmt: skip
    found = checked(pd.concat(frames), tmp_path)
    assert sorted(one.name for one in found) == ["perp BTCUSDT", "spot BTCUSDT", "spot ETHUSDT"]
    assert not any(one.findings for one in found)


def test_bars_with_rates_of_some_series_only_are_clean(tmp_path: Path) -> None:
    perp = bars(5).assign(market="perp", funding_rate=0.0001)
    spot = bars(5).assign(market="spot", funding_rate=float("nan"))
    assert not any(one.findings for one in checked(pd.concat([perp, spot]), tmp_path))


@pytest.mark.parametrize("unit", [1, 1000])
@pytest.mark.parametrize("name", ["file.parquet", "file.csv"])
def test_times_may_be_numbers(unit: int, name: str, tmp_path: Path) -> None:
    frame = pd.DataFrame({"timestamp": [(START + i * HOUR) * unit for i in range(5)], "price": 1.0})
    [one] = checked(frame, tmp_path, name)
    assert (one.name, one.findings, one.first) == ("the only one", (), START)


def test_times_that_cannot_be_read_are_counted(tmp_path: Path) -> None:
    dates = ["2024-03-01T00:00Z", "soon", "", "2024-03-01T01:00Z", "1000000000000000", "60"]
    [one] = checked(pd.DataFrame({"date": dates, "close": 1.0}), tmp_path, "file.csv")
    assert [finding.detail for finding in one.findings] == ["4 rows have no time that can be read"]
    assert one.rows == 6


def test_a_single_row_has_no_step(tmp_path: Path) -> None:
    [one] = checked(bars(1), tmp_path)
    assert (one.step, one.findings) == (None, ())


def test_every_rule_is_for_something_that_can_be_found(tmp_path: Path) -> None:
    frame = bars()
    frame.loc[5, "high"], frame.loc[6, "low"], frame.loc[7, "close"] = 1.0, 500.0, -3.0
    frame.loc[8, "open"], frame.loc[9, "date"] = float("nan"), pd.NaT
    frame.loc[50, ["close", "high"]] = 9999.0
    frame.loc[60, "date"] += pd.Timedelta(minutes=1)
    frame["date"] = frame["date"].dt.tz_localize(None)
    frame = frame.iloc[[*range(20), 21, 20, 20, *range(22, ROWS)]]
    assert set(found(frame, tmp_path)) == set(RULES)


def test_programs_are_told_every_finding(tmp_path: Path) -> None:
    result = to_plain("bars.parquet", checked(bars().drop(index=[7, 9, 11, 13, 15]), tmp_path))
    assert result["ok"] is False
    [one] = result["series"]
    assert Counter(finding["rule"] for finding in one["findings"]) == {"gap": 5}


def test_a_file_of_something_else_is_named(tmp_path: Path) -> None:
    for frame, error, says in [
        (pd.DataFrame({"when": [1], "close": [1]}), MissingColumnError, "date or time or"),
        (pd.DataFrame({"date": [1], "value": [1]}), MissingColumnError, "only date, value"),
        (bars(1).head(0), PriceFileError, "holds no rows"),
    ]:
        with pytest.raises(error, match=says):
            checked(frame, tmp_path)
    with pytest.raises(PriceFileError, match="there is no file"):
        series(tmp_path / "none.parquet")


@pytest.mark.parametrize(
    "change",
    [
        lambda frame: frame.assign(close=float("nan")),
        lambda frame: frame.assign(close="much"),
        lambda frame: frame.assign(date=pd.NaT),
        lambda frame: frame.assign(date=[[1]] * ROWS),
        lambda frame: frame.assign(date=frame["date"] - frame["date"][0]),
    ],
    ids=["no close", "words", "no time", "lists", "durations"],
)
def test_a_column_of_something_else_is_a_finding(
    change: Callable[[pd.DataFrame], pd.DataFrame], tmp_path: Path
) -> None:
    assert set(found(change(bars()), tmp_path)) & {"missing", "time"}


@pytest.mark.parametrize(
    "change",
    [
        lambda frame: frame.set_index("date"),
        lambda frame: frame.set_index(["symbol", "date"]),
        lambda frame: frame.set_index(frame.index % 3),
        lambda frame: frame.assign(date=frame["date"].astype(str)),
        lambda frame: frame.assign(symbol=pd.Categorical(frame["symbol"], ["ETHUSDT", "BTCUSDT"])),
        lambda frame: frame.assign(price=1.0, rate=9.0, funding_rate=0.0001),
    ],
    ids=["index", "indices", "repeated index", "text", "category", "second names"],
)
def test_other_ways_to_write_the_same_are_clean(
    change: Callable[[pd.DataFrame], pd.DataFrame], tmp_path: Path
) -> None:
    assert found(change(bars()), tmp_path) == {}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.parquet", b"PAR1 no PAR1"),
        ("a.csv", b"\xff\xfe\x00"),
        ("a.csv.gz", gzip.compress(b"time,close\n" * 999)[:40]),
        ("a.csv.xz", b"no"),
        ("a.csv.zip", b"no"),
        ("a.txt", b"time,close"),
    ],
)
def test_a_broken_file_is_named(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(PriceFileError, match=f"^{name} "):
        series(tmp_path / name)


def test_two_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    table = pa.table([[START], [1.0], [2.0]], names=["time", "close", "close"])
    pq.write_table(table, tmp_path / "a.parquet")
    with pytest.raises(PriceFileError, match=r"cannot be read: Multiple matches.*close"):
        series(tmp_path / "a.parquet")
