"""Deploying: what the configuration says, once, however often it is interrupted."""

import errno
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import ape
import click
import pytest
from ape.exceptions import ContractLogicError

from levtoken import transactions, verify
from levtoken.chain import Place, at, connected, load_deployment, statuses, system
from levtoken.deploy import deploy
from levtoken.deployments import Deployment, load_record, save_record
from levtoken.errors import ChainError, ConfigError, DeploymentError
from levtoken.faults import one_line
from levtoken.markets import Config, load_config
from levtoken.oracles import NOBODY
from levtoken.protocol import token_params
from tests.scripts.chains import (
    CONFIG,
    PATIENCE,
    PROJECT,
    Chain,
    connected_to,
    lasting_chain,
    new_account,
    run,
)

SYMBOLS = ["BTC3L", "BTC3S", "ETH2L"]
STEPS = 26


class ProcessDies(BaseException):
    """Stands for the end of the process: no code of the project catches it."""


@pytest.fixture(scope="module")
def chain() -> Iterator[Chain]:
    with lasting_chain() as chain:
        yield chain


@pytest.fixture(scope="module")
def config() -> Config:
    return load_config(CONFIG)


@pytest.fixture
def record(tmp_path: Path) -> Path:
    return tmp_path / "devnet.json"


def test_deploys_what_the_configuration_says(chain: Chain, config: Config, record: Path) -> None:
    checks: list[verify.Check] = []
    with connected_to(chain):
        deployer = ape.accounts.test_accounts[0]
        done = deploy(config, SYMBOLS, deployer, record=record, report=checks.extend)
        assert load_deployment(record.parent, connected()) == done == load_record(record)
        there = system(done)
        assert [status.symbol for status in statuses(there)] == SYMBOLS
        [short] = statuses(there, ["BTC3S"])
        pool = there.markets["ETH"].marketState().cash
        factory_knows = there.factory.tokens(0, 10)
    assert (short.ok, short.name, short.target_leverage) == (True, "3x Short BTC", -3 * 10**18)
    assert short.due.reason == "TokenFlat"
    assert short.policy.reward_ramp == 15 * 10**16
    assert short.asset == done.assets["USDC"]
    assert short.venue == done.markets["BTC"]
    assert pool == 100_000_000 * 10**6
    assert factory_knows == list(done.tokens.values())
    assert len(done.transactions) == STEPS
    assert done.pending is None
    assert len(checks) > 130
    assert all(check.ok for check in checks)


def test_deploying_twice_sends_nothing_and_a_further_token_only_itself(
    chain: Chain, config: Config, record: Path
) -> None:
    with connected_to(chain):
        deployer = ape.accounts.test_accounts[1]
        first = deploy(config, ["BTC3L"], deployer, record=record)
        nonce = deployer.nonce
        assert deploy(config, ["BTC3L"], deployer, record=record) == first
        assert deployer.nonce == nonce
        # Another account may continue: what is there stays.
        other = ape.accounts.test_accounts[2]
        more = deploy(config, ["BTC3L", "BTC2L"], other, record=record)
        assert deployer.nonce == nonce
        assert other.nonce == 2
    assert more.tokens["BTC3L"] == first.tokens["BTC3L"]
    assert set(more.transactions) - set(first.transactions) == {"policies.2x.BTC", "tokens.BTC2L"}


