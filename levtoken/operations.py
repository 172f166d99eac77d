"""An operation of the timelock: calls that are made together, once they are due."""

from dataclasses import dataclass
from enum import IntEnum

from levtoken.changes import Call

NOTHING = bytes(32)  # as a predecessor


class State(IntEnum):
    """Of an operation; the values are those of `TimelockController.OperationState`."""

    CANCELLED = 0  # or never scheduled
    WAITING = 1
    READY = 2
    DONE = 3


@dataclass(frozen=True)
class Operation:
    """One or several calls that are made together, at `ready_at` (seconds since the epoch) at the
    earliest; None when it is done or cancelled."""

    id: str
    calls: tuple[Call, ...]
    predecessor: bytes
    salt: bytes
    state: State
    ready_at: int | None = None

    @property
    def is_pending(self) -> bool:
        return self.state in (State.WAITING, State.READY)


def single(call: Call, predecessor: bytes, salt: bytes) -> tuple[object, ...]:
    """The arguments of `schedule` and `execute`."""
    return call.target, call.value, call.data, predecessor, salt


def batch(calls: tuple[Call, ...], predecessor: bytes, salt: bytes) -> tuple[object, ...]:
    """The arguments of `executeBatch`."""
    targets, values = [one.target for one in calls], [one.value for one in calls]
    return targets, values, [one.data for one in calls], predecessor, salt
