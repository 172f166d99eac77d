"""The protocol on a chain, typed: the contracts of a deployment, and the status of its tokens."""

from dataclasses import dataclass, is_dataclass
from enum import IntEnum
from functools import cache
from pathlib import Path
from typing import TypeVar, get_type_hints

import ape
from ape.api import AccountAPI, ReceiptAPI, TransactionAPI
from ape.contracts import ContractInstance
from ape.contracts.base import ContractTransactionHandler
from eth_utils.crypto import keccak
from pydantic.alias_generators import to_camel

from levtoken.deployments import Deployment, load_record
from levtoken.errors import ChainError, DeploymentError
from levtoken.status import TokenStatus

T = TypeVar("T")
LOCAL_NETWORKS = frozenset({"local", "devnet"})
LOCAL_CHAIN_IDS = frozenset({1337, 31337})
PAGE = 25  # tokens a call of the lens: some hundred thousand gas each, and nodes stop at 50 million
NAMES = {"assets_per_ui_share": "assetsPerUIShare"}  # those that to_camel misses


@dataclass(frozen=True)
class Place:
    """The connected network."""

    name: str  # as Ape calls it; a fork has the name of what it forks
    chain_id: int
    genesis: str  # hash of block 0
    local: bool  # mocks and test accounts are at home here
    lasting: bool  # False when the chain, or the fork, ends with the command


@dataclass(frozen=True)
class System:
    """The contracts of a deployment: assets, tokens by symbol, the rest by underlying."""

    deployment: Deployment
    factory: ContractInstance
    lens: ContractInstance
    assets: dict[str, ContractInstance]
    feeds: dict[str, ContractInstance]
    oracles: dict[str, ContractInstance]
    pull_oracles: dict[str, ContractInstance]
    markets: dict[str, ContractInstance]
    tokens: dict[str, ContractInstance]

    def token(self, symbol: str) -> ContractInstance:
        """The token of that symbol, or an error that lists those there are."""
        if symbol not in self.tokens:
            known = ", ".join(self.tokens) or "none"
            raise DeploymentError(
                f"{symbol} is not deployed on {self.deployment.network}: choose from {known}, "
                f"or run `ape run deploy {symbol}`"
            )
        return self.tokens[symbol]


def is_local(network: str) -> bool:
    """Whether mocks and test accounts are at home on the network of that name."""
    return network in LOCAL_NETWORKS


def connected() -> Place:
    """The connected network, as the node itself reports it."""
    provider = ape.networks.provider
    network = provider.network
    name = network.name.removesuffix("-fork")
    web3 = provider.web3
    chain_id = int(web3.eth.chain_id)
    local = is_local(name)
    # Ape takes any node for `local`, also one of a public chain.
    if chain_id not in LOCAL_CHAIN_IDS if local else chain_id != network.chain_id:
        raise ChainError(
            f"the node has chain id {chain_id}, which {name} does not have: "
            "check --network and the address of the node"
        )
    return Place(
        name=name,
        chain_id=chain_id,
        genesis="0x" + bytes(web3.eth.get_block(0)["hash"]).hex(),
        local=local,
        lasting=name == network.name and provider.name != "foundry",
    )


def load_deployment(folder: Path, place: Place) -> Deployment:
    """The record of what is deployed on the connected network; raises a `DeploymentError` when
    there is none, or when it is of a chain that is gone."""
    path = folder / f"{place.name}.json"
    if place.name == "local" and not place.lasting:
        raise DeploymentError(
            "nothing is deployed on a chain that starts with the command: run `make chain` in "
            "another terminal and leave --network out"
        )
    record = load_record(path)
    if fault := mismatch(record, place):
        raise DeploymentError(f"{path.name} {fault}: run `ape run deploy` on this chain")
    return record


def mismatch(record: Deployment, place: Place) -> str | None:
    """Why the record is not of the connected chain, or None when it is."""
    if record.chain_id != place.chain_id:
        return f"is of chain id {record.chain_id}, and this is {place.chain_id}"
    if record.genesis != place.genesis or not _has_code(record):
        return "is of a chain that is gone"
    return None


def _has_code(record: Deployment) -> bool:
    provider = ape.networks.provider
    return all(provider.get_code(address) for address in record.addresses())


