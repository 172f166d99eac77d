"""Fees as shares: the clock, the rounding, the change, and whoever receives them."""

from fractions import Fraction

import pytest

from levtoken.evm import Revert
from levtoken.units import WAD
from tests.threats.stage import (
    ATTACKER,
    HOLDER,
    OWNER,
    QUIET,
    RECIPIENT,
    VICTIM,
    build,
    opened,
)

YEAR = 365 * 86_400
STREAMING = {"streaming": WAD // 20, "deposit": 0, "redemption": 0}
FLOWS = {"streaming": 0, "deposit": WAD // 100, "redemption": WAD // 100}


def test_the_clock_starts_with_the_token_and_not_in_1970() -> None:
    """Naive: the clock is 0, and the first accrual charges fees since 1970."""
    stage = build(fees=STREAMING, feeRecipient=RECIPIENT)
    stage.deposit(HOLDER, 100_000)
    stage.act(ATTACKER, "accrue")
    assert stage.token.call("balanceOf", RECIPIENT) == 0


def test_a_year_without_holders_costs_the_first_one_nothing() -> None:
    """Naive: the clock stands while there is no supply, and the first holder pays for the time."""
    stage = build(fees=STREAMING, feeRecipient=RECIPIENT)
    stage.wait(YEAR)
    stage.deposit(HOLDER, 100_000)
    stage.act(ATTACKER, "accrue")
    assert stage.token.call("balanceOf", RECIPIENT) == 0


@pytest.mark.parametrize("held", [100, 100_000])
def test_a_griefer_who_accrues_each_second_neither_adds_to_the_fee_nor_takes_from_it(
    held: int,
) -> None:
    """Naive: a fee that is rounded up costs a share a call, one that is rounded down to nothing
    while the clock moves is never paid."""
    whole = opened(held=held, fees=STREAMING, feeRecipient=RECIPIENT)
    often = opened(held=held, fees=STREAMING, feeRecipient=RECIPIENT)
    steps = 1_000
    for _ in range(steps):
        often.evm.next_block(often.evm.timestamp + 1)
        often.act(ATTACKER, "accrue")
    whole.evm.next_block(whole.evm.timestamp + steps)
    whole.act(ATTACKER, "accrue")
    one, many = (stage.token.call("balanceOf", RECIPIENT) for stage in (whole, often))
    # Rounded down by less than a wei a call, and a wei of the exponential, of a supply.
    supply = whole.token.call("totalSupply")
    assert 0 <= one - many <= steps * (1 + 2 * supply // WAD)


def test_the_least_fee_does_not_round_to_nothing_by_the_second() -> None:
    """Naive: accruing each second at a tiny rate loses the fee for ever. No rate is that tiny."""
    least = {"streaming": 10**12, "deposit": 0, "redemption": 0}
    with pytest.raises(Revert, match="InvalidParameter"):
        opened(fees=least | {"streaming": 10**7}, feeRecipient=RECIPIENT)
    stage = opened(fees=least, feeRecipient=RECIPIENT)
    supply = stage.token.call("totalSupply")
    stage.evm.next_block(stage.evm.timestamp + 1)
    stage.act(ATTACKER, "accrue")
    assert stage.token.call("balanceOf", RECIPIENT) == supply * (10**12 // YEAR) // WAD > 0


def test_every_view_includes_a_year_of_fees_that_nobody_charged() -> None:
    """Naive: the price that a lender reads is 5 % too high after a quiet year."""
    stage = opened(market=QUIET, fees=STREAMING, feeRecipient=RECIPIENT)
    stage.wait(YEAR)
    names = (("sharePrice",), ("convertToAssets", WAD), ("convertToShares", stage.unit))
    calls = (*names, ("previewRedeem", WAD), ("previewDeposit", 1_000 * stage.unit))
    before = [stage.token.call(*call) for call in calls]
    stage.act(ATTACKER, "accrue")
    assert [stage.token.call(*call) for call in calls] == before
    # exp(0.05) - 1 of the supply before.
    gained = Fraction(stage.token.call("balanceOf", RECIPIENT), stage.token.call("totalSupply"))
    assert abs(gained - (1 - Fraction(951229, 1_000_000))) < Fraction(1, 100_000)


def test_a_rate_holds_only_from_its_change_on() -> None:
    """Naive: the new rate is charged for the year before it."""
    stage = opened(fees={"streaming": 0, "deposit": 0, "redemption": 0}, feeRecipient=RECIPIENT)
    stage.wait(YEAR)
    stage.act(OWNER, "setFees", STREAMING)
    stage.act(ATTACKER, "accrue")
    assert stage.token.call("balanceOf", RECIPIENT) == 0


def test_the_old_recipient_gets_what_was_earned_before_the_change() -> None:
    """Naive: whoever is named now gets the fees of last year."""
    stage = opened(fees=STREAMING, feeRecipient=RECIPIENT)
    stage.wait(YEAR)
    due = stage.token.call("supplyAfterFees") - stage.token.call("totalSupply")
    stage.act(OWNER, "setFeeRecipient", ATTACKER)
    assert stage.token.call("balanceOf", RECIPIENT) == due > 0
    assert stage.token.call("balanceOf", ATTACKER) == 0


def test_nobody_sets_fees_above_the_constant_caps() -> None:
    """Naive: fee caps of 99.99 % (Seamless)."""
    stage = opened()
    for fee, cap in (("streaming", WAD // 20), ("deposit", WAD // 100), ("redemption", WAD // 100)):
        none = dict.fromkeys(("streaming", "deposit", "redemption"), 0)
        assert stage.refuses(OWNER, "setFees", none | {fee: cap + 1}) == "FeeAboveCap"
        stage.act(OWNER, "setFees", none | {fee: cap})


def test_a_flow_in_pieces_pays_no_less_of_a_fee() -> None:
    """Naive: the fee of a small flow rounds to nothing."""
    stage = opened(fees=FLOWS, feeRecipient=RECIPIENT)
    paid = stage.token.call("balanceOf", RECIPIENT)
    pieces = 30
    for _ in range(pieces):
        stage.act(HOLDER, "redeem", 7, HOLDER, HOLDER)
        stage.act(HOLDER, "mint", 7, HOLDER)
    assert stage.token.call("balanceOf", RECIPIENT) - paid >= 2 * pieces


def test_fees_are_shares_and_are_worth_what_they_say() -> None:
    """Naive: shares for a fee are priced after they are minted, and are worth less than the fee."""
    stage = opened(fees=FLOWS, feeRecipient=RECIPIENT)
    recipient = stage.share(RECIPIENT)
    stage.deposit(VICTIM, 50_000)
    fee = stage.share(RECIPIENT) - recipient
    assert abs(fee / (fee + stage.share(VICTIM)) - Fraction(1, 100)) < Fraction(1, 10**9)


def test_a_recipient_who_holds_burns_all_that_max_redeem_says() -> None:
    """Naive: the fees that the call itself charges are forgotten, or burned before they exist."""
    stage = opened(fees=STREAMING | {"redemption": WAD // 100}, feeRecipient=HOLDER)
    stage.wait(YEAR // 12)
    shares = stage.token.call("maxRedeem", HOLDER)
    assert shares > stage.token.call("balanceOf", HOLDER)
    assert stage.refuses(HOLDER, "redeem", shares + 1, HOLDER, HOLDER) == "InsufficientBalance"
    told = stage.token.call("previewRedeem", shares)
    assert stage.redeem(HOLDER, shares) == told
    # The fee on what was burned comes after, to the same account.
    assert 0 < stage.token.call("balanceOf", HOLDER) <= shares // 100 + 1


def test_a_recipient_who_trades_takes_nothing_of_the_others() -> None:
    """Naive: flows are free for who gets the fee: he moves price or leverage for nothing."""
    stage = opened(fees=FLOWS, feeRecipient=ATTACKER)
    worth, start = stage.worth(), stage.wealth(ATTACKER)
    for _ in range(5):
        stage.deposit(ATTACKER, 10_000)
        stage.redeem(ATTACKER)
    assert stage.worth() >= worth
    assert stage.wealth(ATTACKER) <= start


def test_fees_lead_beyond_the_supply_cap_and_stop_nobody_who_leaves() -> None:
    """Naive: accrual reverts at the cap, and with it every verb."""
    cap = 100_100 * WAD
    stage = opened(market=QUIET, fees=STREAMING, feeRecipient=RECIPIENT, supplyCap=cap)
    stage.wait(YEAR // 4)
    assert stage.token.call("supplyAfterFees") > cap
    assert stage.token.call("maxDeposit", VICTIM) == stage.token.call("maxMint", VICTIM) == 0
    assert stage.refuses(VICTIM, "deposit", stage.unit * 100, VICTIM) == "SupplyCapExceeded"
    stage.act(ATTACKER, "accrue")
    assert stage.redeem(HOLDER) > 0


def test_a_fee_in_a_flat_token_touches_only_the_dust() -> None:
    """Naive: who re-opens a token pays the fees of the time without a position."""
    stage = opened(fees=STREAMING, feeRecipient=RECIPIENT)
    stage.redeem(HOLDER)
    stage.wait(10 * YEAR)
    stage.deposit(VICTIM, 10_000)
    assert stage.share(VICTIM) >= 10_000 * stage.unit * Fraction(997, 1000)
    assert stage.share(RECIPIENT) < stage.unit
