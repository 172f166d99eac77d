"""The exit value that the lens tells: what one holder of everything would be paid."""

import pytest

from levtoken.units import WAD, to_fixed
from tests.unit.token.desk import DEPOSITOR, HOLDER, LOCKED, OWNER, RECIPIENT, Desk

FEES = {"streaming": to_fixed("0.02"), "deposit": to_fixed("0.01"), "redemption": to_fixed("0.005")}
YEAR = 365 * 86_400


def exit_value(desk: Desk) -> int:
    [status] = desk.system.lens.call("status", [desk.token.address])
    assert status["ok"]
    return status["exitValue"]


def gather(desk: Desk) -> None:
    """The depositor gets the shares of everybody else."""
    for holder in (HOLDER, RECIPIENT):
        if held := desk.shares(holder):
            desk.do("transfer", DEPOSITOR, held, sender=holder)
    assert desk.shares(DEPOSITOR) == desk.supply() - desk.shares(LOCKED)


def redeem_all(desk: Desk) -> int:
    return desk.do("redeem", desk.shares(DEPOSITOR), DEPOSITOR, DEPOSITOR)


def test_is_what_a_holder_of_all_shares_is_paid_after_the_fee(quiet: Desk) -> None:
    quiet.do("setFees", FEES, sender=OWNER)
    quiet.deposit(100_000)
    quiet.deposit(50_000, HOLDER)
    quiet.wait(YEAR // 10)
    told = exit_value(quiet)
    quiet.do("accrue")
    gather(quiet)
    assert exit_value(quiet) == told
    with quiet.evm.rolled_back():
        assert redeem_all(quiet) == told
    quiet.do("setFees", {**FEES, "redemption": 0}, sender=OWNER)
    assert exit_value(quiet) > told


def test_is_less_by_the_redemption_fee(desk: Desk) -> None:
    """And by the cost of the trade for what the fee leaves in, which nobody has to make."""
    free = exit_value(desk)
    desk.do("setFees", {**FEES, "streaming": 0, "deposit": 0}, sender=OWNER)
    part = free * FEES["redemption"] // WAD
    assert free - part < exit_value(desk) < free - part + part // 10


def test_of_a_closed_token_is_what_it_holds_for_its_holders(desk: Desk) -> None:
    desk.do("setFees", {**FEES, "streaming": 0}, sender=OWNER)
    desk.settle()
    desk.do("close")
    held, told = desk.assets_of(desk.token.address), exit_value(desk)
    assert 0 < held - told < desk.unit  # the locked shares' part
    assert redeem_all(desk) == told


@pytest.mark.parametrize("gone", ["the price", "the account"])
def test_is_nothing_while_nobody_can_leave(desk: Desk, gone: str) -> None:
    assert exit_value(desk) > 0
    if gone == "the price":
        desk.lose_the_price()
    else:
        desk.move("0.673")
    assert exit_value(desk) == 0


def test_of_a_token_that_nobody_holds_is_nothing(empty: Desk) -> None:
    assert exit_value(empty) == 0
