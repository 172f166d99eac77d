"""What `max*` say: a call at the maximum goes through, one beyond it fails (I-5)."""

from collections.abc import Callable

import pytest

from levtoken.evm import Revert
from levtoken.units import WAD, to_fixed
from tests.unit.token.desk import (
    ATTACKER,
    DEPOSITOR,
    GUARDIAN,
    HOLDER,
    KEEPER,
    LOCKED,
    OWNER,
    RECIPIENT,
    STRANGER,
    TRADER,
    Desk,
)

VERBS = ("Deposit", "Mint", "Withdraw", "Redeem")
FEES = {
    "streaming": to_fixed("0.05"),
    "deposit": to_fixed("0.003"),
    "redemption": to_fixed("0.007"),
}


def call(desk: Desk, verb: str, amount: int, owner: str) -> int:
    leaving = verb in ("Withdraw", "Redeem")
    arguments = (amount, owner, owner) if leaving else (amount, owner)
    return desk.do(verb.lower(), *arguments, sender=owner)


def reaches(desk: Desk, verb: str, owner: str = DEPOSITOR, error: str | None = None) -> int:
    """The maximum goes through as its preview says, one more does not."""
    most = desk.ask(f"max{verb}", owner)
    with desk.evm.rolled_back(), pytest.raises(Revert, match=error):
        call(desk, verb, most + 1, owner)
    if most > 0:
        with desk.evm.rolled_back():
            expected = desk.ask(f"preview{verb}", most)
            assert call(desk, verb, most, owner) == expected
    return most


def room_for(desk: Desk, shares: int) -> None:
    desk.do("setLimits", desk.ask("supplyAfterFees") + shares, 0, sender=OWNER)


# What binds what comes in, by whether the token has a position and by the fees.
def by_the_cap(desk: Desk) -> None:
    room_for(desk, 12_345 * WAD + 6_789)


def by_the_size_limit(desk: Desk) -> None:
    """With an emergency of one slice: 162 coins."""
    policy = desk.other(policy={"emergencySlices": 1}).ask("progress")["policy"]
    desk.do("setPolicy", policy, sender=OWNER)


def by_the_capacity(desk: Desk) -> None:
    """Others hold 740 of the 756 coins that the market takes on a side."""
    room = 16 * WAD + desk.state()["size"]
    for asked in (-to_fixed(700), to_fixed(756) - room):
        who = TRADER if asked > 0 else ATTACKER
        desk.market.transact("depositMargin", 20_000_000 * desk.unit, sender=who)
        limit = 2**255 if asked > 0 else 0
        desk.market.transact("trade", asked, 0, limit, who, sender=who)


BINDING = [
    (by_the_cap, "SupplyCapExceeded"),
    (by_the_size_limit, "SizeLimitExceeded"),
    (by_the_capacity, "MarketSizeExceeded"),
]


@pytest.mark.parametrize(("bind", "error"), BINDING)
@pytest.mark.parametrize("opened", ["first", "open", "flat"])
@pytest.mark.parametrize("fees", [False, True])
def test_what_comes_in_stops_exactly_where_it_binds(
    empty: Desk, bind: Callable[[Desk], None], error: str, opened: str, fees: bool
) -> None:
    if fees:
        empty.do("setFees", FEES, sender=OWNER)
    if opened != "first":
        empty.deposit(100_000)
    if opened == "flat":
        call(empty, "Redeem", empty.shares(DEPOSITOR), DEPOSITOR)
        if fees:
            call(empty, "Redeem", empty.shares(RECIPIENT), RECIPIENT)
        assert empty.state()["size"] == 0
    bind(empty)
    assert reaches(empty, "Deposit", error=error) > 0
    assert reaches(empty, "Mint", error=error) > 0


@pytest.mark.parametrize("factor", ["0.8", "1", "1.4"])
@pytest.mark.parametrize("fees", [False, True])
def test_what_goes_out_is_all_that_the_owner_has(desk: Desk, factor: str, fees: bool) -> None:
    if fees:
        desk.do("setFees", FEES, sender=OWNER)
    desk.deposit(10_000, sender=HOLDER)
    desk.wait(86_400)
    desk.move(factor)
    for owner in (DEPOSITOR, HOLDER):
        assert reaches(desk, "Redeem", owner) == desk.shares(owner)
        most = reaches(desk, "Withdraw", owner)
        # The solver leaves two asset units at most, and a unit is lost to rounding.
        assert 0 <= desk.ask("previewRedeem", desk.shares(owner)) - most <= 3
    for verb in ("Withdraw", "Redeem"):
        assert reaches(desk, verb, STRANGER) == 0