def test_continues_wherever_it_was_killed(
    chain: Chain, config: Config, record: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The record is written before and after every transaction: the process dies right before or
    right after each of these writes, so before it is sent, before it is known and after."""
    deaths = 0
    with connected_to(chain):
        deployer = ape.accounts.test_accounts[3]
        while True:
            write, early = 1 + deaths % 3, deaths % 2 == 0
            monkeypatch.setattr(transactions, "save_record", dying_at(write, early=early))
            try:
                done = deploy(config, SYMBOLS, deployer, record=record)
            except ProcessDies:
                deaths += 1
                assert deaths < 10 * STEPS, "no progress"
            else:
                break
        nonce = deployer.nonce
    assert deaths > STEPS
    assert nonce == STEPS
    assert len(set(done.addresses())) == len(done.addresses()) == 20


@pytest.mark.parametrize("lost", ["both", "address"])
def test_adopts_a_token_that_its_factory_has_already(
    chain: Chain, config: Config, record: Path, lost: str
) -> None:
    said: list[str] = []
    with connected_to(chain):
        deployer = new_account()
        done = deploy(config, ["BTC3L"], deployer, record=record)
        hashes = dict(done.transactions)
        if lost == "both":
            del hashes["tokens.BTC3L"]
        save_record(record, done.model_copy(update={"tokens": {}, "transactions": hashes}))
        nonce = deployer.nonce
        again = deploy(config, ["BTC3L"], deployer, record=record, echo=said.append)
        assert deploy(config, ["BTC3L"], deployer, record=record) == again
        assert deployer.nonce == nonce
    assert again == done.model_copy(update={"transactions": hashes}) == load_record(record)
    address = done.tokens["BTC3L"]
    assert said == [f"tokens.BTC3L exists already at {address}: recorded, nothing to send"]


def test_adopts_a_token_that_somebody_creates_while_it_is_deployed(
    chain: Chain, config: Config, record: Path
) -> None:
    def create_first(line: str) -> None:
        if line.startswith("[15/16] lens"):
            there = load_record(record)
            params = token_params(config, "BTC3L", there)
            factory = at("LeveragedTokenFactory", str(there.factory))
            factory.create(params, sender=ape.accounts.test_accounts[2])

    with connected_to(chain):
        deployer = new_account()
        done = deploy(config, ["BTC3L"], deployer, record=record, echo=create_first)
        assert deployer.nonce == len(done.transactions) == 15
        assert system(done).factory.tokens(0, 10) == [done.tokens["BTC3L"]]


def test_a_record_that_cannot_be_written_is_one_line_and_the_old_one_stays(
    chain: Chain, config: Config, record: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with connected_to(chain):
        deployer = new_account()
        done = deploy(config, ["BTC3L"], deployer, record=record)
        before = record.read_text()
        nonce = deployer.nonce
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full)
            with pytest.raises(DeploymentError) as caught:
                deploy(config, ["BTC3L", "BTC2L"], deployer, record=record)
        assert str(caught.value) == (
            f"cannot write {record} (No space left on device): free space or make it writable, "
            "then run the same command again"
        )
        assert record.read_text() == before
        assert deployer.nonce == nonce
        assert deploy(config, ["BTC3L", "BTC2L"], deployer, record=record).tokens.items() >= (
            done.tokens.items()
        )
    with pytest.raises(DeploymentError, match=r"cannot write .* \(\w.*\): free space"):
        save_record(record / "folder" / "devnet.json", done)


def dying_at(number: int, *, early: bool) -> object:
    """`save_record` that ends the process at its call of that number, before or after it writes."""
    calls = 0

    def save(path: Path, record: Deployment) -> None:
        nonlocal calls
        calls += 1
        if calls == number and early:
            raise ProcessDies
        save_record(path, record)
        if calls == number:
            raise ProcessDies

    return save


def test_a_killed_process_leaves_a_record_to_continue_from(chain: Chain, record: Path) -> None:
    options = ["--network", chain.network, "--account", "TEST::4", "--records", str(record.parent)]
    ape_command = str(Path(sys.executable).with_name("ape"))
    command = [ape_command, "run", "deploy", "BTC3L", *options]
    process = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.DEVNULL)
    give_up = time.monotonic() + PATIENCE
    while not (record.exists() and len(load_record(record).transactions) > 3):
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=0.02)
        assert time.monotonic() < give_up, "nothing was deployed"
    process.kill()
    process.wait()
    steps = load_record(record).transactions
    assert 3 < len(steps) < 16
    result = run("deploy", "BTC3L", *options)
    assert result.exit_code == 0, result.output
    assert "USDC" in result.stdout
    done = load_record(record)
    assert steps.items() <= done.transactions.items()
    with connected_to(chain):
        assert ape.accounts.test_accounts[4].nonce == len(done.transactions) == 16


@pytest.mark.parametrize("later", [0, 1])
def test_notices_the_record_of_a_chain_that_is_gone(
    config: Config, record: Path, later: int
) -> None:
    """Chains that start in the same second have the same first block: then the code is missing."""
    start = 1_700_000_000
    said: list[str] = []
    with lasting_chain("--timestamp", str(start)) as chain, connected_to(chain):
        first = deploy(config, ["BTC3L"], ape.accounts.test_accounts[0], record=record)
    with lasting_chain("--timestamp", str(start + later)) as chain, connected_to(chain):
        with pytest.raises(DeploymentError, match="of a chain that is gone: run `ape run deploy`"):
            load_deployment(record.parent, connected())
        second = deploy(
            config, ["BTC3L"], ape.accounts.test_accounts[0], record=record, echo=said.append
        )
        assert load_deployment(record.parent, connected()) == second
    assert "devnet.json is of a chain that is gone: starting a new one" in said
    assert first.transactions.keys() == second.transactions.keys()


def test_a_chain_that_is_not_as_configured_is_an_error(
    chain: Chain, config: Config, record: Path
) -> None:
    with connected_to(chain):
        deployer = ape.accounts.test_accounts[5]
        deploy(config, ["BTC3L"], deployer, record=record)
        nonce = deployer.nonce
        policy = config.policies["3x"].model_copy(update={"cooldown": 61})
        changed = config.model_copy(update={"policies": {**config.policies, "3x": policy}})
        with pytest.raises(DeploymentError, match=r"BTC3L policy\.cooldown: 60 instead of 61"):
            deploy(changed, ["BTC3L"], deployer, record=record)
        assert deployer.nonce == nonce


def test_who_deploys_holds_no_role_and_those_who_do_are_as_configured(
    chain: Chain, config: Config, record: Path
) -> None:
    with connected_to(chain):
        deployer = new_account()
        done = deploy(config, ["BTC3L"], deployer, record=record)
        timelock = at("TokenTimelock", str(done.timelock))
        token = system(done).tokens["BTC3L"]
        proposer, guardian, recipient = (ape.accounts.test_accounts[one] for one in (9, 8, 7))
        assert timelock.getMinDelay() == 172_800
        assert timelock.getRoleMembers(timelock.PROPOSER_ROLE()) == [proposer.address]
        assert timelock.getRoleMembers(timelock.CANCELLER_ROLE()) == [proposer.address]
        assert timelock.getRoleMembers(timelock.EXECUTOR_ROLE()) == [NOBODY]
        assert timelock.getRoleMembers(timelock.DEFAULT_ADMIN_ROLE()) == [timelock.address]
        assert (token.owner(), token.guardian()) == (timelock.address, guardian.address)
        assert token.terms().feeRecipient == recipient.address
        assert token.terms().fees.streaming == 10**16
        with pytest.raises(ContractLogicError):
            token.setFees((0, 0, 0), sender=deployer)


@pytest.mark.parametrize(("number", "power"), [(8, "guardian"), (9, "proposers")])
def test_an_account_with_a_role_does_not_deploy(
    chain: Chain, config: Config, record: Path, number: int, power: str
) -> None:
    with connected_to(chain):
        holder = ape.accounts.test_accounts[number]
        with pytest.raises(ConfigError, match=f"is among the {power} of the configuration"):
            deploy(config, ["BTC3L"], holder, record=record)
        assert holder.nonce == 0
    assert not record.exists()


def test_a_role_that_was_given_to_somebody_else_is_an_error(
    chain: Chain, config: Config, record: Path
) -> None:
    with connected_to(chain):
        deployer = new_account()
        deploy(config, ["BTC3L"], deployer, record=record)
        other = config.governance.model_copy(update={"proposers": ("TEST::6",), "delay": 7_200})
        changed = config.model_copy(update={"governance": other})
        with pytest.raises(DeploymentError, match=r"3 values .* timelock delay: 172800 instead of"):
            deploy(changed, ["BTC3L"], deployer, record=record)


def test_a_policy_that_anybody_stored_is_stored_once(
    chain: Chain, config: Config, record: Path
) -> None:
    def store_first(line: str) -> None:
        if line.startswith("[11/16] logic"):
            logic = at("TokenLogic", str(load_record(record).logic))
            logic.storePolicy(config.policy_struct("BTC3L"), sender=ape.accounts.test_accounts[2])

    with connected_to(chain):
        deployer = new_account()
        done = deploy(config, ["BTC3L"], deployer, record=record, echo=store_first)
        assert deployer.nonce == 15
        assert "policies.3x.BTC" not in done.transactions
        assert system(done).tokens["BTC3L"].progress().policy == done.policies["3x.BTC"]


def test_a_dry_run_shows_what_is_missing_and_sends_nothing(chain: Chain, record: Path) -> None:
    options = ["--network", chain.network, "--records", str(record.parent), "--dry-run"]
    with connected_to(chain):
        before = ape.networks.provider.get_block("latest").number
        result = run("deploy", "BTC3L", *options)
        assert ape.networks.provider.get_block("latest").number == before
    assert result.exit_code == 0, result.output
    assert result.stdout.count(" gas") == 17
    assert "tokens.BTC3L: at most" in result.stdout
    assert "transactions to send on devnet: 16" in result.stdout
    assert not record.exists()


def test_nothing_is_sent_unless_it_is_confirmed(chain: Chain, config: Config, record: Path) -> None:
    with connected_to(chain):
        deployer = ape.accounts.test_accounts[6]
        with pytest.raises(DeploymentError, match="nothing was sent"):
            deploy(config, ["BTC3L"], deployer, record=record, confirm=lambda _: False)
        assert deployer.nonce == 0
    assert not record.exists()


def test_refuses_an_account_without_funds_before_the_first_transaction(
    chain: Chain, config: Config, record: Path
) -> None:
    with connected_to(chain):
        poor = new_account(balance=10**15)
        with pytest.raises(ChainError, match=r"has 0\.001000 ETH, deploying may take 0\.0"):
            deploy(config, ["BTC3L"], poor, record=record)
        assert poor.nonce == 0
    assert not record.exists()


def test_a_node_that_dies_on_the_way_leaves_a_record_that_can_be_read(
    config: Config, record: Path
) -> None:
    with lasting_chain() as chain, connected_to(chain):

        def stop_after_four(line: str) -> None:
            if line.startswith("[4/"):
                chain.stop()

        deployer = ape.accounts.test_accounts[0]
        with pytest.raises(click.ClickException, match="the node does not answer"), one_line():
            deploy(config, ["BTC3L"], deployer, record=record, echo=stop_after_four)
    assert len(load_record(record).transactions) == 4


def test_a_place_is_what_the_node_says(chain: Chain) -> None:
    with connected_to(chain):
        place = connected()
    assert place == Place("devnet", 31337, place.genesis, local=True, lasting=True)
    assert not connected().lasting  # the chain of this test run
