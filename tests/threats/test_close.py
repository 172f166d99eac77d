"""Closing for others: a live token is closed by nobody, a closed one is robbed by nobody."""

from fractions import Fraction
from typing import Any

import pytest

from levtoken.units import WAD, to_fixed
from tests.threats.stage import (
    ATTACKER,
    HOLDER,
    KEEPER,
    OWNER,
    PROVIDER,
    RECIPIENT,
    TRADER,
    VICTIM,
    Stage,
    build,
    opened,
)
from tests.world import DEEP


def trade_out(stage: Stage) -> None:
    stage.act(OWNER, "startClosing")
    while stage.market.call("state", stage.token.address)["size"] != 0:
        stage.wait(1_000)
        stage.act(KEEPER, "rebalance")


def closed(**changes: Any) -> Stage:
    stage = opened(**changes)
    stage.deposit(VICTIM, 50_000)
    trade_out(stage)
    stage.act(KEEPER, "close")
    return stage


def test_nobody_closes_a_live_token() -> None:
    """Naive: anyone ends everybody's position; or the owner does, at a price of his choice."""
    stage = opened()
    for who in (ATTACKER, HOLDER, KEEPER, OWNER):
        assert stage.refuses(who, "close") == "NothingToClose"
    assert stage.refuses(ATTACKER, "startClosing") == "NotAllowed"


def test_a_token_that_was_emptied_cannot_be_closed_and_lives_on() -> None:
    """Naive: "no position" means "lost", and the last one out ends the token for ever."""
    stage = opened()
    stage.redeem(HOLDER)
    assert stage.market.call("state", stage.token.address)["size"] == 0
    assert stage.refuses(ATTACKER, "close") == "NothingToClose"
    stage.deposit(VICTIM, 10_000)
    assert stage.share(VICTIM) > Fraction(99, 100) * 10_000 * stage.unit


def test_a_token_that_nobody_has_entered_cannot_be_closed() -> None:
    """Naive: equity 0 means "lost", and every new token is closed before its first deposit."""
    stage = build()
    assert stage.refuses(ATTACKER, "close") == "NothingToClose"
    stage.deposit(HOLDER, 1_000)


def test_a_bad_tick_closes_nothing() -> None:
    """Naive: equity at one bad price is 0, so the token is over."""
    stage = opened()
    stage.push("0.01")
    assert stage.market.call("state", stage.token.address)["equity"] == 0
    assert stage.refuses(ATTACKER, "close") == "NothingToClose"
    stage.push(60_000)
    stage.redeem(HOLDER)


def test_a_closing_token_with_a_position_cannot_be_closed() -> None:
    """Naive: closing marks the position at index and leaves the cost of trading out to the last."""
    stage = opened()
    stage.act(OWNER, "startClosing")
    assert stage.refuses(ATTACKER, "close") == "NothingToClose"
    stage.redeem(HOLDER, 1_000 * WAD)


def test_a_closed_token_takes_nothing_in_and_does_nothing_but_pay() -> None:
    """Naive: whoever deposits into a dead token buys what is left of the others' money."""
    stage = closed()
    for verb, *arguments in (
        ("deposit", stage.unit, ATTACKER),
        ("mint", WAD, ATTACKER),
        ("rebalance",),
        ("performUpkeep", b""),
        ("close",),
    ):
        assert stage.refuses(ATTACKER, verb, *arguments) == "TokenNotLive"
    assert stage.refuses(OWNER, "startClosing") == "TokenNotLive"


