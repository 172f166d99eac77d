"""Who may do what, and what a stranger can make of the shared parts."""

import json
from typing import Any

import pytest

from levtoken.artifacts import PROJECT
from levtoken.evm import Contract, Revert
from levtoken.system import NOBODY, PLAIN_POLICY
from levtoken.units import WAD
from tests.runtime import deploy_runtime
from tests.threats.stage import (
    ALL,
    ATTACKER,
    GUARDIAN,
    HOLDER,
    OWNER,
    RECIPIENT,
    VICTIM,
    Stage,
    build,
    opened,
    refusal,
)
from tests.world import POLICY_3X

FEES = {"streaming": 0, "deposit": 0, "redemption": 0}
POLICY = PLAIN_POLICY | POLICY_3X
# Every verb that is not everybody's, and who may call it.
POWERS: dict[str, tuple[tuple[Any, ...], tuple[str, ...]]] = {
    "setFees": ((FEES,), (OWNER,)),
    "setFeeRecipient": ((RECIPIENT,), (OWNER,)),
    "setLimits": ((2**127, 0), (OWNER,)),
    "setPolicy": ((HOLDER,), (OWNER,)),
    "setGuardian": ((GUARDIAN,), (OWNER,)),
    "setUIMultiplier": ((WAD, 2**33), (OWNER,)),
    "setDepositsPaused": ((True,), (OWNER, GUARDIAN)),
    "transferOwnership": ((ATTACKER,), (OWNER,)),
    "startClosing": ((), (OWNER,)),
}
EVERYBODYS = {
    *("deposit", "mint", "redeem", "withdraw", "depositWithPermit", "rebalance", "performUpkeep"),
    *("accrue", "close", "acceptOwnership", "approve", "transfer", "transferFrom", "permit"),
}


def verbs(contract: Contract) -> set[str]:
    """Names of all functions that are not views."""
    manifest = json.loads((PROJECT / ".build" / "__local__.json").read_text())
    abi = manifest["contractTypes"][contract.artifact.name]["abi"]
    changing = ("nonpayable", "payable")
    return {one["name"] for one in abi if one.get("stateMutability") in changing and "name" in one}


def test_the_table_of_powers_is_whole() -> None:
    """Naive: a verb that nobody thought of when the roles were drawn."""
    assert verbs(opened().token) == set(POWERS) | EVERYBODYS


@pytest.mark.parametrize("verb", POWERS)
@pytest.mark.parametrize("who", [OWNER, GUARDIAN, RECIPIENT, ATTACKER, HOLDER])
def test_each_power_is_whose_the_table_says(verb: str, who: str) -> None:
    """Naive: a setter without a modifier."""
    stage = opened(guardian=GUARDIAN, feeRecipient=RECIPIENT)
    arguments, allowed = POWERS[verb]
    if verb == "setPolicy":
        arguments = (stage.system.logic.transact("storePolicy", POLICY),)
    if who in allowed:
        stage.act(who, verb, *arguments)
    else:
        assert stage.refuses(who, verb, *arguments) == "NotAllowed"


def test_neither_creator_nor_factory_keeps_a_power() -> None:
    """Naive: the deployer stays owner of what he deployed."""
    stage = opened(owner=VICTIM)
    for verb, (arguments, _) in POWERS.items():
        assert stage.refuses(OWNER, verb, *arguments) == "NotAllowed"
    roles = [stage.token.call(role).lower() for role in ("owner", "pendingOwner", "guardian")]
    assert roles == [VICTIM, NOBODY, NOBODY]
    assert verbs(stage.system.factory) == {"create"}
    assert verbs(stage.system.logic) == {"storePolicy"}
    assert verbs(stage.system.lens) == set()


