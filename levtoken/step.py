"""One transaction of a deployment."""

from collections.abc import Callable
from dataclasses import dataclass

import ape
from ape.api import TransactionAPI

from levtoken.deployments import Deployment

CALL_GAS = 120_000  # more than any of the calls takes
CREATE_GAS = 500_000  # base, constructor and storage, more than any of the contracts takes
BYTE_GAS = 216  # a byte of code: 200 stored, 16 sent


def _nowhere(_: Deployment) -> str | None:
    """Finds nothing: what the step creates cannot be there without it."""
    return None


@dataclass(frozen=True)
class Step:
    """One transaction: its name in the record, how to build it, gas that is enough for it, and
    where what it creates is already, although the record lacks it."""

    key: str
    build: Callable[[Deployment], TransactionAPI]
    gas: int
    find: Callable[[Deployment], str | None] = _nowhere


def create(key: str, contract: str, arguments: Callable[[Deployment], tuple[object, ...]]) -> Step:
    """The step that deploys a contract."""

    def build(record: Deployment) -> TransactionAPI:
        container = getattr(ape.project, contract)
        return container.constructor.serialize_transaction(*arguments(record))

    return Step(key, build, creation_gas(contract))


def creation_gas(contract: str) -> int:
    """Gas that is enough to deploy a contract."""
    return CREATE_GAS + BYTE_GAS * len(init_code(contract))


def init_code(contract: str) -> bytes:
    """A contract's init code, without its arguments."""
    container = getattr(ape.project, contract)
    return bytes(container.contract_type.get_deployment_bytecode())
