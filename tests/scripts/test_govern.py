"""Changing tokens through the timelock that owns them, by the script, on a chain that stays."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ape
import pytest

from levtoken.chain import at, connected, load_deployment, send, system
from tests.scripts.chains import PROJECT, connected_to, lasting_chain, run
from tests.scripts.desk import Desk

PROPOSER, GUARDIAN, STRANGER = "TEST::9", "TEST::8", "TEST::3"
DELAY = 172_800  # config/governance.yaml
WAD = 10**18
CHANGES = {
    "fees": ("fees BTC3L --streaming 0.01 --redemption 0.002", "setFees"),
    "recipient": ("recipient BTC3L {other}", "setFeeRecipient"),
    "limits": ("limits BTC3L --cap 1000000", "setLimits"),
    "policy": ("policy BTC3L {policy}", "setPolicy"),
    "stop": ("deposits BTC3L stop", "setDepositsPaused"),
    "multiplier": ("multiplier BTC3L 0.001 --start 2100-01-01", "setUIMultiplier"),
    "closing": ("closing BTC3L", "startClosing"),
    "guardian": ("guardian BTC3L {other}", "setGuardian"),
    "ownership": ("ownership BTC3L {other}", "transferOwnership"),
    "role": ("role grant proposer {other}", "grantRole"),
    "delay": ("delay 86400", "updateDelay"),
}


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with lasting_chain() as chain:
        desk = Desk(chain, tmp_path_factory.mktemp("deployments"))
        desk.run("deploy", "BTC3L")
        yield desk


@pytest.fixture
def desk(there: Desk) -> Iterator[Desk]:
    """As after the deployment."""
    mark = rpc(there, "evm_snapshot")
    yield there
    assert rpc(there, "evm_revert", mark)


def rpc(desk: Desk, method: str, *arguments: object) -> Any:
    with connected_to(desk.chain):
        return ape.networks.provider.make_request(method, list(arguments))


def wait(desk: Desk, seconds: int) -> None:
    rpc(desk, "evm_increaseTime", seconds)
    rpc(desk, "evm_mine")


def schedule(desk: Desk, change: str, *options: str) -> dict[str, Any]:
    """What a proposer is told who schedules it."""
    arguments = ("schedule", *change.split(), "--account", PROPOSER, "--json", *options)
    return json.loads(desk.run("govern", *arguments))


def listed(desk: Desk, *options: str) -> list[dict[str, Any]]:
    return json.loads(desk.run("govern", "list", "--json", *options))


def address(number: int) -> str:
    return str(ape.accounts.test_accounts[number].address)


def policy_file(folder: Path) -> Path:
    """The shipped policy with another cooldown."""
    text = (PROJECT / "config" / "policies" / "3x.yaml").read_text()
    assert "\ncooldown: 60\n" in text
    file = folder / "slower.yaml"
    file.write_text(text.replace("\ncooldown: 60\n", "\ncooldown: 1200\n", 1))
    return file


def state_of(desk: Desk) -> dict[str, Any]:
    """What changes can change, as the chain says it."""
    with connected_to(desk.chain):
        there = system(load_deployment(desk.records, connected()))
        token = there.tokens["BTC3L"]
        timelock = at("TokenTimelock", there.deployment.timelock)
        terms = token.terms()
        logic = at("TokenLogic", there.deployment.logic)
        policy = logic.policyAt(token.progress().policy)
        return {
            "fees": (terms.fees.streaming, terms.fees.deposit, terms.fees.redemption),
            "recipient": terms.feeRecipient,
            "limits": terms.supplyCap,
            "policy": policy.cooldown,
            "stop": terms.depositsPaused,
            "multiplier": (token.newUIMultiplier(), token.effectiveAt()),
            "closing": terms.phase,
            "guardian": token.guardian(),
            "ownership": token.pendingOwner(),
            "role": tuple(timelock.getRoleMembers(timelock.PROPOSER_ROLE())),
            "delay": timelock.getMinDelay(),
        }


AFTER: dict[str, Any] = {
    "fees": (WAD // 100, 0, WAD // 500),
    "limits": 10**6 * WAD,
    "policy": 1200,
    "stop": True,
    "multiplier": (WAD // 1000, 4_102_444_800),  # 2100-01-01
    "closing": 1,
    "delay": 86_400,
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_scheduled_waits_and_is_executed(desk: Desk, name: str, tmp_path: Path) -> None:
    words, method = CHANGES[name]
    other = address(4)
    before = state_of(desk)
    told = schedule(desk, words.format(other=other, policy=policy_file(tmp_path)))
    [call] = told["calls"]
    assert call["method"] == method
    assert told["state"] == "waiting"
    message = desk.fail("govern", "execute", told["id"])
    assert message.startswith(f"{told['id']} is not due: execute it in 1")
    assert state_of(desk) == before
    wait(desk, DELAY)
    assert [one["state"] for one in listed(desk)] == ["ready"]
    assert "done in 0x" in desk.run("govern", "execute", told["id"][:10])
    expected = AFTER.get(name, (address(9), other) if name == "role" else other)
    assert state_of(desk) == before | {name: expected}
    assert listed(desk) == []
    assert "is done: schedule the change again" in desk.fail("govern", "execute", told["id"])


def test_a_command_that_was_interrupted_schedules_nothing_twice(desk: Desk) -> None:
    first = schedule(desk, CHANGES["fees"][0])
    block = desk.block()
    again = schedule(desk, CHANGES["fees"][0])
    assert (again["id"], again["ready_at"]) == (first["id"], first["ready_at"])
    assert desk.block() == block
    wait(desk, DELAY)
    desk.run("govern", "execute", first["id"])
    third = schedule(desk, CHANGES["fees"][0])
    assert third["id"] != first["id"]
    assert [one["state"] for one in listed(desk, "--all")] == ["done", "waiting"]


def test_a_dry_run_shows_the_call_its_id_and_its_time_and_sends_nothing(desk: Desk) -> None:
    block = desk.block()
    output = desk.run("govern", "schedule", *CHANGES["fees"][0].split(), "--dry-run")
    assert "BTC3L.setFees(fees=(streaming=0.01e18, deposit=0, redemption=0.002e18))" in output
    assert "not scheduled; earliest 20" in output
    assert f"in {DELAY:,} s" in output
    assert desk.block() == block
    told = schedule(desk, CHANGES["fees"][0])
    assert told["id"] in output
    block = desk.block()
    for verb in ("execute", "cancel"):
        assert told["id"] in desk.run("govern", verb, told["id"], "--dry-run")
    assert desk.block() == block


def test_a_policy_that_nobody_stored_is_shown_before_it_is_stored(
    desk: Desk, tmp_path: Path
) -> None:
    block = desk.block()
    words = CHANGES["policy"][0].format(policy=policy_file(tmp_path))
    shown = json.loads(desk.run("govern", "schedule", *words.split(), "--dry-run", "--json"))
    assert desk.block() == block
    message = desk.fail("govern", "schedule", *words.split(), "--account", STRANGER)
    assert "is no proposer of the timelock" in message
    assert desk.block() == block
    assert schedule(desk, words)["id"] == shown["id"]
    assert desk.block() == block + 2


def test_cancelled_is_for_good_until_it_is_scheduled_again(desk: Desk) -> None:
    told = schedule(desk, CHANGES["stop"][0])
    message = desk.fail("govern", "cancel", told["id"], "--account", STRANGER)
    assert f"{address(3)} is no canceller of the timelock: choose one of {address(9)}" in message
    assert "cancelled in 0x" in desk.run("govern", "cancel", told["id"], "--account", PROPOSER)
    wait(desk, DELAY)
    assert "is cancelled: schedule" in desk.fail("govern", "execute", told["id"])
    assert [one["state"] for one in listed(desk, "--all")] == ["cancelled"]
    assert schedule(desk, CHANGES["stop"][0])["id"] == told["id"]
    assert [one["state"] for one in listed(desk)] == ["waiting"]


def test_a_longer_delay_is_kept(desk: Desk) -> None:
    longer = schedule(desk, CHANGES["stop"][0], "--delay", str(2 * DELAY))
    wait(desk, DELAY)
    assert "is not due" in desk.fail("govern", "execute", longer["id"])
    wait(desk, DELAY)
    desk.run("govern", "execute", longer["id"])
    assert state_of(desk)["stop"]


def test_a_batch_of_somebody_elses_is_listed_and_executed(desk: Desk) -> None:
    with connected_to(desk.chain):
        there = system(load_deployment(desk.records, connected()))
        token = there.tokens["BTC3L"]
        timelock = at("TokenTimelock", there.deployment.timelock)
        calls = [token.setDepositsPaused.encode_input(True), token.startClosing.encode_input()]
        salt = b"\7" * 32
        arguments = ([token.address] * 2, [0, 0], calls, bytes(32), salt, DELAY)
        send(timelock.scheduleBatch, *arguments, sender=ape.accounts.test_accounts[9])
    [told] = listed(desk)
    assert [one["method"] for one in told["calls"]] == ["setDepositsPaused", "startClosing"]
    assert told["salt"] == "0x" + salt.hex()
    assert "BTC3L.startClosing()" in desk.run("govern", "list")
    wait(desk, DELAY)
    desk.run("govern", "execute", told["id"])
    assert (state_of(desk)["stop"], state_of(desk)["closing"]) == (True, 1)


def test_a_token_comes_back_when_it_is_accepted(desk: Desk) -> None:
    other = ape.accounts.test_accounts[4]
    told = schedule(desk, CHANGES["ownership"][0].format(other=other.address))
    wait(desk, DELAY)
    desk.run("govern", "execute", told["id"])
    with connected_to(desk.chain):
        there = system(load_deployment(desk.records, connected()))
        token = there.tokens["BTC3L"]
        send(token.acceptOwnership, sender=other)
    message = desk.fail("govern", "schedule", "closing", "BTC3L", "--account", PROPOSER)
    assert f"BTC3L belongs to {other.address} and not to the timelock" in message
    message = desk.fail("govern", "schedule", "accept", "BTC3L", "--account", PROPOSER)
    assert "NotAllowed" in message
    early = schedule(desk, "accept BTC3L", "--anyway")
    with connected_to(desk.chain):
        send(token.transferOwnership, there.deployment.timelock, sender=other)
    wait(desk, DELAY)
    desk.run("govern", "execute", early["id"])
    schedule(desk, "closing BTC3L")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("schedule fees BTC3L --streaming 0.01", "is no proposer of the timelock: choose one of"),
        ("schedule fees BTC3L --streaming 0.01 --account TEST::8", "is no proposer"),
        ("schedule fees BTC3L --streaming 0.06 --account TEST::9", "FeeAboveCap"),
        ("schedule fees BTC3L --streaming 0.06 --dry-run", "FeeAboveCap"),
        ("schedule delay 7200 --delay 60 --dry-run", f"too short: at least {DELAY} s"),
        ("schedule policy BTC3L config/policies/2x.yaml", "BTC3L cannot follow it: expected lower"),
        ("schedule multiplier BTC3L 2 --start 2020-01-01 --dry-run", "before it can be executed"),
        ("schedule closing DOGE3L", "DOGE3L is not deployed on devnet: choose from BTC3L"),
        ("execute 0x12", "no operation begins with 0x12: `ape run govern list --all` shows"),
        ("cancel 0x12", "no operation begins with 0x12"),
    ],
)
def test_wrong_use_is_one_line_and_sends_nothing(
    desk: Desk, arguments: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(PROJECT)
    block = desk.block()
    assert message in desk.fail("govern", *arguments.split())
    assert desk.block() == block


def test_what_the_token_refuses_in_the_end_is_named_and_stays_scheduled(desk: Desk) -> None:
    told = schedule(desk, "fees BTC3L --deposit 0.02", "--anyway")
    wait(desk, DELAY)
    assert "FeeAboveCap: the fee exceeds" in desk.fail("govern", "execute", told["id"])
    assert [one["state"] for one in listed(desk)] == ["ready"]


def test_the_start_of_an_id_must_tell_which(desk: Desk) -> None:
    schedule(desk, CHANGES["stop"][0])
    schedule(desk, CHANGES["closing"][0])
    assert "several operations begin with 0x:" in desk.fail("govern", "execute", "0x")


@pytest.mark.parametrize("verb", ["schedule policy", "execute", "cancel", "list"])
def test_the_help_teaches(verb: str) -> None:
    result = run("govern", *verb.split(), "--help")
    assert result.exit_code == 0
    for option in ("--json", "--network", "--account"):
        assert option in result.stdout
