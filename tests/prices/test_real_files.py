"""The check on real files: what is known to be wrong with them, and nothing else. They are not part
of the project, so these tests are skipped where they are not."""

from collections import Counter
from pathlib import Path

import pytest

from levtoken.prices.check import check
from levtoken.prices.tables import series
from tests.scripts.chains import PROJECT

DATA = PROJECT.parent / "shared" / "data"
CLEAN = (
    "funding_daily_mean_btc_binance_2019_2026",
    "ohlc_1m_crash_windows",
    "perp_1h_binance",
    "perp_1h_mark_binance_btc",
    "perp_30m_binance_sol",
    "spot_1d_binance",
    "spot_1h_bitstamp_btcusd",
)


def file(name: str) -> Path:
    path = DATA / f"{name}.parquet"
    if not path.is_file():
        pytest.skip(f"no real prices: {path.name} is not in ../shared/data")
    return path


def rules(name: str) -> dict[str, Counter[str]]:
    """Findings by rule, of the series that have some."""
    checked = [check(one) for one in series(file(name))]
    counts = {one.name: Counter(found.rule for found in one.findings) for one in checked}
    return {name: count for name, count in counts.items() if count}


@pytest.mark.parametrize("name", CLEAN)
def test_clean_files_are_clean_crashes_included(name: str) -> None:
    assert rules(name) == {}


def test_the_halts_of_an_exchange_are_gaps() -> None:
    found = rules("spot_1h_binance")
    assert {rule for counts in found.values() for rule in counts} == {"gap"}
    [btc] = [one for one in series(file("spot_1h_binance")) if one.name == "BTCUSDT"]
    checked = check(btc)
    assert checked.first is not None
    assert checked.last is not None
    missing = (checked.last - checked.first) // 3600 + 1 - checked.rows
    assert missing == 128
    assert len(checked.findings) == 28


def test_the_hole_of_a_funding_series_is_found_and_its_changed_interval_is_none() -> None:
    assert rules("funding_rates") == {"binance_usdm SOLUSDT": {"gap": 1}}


def test_redenominated_tokens_are_outliers() -> None:
    found = rules("leveraged_tokens_binance_updown_1d")
    assert {rule for counts in found.values() for rule in counts} == {"outlier"}
    assert all("DOWN" in name for name in found)


@pytest.mark.parametrize(
    "name",
    [
        "basis_funding_8h_3exchanges_2023_2024",
        "leveraged_token_ftx_bear_5m_2020",
        "ohlc_5m_windows",
        "perp_15m_binance_btc_eth",
    ],
)
def test_windows_and_other_columns_are_understood(name: str) -> None:
    found = rules(name)
    assert found
    assert {rule for counts in found.values() for rule in counts} <= {"gap", "outlier"}
