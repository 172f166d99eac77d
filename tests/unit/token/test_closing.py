"""Closing: a token that ends pays out what is left, pro rata, without venue and without price."""

import pytest

from levtoken.units import WAD, to_fixed
from tests.unit.token.desk import (
    ATTACKER,
    DEPOSITOR,
    FIRST,
    HOLDER,
    KEEPER,
    LOCKED,
    OWNER,
    RECIPIENT,
    STRANGER,
    Desk,
    selector,
)

LIVE, CLOSING, CLOSED = range(3)
CLOSING_TRIGGER = 5
YEAR = 365 * 86_400


@pytest.fixture(autouse=True)
def held(desk: Desk) -> None:
    """A second holder, with a third as much."""
    desk.do("transfer", HOLDER, FIRST * WAD // 4)


@pytest.fixture
def closed(desk: Desk) -> Desk:
    """A delisted token that traded out and was closed, and whose feed is silent by now."""
    desk.do("startClosing", sender=OWNER)
    desk.do("rebalance", sender=KEEPER)
    desk.do("close", sender=STRANGER)
    desk.lose_the_price()
    return desk


def test_a_delisted_token_trades_out_in_slices_and_anyone_closes_it(desk: Desk) -> None:
    policy = desk.other(policy={"maxTrade": 2 * WAD}).ask("progress")["policy"]
    desk.do("setPolicy", policy, sender=OWNER)
    desk.do("startClosing", sender=OWNER)
    assert desk.events() == [("ClosingStarted", {})]
    assert desk.phase() == CLOSING
    sizes = [desk.state()["size"]]
    while sizes[-1]:
        due = desk.ask("assess")
        assert (due["trigger"], due["aim"]) == (CLOSING_TRIGGER, 0)
        assert due["sizeDelta"] == -min(2 * WAD, sizes[-1])
        assert due["left"] == sizes[-1] + due["sizeDelta"]
        desk.refuses("NothingToClose", "close", sender=STRANGER)
        reward = desk.do("rebalance", sender=KEEPER)
        assert reward == due["reward"]
        sizes.append(desk.state()["size"])
        if sizes[-1]:
            desk.refuses("CooldownActive", "rebalance", sender=KEEPER)
            desk.wait(900)
    assert len(sizes) == 4
    assert desk.assets_of(KEEPER) > 0
    left = desk.state()["equity"] * desk.unit // WAD
    assert desk.do("close", sender=STRANGER) == left
    assert desk.events()[-1] == ("Closed", {"sender": STRANGER, "assets": left})
    assert desk.phase() == CLOSED
    assert desk.assets_of(desk.token.address) == left == desk.ask("totalAssets")
    assert desk.state()["equity"] * desk.unit // WAD == 0


def test_a_token_that_closes_takes_nothing_in_and_lets_everybody_out(desk: Desk) -> None:
    """Law 4."""
    desk.do("startClosing", sender=OWNER)
    desk.refuses("TokenNotLive", "deposit", desk.unit, HOLDER)
    desk.refuses("TokenNotLive", "mint", WAD, HOLDER)
    expected = desk.ask("previewRedeem", WAD)
    assert desk.do("redeem", WAD, HOLDER, HOLDER, sender=HOLDER) == expected
    assert desk.do("withdraw", desk.unit, HOLDER, HOLDER, sender=HOLDER) > 0


def test_an_emergency_goes_before_trading_out(desk: Desk) -> None:
    desk.do("startClosing", sender=OWNER)
    desk.move("0.85")
    due = desk.ask("assess")
    assert (due["trigger"], due["aim"]) == (3, 3 * WAD)
    desk.do("rebalance", sender=KEEPER)
    assert desk.ask("assess")["reason"] == selector("CooldownActive")


def test_closing_starts_once_and_is_for_good(desk: Desk) -> None:
    desk.do("startClosing", sender=OWNER)
    desk.refuses("TokenNotLive", "startClosing", sender=OWNER)
    setters = {name for name, _ in desk.token.artifact.functions}
    assert not setters & {"stopClosing", "reopen", "open"}
    desk.do("rebalance", sender=KEEPER)
    desk.do("close", sender=OWNER)
    for verb, sender in (("startClosing", OWNER), ("close", STRANGER), ("rebalance", KEEPER)):
        desk.refuses("TokenNotLive", verb, sender=sender)


def test_a_closed_token_pays_pro_rata_without_a_price(closed: Desk) -> None:
    """I-10, and to the unit."""
    assert closed.ask("priceValid")
    for holder in (HOLDER, DEPOSITOR):
        shares, supply = closed.shares(holder), closed.supply()
        expected = closed.ask("totalAssets") * shares // supply
        assert closed.ask("maxRedeem", holder) == shares
        assert closed.ask("maxWithdraw", holder) == expected
        assert closed.ask("previewRedeem", shares) == expected
        assert closed.do("redeem", shares, STRANGER, holder, sender=holder) == expected
        assert closed.event("Withdraw") == {
            "sender": holder, "receiver": STRANGER, "owner": holder,
            "assets": expected, "shares": shares,
        }  # fmt: skip
    assert closed.supply() == closed.shares(LOCKED)
    # What is left is what the locked shares are worth, and what two roundings left.
    left = closed.ask("totalAssets")
    assert left <= 1_000 + 2


def test_a_closed_token_pays_exact_assets(closed: Desk) -> None:
    assets, supply, held = 1_234_567, closed.supply(), closed.ask("totalAssets")
    expected = -(-assets * supply // held)
    assert closed.ask("previewWithdraw", assets) == expected
    call = ("withdraw", assets, STRANGER, HOLDER)
    closed.refuses("SharesAboveMaximum", *call, expected - 1, 2**255, sender=HOLDER)
    closed.refuses("InsufficientAllowance", *call, sender=ATTACKER)
    assert closed.do(*call, sender=HOLDER) == expected
    assert closed.assets_of(STRANGER) == assets
    closed.do("approve", ATTACKER, expected, sender=HOLDER)
    assert closed.do(*call, sender=ATTACKER) <= expected
    most = closed.ask("maxWithdraw", HOLDER)
    closed.refuses("InsufficientBalance", "withdraw", most + 1, HOLDER, HOLDER, sender=HOLDER)
    closed.do("withdraw", most, HOLDER, HOLDER, sender=HOLDER)


def test_a_closed_token_takes_nothing_in_for_ever(closed: Desk) -> None:
    closed.refuses("TokenNotLive", "deposit", closed.unit, HOLDER)
    closed.refuses("TokenNotLive", "mint", WAD, HOLDER)
    assert closed.ask("maxDeposit", HOLDER) == closed.ask("maxMint", HOLDER) == 0
    closed.do("setDepositsPaused", False, sender=OWNER)
    closed.refuses("TokenNotLive", "deposit", closed.unit, HOLDER)


def test_nothing_accrues_once_closed_and_leaving_is_free(desk: Desk) -> None:
    fees = {"streaming": to_fixed("0.05"), "deposit": 0, "redemption": to_fixed("0.01")}
    desk.do("setFees", fees, sender=OWNER)
    desk.do("startClosing", sender=OWNER)
    desk.do("rebalance", sender=KEEPER)
    desk.wait(YEAR)
    owed = desk.ask("supplyAfterFees") - desk.supply()
    assert owed > 0
    desk.do("close", sender=STRANGER)
    assert desk.shares(RECIPIENT) == owed
    desk.evm.next_block(desk.evm.timestamp + 10 * YEAR)
    supply, held = desk.supply(), desk.ask("totalAssets")
    assert desk.ask("supplyAfterFees") == supply
    desk.do("accrue")
    assert (desk.supply(), desk.events()) == (supply, [])
    shares = desk.shares(HOLDER)
    paid = desk.do("redeem", shares, HOLDER, HOLDER, sender=HOLDER)
    assert paid == held * shares // supply
    assert desk.shares(RECIPIENT) == owed


def test_assets_sent_to_a_closed_token_are_its_holders(closed: Desk) -> None:
    price, held = closed.ask("sharePrice"), closed.ask("totalAssets")
    closed.asset.transact("transfer", closed.token.address, 10**9, sender=ATTACKER)
    assert closed.ask("totalAssets") == held + 10**9
    assert closed.ask("sharePrice") > price
    shares, supply = closed.shares(HOLDER), closed.supply()
    paid = closed.do("redeem", shares, HOLDER, HOLDER, sender=HOLDER)
    assert paid == (held + 10**9) * shares // supply


def test_a_closed_token_has_no_position_and_nothing_is_due(closed: Desk) -> None:
    assert closed.ask("leverage") == 0
    assert closed.ask("assess")["reason"] == selector("TokenNotLive")
    assert closed.ask("checkUpkeep", b"") == (False, b"")


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
