"""Fees: shares for the recipient, for the time and for flows."""

from decimal import Decimal, localcontext

import pytest

from levtoken.units import WAD, to_fixed
from tests.unit.token.desk import (
    DEPOSITOR,
    FIRST,
    HOLDER,
    KEEPER,
    OWNER,
    RECIPIENT,
    STRANGER,
    Desk,
)

YEAR = 365 * 86_400
RATE = to_fixed("0.02")
STEP = to_fixed("0.000001")  # of every fee


def fees(streaming: int = 0, deposit: int = 0, redemption: int = 0) -> dict[str, int]:
    return {"streaming": streaming, "deposit": deposit, "redemption": redemption}


def earned(supply: int, rate: int, seconds: int) -> Decimal:
    """`supply * (exp(rate * seconds / YEAR) - 1)`, the exponent being whole as on chain."""
    with localcontext() as context:
        context.prec = 100
        return supply * ((Decimal(rate * seconds // YEAR) / WAD).exp() - 1)


def slack(supply: int) -> int:
    """The exponential is right to a wei, a part in 1e18 of the supply; one more is rounding."""
    return supply // WAD + 2


@pytest.fixture
def charging(quiet: Desk) -> Desk:
    quiet.deposit(FIRST)
    quiet.do("setFees", fees(streaming=RATE), sender=OWNER)
    return quiet


@pytest.mark.parametrize("seconds", [1, 12, 3_600, 86_400, YEAR, 10 * YEAR])
def test_the_streaming_fee_compounds_with_time_however_long_nobody_called(
    charging: Desk, seconds: int
) -> None:
    supply = charging.supply()
    charging.wait(seconds)
    charging.do("accrue", sender=STRANGER)
    expected = earned(supply, RATE, seconds)
    assert 0 <= expected - charging.shares(RECIPIENT) <= slack(supply)
    event = charging.event("FeesCharged")
    assert event == {"recipient": RECIPIENT, "streaming": charging.shares(RECIPIENT), "flow": 0}


def test_every_view_counts_what_accruing_would_give(charging: Desk) -> None:
    charging.wait(YEAR)
    assert charging.supply() < charging.ask("supplyAfterFees")
    views = [
        ("supplyAfterFees",), ("sharePrice",), ("assetsPerUIShare",), ("totalAssets",),
        ("convertToShares", 10**9), ("convertToAssets", 10**21),
        ("previewDeposit", 10**9), ("previewMint", 10**21),
        ("previewWithdraw", 10**9), ("previewRedeem", 10**21),
        ("maxDeposit", HOLDER), ("maxMint", HOLDER),
        ("maxWithdraw", DEPOSITOR), ("maxRedeem", DEPOSITOR),
        ("maxWithdraw", RECIPIENT), ("maxRedeem", RECIPIENT),
    ]  # fmt: skip
    before = [charging.ask(*view) for view in views]
    lens = charging.system.lens.call("status", [charging.token.address])
    charging.do("accrue")
    assert charging.supply() == before[0]
    assert [charging.ask(*view) for view in views] == before
    after = charging.system.lens.call("status", [charging.token.address])
    # But for when it was charged last.
    assert {**lens[0]["terms"], "accruedAt": 0} == {**after[0]["terms"], "accruedAt": 0}
    assert {**lens[0], "terms": 0} == {**after[0], "terms": 0}


@pytest.mark.parametrize(
    ("verb", "arguments"),
    [
        ("deposit", (10**9, HOLDER)),
        ("mint", (10**21, HOLDER)),
        ("withdraw", (10**9, HOLDER, DEPOSITOR)),
        ("redeem", (10**21, HOLDER, DEPOSITOR)),
        ("accrue", ()),
        ("setFees", (fees(),)),
        ("setFeeRecipient", (STRANGER,)),
        ("rebalance", ()),
    ],
)
def test_every_verb_charges_first(charging: Desk, verb: str, arguments: tuple) -> None:
    charging.wait(YEAR)
    charging.move("0.85")
    owed = charging.ask("supplyAfterFees") - charging.supply()
    sender = OWNER if verb.startswith("set") else DEPOSITOR
    charging.do(verb, *arguments, sender=sender)
    assert charging.shares(RECIPIENT) == owed
    assert charging.terms()["accruedAt"] == charging.evm.timestamp
    assert charging.event("FeesCharged")["streaming"] == owed


def test_a_thousand_calls_charge_what_one_does(charging: Desk) -> None:
    """I-8."""
    supply = charging.supply()
    with charging.evm.rolled_back():
        charging.wait(1_000 * 3_000)
        charging.do("accrue")
        once = charging.shares(RECIPIENT)
    for _ in range(1_000):
        charging.evm.next_block(charging.evm.timestamp + 3_000)
        charging.do("accrue")
    # Each call rounds down: the exponent by less than a wei, the exponential and the shares too.
    assert 0 <= once - charging.shares(RECIPIENT) <= 1_000 * (2 * supply // WAD + 2)


def test_calls_by_the_second_earn_what_one_does(charging: Desk) -> None:
    """I-8."""
    supply, start = charging.supply(), charging.evm.timestamp
    for second in range(1, 301):
        charging.evm.next_block(start + second)
        charging.do("accrue")
    expected = earned(supply, RATE, 300)
    # 300 times, the exponent, the exponential and the shares are rounded down.
    assert 0 <= expected - charging.shares(RECIPIENT) <= 300 * (2 * supply // WAD + 2)


def test_the_least_rate_earns_within_a_second_on_the_least_supply(quiet: Desk) -> None:
    """I-8: so the clock never runs over what rounds to nothing."""
    cheap = quiet.other(fees=fees(streaming=STEP))
    cheap.deposit(FIRST)
    shares = cheap.shares(DEPOSITOR)
    cheap.do("redeem", shares, DEPOSITOR, DEPOSITOR)
    left = cheap.supply()
    assert left == WAD // 1000
    start = cheap.evm.timestamp
    cheap.evm.next_block(start + 1)
    cheap.do("accrue")
    assert cheap.shares(RECIPIENT) == left * (STEP // YEAR) // WAD == 31
    assert cheap.terms()["accruedAt"] == start + 1


def test_without_a_fee_the_clock_moves_and_nothing_is_charged(quiet: Desk) -> None:
    quiet.deposit(FIRST)
    quiet.wait(10 * YEAR)
    supply = quiet.supply()
    assert quiet.ask("supplyAfterFees") == supply
    quiet.do("accrue")
    assert (quiet.supply(), quiet.events()) == (supply, [])
    assert quiet.terms()["accruedAt"] == quiet.evm.timestamp


def test_nobody_pays_for_the_time_before_the_first_deposit(quiet: Desk) -> None:
    other = quiet.other(fees=fees(streaming=RATE))
    other.wait(10 * YEAR)
    other.do("accrue")
    assert other.terms()["accruedAt"] == other.evm.timestamp
    other.wait(10 * YEAR)
    shares = other.deposit(FIRST)
    assert other.shares(RECIPIENT) == 0
    assert other.supply() == shares + WAD // 1000
    assert other.ask("sharePrice") == WAD
    assert other.terms()["accruedAt"] == other.evm.timestamp


def test_a_new_rate_counts_from_now_on(charging: Desk) -> None:
    supply = charging.supply()
    charging.wait(YEAR)
    charging.do("setFees", fees(streaming=2 * RATE), sender=OWNER)
    first = charging.shares(RECIPIENT)
    assert 0 <= earned(supply, RATE, YEAR) - first <= slack(supply)
    charging.wait(YEAR)
    charging.do("setFees", fees(), sender=OWNER)
    second = charging.shares(RECIPIENT) - first
    assert 0 <= earned(supply + first, 2 * RATE, YEAR) - second <= slack(supply + first)
    charging.wait(YEAR)
    charging.do("accrue")
    assert charging.supply() == supply + first + second


def test_a_new_recipient_gets_what_is_earned_from_now_on(charging: Desk) -> None:
    charging.wait(YEAR)
    owed = charging.ask("supplyAfterFees") - charging.supply()
    charging.do("setFeeRecipient", STRANGER, sender=OWNER)
    assert (charging.shares(RECIPIENT), charging.shares(STRANGER)) == (owed, 0)
    charging.wait(YEAR)
    later = charging.ask("supplyAfterFees") - charging.supply()
    charging.do("accrue")
    assert (charging.shares(RECIPIENT), charging.shares(STRANGER)) == (owed, later)


def test_the_recipient_can_leave_with_what_was_not_charged_yet(charging: Desk) -> None:
    charging.wait(YEAR)
    assert charging.shares(RECIPIENT) == 0
    owed = charging.ask("maxRedeem", RECIPIENT)
    assert owed == charging.ask("supplyAfterFees") - charging.supply()
    charging.do("redeem", owed, RECIPIENT, RECIPIENT, sender=RECIPIENT)
    assert charging.shares(RECIPIENT) == 0
    assert charging.assets_of(RECIPIENT) > 0


def test_a_rebalance_neither_pays_nor_changes_a_fee(charging: Desk) -> None:
    charging.wait(YEAR)
    charging.move("0.9")
    charging.do("rebalance", sender=KEEPER)
    kept = charging.shares(RECIPIENT)
    charging.do("accrue")
    assert charging.shares(RECIPIENT) == kept
