"""Every setter: who may, within which bounds, what it tells and what it does."""

from typing import Any

import pytest

from levtoken.evm import Revert
from levtoken.system import PLAIN_POLICY
from levtoken.units import WAD, to_fixed
from tests.runtime import deploy_runtime
from tests.unit.token.desk import (
    DEPOSITOR,
    GUARDIAN,
    HOLDER,
    KEEPER,
    OWNER,
    RECIPIENT,
    STRANGER,
    Desk,
)
from tests.world import POLICY_3X

NOBODY = "0x" + "00" * 20
FEES = {
    "streaming": to_fixed("0.01"),
    "deposit": to_fixed("0.002"),
    "redemption": to_fixed("0.000003"),
}


def stored(desk: Desk, **changes: int) -> str:
    policy = PLAIN_POLICY | POLICY_3X | changes
    return desk.system.logic.transact("storePolicy", policy)


OWNERS: list[tuple[str, tuple[Any, ...]]] = [
    ("setFees", (FEES,)),
    ("setFeeRecipient", (STRANGER,)),
    ("setLimits", (WAD, 1)),
    ("setPolicy", (STRANGER,)),
    ("setUIMultiplier", (WAD, 2**40)),
    ("setGuardian", (STRANGER,)),
    ("transferOwnership", (STRANGER,)),
    ("startClosing", ()),
]


@pytest.mark.parametrize(("setter", "arguments"), OWNERS)
@pytest.mark.parametrize("sender", [GUARDIAN, RECIPIENT, DEPOSITOR, KEEPER, STRANGER])
def test_nobody_but_the_owner_sets_anything(
    desk: Desk, setter: str, arguments: tuple[Any, ...], sender: str
) -> None:
    with desk.nothing_changes():
        desk.refuses("NotAllowed", setter, *arguments, sender=sender)


def test_every_verb_that_changes_the_rules_is_among_them(desk: Desk) -> None:
    """So that a new one is not forgotten here; the pause has tests of its own."""
    setters = {name for name, _ in desk.token.artifact.functions if name.startswith("set")}
    assert setters == {name for name, _ in OWNERS if name.startswith("set")} | {"setDepositsPaused"}


def test_sets_the_fees(desk: Desk) -> None:
    desk.do("setFees", FEES, sender=OWNER)
    assert desk.events() == [("FeesSet", {"fees": tuple(FEES.values())})]
    assert desk.terms()["fees"] == FEES


def test_sets_the_fee_recipient_and_never_nobody(desk: Desk) -> None:
    desk.refuses("InvalidParameter", "setFeeRecipient", NOBODY, sender=OWNER)
    desk.do("setFeeRecipient", STRANGER, sender=OWNER)
    assert desk.events() == [("FeeRecipientSet", {"recipient": STRANGER})]
    assert desk.terms()["feeRecipient"] == STRANGER


@pytest.mark.parametrize("limits", [(0, 0), (1, 2), (2**128 - 1, 2**128 - 1)])
def test_sets_the_limits(desk: Desk, limits: tuple[int, int]) -> None:
    desk.do("setLimits", *limits, sender=OWNER)
    cap, least = limits
    assert desk.events() == [("LimitsSet", {"supplyCap": cap, "minDeposit": least})]
    assert (desk.terms()["supplyCap"], desk.terms()["minDeposit"]) == limits


def test_sets_a_policy_that_was_stored_and_judges_it(desk: Desk) -> None:
    policy = stored(desk, maxTrade=to_fixed(27), cooldown=1_800)
    desk.do("setPolicy", policy, sender=OWNER)
    assert desk.events() == [("PolicySet", {"policy": policy, "maxSize": 324 * WAD})]
    assert desk.ask("progress")["policy"] == policy
    assert desk.terms()["maxSize"] == 324 * WAD


def test_refuses_a_policy_that_would_not_keep_it_alive(desk: Desk) -> None:
    before = desk.ask("progress")
    desk.refuses("InvalidPolicy", "setPolicy", stored(desk, upper=3 * WAD), sender=OWNER)
    assert desk.ask("progress") == before


