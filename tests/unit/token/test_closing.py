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
from tests.world import POLICY_3X

LIVE, CLOSING, CLOSED = range(3)
CLOSING_TRIGGER = 5
YEAR = 365 * 86_400
COOLDOWN = POLICY_3X["cooldown"]


@pytest.fixture(autouse=True)
def held(desk: Desk) -> None:
    """A second holder, with a third as much."""
    desk.do("transfer", HOLDER, FIRST * WAD // 4)


@pytest.fixture
def closed(desk: Desk) -> Desk:
    """A delisted token that traded out and was closed, and whose feed is silent by now."""
    desk.do("startClosing", sender=OWNER)
    desk.wait(COOLDOWN)
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
    desk.refuses("CooldownActive", "rebalance", sender=KEEPER)
    desk.wait(COOLDOWN)
    while sizes[-1]:
        due = desk.ask("assess")
        assert (due["trigger"], due["aim"]) == (CLOSING_TRIGGER, 0)
        assert due["sizeDelta"] == -min(2 * WAD, sizes[-1])
        assert due["left"] == sizes[-1] + due["sizeDelta"]
        desk.refuses("NothingToClose", "close", sender=STRANGER)
        reward = desk.do("rebalance", sender=KEEPER)
        assert reward == due["reward"]
        sizes.append(desk.state()["size"])
        # The reward grows from the end of the cooldown on.
        assert (reward > 0) == (len(sizes) > 2)
        if sizes[-1]:
            desk.refuses("CooldownActive", "rebalance", sender=KEEPER)
            desk.wait(COOLDOWN + POLICY_3X["rewardDelay"] // 2)
    assert len(sizes) == 4
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
    desk.wait(POLICY_3X["emergencyCooldown"])
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
    desk.wait(COOLDOWN)
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
    desk.wait(COOLDOWN)
    desk.do("rebalance", sender=KEEPER)
    desk.wait(YEAR)
    owed = desk.shares(RECIPIENT) + desk.ask("supplyAfterFees") - desk.supply()
    assert owed > desk.shares(RECIPIENT)
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