def system(deployment: Deployment) -> System:
    """The contracts of a finished deployment, on the connected network."""
    if deployment.factory is None or deployment.lens is None:
        raise DeploymentError(
            f"the deployment on {deployment.network} is unfinished: run `ape run deploy` again"
        )
    return System(
        deployment=deployment,
        factory=at("LeveragedTokenFactory", deployment.factory),
        lens=at("LeveragedTokenLens", deployment.lens),
        assets=_all("MockERC20", deployment.assets),
        feeds=_all("MockAggregator", deployment.feeds),
        oracles=_all("IOracle", deployment.oracles),
        pull_oracles=_all("PythOracle", deployment.pull_oracles),
        markets=_all("MockPerpMarket", deployment.markets),
        tokens=_all("LeveragedToken", deployment.tokens),
    )


def statuses(system: System, symbols: list[str] | None = None) -> list[TokenStatus]:
    """The status of each token, in the order given (default: all), of one block."""
    wanted = list(system.tokens) if symbols is None else symbols
    addresses = [system.token(symbol).address for symbol in wanted]
    if len(addresses) <= PAGE:
        return _page(system, addresses) if addresses else []
    block = ape.networks.provider.get_block("latest").number
    starts = range(0, len(addresses), PAGE)
    pages = [_page(system, addresses[one : one + PAGE], block_identifier=block) for one in starts]
    return [status for page in pages for status in page]


def status_of(system: System, symbol: str) -> TokenStatus:
    """The status of one token, which must be readable."""
    [status] = statuses(system, [symbol])
    if not status.ok:
        raise ChainError(f"{symbol} cannot be read at {status.token}: check the deployment")
    return status


def now() -> int:
    """The time of the last block, seconds since the epoch."""
    return int(ape.networks.provider.get_block("latest").timestamp)


def _page(system: System, addresses: list[str], **block: int) -> list[TokenStatus]:
    return [_decode(TokenStatus, raw) for raw in system.lens.status(addresses, **block)]


def at(contract: str, address: str) -> ContractInstance:
    """The contract of this project at `address`. Ape's own lookup would merge in what it remembers
    of the address, on a local chain that of another contract of an earlier chain."""
    return ContractInstance(address, getattr(ape.project, contract).contract_type)


def send(
    method: ContractTransactionHandler, *arguments: object, sender: AccountAPI, value: int = 0
) -> ReceiptAPI:
    """Sends a call with `value` wei as a transaction, with room for what the estimate of its gas
    cannot see."""
    transaction = method.as_transaction(*arguments, sender=sender, value=value)
    return sender.call(with_room(transaction))


def with_room(transaction: TransactionAPI) -> TransactionAPI:
    """Half again the gas: it was estimated in the second of the last block, in which no funding has
    accrued yet, and a later second writes more storage."""
    ceiling = ape.networks.provider.max_gas
    transaction.gas_limit = min(transaction.gas_limit * 3 // 2, ceiling)
    return transaction


@cache
def _error_names() -> dict[bytes, str]:
    contracts = (ape.project.LeveragedToken, ape.project.Errors)
    errors = [error for contract in contracts for error in contract.contract_type.errors]
    return {keccak(text=error.selector)[:4]: error.name for error in errors}


def error_name(selector: bytes) -> str | None:
    """The name of an error of the contracts; None for 0, hexadecimal when unknown."""
    if not any(selector):
        return None
    return _error_names().get(bytes(selector), "0x" + bytes(selector).hex())


def _all(contract: str, addresses: dict[str, str]) -> dict[str, ContractInstance]:
    return {name: at(contract, address) for name, address in addresses.items()}


def _decode(kind: type[T], raw: object) -> T:
    """A struct as Ape decodes it, as the dataclass whose fields are its names in snake_case."""
    values = {
        name: _value(hint, getattr(raw, NAMES.get(name, to_camel(name))))
        for name, hint in get_type_hints(kind).items()
    }
    return kind(**values)


def _value(hint: type, raw: object) -> object:
    if is_dataclass(hint):
        return _decode(hint, raw)
    if isinstance(raw, bytes):
        return error_name(raw)
    return hint(raw) if isinstance(raw, int) and issubclass(hint, IntEnum) else raw