def test_refuses_a_policy_that_the_logic_did_not_store(desk: Desk) -> None:
    """Its content could change, or be longer than what is read of it."""
    policy = desk.system.logic.call("policyAt", stored(desk))
    function = desk.system.logic.artifact.function("storePolicy", 1)
    copy = b"\x00" + function.arguments(policy)
    for code in (copy, copy + b"\x00"):
        fake = deploy_runtime(desk.evm, code.hex())
        desk.refuses("InvalidParameter", "setPolicy", fake, sender=OWNER)


@pytest.mark.parametrize("at", [STRANGER, NOBODY])
def test_refuses_a_policy_that_nobody_stored(desk: Desk, at: str) -> None:
    desk.refuses("InvalidParameter", "setPolicy", at, sender=OWNER)


def test_a_new_policy_drops_what_is_left_of_a_rebalance_and_keeps_its_cooldown(desk: Desk) -> None:
    slices = {"maxTrade": to_fixed("0.2"), "emergencySlices": 100}
    small = desk.other(policy=slices)
    small.deposit(100_000)
    small.move("0.9")
    small.do("rebalance", sender=KEEPER)
    before = small.ask("progress")
    assert before["unfinished"] != 0
    policy = stored(small, **slices, recenter=WAD)
    small.do("setPolicy", policy, sender=OWNER)
    after = small.ask("progress")
    assert after == before | {"policy": policy, "unfinished": 0}


def test_a_token_is_created_with_what_its_parameters_say(empty: Desk) -> None:
    other = empty.other(fees=FEES, supplyCap=7, minDeposit=8)
    assert other.terms() == {
        "feeRecipient": RECIPIENT, "accruedAt": other.terms()["accruedAt"], "fees": FEES,
        "supplyCap": 7, "minDeposit": 8, "maxSize": 648 * WAD,
        "depositsPaused": False, "phase": 0,
    }  # fmt: skip
    assert (other.ask("owner"), other.ask("guardian")) == (OWNER, GUARDIAN)
    assert other.ask("pendingOwner") == NOBODY


@pytest.mark.parametrize("term", ["owner", "feeRecipient"])
def test_a_token_is_not_created_without_owner_or_recipient(empty: Desk, term: str) -> None:
    with pytest.raises(Revert, match="InvalidParameter"):
        empty.other(**{term: NOBODY})


def test_ownership_moves_in_two_steps(desk: Desk) -> None:
    desk.do("transferOwnership", STRANGER, sender=OWNER)
    assert desk.events() == [("OwnershipTransferStarted", {"owner": OWNER, "to": STRANGER})]
    assert (desk.ask("owner"), desk.ask("pendingOwner")) == (OWNER, STRANGER)
    desk.refuses("NotAllowed", "acceptOwnership", sender=OWNER)
    desk.refuses("NotAllowed", "acceptOwnership", sender=HOLDER)
    desk.refuses("NotAllowed", "setLimits", 1, 1, sender=STRANGER)
    desk.do("acceptOwnership", sender=STRANGER)
    assert desk.events() == [("OwnershipTransferred", {"from": OWNER, "to": STRANGER})]
    assert (desk.ask("owner"), desk.ask("pendingOwner")) == (STRANGER, NOBODY)
    desk.do("setLimits", 1, 1, sender=STRANGER)
    desk.refuses("NotAllowed", "setLimits", 1, 1, sender=OWNER)
    desk.refuses("NotAllowed", "acceptOwnership", sender=STRANGER)


def test_an_offer_can_be_replaced_and_taken_back(desk: Desk) -> None:
    desk.do("transferOwnership", STRANGER, sender=OWNER)
    desk.do("transferOwnership", HOLDER, sender=OWNER)
    desk.refuses("NotAllowed", "acceptOwnership", sender=STRANGER)
    desk.do("transferOwnership", NOBODY, sender=OWNER)
    desk.refuses("NotAllowed", "acceptOwnership", sender=HOLDER)
    assert desk.ask("owner") == OWNER
