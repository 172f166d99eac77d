"""Deposit: assets in, shares of the equity that they add."""

from fractions import Fraction

import pytest

from levtoken.units import WAD, to_fixed
from tests.unit.token.desk import (
    ATTACKER,
    DEPOSITOR,
    FAR,
    FIRST,
    GUARDIAN,
    HOLDER,
    LOCKED,
    OWNER,
    STRANGER,
    Desk,
    market_desk,
)


def test_refuses_a_deadline_that_has_passed_before_all_else(desk: Desk) -> None:
    now = desk.evm.timestamp
    desk.refuses("DeadlinePassed", "deposit", 0, HOLDER, 0, now - 1)
    assert desk.do("deposit", desk.unit, HOLDER, 0, now) > 0


def test_refuses_a_zero_amount_even_where_nothing_is_taken(desk: Desk) -> None:
    desk.do("startClosing", sender=OWNER)
    desk.refuses("ZeroAmount", "deposit", 0, HOLDER)


def test_refuses_a_token_that_closes_even_when_it_is_paused(desk: Desk) -> None:
    desk.do("setDepositsPaused", True, sender=GUARDIAN)
    desk.do("startClosing", sender=OWNER)
    desk.refuses("TokenNotLive", "deposit", desk.unit, HOLDER)


def test_refuses_a_token_that_is_paused_before_it_takes_assets(desk: Desk) -> None:
    desk.do("setDepositsPaused", True, sender=GUARDIAN)
    desk.refuses("DepositsPaused", "deposit", desk.unit, HOLDER, sender=STRANGER)


@pytest.mark.parametrize("lacking", ["assets", "allowance"])
def test_refuses_who_has_no_assets_or_gave_no_allowance(desk: Desk, lacking: str) -> None:
    """Before the price is looked at."""
    payer = ATTACKER if lacking == "allowance" else STRANGER
    allowed = desk.unit - 1 if lacking == "allowance" else FAR
    desk.asset.transact("approve", desk.token.address, allowed, sender=payer)
    desk.lose_the_price()
    with desk.nothing_changes():
        desk.refuses("TransferFromFailed", "deposit", desk.unit, HOLDER, sender=payer)


@pytest.mark.parametrize(
    ("answer", "error"),
    [(0, "PriceNotPositive"), (-1, "PriceNotPositive"), (2**127, "PriceOutOfBounds")],
)
def test_refuses_a_bad_price_and_changes_nothing(desk: Desk, answer: int, error: str) -> None:
    """I-11."""
    desk.system.feed.transact("push", answer)
    with desk.nothing_changes():
        desk.refuses(error, "deposit", desk.unit, HOLDER)
    desk.cannot_tell(error, "previewDeposit", desk.unit)


def test_refuses_less_than_a_position_needs(empty: Desk) -> None:
    empty.refuses("InsufficientMargin", "deposit", 39 * empty.unit, HOLDER)
    assert empty.deposit(41) > 0


