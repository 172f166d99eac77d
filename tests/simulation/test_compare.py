"""What the tables of docs/policies.md are made of."""

from pathlib import Path

import pandas as pd
import pytest

from levtoken.markets import load_config
from levtoken.simulation.compare import DOCUMENT, TABLES, targets
from levtoken.simulation.jumps import QUARTER, by_minute, jumping
from levtoken.units import WAD
from tests.scripts.chains import PROJECT


@pytest.fixture(autouse=True)
def at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands run in the project's folder."""
    monkeypatch.chdir(PROJECT)


def test_every_shipped_rule_has_the_target_that_it_is_for() -> None:
    shipped = {name for name in load_config(PROJECT / "config").policies if "/" in name}
    assert shipped <= set(targets())
    assert targets()["issuers/FTX_BEAR_3S"] == -3
    assert targets()["reference/REF_3L_DAILY"] == 3


def test_the_page_has_every_table_and_none_is_empty() -> None:
    page = DOCUMENT.read_text()
    for name in (*TABLES, "FTX's BEAR", "Binance's tokens"):
        _, found, rest = page.partition(f"<!-- made: {name} -->\n")
        assert found, name
        assert rest.partition("<!-- end -->")[0].count("\n|") > 2, name


def test_an_hour_is_four_jumps_in_the_order_that_is_asked_for(tmp_path: Path) -> None:
    dates = pd.to_datetime(["2020-03-01 00:00", "2020-03-01 01:00", "2020-04-01 00:00"], utc=True)
    bars = {"open": 10.0, "high": 12.0, "low": 9.0, "close": 11.0, "symbol": "BTCUSDT"}
    pd.DataFrame({"date": dates, **bars}).to_parquet(tmp_path / "bars.parquet")
    track = jumping(tmp_path / "bars.parquet", "BTCUSDT", "2020-03", "low first")
    assert [price // WAD for price in track.prices] == [10, 9, 12, 11] * 2
    assert track.times[1] - track.times[0] == QUARTER
    assert track.times[4] == int(dates[1].timestamp())


def test_the_minutes_of_an_event_are_known_at_their_end(tmp_path: Path) -> None:
    dates = pd.to_datetime(["2021-05-01 00:01", "2021-05-01 00:00", "2022-06-01 00:00"], utc=True)
    frame = pd.DataFrame({"date": dates, "close": [2.0, 1.0, 3.0], "symbol": "ETHUSDT"})
    frame["event"] = ["2021-05", "2021-05", "2022-06"]
    frame.to_parquet(tmp_path / "minutes.parquet")
    track = by_minute(tmp_path / "minutes.parquet", "ETHUSDT", "2021-05")
    assert list(track.prices) == [WAD, 2 * WAD]
    assert track.times[0] == int(dates[0].timestamp())