def test_a_closed_token_pays_in_any_order_without_price_venue_or_fee() -> None:
    """Naive: the last one of a dead token is paid out of what the fee has left."""
    fees = {"streaming": WAD // 20, "deposit": 0, "redemption": WAD // 100}
    stage = closed(fees=fees, feeRecipient=RECIPIENT)
    stage.system.feed.transact("setHealth", 1)
    supply = stage.token.call("totalSupply")
    held = stage.asset.call("balanceOf", stage.token.address)
    stage.evm.next_block(stage.evm.timestamp + 365 * 86_400)
    assert stage.token.call("supplyAfterFees") == supply
    for who in (VICTIM, HOLDER):
        shares = stage.token.call("balanceOf", who)
        # Each is rounded down to an asset unit, and what that leaves is the next one's.
        assert abs(stage.redeem(who) - Fraction(held * shares, supply)) <= 1


def test_gifts_to_a_closed_token_are_its_holders() -> None:
    """Naive: the first to leave after a gift takes all of it, or nobody ever does."""
    stage = closed()
    gift = 30_000 * stage.unit
    stage.asset.transact("transfer", stage.token.address, gift, sender=ATTACKER)
    supply = stage.token.call("totalSupply")
    held = stage.asset.call("balanceOf", stage.token.address)
    paid = {
        who: (stage.token.call("balanceOf", who), stage.redeem(who)) for who in (VICTIM, HOLDER)
    }
    for shares, assets in paid.values():
        assert abs(assets - Fraction(held * shares, supply)) <= 1


def test_a_lost_token_is_closed_by_anyone_and_takes_no_deposit_before() -> None:
    """Naive: whoever deposits into a liquidated token shares with those who lost everything."""
    stage = opened(market=DEEP)
    stage.push(40_300)
    stage.market.transact("flag", stage.token.address, sender=KEEPER)
    assert stage.refuses(ATTACKER, "close") == "NothingToClose"
    stage.market.transact("liquidate", stage.token.address, sender=KEEPER)
    for verb, amount in (("deposit", 1_000 * stage.unit), ("mint", WAD)):
        assert stage.refuses(VICTIM, verb, amount, VICTIM) == "EquityGone"
    assert stage.act(ATTACKER, "close") == 0
    assert stage.redeem(HOLDER, WAD) == 0


def test_a_settled_market_closes_its_tokens_at_the_last_good_price() -> None:
    """Naive: holders of a token whose feed died wait for ever."""
    stage = opened()
    stage.deposit(VICTIM, 50_000)
    worth = stage.books(stage.token.address)
    stage.market.transact("checkPrice", sender=KEEPER)
    stage.system.feed.transact("setHealth", 1)
    for _ in range(73):
        stage.market.transact("checkPrice", sender=KEEPER)
        stage.evm.next_block(stage.evm.timestamp + 3_600)
    assert stage.refuses(ATTACKER, "close") == "NothingToClose"
    stage.market.transact("settle", sender=KEEPER)
    assert abs(stage.act(ATTACKER, "close") - worth) < to_fixed(1) // 10**12
    paid = stage.redeem(HOLDER) + stage.redeem(VICTIM)
    assert abs(paid - worth) <= to_fixed("0.01") // 10**12


def test_a_healthy_market_pays_a_traded_out_token_whole_whoever_closes_it() -> None:
    """Naive: who closes chooses where the assets go."""
    stage = opened()
    trade_out(stage)
    whole = stage.books(stage.token.address)
    assert whole - 1 < stage.act(ATTACKER, "close") <= whole
    assert stage.asset.call("balanceOf", stage.token.address) > whole - 1


@pytest.mark.parametrize("who", [ATTACKER, HOLDER, TRADER, PROVIDER, KEEPER])
def test_nobody_but_the_owner_starts_closing(who: str) -> None:
    """Naive: a griefer delists every token."""
    assert opened().refuses(who, "startClosing") == "NotAllowed"


def test_nobody_makes_the_loss_of_a_poor_market_final() -> None:
    """Naive: a token that has traded out is closed at the worst moment, by a provider: what the
    market cannot pay today is forgiven for ever."""
    stage = opened(pool=50_000)
    trade_out(stage)
    whole = stage.books(stage.token.address)
    stage.trade_as(TRADER, 10 * WAD, 200_000)
    stage.push(72_000)
    assert stage.books(stage.token.address) < whole * Fraction(9, 10)
    for who in (ATTACKER, PROVIDER, OWNER):
        assert stage.refuses(who, "close") == "NothingToClose"
    stage.market.transact("provideLiquidity", 10**6 * stage.unit, sender=PROVIDER)
    assert stage.act(ATTACKER, "close") > whole - 1
