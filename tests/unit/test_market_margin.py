"""MockPerpMarket: margin in and out, and what the market owes."""

import pytest

from levtoken.units import WAD
from tests.vectors.model import div, mul
from tests.vectors.twin import DAY, PRICE, RIVAL, TRADER, Twin, funded, refused, wad

MILLI = WAD // 1_000
EITHER_SIDE = pytest.mark.parametrize("sign", [1, -1])


def still(margin: int) -> Twin:
    """A market without funding."""
    return funded(margin, maxFundingVelocity=0)


def test_without_a_position_all_margin_is_accessible():
    twin = still(wad(777))
    assert twin.account(TRADER)["accessible"] == wad(777)
    with refused("InsufficientMargin"):
        twin.move_margin(TRADER, -wad(777) - 1)
    twin.move_margin(TRADER, -wad(777))
    assert twin.account(TRADER)["margin"] == 0


@EITHER_SIDE
def test_an_open_position_keeps_the_margin_of_the_maximum_leverage(sign):
    twin = still(wad(10_000))
    twin.trade(TRADER, sign * wad(100))
    account = twin.account(TRADER)
    kept = 200_000 * WAD * 1_000 // 54_999 + MILLI
    assert account["remaining"] - account["accessible"] == kept


@EITHER_SIDE
def test_a_small_position_keeps_the_minimum_margin_and_a_thousandth(sign):
    twin = still(wad(10_000))
    twin.trade(TRADER, sign * wad("0.5"))
    account = twin.account(TRADER)
    assert account["remaining"] - account["accessible"] == wad(50) + MILLI


def test_a_position_below_what_it_must_keep_has_nothing_accessible():
    twin = still(wad(60))
    twin.trade(TRADER, wad(1))
    twin.wait(price=wad(1_985))
    assert 0 < twin.account(TRADER)["remaining"] < wad(50)
    assert twin.account(TRADER)["accessible"] == 0


@EITHER_SIDE
@pytest.mark.parametrize("size", ["0.000000001", "0.5", "1.375", "100", "4000"])
def test_what_is_accessible_can_be_withdrawn(sign, size):
    twin = funded(wad(1_000_000))
    twin.trade(RIVAL, -sign * wad(50))
    twin.trade(TRADER, sign * wad(size))
    twin.wait(5_000, wad("1999.123456789"))
    twin.move_margin(TRADER, -twin.account(TRADER)["accessible"])
    assert twin.account(TRADER)["accessible"] == 0


def test_a_premium_above_the_margin_of_the_maximum_leverage_keeps_more_than_is_shown():
    # From 6,836 of a million on, 1.5625 * size / scale + 0.75 % is more than 1 / 55.
    twin = still(wad(1_000_000))
    twin.trade(TRADER, wad(8_000))
    with refused("InsufficientMargin"):
        twin.move_margin(TRADER, -twin.account(TRADER)["accessible"])
    equity = twin.account(TRADER)["remaining"]
    spare = equity - twin.model.health(wad(8_000), PRICE)
    with refused("InsufficientMargin"):
        twin.move_margin(TRADER, -spare)
    twin.move_margin(TRADER, -spare + 1)


def test_a_withdrawal_must_leave_the_minimum_margin_to_the_wei():
    twin = still(wad(1_000))
    twin.trade(TRADER, wad("0.5"))
    spare = twin.account(TRADER)["remaining"] - wad(50)
    with refused("InsufficientMargin"):
        twin.move_margin(TRADER, -spare - 1)
    twin.move_margin(TRADER, -spare)


@EITHER_SIDE
def test_a_withdrawal_must_keep_the_maximum_leverage_without_tolerance(sign):
    twin = still(wad(100_000))
    twin.trade(TRADER, sign * wad(100))
    # The least margin whose leverage, truncated, is the maximum.
    least = mul(wad(100), PRICE) * WAD // (wad(55) + 1) + 1
    assert div(mul(wad(100), PRICE), least) == wad(55)
    spare = twin.account(TRADER)["remaining"] - least
    with refused("MaxLeverageExceeded"):
        twin.move_margin(TRADER, -spare - 1)
    twin.move_margin(TRADER, -spare)


def test_a_withdrawal_from_a_position_that_can_be_liquidated_is_refused():
    twin = still(wad(100))
    twin.trade(TRADER, wad(1))
    twin.wait(price=wad(1_910))
    with refused("Liquidatable"):
        twin.move_margin(TRADER, -1)


def test_a_deposit_must_bring_the_margin_above_the_liquidation_margin():
    twin = still(wad(100))
    twin.trade(TRADER, wad(1))
    twin.wait(price=wad(1_800))
    equity = twin.model.equity(twin.model.position(TRADER), wad(1_800))
    needed = twin.model.liquidation_margin(wad(1), wad(1_800))
    assert equity < 0
    with refused("InsufficientMargin"):
        twin.move_margin(TRADER, -equity - 1)
    with refused("Liquidatable"):
        twin.move_margin(TRADER, -equity)
    with refused("Liquidatable"):
        twin.move_margin(TRADER, needed - equity)
    twin.move_margin(TRADER, needed - equity + 1)
    # The premium is not asked for: it can still be liquidated.
    assert twin.account(TRADER)["canLiquidate"]


@EITHER_SIDE
def test_a_margin_move_marks_the_position(sign):
    twin = funded(wad(10_000))
    twin.trade(RIVAL, sign * wad(9))
    twin.trade(TRADER, sign * wad("1.111111111"))
    twin.wait(12_345, wad("2010.123456789"))
    equity = twin.model.equity(twin.model.position(TRADER), twin.price)
    twin.move_margin(TRADER, -wad(5))
    position = twin.contract.position(TRADER)
    assert (position.margin, position.last_price) == (equity - wad(5), twin.price)
    assert position.index == twin.model.index


def test_nothing_is_owed_when_the_losers_owe_more_than_the_winners_have():
    twin = still(wad(100))
    twin.trade(TRADER, wad(1))
    assert twin.contract.after(1)["debt"] > 0
    twin.wait(price=wad(1_500))
    equities = [twin.model.equity(twin.model.position(account), wad(1_500)) for account in range(3)]
    assert sum(equities) < 0
    assert twin.contract.after(1)["debt"] == 0


def test_the_debt_is_what_all_accounts_have_together():
    twin = funded(wad(10_000))
    twin.trade(TRADER, wad(7))
    twin.trade(RIVAL, -wad(3))
    twin.wait(DAY, wad(2_100))
    equities = sum(twin.account(account)["remaining"] for account in range(3))
    # A truncation of at most a wei for each of profit, funding and correction of two positions,
    # and of the product of the skew.
    assert abs(twin.contract.after(1)["debt"] - equities) <= 7
