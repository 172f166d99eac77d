"""Redeem: shares in, their part of the equity out, less what closing their part costs."""

from fractions import Fraction

import pytest

from levtoken.units import WAD, to_fixed
from tests.unit.token.desk import (
    ATTACKER,
    DEPOSITOR,
    FAR,
    FIRST,
    HOLDER,
    KEEPER,
    LOCKED,
    STRANGER,
    Desk,
)


@pytest.fixture(autouse=True)
def held(desk: Desk) -> None:
    """A second holder of as much."""
    desk.deposit(FIRST, sender=HOLDER)


def test_refuses_a_deadline_that_has_passed_before_all_else(desk: Desk) -> None:
    now = desk.evm.timestamp
    desk.refuses("DeadlinePassed", "redeem", 0, HOLDER, HOLDER, 0, now - 1)
    assert desk.do("redeem", WAD, HOLDER, HOLDER, 0, now, sender=HOLDER) > 0


def test_refuses_zero_shares_before_a_bad_price(desk: Desk) -> None:
    desk.lose_the_price()
    desk.refuses("ZeroAmount", "redeem", 0, HOLDER, HOLDER, sender=STRANGER)
    desk.cannot_tell("ZeroAmount", "previewRedeem", 0)


def test_refuses_a_stranger_one_share_beyond_his_allowance(desk: Desk) -> None:
    """Before the balance and the price are looked at."""
    desk.lose_the_price()
    desk.do("approve", STRANGER, FAR - 1, sender=HOLDER)
    desk.refuses("InsufficientAllowance", "redeem", FAR, STRANGER, HOLDER, sender=STRANGER)
    desk.refuses("InsufficientAllowance", "redeem", 1, HOLDER, HOLDER, sender=ATTACKER)


def test_refuses_one_share_more_than_the_owner_has_before_a_bad_price(desk: Desk) -> None:
    desk.lose_the_price()
    shares = desk.shares(HOLDER) + 1
    desk.refuses("InsufficientBalance", "redeem", shares, HOLDER, HOLDER, sender=HOLDER)


def test_refuses_a_stale_price_and_changes_nothing(desk: Desk) -> None:
    """I-11."""
    desk.lose_the_price()
    with desk.nothing_changes():
        desk.refuses("PriceStale", "redeem", WAD, HOLDER, HOLDER, sender=HOLDER)
    desk.cannot_tell("PriceStale", "previewRedeem", WAD)
    assert not desk.ask("priceValid")
    assert desk.ask("totalAssets") > 0


def test_a_liquidatable_position_delays_redemption(desk: Desk) -> None:
    desk.move("0.673")
    assert desk.market.call("accountReport", desk.token.address)["canLiquidate"]
    desk.refuses("Liquidatable", "redeem", WAD, HOLDER, HOLDER, sender=HOLDER)


def test_refuses_one_asset_unit_fewer_than_the_bound(desk: Desk) -> None:
    paid = desk.ask("previewRedeem", 7 * WAD)
    call = ("redeem", 7 * WAD, HOLDER, HOLDER)
    with desk.nothing_changes():
        desk.refuses("AssetsBelowMinimum", *call, paid + 1, FAR, sender=HOLDER)
    assert desk.do(*call, paid, FAR, sender=HOLDER) == paid


def test_pays_what_the_preview_said_to_the_receiver_and_burns_the_shares(desk: Desk) -> None:
    """I-5."""
    desk.wait(777)
    desk.move("0.97")
    shares, supply = 12_345 * WAD + 1, desk.supply()
    held, had = desk.shares(HOLDER), desk.assets_of(HOLDER)
    expected = desk.ask("previewRedeem", shares)
    assert desk.do("redeem", shares, STRANGER, HOLDER, sender=HOLDER) == expected
    assert desk.event("Withdraw") == {
        "sender": HOLDER, "receiver": STRANGER, "owner": HOLDER,
        "assets": expected, "shares": shares,
    }  # fmt: skip
    assert (desk.shares(HOLDER), desk.supply()) == (held - shares, supply - shares)
    assert (desk.assets_of(STRANGER), desk.assets_of(HOLDER)) == (expected, had)