def test_ownership_moves_in_two_steps_and_never_to_nobody() -> None:
    """Naive: a typing error, or `renounceOwnership`, and no parameter can ever be mended."""
    stage = opened()
    stage.act(OWNER, "transferOwnership", NOBODY)
    assert stage.refuses(ATTACKER, "acceptOwnership") == "NotAllowed"
    stage.act(OWNER, "transferOwnership", VICTIM)
    assert stage.refuses(ATTACKER, "acceptOwnership") == "NotAllowed"
    assert stage.token.call("owner").lower() == OWNER
    stage.act(VICTIM, "acceptOwnership")
    assert stage.refuses(OWNER, "transferOwnership", OWNER) == "NotAllowed"
    assert stage.refuses(VICTIM, "acceptOwnership") == "NotAllowed"
    with pytest.raises(Revert, match="InvalidParameter"):
        stage.system.create_token("NOBODYS", 3 * WAD, POLICY_3X, owner=NOBODY)


def fake(stage: Stage, policy: dict[str, int], tail: str = "") -> str:
    """The policy as `TokenLogic` stores it, at an address that anybody chose: behind a STOP."""
    data = stage.system.logic.calldata("storePolicy", policy)[4:]
    return deploy_runtime(stage.evm, "00" + data.hex() + tail)


def test_a_policy_that_somebody_else_stored_is_refused() -> None:
    """Naive: the code at a policy's address is trusted; it can be that of a proxy whose content
    changes after the timelock has looked at it."""
    stage = opened()
    at = fake(stage, POLICY)
    assert stage.system.logic.call("policyAt", at) == POLICY
    assert stage.refuses(OWNER, "setPolicy", at) == "InvalidParameter"


def test_what_is_no_policy_is_refused() -> None:
    """Naive: an empty address decodes to a policy of zeros, or burns all gas without a name."""
    stage = opened()
    for at in (NOBODY, ATTACKER, stage.token.address, stage.market.address):
        assert stage.refuses(OWNER, "setPolicy", at) == "InvalidParameter"
    with pytest.raises(Revert):
        stage.act(OWNER, "setPolicy", deploy_runtime(stage.evm, "00" + "ff" * 640))


def test_a_policy_with_a_tail_is_not_the_policy() -> None:
    """Naive: content that decodes alike and lives at another address."""
    stage = opened()
    assert stage.refuses(OWNER, "setPolicy", fake(stage, POLICY, "00" * 32)) == "InvalidParameter"


def test_storing_a_policy_first_takes_nothing_from_who_wanted_to() -> None:
    """Naive: the second to store the same reverts, and a griefer stops every deployment."""
    stage = build()
    first = stage.system.logic.transact("storePolicy", POLICY, sender=ATTACKER)
    assert stage.system.logic.transact("storePolicy", POLICY, sender=VICTIM) == first


def test_a_policy_that_would_kill_a_token_is_refused_by_each() -> None:
    """Naive: anyone may store a policy, so anyone may have it followed."""
    stage = opened()
    deadly = stage.system.logic.transact("storePolicy", POLICY | {"emergency": 50 * WAD})
    assert stage.refuses(OWNER, "setPolicy", deadly) == "InvalidPolicy"


def test_the_shared_logic_has_nothing_to_take_over() -> None:
    """Naive: an uninitialised implementation that anybody owns, or destroys (Parity)."""
    stage = opened()
    before = stage.books(stage.token.address), stage.token.call("assess")
    logic = stage.system.logic
    subject = (ATTACKER, ATTACKER, 3 * WAD, 1)
    subject_map = dict(zip(("token", "venue", "target", "unit"), subject, strict=True))
    with pytest.raises(Revert):
        logic.transact("mintCost", subject_map, WAD, WAD, sender=ATTACKER)
    logic.transact("storePolicy", POLICY | {"cooldown": 901}, sender=ATTACKER)
    assert (stage.books(stage.token.address), stage.token.call("assess")) == before


