"""Events of the contracts, decoded from logs as a node reports them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import ape
from eth_abi.abi import decode
from eth_utils.crypto import keccak

EventValue = Any  # int, bytes, str or bool


@dataclass(frozen=True)
class Event:
    """An event of a contract: its first topic, and the names and types of its fields."""

    topic: bytes
    indexed: tuple[tuple[str, str], ...]
    plain: tuple[tuple[str, str], ...]

    def decode(self, topics: Sequence[bytes], data: bytes) -> dict[str, EventValue]:
        """The fields by name, of a log whose first topic is this event's."""
        words = zip(self.indexed, topics[1:], strict=True)
        fields = {name: decode([kind], bytes(word))[0] for (name, kind), word in words}
        values = decode([kind for _, kind in self.plain], bytes(data))
        return fields | dict(zip((name for name, _ in self.plain), values, strict=True))


@cache
def event(contract: str, name: str) -> Event:
    """The event of that name of a contract of this project."""
    abi = getattr(ape.project, contract).contract_type.events[name]
    fields = [(one.name, one.canonical_type, one.indexed) for one in abi.inputs]
    return Event(
        topic=keccak(text=abi.selector),
        indexed=tuple((field, kind) for field, kind, is_indexed in fields if is_indexed),
        plain=tuple((field, kind) for field, kind, is_indexed in fields if not is_indexed),
    )
