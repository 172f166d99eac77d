"""Against reality. The prices are not part of the project: skipped where they are absent."""

from pathlib import Path

import pytest

from levtoken.markets import load_config
from levtoken.simulation.agreement import agree
from levtoken.simulation.history import BEAR, DAY, UPDOWN, bear, updown
from tests.scripts.chains import PROJECT

DATA = PROJECT.parent / "shared" / "data"


@pytest.fixture
def data() -> Path:
    if not (DATA / BEAR).is_file() or not (DATA / UPDOWN).is_file():
        pytest.skip(f"no traded prices of issuers' tokens: {BEAR} is not in ../shared/data")
    return DATA


def test_ftxs_rule_moves_as_ftxs_token_was_traded(data: Path) -> None:
    pair = bear(load_config(PROJECT / "config"), data)
    hours, days = agree(pair), agree(pair.every(DAY))
    assert hours.bars > 1_100
    assert hours.correlation > 0.95
    assert days.correlation > 0.99
    assert days.beta == pytest.approx(1, abs=0.03)
    # What is left is the premium at which it traded: it kept within some percent.
    assert abs(hours.difference) < 0.05


def test_binances_tokens_move_by_a_leverage_in_the_range_that_it_names(data: Path) -> None:
    long, short = updown(data, "BTCUPUSDT", "BTC"), updown(data, "BTCDOWNUSDT", "BTC")
    assert long.inside > 0.95
    assert short.inside > 0.95
    assert 1.25 < long.slope < 4
    assert -4 < short.slope < -1.25