def test_a_hostile_token_cannot_take_what_its_victim_let_it() -> None:
    """Naive: approvals of one shared router, which every venue can call through (Seamless, high).
    The creator owns the venue: it calls back into its token, and every other, while it is paid."""
    stage = opened()
    thief = stage.evm.deploy("MockThiefVenue", stage.asset.address, stage.market.call("limits"))
    policy = stage.system.logic.transact("storePolicy", POLICY)
    params = {
        "name": b"BTC3L",
        "symbol": b"BTC3L",
        "venue": thief.address,
        "targetLeverage": 3 * WAD,
        "owner": ATTACKER,
        "guardian": NOBODY,
        "feeRecipient": ATTACKER,
        "fees": FEES,
        "supplyCap": 2**128 - 1,
        "minDeposit": 0,
        "policy": policy,
    }
    address = stage.system.factory.transact("create", params, sender=ATTACKER)
    trap = stage.evm.at("LeveragedToken", address)
    stage.asset.transact("approve", trap.address, ALL, sender=VICTIM)
    balance = stage.asset.call("balanceOf", VICTIM)
    books = stage.books(stage.token.address)
    stolen = stage.asset.calldata("transferFrom", VICTIM, ATTACKER, stage.unit)
    again = trap.calldata("deposit", stage.unit, thief.address)
    for target, data in ((stage.asset.address, stolen), (trap.address, again)):
        thief.transact("setCall", target, data)
        trap.transact("deposit", 1_000 * stage.unit, VICTIM, sender=VICTIM)
        assert not thief.call("ok")
    thief.transact("take", ATTACKER)
    # What they put in is gone, and not a unit more; nobody else is touched.
    assert balance - stage.asset.call("balanceOf", VICTIM) == 2_000 * stage.unit
    assert stage.books(stage.token.address) == books
    page = stage.system.lens.call("status", [trap.address, stage.token.address])
    assert [one["ok"] for one in page] == [False, True]


def test_tokens_of_one_market_have_accounts_of_their_own() -> None:
    """Naive: margin in one purse: a creator's token redeems what another's holders deposited."""
    stage = opened()
    other = stage.system.create_token("OTHER", 3 * WAD, POLICY_3X, owner=ATTACKER)
    stage.asset.transact("approve", other.address, ALL, sender=ATTACKER)
    worth = stage.worth()
    start = stage.wealth(ATTACKER)
    shares = other.transact("deposit", 50_000 * stage.unit, ATTACKER, sender=ATTACKER)
    other.transact("redeem", shares, ATTACKER, ATTACKER, sender=ATTACKER)
    other.transact("startClosing", sender=ATTACKER)
    assert stage.worth() >= worth
    assert stage.wealth(ATTACKER) <= start


def test_creating_a_token_first_gives_no_power_over_it() -> None:
    """Naive: the creator is the owner, so that a copied transaction owns the address."""
    stage = build()
    token = stage.token.call("owner").lower()
    assert token == OWNER
    with pytest.raises(Revert, match="TokenExists"):
        stage.system.create_token("BTC3L", 3 * WAD, POLICY_3X)


def test_a_venue_verb_is_the_callers_own() -> None:
    """Naive: `exit(account, ...)` without authentication."""
    stage = opened()
    books = stage.books(stage.token.address)
    for verb, *arguments in (
        ("exit", 1, 1, ALL, ATTACKER),
        ("trade", -WAD, 0, 0, ATTACKER),
        ("trade", 0, -stage.unit, 0, ATTACKER),
    ):
        assert refusal(stage.market, ATTACKER, verb, *arguments)
    assert stage.books(stage.token.address) == books


@pytest.mark.parametrize("permitted", [0, WAD])
def test_nobody_spends_shares_that_were_not_allowed(permitted: int) -> None:
    """Naive: `redeem(shares, receiver, owner)` trusts its caller; a library that gives a well-known
    contract an infinite allowance of everybody."""
    stage = opened()
    if permitted:
        stage.act(HOLDER, "approve", ATTACKER, permitted)
    for who in (ATTACKER, PERMIT2):
        error = stage.refuses(who, "redeem", permitted + 1, ATTACKER, HOLDER)
        assert error == "InsufficientAllowance"
        error = stage.refuses(who, "withdraw", 2 * stage.unit, ATTACKER, HOLDER)
        assert error == "InsufficientAllowance"
        error = stage.refuses(who, "transferFrom", HOLDER, ATTACKER, permitted + 1)
        assert error == "InsufficientAllowance"
    if permitted:
        stage.act(ATTACKER, "redeem", permitted, ATTACKER, HOLDER)
        assert stage.token.call("allowance", HOLDER, ATTACKER) == 0


PERMIT2 = "0x000000000022D473030F116dDEE9F6B43aC78BA3"
