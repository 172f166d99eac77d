"""What to do when an exchange does not answer as it should: wait and ask again, or give up."""

from dataclasses import dataclass
from enum import Enum, auto

ATTEMPTS = 6
FIRST_WAIT = 1.0  # seconds, doubled each time: half a minute in all
LONGEST_WAIT = 120.0  # seconds; an exchange that asks for more has to be left alone


class Fault(Enum):
    """What went wrong with a request."""

    NETWORK = auto()
    TOO_MANY = auto()
    REFUSED = auto()


@dataclass(frozen=True)
class Retry:
    """Ask again after so many seconds."""

    wait: float


class GiveUp(Enum):
    """Why not to ask again."""

    REFUSED = auto()
    UNREACHABLE = auto()
    TOO_MANY = auto()


def decide(fault: Fault, attempt: int, asked: float | None) -> Retry | GiveUp:
    """What follows the `attempt`th try (from 1) that ended so. `asked` is how many seconds the
    exchange wants to be left alone, if it said so."""
    if fault is Fault.REFUSED:
        return GiveUp.REFUSED
    too_many = fault is Fault.TOO_MANY
    if attempt >= ATTEMPTS or (asked is not None and asked > LONGEST_WAIT):
        return GiveUp.TOO_MANY if too_many else GiveUp.UNREACHABLE
    return Retry(max(FIRST_WAIT * 2 ** (attempt - 1), asked or 0.0))
