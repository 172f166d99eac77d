"""The owner of the tokens: a delay, roles that can be listed, and nobody above it."""

import pytest

from levtoken.evm import DEPLOYER, Contract, Evm, Revert
from levtoken.system import NOBODY, Feed, System, deploy_system
from levtoken.units import WAD
from tests.world import BTC_MARKET, POLICY_3X

HOUR, DAY = 3_600, 86_400
PROPOSER, CANCELLER, ATTACKER = ("0x" + digit * 40 for digit in "123")
EVERYBODY = NOBODY
NO_ID = b"\0" * 32  # no predecessor, no salt
FEES = {"streaming": WAD // 50, "deposit": 0, "redemption": 0}


class Desk:
    """A token that a timelock owns."""

    def __init__(self, evm: Evm, system: System) -> None:
        self.evm = evm
        self.timelock = new_timelock(evm)
        self.token = system.create_token("BTC3L", 3 * WAD, POLICY_3X, owner=self.timelock.address)

    def call(self, target: Contract, name: str, *arguments: object) -> tuple[object, ...]:
        """A call as the timelock takes it."""
        data = target.artifact.function(name, len(arguments)).calldata(*arguments)
        return target.address, 0, data, NO_ID, NO_ID

    def schedule(self, call: tuple[object, ...], delay: int, sender: str = PROPOSER) -> None:
        self.timelock.transact("schedule", *call, delay, sender=sender)

    def wait(self, seconds: int) -> None:
        self.evm.next_block(self.evm.timestamp + seconds)

    def members(self, role: str) -> list[str]:
        return list(self.timelock.call("getRoleMembers", self.timelock.call(role)))


def new_timelock(evm: Evm, delay: int = DAY, proposers: tuple[str, ...] = (PROPOSER,)) -> Contract:
    return evm.deploy("TokenTimelock", delay, list(proposers), [EVERYBODY], [CANCELLER])


@pytest.fixture(scope="module")
def system() -> System:
    evm = Evm(timestamp=1_700_000_000)
    return deploy_system(evm, feed=Feed(60_000 * 10**8), market=BTC_MARKET)


@pytest.fixture
def desk(system: System) -> Desk:
    with system.evm.rolled_back():
        yield Desk(system.evm, system)


def test_a_change_waits_for_the_delay_and_then_anybody_executes_it(desk: Desk) -> None:
    call = desk.call(desk.token, "setFees", FEES)
    with pytest.raises(Revert, match="TimelockInsufficientDelay"):
        desk.schedule(call, DAY - 1)
    desk.schedule(call, DAY)
    desk.wait(DAY - 1)
    with pytest.raises(Revert, match="TimelockUnexpectedOperationState"):
        desk.timelock.transact("execute", *call, sender=ATTACKER)
    desk.wait(1)
    desk.timelock.transact("execute", *call, sender=ATTACKER)
    assert desk.token.call("terms")["fees"] == FEES


def test_nobody_but_the_timelock_sets_anything(desk: Desk) -> None:
    for sender in (DEPLOYER, PROPOSER, CANCELLER, ATTACKER):
        with pytest.raises(Revert, match="NotAllowed"):
            desk.token.transact("setFees", FEES, sender=sender)


def test_only_proposers_schedule_and_cancellers_cancel(desk: Desk) -> None:
    call = desk.call(desk.token, "setFees", FEES)
    for sender in (DEPLOYER, CANCELLER, ATTACKER):
        with pytest.raises(Revert, match="AccessControlUnauthorizedAccount"):
            desk.schedule(call, DAY, sender)
    desk.schedule(call, DAY)
    operation = desk.timelock.call("hashOperation", *call)
    for sender in (DEPLOYER, ATTACKER):
        with pytest.raises(Revert, match="AccessControlUnauthorizedAccount"):
            desk.timelock.transact("cancel", operation, sender=sender)
    desk.timelock.transact("cancel", operation, sender=CANCELLER)
    desk.wait(DAY)
    with pytest.raises(Revert, match="TimelockUnexpectedOperationState"):
        desk.timelock.transact("execute", *call, sender=PROPOSER)


def test_the_members_of_every_role_can_be_listed_and_the_deployer_is_none(desk: Desk) -> None:
    assert desk.members("PROPOSER_ROLE") == [PROPOSER]
    assert desk.members("EXECUTOR_ROLE") == [EVERYBODY]
    assert desk.members("CANCELLER_ROLE") == [PROPOSER, CANCELLER]
    assert [one.lower() for one in desk.members("DEFAULT_ADMIN_ROLE")] == [
        desk.timelock.address.lower()
    ]


def test_roles_change_through_the_timelock_alone(desk: Desk) -> None:
    role = desk.timelock.call("PROPOSER_ROLE")
    for sender in (DEPLOYER, PROPOSER):
        with pytest.raises(Revert, match="AccessControlUnauthorizedAccount"):
            desk.timelock.transact("grantRole", role, ATTACKER, sender=sender)
    for verb, after in (("grantRole", [PROPOSER, CANCELLER]), ("revokeRole", [PROPOSER])):
        call = desk.call(desk.timelock, verb, role, CANCELLER)
        desk.schedule(call, DAY)
        desk.wait(DAY)
        desk.timelock.transact("execute", *call)
        assert desk.members("PROPOSER_ROLE") == after


@pytest.mark.parametrize(("told", "holds"), [(0, HOUR), (2 * DAY, 2 * DAY), (2**255, 30 * DAY)])
def test_the_delay_stays_within_its_bounds_whatever_it_is_told(
    desk: Desk, told: int, holds: int
) -> None:
    call = desk.call(desk.timelock, "updateDelay", told)
    desk.schedule(call, DAY)
    desk.wait(DAY)
    desk.timelock.transact("execute", *call)
    assert desk.timelock.call("getMinDelay") == holds
    change = desk.call(desk.token, "setFees", FEES)
    with pytest.raises(Revert, match="TimelockInsufficientDelay"):
        desk.schedule(change, holds - 1)
    desk.schedule(change, holds)


@pytest.mark.parametrize("delay", [HOUR - 1, 30 * DAY + 1])
def test_refuses_a_delay_out_of_bounds(system: System, delay: int) -> None:
    with pytest.raises(Revert, match="InvalidParameter"):
        new_timelock(system.evm, delay)


def test_refuses_to_be_without_proposers(system: System) -> None:
    with pytest.raises(Revert, match="InvalidParameter"):
        new_timelock(system.evm, DAY, ())


def test_says_what_it_supports(desk: Desk) -> None:
    for identifier in ("01ffc9a7", "7965db0b", "5a05180f"):  # ERC-165, access control, enumerable
        assert desk.timelock.call("supportsInterface", bytes.fromhex(identifier))
    assert not desk.timelock.call("supportsInterface", b"\xff" * 4)
