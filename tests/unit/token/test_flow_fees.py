"""Fees of flows: a part of the shares of whoever comes or goes."""

import pytest

from levtoken.units import WAD, to_fixed
from tests.unit.token.desk import (
    DEPOSITOR,
    FIRST,
    HOLDER,
    LOCKED,
    OWNER,
    RECIPIENT,
    STRANGER,
    Desk,
)

LEAST = to_fixed("0.000001")
RATES = [0, LEAST, to_fixed("0.0007"), to_fixed("0.01")]
AMOUNT = 12_345_678_901


def fees(deposit: int = 0, redemption: int = 0, streaming: int = 0) -> dict[str, int]:
    return {"streaming": streaming, "deposit": deposit, "redemption": redemption}


def part_up(gross: int, rate: int) -> int:
    return -(-gross * rate // WAD)


def gross_up(net: int, rate: int) -> int:
    return -(-net * WAD // (WAD - rate))


@pytest.mark.parametrize("rate", RATES)
def test_a_deposit_gives_the_recipient_his_part_to_the_wei(desk: Desk, rate: int) -> None:
    gross = desk.ask("previewDeposit", AMOUNT)
    desk.do("setFees", fees(deposit=rate), sender=OWNER)
    supply = desk.supply()
    shares = desk.do("deposit", AMOUNT, HOLDER)
    assert desk.shares(RECIPIENT) == part_up(gross, rate)
    assert desk.shares(HOLDER) == shares == gross - part_up(gross, rate)
    assert desk.supply() == supply + gross
    charged = [fields for name, fields in desk.events() if name == "FeesCharged"]
    flow = {"recipient": RECIPIENT, "streaming": 0, "flow": part_up(gross, rate)}
    assert charged == ([flow] if rate else [])


@pytest.mark.parametrize("rate", RATES)
def test_the_first_deposit_pays_it_and_its_locked_shares_do_not(empty: Desk, rate: int) -> None:
    gross = empty.ask("previewDeposit", AMOUNT)
    empty.do("setFees", fees(deposit=rate), sender=OWNER)
    empty.do("deposit", AMOUNT, HOLDER)
    assert empty.shares(RECIPIENT) == part_up(gross, rate)
    assert empty.shares(LOCKED) == WAD // 1000
    assert empty.supply() == empty.state()["equity"] == gross + WAD // 1000


@pytest.mark.parametrize("rate", RATES)
def test_a_mint_costs_what_its_gross_shares_do(desk: Desk, rate: int) -> None:
    shares = 10_000 * WAD
    gross = gross_up(shares, rate)
    cost = desk.ask("previewMint", gross)
    desk.do("setFees", fees(deposit=rate), sender=OWNER)
    assert desk.ask("previewMint", shares) == cost
    assert desk.do("mint", shares, HOLDER) == cost
    assert desk.shares(HOLDER) == shares
    assert desk.shares(RECIPIENT) == gross - shares


@pytest.mark.parametrize("rate", RATES)
def test_a_redemption_is_paid_for_its_net_shares(desk: Desk, rate: int) -> None:
    shares = 10_000 * WAD + 1
    fee = part_up(shares, rate)
    paid = desk.ask("previewRedeem", shares - fee)
    desk.do("setFees", fees(redemption=rate), sender=OWNER)
    held, supply = desk.shares(DEPOSITOR), desk.supply()
    assert desk.ask("previewRedeem", shares) == paid
    assert desk.do("redeem", shares, HOLDER, DEPOSITOR) == paid
    assert desk.shares(RECIPIENT) == fee
    assert desk.shares(DEPOSITOR) == held - shares
    assert desk.supply() == supply - shares + fee
    assert desk.event("Withdraw")["shares"] == shares


@pytest.mark.parametrize("rate", RATES)
def test_a_withdrawal_burns_the_gross_of_the_shares_that_it_is_paid_for(
    desk: Desk, rate: int
) -> None:
    net = desk.ask("previewWithdraw", AMOUNT)
    desk.do("setFees", fees(redemption=rate), sender=OWNER)
    assert desk.do("withdraw", AMOUNT, STRANGER, DEPOSITOR) == gross_up(net, rate)
    assert desk.shares(RECIPIENT) == gross_up(net, rate) - net
    assert desk.assets_of(STRANGER) == AMOUNT


def test_the_recipient_pays_his_fee_to_himself(desk: Desk) -> None:
    desk.do("transfer", RECIPIENT, 100 * WAD)
    desk.do("setFees", fees(redemption=to_fixed("0.01")), sender=OWNER)
    desk.do("redeem", 100 * WAD, RECIPIENT, RECIPIENT, sender=RECIPIENT)
    assert desk.shares(RECIPIENT) == WAD


def test_who_leaves_whole_leaves_the_fee_and_the_locked_shares(desk: Desk) -> None:
    """I-10: flat as soon as what is left is less than the venue asks of a position."""
    desk.do("setFees", fees(redemption=to_fixed("0.0001")), sender=OWNER)
    shares = desk.shares(DEPOSITOR)
    desk.do("redeem", shares, DEPOSITOR, DEPOSITOR)
    assert desk.supply() == part_up(shares, to_fixed("0.0001")) + WAD // 1000
    assert desk.state()["size"] == 0
    desk.do("redeem", desk.shares(RECIPIENT), RECIPIENT, RECIPIENT, sender=RECIPIENT)
    assert desk.assets_of(RECIPIENT) > 0


@pytest.mark.parametrize(
    ("field", "cap"), [("streaming", "0.05"), ("deposit", "0.01"), ("redemption", "0.01")]
)
def test_a_fee_may_be_its_cap_and_not_a_wei_more(desk: Desk, field: str, cap: str) -> None:
    """I-8."""
    most = fees() | {field: to_fixed(cap)}
    desk.do("setFees", most, sender=OWNER)
    assert desk.terms()["fees"] == most
    desk.refuses("FeeAboveCap", "setFees", most | {field: to_fixed(cap) + 1}, sender=OWNER)
    desk.refuses("FeeAboveCap", "setFees", most | {field: 2**64 - 1}, sender=OWNER)


@pytest.mark.parametrize("field", ["streaming", "deposit", "redemption"])
def test_a_fee_is_a_multiple_of_its_step(desk: Desk, field: str) -> None:
    desk.do("setFees", fees() | {field: LEAST}, sender=OWNER)
    assert desk.terms()["fees"] == fees() | {field: LEAST}
    for fee in (1, LEAST - 1, LEAST + 1):
        desk.refuses("InvalidParameter", "setFees", fees() | {field: fee}, sender=OWNER)


def test_a_token_cannot_be_created_above_a_cap(empty: Desk) -> None:
    with pytest.raises(Exception, match="FeeAboveCap"):
        empty.other(fees=fees(deposit=to_fixed("0.01") + 1))


def test_a_fee_on_a_wei_of_shares_takes_it_all(desk: Desk) -> None:
    """Rounded up, the fee of a wei of shares is the wei: nothing is paid for it."""
    desk.do("setFees", fees(redemption=LEAST), sender=OWNER)
    assert desk.ask("previewRedeem", 1) == 0
    assert desk.do("redeem", 1, HOLDER, DEPOSITOR) == 0
    assert desk.shares(RECIPIENT) == 1


def test_the_others_keep_their_price_while_somebody_pays_fees(desk: Desk) -> None:
    """I-2: what a fee takes comes from who pays it."""
    desk.do("setFees", fees(to_fixed("0.01"), to_fixed("0.01")), sender=OWNER)
    price = desk.ask("sharePrice")
    desk.deposit(FIRST, sender=HOLDER)
    assert desk.ask("sharePrice") >= price
    desk.do("redeem", desk.shares(HOLDER), HOLDER, HOLDER, sender=HOLDER)
    assert desk.ask("sharePrice") >= price
