"""Mint: exact shares out, the assets that they cost in."""

from fractions import Fraction

import pytest

from levtoken.units import WAD
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

SHARES = 10_000 * WAD


def test_refuses_a_deadline_that_has_passed_before_all_else(desk: Desk) -> None:
    now = desk.evm.timestamp
    desk.refuses("DeadlinePassed", "mint", 0, HOLDER, 0, now - 1)
    assert desk.do("mint", SHARES, HOLDER, FAR, now) > 0


def test_refuses_a_token_that_closes_or_is_paused_before_a_zero_amount(desk: Desk) -> None:
    desk.do("setDepositsPaused", True, sender=GUARDIAN)
    desk.refuses("DepositsPaused", "mint", 0, HOLDER)
    desk.do("startClosing", sender=OWNER)
    desk.refuses("TokenNotLive", "mint", 0, HOLDER)


def test_refuses_zero_shares_before_a_bad_price(desk: Desk) -> None:
    desk.lose_the_price()
    desk.refuses("ZeroAmount", "mint", 0, HOLDER)
    desk.cannot_tell("ZeroAmount", "previewMint", 0)


def test_refuses_a_bad_price_before_it_takes_assets(desk: Desk) -> None:
    """I-11."""
    desk.system.feed.transact("pushAt", 60_000 * 10**8, 0)
    with desk.nothing_changes():
        desk.refuses("RoundIncomplete", "mint", SHARES, HOLDER, sender=STRANGER)
    desk.cannot_tell("RoundIncomplete", "previewMint", SHARES)


def test_refuses_when_the_equity_is_gone(desk: Desk) -> None:
    """I-13."""
    desk.liquidate()
    desk.refuses("EquityGone", "mint", SHARES, HOLDER)


def test_does_not_rescue_a_liquidatable_position(desk: Desk) -> None:
    """I-2: what it brings would pay for the losses of the others."""
    desk.move("0.673")
    desk.refuses("Liquidatable", "mint", SHARES, HOLDER)


def test_does_not_rescue_one_by_being_much_larger(empty: Desk) -> None:
    """I-2: the fixed part of the liquidation margin would no longer count."""
    empty.deposit(100)
    empty.move("0.6755")
    report = empty.market.call("accountReport", empty.token.address)
    assert report["canLiquidate"]
    empty.refuses("Liquidatable", "mint", 1_000_000 * WAD, HOLDER)


def test_refuses_shares_that_the_skew_pays_for_whole() -> None:
    """I-2: a third of the notional is what they are worth, and the market would pay 40 %."""
    desk = market_desk(skewScale=1_000 * WAD)
    desk.deposit(FIRST)
    desk.trade(-400 * WAD, margin=100_000_000)
    desk.refuses("CostAboveValue", "mint", SHARES, HOLDER)


def test_refuses_to_take_one_asset_unit_more_than_the_bound(desk: Desk) -> None:
    cost = desk.ask("previewMint", SHARES)
    desk.refuses("AssetsAboveMaximum", "mint", SHARES, HOLDER, cost - 1, FAR, sender=STRANGER)
    assert desk.do("mint", SHARES, HOLDER, cost, FAR) == cost


def test_refuses_who_has_no_assets(desk: Desk) -> None:
    desk.refuses("TransferFromFailed", "mint", SHARES, HOLDER, sender=STRANGER)


def test_takes_what_the_preview_said_and_gives_exactly_the_shares(desk: Desk) -> None:
    """I-5."""
    desk.wait(777)
    desk.move("1.02")
    cost = desk.ask("previewMint", SHARES)
    had = desk.assets_of(DEPOSITOR), desk.assets_of(HOLDER)
    assert desk.do("mint", SHARES, HOLDER) == cost
    assert desk.event("Deposit") == {
        "sender": DEPOSITOR, "owner": HOLDER, "assets": cost, "shares": SHARES,
    }  # fmt: skip
    assert desk.shares(HOLDER) == SHARES
    assert (desk.assets_of(DEPOSITOR), desk.assets_of(HOLDER)) == (had[0] - cost, had[1])
    assert desk.assets_of(desk.token.address) == 0


def test_spends_an_allowance_and_keeps_an_infinite_one(desk: Desk) -> None:
    here = desk.token.address
    desk.do("mint", SHARES, HOLDER)
    assert desk.asset.call("allowance", DEPOSITOR, here) == FAR
    cost = desk.ask("previewMint", SHARES)
    desk.asset.transact("approve", here, cost + 7, sender=DEPOSITOR)
    desk.do("mint", SHARES, HOLDER)
    assert desk.asset.call("allowance", DEPOSITOR, here) == 7


@pytest.mark.parametrize("decimals", [6, 8, 18])
def test_the_first_one_gives_exactly_the_shares_and_locks_the_rest(decimals: int) -> None:
    desk = market_desk(decimals)
    with desk.evm.rolled_back():
        desk.do("mint", SHARES, DEPOSITOR)
        locked = max(WAD // 1000, 1000 * WAD // desk.unit)
        assert (desk.shares(DEPOSITOR), desk.shares(LOCKED)) == (SHARES, locked)
        assert desk.supply() == SHARES + locked
        # What is taken is rounded up to an asset unit, which stays in the equity.
        assert 0 <= desk.state()["equity"] - desk.supply() <= WAD // desk.unit


def test_the_first_one_opens_the_target_leverage(empty: Desk) -> None:
    empty.do("mint", SHARES, DEPOSITOR)
    state = empty.state()
    # The size is that of the shares' value; an asset unit more of equity is the rounding.
    size = Fraction(3 * state["equity"], state["price"])
    assert (
        0 <= size - Fraction(state["size"], WAD) <= Fraction(3, 60_000 * 10**6) + Fraction(2, WAD)
    )


def test_costs_the_value_of_the_shares_and_the_trade(desk: Desk) -> None:
    """I-2, I-3."""
    desk.move("1.05")
    price, leverage = desk.ask("sharePrice"), desk.ask("leverage")
    paid = desk.do("mint", SHARES, HOLDER)
    assert paid > desk.ask("convertToAssets", SHARES)
    assert desk.ask("sharePrice") >= price
    # An asset unit of rounding, on an equity beyond 100,000 of them.
    assert abs(desk.ask("leverage") - leverage) <= leverage // 10**9


def test_a_mint_costs_what_a_deposit_for_as_many_shares_does(desk: Desk) -> None:
    cost = desk.ask("previewMint", SHARES)
    given = desk.ask("previewDeposit", cost)
    # Both round against the caller: less than two asset units' worth, at about one a share.
    assert abs(given - SHARES) <= 2 * WAD // desk.unit + WAD // 10**9


def test_a_token_without_position_is_opened_again(desk: Desk) -> None:
    desk.do("redeem", desk.shares(DEPOSITOR), DEPOSITOR, DEPOSITOR)
    assert desk.ask("leverage") == 0
    cost = desk.ask("previewMint", SHARES)
    assert desk.do("mint", SHARES, HOLDER) == cost
    assert desk.shares(HOLDER) == SHARES
    # Rounding to an asset unit of 10,000 assets.
    assert abs(desk.ask("leverage") - 3 * WAD) <= WAD // 10**9


def test_a_mint_many_times_the_supply_is_margined_by_what_it_brings(desk: Desk) -> None:
    leverage = desk.ask("leverage")
    desk.do("mint", 20 * FIRST * WAD, ATTACKER)
    assert desk.shares(ATTACKER) == 20 * FIRST * WAD
    assert abs(desk.ask("leverage") - leverage) <= leverage // 10**9
