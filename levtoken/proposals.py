"""Operations of the timelock as people and programs read them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast

from ape.contracts import ContractInstance
from eth_utils.crypto import keccak
from ethpm_types.abi import ABIType
from rich.console import Console

from levtoken.chain import System, at
from levtoken.changes import ROLES, Call
from levtoken.operations import Operation
from levtoken.screen import print_whole
from levtoken.tables import table
from levtoken.units import from_fixed

SMALLEST_FIXED = 10**12  # from here on a number is shown as one with 18 decimals
SELECTOR_BYTES = 4
ROLE_NAMES = {bytes(keccak(text=one)): one for one in (f"{role.upper()}_ROLE" for role in ROLES)}


@dataclass(frozen=True)
class Decoded:
    """A call by names; `method` is None when its target is not a contract of the record."""

    target: str
    name: str
    method: str | None
    arguments: dict[str, object]
    data: str

    @property
    def text(self) -> str:
        """As in `BTC3L.setFees(streaming=0.02e18, ...)`."""
        if self.method is None:
            return f"{self.name}: {self.data}"
        return f"{self.name}.{self.method}({_listed(self.arguments)})"


def decoded(system: System, call: Call) -> Decoded:
    """What a call does, as far as the contracts of the record tell."""
    data = "0x" + call.data.hex()
    name, contract = _known(system).get(call.target, (call.target, None))
    if contract is None or call.data[:SELECTOR_BYTES] not in contract.contract_type.methods:
        return Decoded(call.target, name, None, {}, data)
    method = contract.contract_type.methods[call.data[:SELECTOR_BYTES]]
    values = contract.decode_input(call.data)[1].values()
    return Decoded(call.target, name, method.name, _named(method.inputs, values), data)


def to_json(system: System, operation: Operation) -> dict[str, object]:
    """Numbers as on chain, in strings; times in seconds, null when it is not pending."""
    calls = [decoded(system, one) for one in operation.calls]
    return {
        "id": operation.id,
        "state": operation.state.name.lower(),
        "ready_at": operation.ready_at,
        "predecessor": "0x" + operation.predecessor.hex(),
        "salt": "0x" + operation.salt.hex(),
        "calls": [
            {
                "target": one.target,
                "name": one.name,
                "method": one.method,
                "arguments": _strings(one.arguments),
                "data": one.data,
            }
            for one in calls
        ],
    }


def describe(system: System, operation: Operation) -> str:
    """What it does, and its id."""
    lines = [decoded(system, one).text for one in operation.calls]
    return "\n".join([*lines, f"operation {operation.id}"])


def when(seconds: int, now: int) -> str:
    """A time, and how far it is from now."""
    moment = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return f"{moment}, in {seconds - now:,} s" if seconds > now else f"{moment}, now"


def print_operations(system: System, operations: Sequence[Operation], now: int) -> None:
    """One line an operation, and one more for each further call of it."""
    shown = table("operation", "state", "due", "call")
    for operation in operations:
        due = when(operation.ready_at, now) if operation.ready_at else ""
        texts = [decoded(system, one).text for one in operation.calls]
        shown.add_row(operation.id, operation.state.name.lower(), due, texts[0])
        for text in texts[1:]:
            shown.add_row("", "", "", text)
    print_whole(shown, Console())


def _known(system: System) -> dict[str, tuple[str, ContractInstance]]:
    timelock = str(system.deployment.timelock)
    tokens = {token.address: (symbol, token) for symbol, token in system.tokens.items()}
    return {**tokens, timelock: ("timelock", at("TokenTimelock", timelock))}


def _named(fields: Iterable[ABIType], values: Iterable[object]) -> dict[str, object]:
    """Values by the names of the ABI: structs as mappings, roles by name, bytes in hexadecimal."""
    pairs = zip(fields, values, strict=True)
    return {str(field.name): _value(field, value) for field, value in pairs}


def _value(field: ABIType, value: object) -> object:
    if field.components:
        return _named(field.components, cast("Iterable[object]", value))
    if isinstance(value, bytes):
        return ROLE_NAMES.get(bytes(value), "0x" + value.hex())
    return value


def _listed(values: Mapping[str, object]) -> str:
    return ", ".join(f"{key}={_text(value)}" for key, value in values.items())


def _text(value: object) -> str:
    if isinstance(value, Mapping):
        return f"({_listed(value)})"
    if isinstance(value, int) and not isinstance(value, bool) and value >= SMALLEST_FIXED:
        return f"{from_fixed(value).normalize():f}e18"
    return str(value)


def _strings(values: Mapping[str, object]) -> dict[str, object]:
    return {key: _string(value) for key, value in values.items()}


def _string(value: object) -> object:
    if isinstance(value, Mapping):
        return _strings(value)
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value