def test_refuses_what_is_worth_no_share() -> None:
    """I-5: the fee, rounded up, takes the only one."""
    desk = market_desk(18, price=10**8)
    desk.do("setFees", {"streaming": 0, "deposit": WAD // 100, "redemption": 0}, sender=OWNER)
    desk.deposit(100)
    assert desk.ask("previewDeposit", 2) == 1
    desk.move("1.1")
    desk.refuses("ZeroAmount", "deposit", 2, HOLDER)


def test_refuses_when_the_equity_is_gone(desk: Desk) -> None:
    """I-13."""
    desk.liquidate()
    desk.refuses("EquityGone", "deposit", FIRST * desk.unit, HOLDER)
    desk.cannot_tell("EquityGone", "previewDeposit", FIRST * desk.unit)


def test_does_not_rescue_a_liquidatable_position(desk: Desk) -> None:
    """I-2: what it brings would pay for the losses of the others."""
    desk.move("0.673")
    with desk.nothing_changes():
        desk.refuses("Liquidatable", "deposit", FIRST * desk.unit, HOLDER)
    desk.cannot_tell("Liquidatable", "previewDeposit", FIRST * desk.unit)


def test_refuses_one_share_fewer_than_the_bound(desk: Desk) -> None:
    amount = 12_345_678_901
    shares = desk.ask("previewDeposit", amount)
    desk.refuses("SharesBelowMinimum", "deposit", amount, HOLDER, shares + 1, FAR)
    assert desk.do("deposit", amount, HOLDER, shares, FAR) == shares


def test_gives_what_the_preview_said_to_the_receiver_and_takes_the_assets(desk: Desk) -> None:
    """I-5."""
    desk.wait(777)
    desk.move("0.98")
    amount = 12_345_678_901
    had = desk.assets_of(DEPOSITOR), desk.assets_of(desk.market.address)
    expected = desk.ask("previewDeposit", amount)
    assert desk.do("deposit", amount, HOLDER) == expected
    assert desk.event("Deposit") == {
        "sender": DEPOSITOR, "owner": HOLDER, "assets": amount, "shares": expected,
    }  # fmt: skip
    assert desk.shares(HOLDER) == expected
    assert desk.assets_of(DEPOSITOR) == had[0] - amount
    assert desk.assets_of(desk.market.address) == had[1] + amount
    assert desk.assets_of(desk.token.address) == 0


def test_a_third_party_pays_and_the_receiver_owns(desk: Desk) -> None:
    had = desk.assets_of(HOLDER)
    desk.do("deposit", desk.unit, HOLDER, sender=ATTACKER)
    assert desk.assets_of(HOLDER) == had
    assert desk.shares(HOLDER) > 0
    assert desk.shares(ATTACKER) == 0


def test_spends_an_allowance_and_keeps_an_infinite_one(desk: Desk) -> None:
    here = desk.token.address
    desk.deposit(1)
    assert desk.asset.call("allowance", DEPOSITOR, here) == FAR
    desk.asset.transact("approve", here, 5 * desk.unit, sender=DEPOSITOR)
    desk.deposit(2)
    assert desk.asset.call("allowance", DEPOSITOR, here) == 3 * desk.unit


@pytest.mark.parametrize("decimals", [6, 8, 18])
def test_the_first_one_gives_a_share_for_each_asset_of_equity(decimals: int) -> None:
    desk = market_desk(decimals)
    with desk.evm.rolled_back():
        shares = desk.deposit(FIRST)
        # A thousandth of a share, and at least a thousand asset units, are locked for ever.
        locked = max(WAD // 1000, 1000 * WAD // desk.unit)
        assert desk.shares(LOCKED) == locked
        assert desk.supply() == desk.state()["equity"] == shares + locked
        assert desk.shares(DEPOSITOR) == shares
        assert desk.ask("sharePrice") == WAD
        assert desk.ask("totalAssets") == desk.supply() * desk.unit // WAD


def test_the_first_one_opens_the_target_leverage_net_of_cost(empty: Desk) -> None:
    empty.deposit(FIRST)
    state = empty.state()
    # The size is right to a wei of the underlying and the equity to a wei.
    size = Fraction(3 * state["equity"], state["price"])
    assert abs(Fraction(state["size"], WAD) - size) < Fraction(10, WAD)
    # 6 basis points on three times the equity, and half of the premium that the trade caused.
    assert to_fixed("0.997") * FIRST < state["equity"] < to_fixed("0.9982") * FIRST


def test_a_deposit_bears_its_cost_and_leaves_the_others_whole(desk: Desk) -> None:
    """I-2, I-3."""
    desk.move("0.95")
    price, leverage = desk.ask("sharePrice"), desk.ask("leverage")
    amount = 10 * FIRST * desk.unit
    shares = desk.do("deposit", amount, HOLDER)
    assert desk.ask("sharePrice") >= price
    # 1e-9, and two asset units of the equity.
    assert abs(desk.ask("leverage") - leverage) <= leverage // 10**9 + 1
    assert desk.ask("convertToAssets", shares) < amount


def test_a_gift_to_token_or_venue_changes_no_share_price(desk: Desk) -> None:
    """I-9."""
    before = desk.ask("sharePrice"), desk.supply(), desk.state()
    for receiver in (desk.token.address, desk.market.address):
        desk.asset.transact("transfer", receiver, 10**6 * desk.unit, sender=ATTACKER)
    assert (desk.ask("sharePrice"), desk.supply(), desk.state()) == before
    # What lies at the venue unbooked pays for nobody.
    desk.refuses("TransferFromFailed", "deposit", desk.unit, STRANGER, sender=STRANGER)
