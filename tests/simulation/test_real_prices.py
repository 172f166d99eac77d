"""A replay of real prices: the worst days that this market has had. The prices are not part of the
project, so the test is skipped where they are not."""

from decimal import Decimal
from pathlib import Path

import pytest

from tests.scripts.chains import PROJECT
from tests.scripts.demos import demo

PRICES = PROJECT.parent / "shared" / "data" / "perp_1h_binance.parquet"


def test_the_crash_of_march_2020_liquidates_nobody(tmp_path: Path) -> None:
    if not PRICES.is_file():
        pytest.skip(f"no real prices: {PRICES.name} is not in ../shared/data")
    days = ("--symbol", "BTCUSDT", "--from", "2020-03-11", "--to", "2020-03-13")
    done = demo(tmp_path, "--prices", str(PRICES), *days)
    assert done.code == 0, done.stdout + done.stderr
    long, short = done.summary["tokens"]
    assert done.summary["bars"] == 72
    assert Decimal(long["rebalances"]["emergency"]) >= 1
    for token in (long, short):
        assert not token["is_liquidated"]
        assert token["inside"] + sum(token["outside"].values()) == token["passes"] == 71
        assert abs(Decimal(token["residual"])) < Decimal("1e-9") * Decimal(token["share_price_end"])
