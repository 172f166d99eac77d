"""When a token can be closed, by anyone: when it is lost or its market has ended, never before."""

import pytest

from levtoken.units import WAD
from tests.unit.token.desk import (
    ATTACKER,
    DEPOSITOR,
    FIRST,
    HOLDER,
    OWNER,
    STRANGER,
    Desk,
)

LIVE, CLOSING, CLOSED = range(3)


@pytest.fixture(autouse=True)
def held(desk: Desk) -> None:
    """A second holder, with a third as much."""
    desk.do("transfer", HOLDER, FIRST * WAD // 4)


@pytest.mark.parametrize("phase", [LIVE, CLOSING])
def test_anyone_closes_a_token_whose_position_was_liquidated(desk: Desk, phase: int) -> None:
    """I-13: worth nothing, and nobody owes anything."""
    if phase == CLOSING:
        desk.do("startClosing", sender=OWNER)
    desk.liquidate()
    desk.refuses("EquityGone", "redeem", WAD, HOLDER, HOLDER, sender=HOLDER)
    assert desk.do("close", sender=STRANGER) == 0
    assert desk.phase() == CLOSED
    assert desk.ask("sharePrice") == desk.ask("totalAssets") == 0
    assert desk.ask("convertToShares", 1) == 0
    shares = desk.shares(HOLDER)
    assert desk.ask("maxRedeem", HOLDER) == shares
    assert desk.do("redeem", shares, HOLDER, HOLDER, sender=HOLDER) == 0
    desk.refuses("EquityGone", "withdraw", 1, DEPOSITOR, DEPOSITOR)


def test_a_refund_to_a_liquidated_token_is_paid_out_once_it_is_closed(desk: Desk) -> None:
    desk.liquidate()
    desk.asset.transact("transfer", desk.token.address, 10**9, sender=ATTACKER)
    desk.refuses("EquityGone", "redeem", WAD, HOLDER, HOLDER, sender=HOLDER)
    assert desk.do("close", sender=STRANGER) == 10**9
    shares = desk.shares(HOLDER)
    expected = 10**9 * shares // desk.supply()
    assert desk.do("redeem", shares, HOLDER, HOLDER, sender=HOLDER) == expected


def test_a_liquidation_is_closed_without_a_price(desk: Desk) -> None:
    desk.liquidate()
    desk.lose_the_price()
    desk.do("close", sender=STRANGER)
    assert desk.phase() == CLOSED


def test_anyone_closes_a_token_whose_market_has_settled(desk: Desk) -> None:
    """At the last good price, without cost: what is paid is the equity to the unit."""
    desk.settle()
    worth = desk.state()["equity"] * desk.unit // WAD
    assert desk.do("close", sender=STRANGER) == worth
    assert desk.phase() == CLOSED
    shares = desk.shares(HOLDER)
    expected = worth * shares // desk.supply()
    assert desk.do("redeem", shares, HOLDER, HOLDER, sender=HOLDER) == expected


def test_a_token_that_went_flat_while_closing_is_closed(desk: Desk) -> None:
    desk.do("startClosing", sender=OWNER)
    desk.do("redeem", desk.shares(DEPOSITOR), DEPOSITOR, DEPOSITOR)
    desk.do("transfer", DEPOSITOR, desk.shares(HOLDER) - 20 * WAD, sender=HOLDER)
    desk.do("redeem", desk.shares(DEPOSITOR), DEPOSITOR, DEPOSITOR)
    assert desk.state()["size"] == 0
    assert desk.do("close", sender=STRANGER) > 0
    assert desk.do("redeem", desk.shares(HOLDER), HOLDER, HOLDER, sender=HOLDER) > 0


def test_a_token_that_nobody_ever_held_is_delisted(desk: Desk) -> None:
    other = desk.other()
    other.refuses("NothingToClose", "close", sender=STRANGER)
    other.do("startClosing", sender=OWNER)
    assert other.do("close", sender=STRANGER) == 0
    assert (other.ask("sharePrice"), other.ask("totalAssets")) == (WAD, 0)


@pytest.mark.parametrize("factor", ["0.000001", "0.6", "0.673", "1000", "1"])
def test_a_single_bad_tick_closes_nothing(desk: Desk, factor: str) -> None:
    """However bad: only a liquidation at the venue, which would take it, ends a live token."""
    before = desk.ask("sharePrice")
    desk.move(factor)
    desk.refuses("NothingToClose", "close", sender=STRANGER)
    desk.system.feed.transact("push", 60_000 * 10**8)
    assert desk.ask("sharePrice") == before
    assert desk.do("redeem", WAD, HOLDER, HOLDER, sender=HOLDER) > 0


@pytest.mark.parametrize("answer", [0, -1, 2**127])
def test_a_price_that_is_no_price_closes_nothing(desk: Desk, answer: int) -> None:
    for phase in (LIVE, CLOSING):
        assert desk.phase() == phase
        desk.system.feed.transact("push", answer)
        desk.refuses("NothingToClose", "close", sender=STRANGER)
        if phase == LIVE:
            desk.do("startClosing", sender=OWNER)


def test_a_silent_feed_closes_nothing_before_the_market_settles(desk: Desk) -> None:
    desk.lose_the_price()
    desk.refuses("NothingToClose", "close", sender=STRANGER)
    desk.evm.next_block(desk.evm.timestamp + 30 * 86_400)
    desk.refuses("NothingToClose", "close", sender=STRANGER)
