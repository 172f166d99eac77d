"""Deploys the protocol: plan the steps that are missing, price them, ask, send them one by one, and
compare what is on chain with the configuration."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import ape
from ape.api import AccountAPI
from ape.exceptions import ApeException

from levtoken.chain import Place, connected, mismatch
from levtoken.deployments import Deployment, load_record
from levtoken.errors import ChainError, ConfigError, DeploymentError
from levtoken.markets import Config
from levtoken.oracles import oracles_of
from levtoken.roles import Roles, roles_of
from levtoken.step import Step
from levtoken.steps import local_steps, public_steps, underlyings_of
from levtoken.transactions import Journal
from levtoken.units import from_fixed
from levtoken.verify import Check, verify, verify_market

__all__ = ["Check", "Plan", "deploy", "record_path", "survey", "verify"]

Echo = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """The steps that are missing, the gas that is enough for them, and its price now in wei."""

    steps: tuple[Step, ...]
    gas: int
    cost: int


def _silent(_: object) -> None:
    """Says nothing."""


def deploy(  # noqa: PLR0913 one keyword a concern
    config: Config,
    symbols: Sequence[str],
    account: AccountAPI,
    *,
    record: Path | None,
    confirm: Callable[[Plan], bool] | None = None,
    echo: Echo = _silent,
    report: Callable[[list[Check]], None] = _silent,
) -> Deployment:
    """Deploys `symbols` (none: every token of the configuration) and what they need on the
    connected network, and returns the record.

    `record` is the file to continue from and to write; None keeps nothing. `confirm` is asked
    before anything is spent; `report` gets the comparison at the end. Raises a `LevtokenError`
    before the first transaction when network, account or configuration do not fit, and at the end
    when the chain is not as configured."""
    place = connected()
    wanted = list(dict.fromkeys(symbols)) or list(config.tokens)
    journal = Journal(_start(config, place, record, echo), record, account)
    if settled := journal.settle():
        echo(f"{settled} was sent by an earlier run")
    if not place.local:
        _check_existing(config, wanted, place, journal.record)
    _check_powerless(roles_of(config, place.name), account)
    for step in _missing(config, wanted, account, journal.record, place):
        _adopt(step, journal, echo)
    todo = plan(config, wanted, account, journal.record, place)
    if todo.steps:
        _check_funds(account, todo)
        if confirm is not None and not confirm(todo):
            raise DeploymentError("nothing was sent: answer y, or pass --yes, to deploy")
    for number, step in enumerate(todo.steps, 1):
        if _adopt(step, journal, echo):
            continue
        journal.send(step.key, partial(step.build, journal.record))
        if not journal.record.has(step.key):  # somebody else was faster
            _adopt(step, journal, echo)
        address = journal.record.address(step.key) or ""
        echo(f"[{number}/{len(todo.steps)}] {step.key} {address}".rstrip())
    checks = verify(config, wanted, journal.record, str(account.address))
    report(checks)
    _check_same(checks, place)
    return journal.record


def survey(
    config: Config, symbols: Sequence[str], *, record: Path | None, echo: Echo = _silent
) -> Plan:
    """What `deploy` would send now. Sends nothing, writes nothing, needs no account."""
    place = connected()
    wanted = list(dict.fromkeys(symbols)) or list(config.tokens)
    start = _start(config, place, record, echo)
    if start.pending is not None:
        echo(f"{start.pending.step} was sent by an earlier run, and may have been mined")
    if not place.local:
        _check_existing(config, wanted, place, start)
    missing = _missing(config, wanted, None, start, place)
    return _priced(tuple(step for step in missing if step.find(start) is None))


def record_path(folder: Path, place: Place) -> Path | None:
    """Where the record of the network belongs; None when the chain ends with the command."""
    return folder / f"{place.name}.json" if place.lasting else None


def plan(
    config: Config, symbols: Sequence[str], account: AccountAPI, record: Deployment, place: Place
) -> Plan:
    """The steps that `record` lacks, in order, and what they cost."""
    return _priced(_missing(config, symbols, account, record, place))


def _priced(steps: tuple[Step, ...]) -> Plan:
    gas = sum(step.gas for step in steps)
    return Plan(steps, gas, gas * ape.networks.provider.gas_price)


def _missing(
    config: Config,
    symbols: Sequence[str],
    account: AccountAPI | None,
    record: Deployment,
    place: Place,
) -> tuple[Step, ...]:
    steps = (
        local_steps(config, symbols, account, place.name)
        if place.local
        else public_steps(config, symbols, account, place.name)
    )
    return tuple(step for step in steps if not record.has(step.key))


def _adopt(step: Step, journal: Journal, echo: Echo) -> bool:
    """Takes what the step would create as done when it is on chain already."""
    address = step.find(journal.record)
    if address is None:
        return False
    journal.adopt(step.key, address)
    echo(f"{step.key} exists already at {address}: recorded, nothing to send")
    return True


def _start(config: Config, place: Place, path: Path | None, echo: Echo) -> Deployment:
    """The record to continue from, with what exists on the network already."""
    record = Deployment(network=place.name, chain_id=place.chain_id, genesis=place.genesis)
    if path is not None and path.exists():
        old = load_record(path)
        fault = mismatch(old, place)
        if fault is None:
            record = old
        elif place.local:
            echo(f"{path.name} {fault}: starting a new one")
        else:
            raise DeploymentError(f"{path.name} {fault}: check --network, or move the file away")
    return record if place.local else _with_existing(config, place, record)


def _with_existing(config: Config, place: Place, record: Deployment) -> Deployment:
    name = f"config/networks/{place.name}.yaml"
    network = config.networks.get(place.name)
    if network is None:
        raise ConfigError(f"{name} is missing: copy example.yaml and fill in what exists there")
    if network.chain_id != place.chain_id:
        raise ConfigError(
            f"{name}: chain_id: expected {place.chain_id}, that of the connected network, "
            f"got {network.chain_id}"
        )
    existing = {f"assets.{symbol}": address for symbol, address in network.assets.items()}
    existing |= {"sequencer": network.sequencer, "pyth": network.pyth}
    for underlying, market in network.markets.items():
        existing[f"markets.{underlying}"] = market.venue
        existing[f"feeds.{underlying}"] = market.feed
    for step, address in existing.items():
        if address is not None:
            record = record.with_address(step, address)
    return record


def _check_existing(
    config: Config, symbols: Sequence[str], place: Place, record: Deployment
) -> None:
    """What must exist on a public network is named there, is a contract and fits."""
    file = f"config/networks/{place.name}.yaml"
    for underlying in underlyings_of(config, symbols):
        needed = [f"assets.{config.markets[underlying].asset}", f"markets.{underlying}"]
        for oracle in oracles_of(config, place.name, underlying):
            needed += oracle.needs
        for step in needed + ["sequencer"] * (record.sequencer is not None):
            address = record.address(step)
            if address is None:
                raise ConfigError(
                    f"{file}: {step} is not filled in: mocks are for local chains only"
                )
            if not ape.networks.provider.get_code(address):
                raise ConfigError(f"{file}: {step}: there is no contract at {address}")
        try:
            checks = verify_market(config, underlying, record)
        except ApeException:
            raise ConfigError(
                f"{file}: markets.{underlying}: asset, venue and feed do not answer as such: check "
                "them"
            ) from None
        _check_same(checks, place)


def _check_powerless(roles: Roles, account: AccountAPI) -> None:
    """Who deploys must be able to change nothing afterwards."""
    if held := roles.of(str(account.address)):
        raise ConfigError(
            f"{account.address} is among the {held[0]} of the configuration, and who deploys must "
            "hold no role: choose another account with --account"
        )


def _check_funds(account: AccountAPI, todo: Plan) -> None:
    balance = account.balance
    if balance < todo.cost:
        raise ChainError(
            f"{account.address} has {from_fixed(balance):.6f} ETH, deploying may take "
            f"{from_fixed(todo.cost):.6f}: send it some, or choose another with --account"
        )


def _check_same(checks: list[Check], place: Place) -> None:
    wrong = [check for check in checks if not check.ok]
    if wrong:
        raise DeploymentError(
            f"{len(wrong)} values on {place.name} are not as configured, the first is {wrong[0]}: "
            f"correct config/, or move deployments/{place.name}.json away to deploy anew"
        )
