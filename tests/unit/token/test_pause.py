"""The guardian stops deposits, and nothing else; the owner lets them go on."""

import pytest

from levtoken.units import WAD
from tests.unit.token.desk import (
    DEPOSITOR,
    FIRST,
    GUARDIAN,
    HOLDER,
    KEEPER,
    OWNER,
    STRANGER,
    Desk,
)


@pytest.mark.parametrize("sender", [GUARDIAN, OWNER])
def test_guardian_and_owner_stop_deposits(desk: Desk, sender: str) -> None:
    desk.do("setDepositsPaused", True, sender=sender)
    assert desk.events() == [("DepositsPausedSet", {"sender": sender, "paused": True})]
    assert desk.terms()["depositsPaused"]
    desk.refuses("DepositsPaused", "deposit", desk.unit, HOLDER)
    desk.refuses("DepositsPaused", "mint", WAD, HOLDER)
    assert (desk.ask("maxDeposit", HOLDER), desk.ask("maxMint", HOLDER)) == (0, 0)


def test_only_the_owner_lets_them_go_on(desk: Desk) -> None:
    desk.do("setDepositsPaused", True, sender=GUARDIAN)
    desk.refuses("NotAllowed", "setDepositsPaused", False, sender=GUARDIAN)
    desk.refuses("NotAllowed", "setDepositsPaused", False, sender=STRANGER)
    desk.do("setDepositsPaused", False, sender=OWNER)
    assert desk.events() == [("DepositsPausedSet", {"sender": OWNER, "paused": False})]
    assert desk.deposit(FIRST) > 0


@pytest.mark.parametrize("paused", [True, False])
def test_nobody_else_does_either(desk: Desk, paused: bool) -> None:
    for sender in (STRANGER, KEEPER, DEPOSITOR):
        desk.refuses("NotAllowed", "setDepositsPaused", paused, sender=sender)


def test_a_guardian_cannot_unpause_what_was_never_paused(desk: Desk) -> None:
    desk.refuses("NotAllowed", "setDepositsPaused", False, sender=GUARDIAN)


def test_without_a_guardian_nobody_but_the_owner_pauses(empty: Desk) -> None:
    nobody = "0x" + "00" * 20
    other = empty.other(guardian=nobody)
    other.refuses("NotAllowed", "setDepositsPaused", True, sender=GUARDIAN)
    other.do("setDepositsPaused", True, sender=OWNER)


def test_a_new_guardian_takes_the_power_of_the_one_before(desk: Desk) -> None:
    desk.do("setGuardian", STRANGER, sender=OWNER)
    assert desk.events() == [("GuardianChanged", {"guardian": STRANGER})]
    desk.refuses("NotAllowed", "setDepositsPaused", True, sender=GUARDIAN)
    desk.do("setDepositsPaused", True, sender=STRANGER)


def test_everything_but_deposits_goes_on(desk: Desk) -> None:
    """Law 4."""
    desk.do("setDepositsPaused", True, sender=GUARDIAN)
    desk.wait(3_600)
    desk.do("accrue", sender=STRANGER)
    desk.move("0.9")
    desk.do("rebalance", sender=KEEPER)
    desk.do("transfer", HOLDER, 10 * WAD)
    assert desk.do("withdraw", desk.unit, HOLDER, HOLDER, sender=HOLDER) > 0
    everything = desk.shares(HOLDER)
    assert desk.ask("maxRedeem", HOLDER) == everything
    desk.do("redeem", everything, HOLDER, HOLDER, sender=HOLDER)
    desk.do("startClosing", sender=OWNER)
    desk.wait(86_400)
    while desk.state()["size"]:
        desk.do("rebalance", sender=KEEPER)
        desk.wait(900)
    desk.do("close", sender=STRANGER)
    assert desk.do("redeem", desk.shares(DEPOSITOR), DEPOSITOR, DEPOSITOR) > 0