def test_the_recipient_counts_what_he_has_earned_and_not_been_given(quiet: Desk) -> None:
    quiet.deposit(100_000)
    quiet.do("setFees", FEES, sender=OWNER)
    quiet.deposit(100)
    quiet.wait(365 * 86_400)
    owed = quiet.ask("supplyAfterFees") - quiet.supply()
    assert owed > 0
    assert reaches(quiet, "Redeem", RECIPIENT) == quiet.shares(RECIPIENT) + owed
    assert reaches(quiet, "Withdraw", RECIPIENT) > 0


def test_a_minimum_deposit_above_what_fits_leaves_nothing(desk: Desk) -> None:
    by_the_cap(desk)
    most = desk.ask("maxDeposit", HOLDER)
    cap = desk.terms()["supplyCap"]
    desk.do("setLimits", cap, most, sender=OWNER)
    assert reaches(desk, "Deposit") == most
    desk.do("setLimits", cap, most + 2, sender=OWNER)
    assert reaches(desk, "Deposit") == reaches(desk, "Mint") == 0


@pytest.mark.parametrize("at", ["pause", "closing", "closed"])
def test_nothing_comes_in_and_all_goes_out(desk: Desk, at: str) -> None:
    if at == "pause":
        desk.do("setDepositsPaused", True, sender=GUARDIAN)
    else:
        desk.do("startClosing", sender=OWNER)
    if at == "closed":
        desk.wait(86_400)
        desk.do("rebalance", sender=KEEPER)
        desk.do("close", sender=STRANGER)
    for verb in ("Deposit", "Mint"):
        assert reaches(desk, verb) == 0
    assert reaches(desk, "Redeem") == desk.shares(DEPOSITOR)
    assert reaches(desk, "Withdraw") > 0


def test_nothing_can_be_done_with_a_bad_price(desk: Desk) -> None:
    """Law 3."""
    desk.lose_the_price()
    assert [reaches(desk, verb) for verb in VERBS] == [0] * 4


def test_nothing_comes_into_an_insolvent_market(desk: Desk) -> None:
    desk.trade(to_fixed(600), margin=20_000_000)
    desk.move("5")
    assert desk.market.call("report")["solvency"] < WAD
    assert reaches(desk, "Deposit") == reaches(desk, "Mint") == 0
    assert reaches(desk, "Redeem") == desk.shares(DEPOSITOR)
    assert reaches(desk, "Withdraw") > 0


def test_nothing_can_be_done_with_a_liquidatable_position(desk: Desk) -> None:
    desk.move("0.673")
    assert [reaches(desk, verb) for verb in VERBS[:3]] == [0] * 3
    # Shares so few that they trade nothing at the venue can be burned, for nothing.
    assert desk.ask("previewRedeem", reaches(desk, "Redeem")) == 0


def test_a_liquidated_token_says_nothing_until_it_is_closed(desk: Desk) -> None:
    """I-13."""
    desk.liquidate()
    assert [reaches(desk, verb) for verb in VERBS] == [0] * 4


def test_a_settled_market_lets_everybody_out(desk: Desk) -> None:
    desk.settle()
    for verb in ("Deposit", "Mint"):
        assert reaches(desk, verb) == 0
    assert reaches(desk, "Redeem") == desk.shares(DEPOSITOR)
    assert reaches(desk, "Withdraw") > 0


@pytest.mark.parametrize("state", ["first", "open", "flat"])
def test_the_largest_amounts_are_the_same_for_everybody(empty: Desk, state: str) -> None:
    if state != "first":
        empty.deposit(100_000)
    if state == "flat":
        call(empty, "Redeem", empty.shares(DEPOSITOR), DEPOSITOR)
    for verb in ("Deposit", "Mint"):
        answers = {empty.ask(f"max{verb}", one) for one in (DEPOSITOR, STRANGER, LOCKED)}
        assert len(answers) == 1