def test_a_third_party_spends_the_allowance_of_the_owner(desk: Desk) -> None:
    desk.do("approve", STRANGER, 5 * WAD, sender=HOLDER)
    desk.do("redeem", 2 * WAD, STRANGER, HOLDER, sender=STRANGER)
    assert desk.ask("allowance", HOLDER, STRANGER) == 3 * WAD
    desk.do("redeem", 3 * WAD, STRANGER, HOLDER, sender=STRANGER)
    assert desk.ask("allowance", HOLDER, STRANGER) == 0


def test_an_infinite_allowance_stays_infinite(desk: Desk) -> None:
    desk.do("approve", STRANGER, FAR, sender=HOLDER)
    desk.do("redeem", 2 * WAD, STRANGER, HOLDER, sender=STRANGER)
    assert desk.ask("allowance", HOLDER, STRANGER) == FAR


def test_nobody_has_an_allowance_that_no_holder_gave(desk: Desk) -> None:
    permit2 = "0x000000000022D473030F116dDEE9F6B43aC78BA3"
    assert desk.ask("allowance", HOLDER, permit2) == 0
    desk.refuses("InsufficientAllowance", "redeem", WAD, permit2, HOLDER, sender=permit2)


def test_the_owner_needs_no_allowance_from_himself(desk: Desk) -> None:
    assert desk.ask("allowance", HOLDER, HOLDER) == 0
    assert desk.do("redeem", WAD, HOLDER, HOLDER, sender=HOLDER) > 0


def test_leaves_price_and_leverage_of_the_others_as_they_are(desk: Desk) -> None:
    """I-2, I-3."""
    desk.move("0.97")
    price, leverage = desk.ask("sharePrice"), desk.ask("leverage")
    worth = desk.ask("convertToAssets", desk.shares(HOLDER))
    paid = desk.do("redeem", desk.shares(HOLDER), HOLDER, HOLDER, sender=HOLDER)
    # Leaving shrinks the skew, which pays a premium that entering cost: at most 3 * 0.0001 here.
    assert paid < worth * 10_003 // 10_000
    assert desk.ask("sharePrice") >= price
    # Size and equity are rounded to a wei, what is paid to an asset unit of 100,000 assets.
    assert abs(desk.ask("leverage") - leverage) <= leverage // 10**9


def test_ninety_percent_leave_and_the_rest_pay_nothing(desk: Desk) -> None:
    """I-2."""
    desk.do("transfer", HOLDER, to_fixed(80_000), sender=DEPOSITOR)
    price = desk.ask("sharePrice")
    desk.do("redeem", desk.shares(HOLDER), HOLDER, HOLDER, sender=HOLDER)
    assert desk.ask("sharePrice") >= price


def test_the_last_one_closes_the_position_and_the_token_lives_on(desk: Desk) -> None:
    """I-10."""
    for actor in (DEPOSITOR, HOLDER):
        desk.do("redeem", desk.shares(actor), actor, actor, sender=actor)
    assert desk.state()["size"] == 0
    assert desk.supply() == desk.shares(LOCKED) == WAD // 1000
    desk.deposit(1_000)
    # Equity is right to a wei, and the size to a wei of the underlying.
    state = desk.state()
    size = Fraction(3 * state["equity"], state["price"])
    assert abs(Fraction(state["size"], WAD) - size) < Fraction(10, WAD)


def test_redemption_goes_on_while_the_keeper_sleeps(desk: Desk) -> None:
    """I-10: far beyond the band and the emergency level."""
    desk.move("0.72")
    assert desk.ask("leverage") > 12 * WAD
    for actor in (DEPOSITOR, HOLDER):
        assert desk.do("redeem", desk.shares(actor), actor, actor, sender=actor) > 0


def test_what_is_left_of_a_rebalance_is_dropped_when_the_token_goes_flat(desk: Desk) -> None:
    small = desk.other(policy={"maxTrade": to_fixed("0.2"), "emergencySlices": 100})
    small.deposit(FIRST)
    small.move("0.9")
    small.do("rebalance", sender=KEEPER)
    assert small.ask("progress")["unfinished"] != 0
    small.do("redeem", small.shares(DEPOSITOR), DEPOSITOR, DEPOSITOR)
    assert small.ask("progress")["unfinished"] == 0
