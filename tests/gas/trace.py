"""Where the gas of one transaction went: its instructions, each charged to a step."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from eth_utils.crypto import keccak

from tests.gas.chain import Json

CALLS = ("CALL", "STATICCALL", "DELEGATECALL")
LOGS = tuple(f"LOG{count}" for count in range(5))
CODE = ("EXTCODECOPY", "EXTCODESIZE", "EXTCODEHASH")
TRANSIENT = ("TLOAD", "TSTORE")
BALANCE_SEED = 0x87A211A2  # of Solady's ERC20
SUPPLY_SLOT = 0x05345CDF77EB68F44C  # of Solady's ERC20
ZERO_BYTE, OTHER_BYTE = 4, 16  # gas of calldata
BASE = 21_000


@dataclass
class Frame:
    """A call that is running."""

    address: str
    first_gas: int


def balance_slot(holder: str) -> int:
    """Where Solady's ERC20 keeps a balance."""
    data = bytes.fromhex(holder[2:]) + bytes(8) + BALANCE_SEED.to_bytes(4, "big")
    return int.from_bytes(keccak(data), "big")


def steps(trace: Json, to: str, names: Mapping[str, str], slots: Mapping[int, str]) -> Counter[str]:
    """Gas by step of a transaction to `to`. `names` are the contracts by address, `slots` those of
    the storage of the first of them."""
    spent: Counter[str] = Counter()
    for frame, log, cost in _own_costs(trace["structLogs"], to):
        name = names.get(frame, "other")
        spent[_step(name, log, name == names[to.lower()], slots, names)] += cost
    return spent


def intrinsic(data: bytes) -> int:
    """What a transaction with this calldata costs before its first instruction."""
    zeros = data.count(0)
    return BASE + ZERO_BYTE * zeros + OTHER_BYTE * (len(data) - zeros)


def _own_costs(logs: Sequence[Json], to: str) -> Iterator[tuple[str, Json, int]]:
    """Every instruction with the contract that runs it and what it cost beyond what it called."""
    frames = [Frame(to.lower(), logs[0]["gas"])]
    callers: list[Json] = []
    for log, following in zip(logs, [*logs[1:], None], strict=True):
        here = frames[-1]
        depth, next_depth = log["depth"], following["depth"] if following else 0
        if next_depth == depth + 1:
            callers.append(log)
            address = f"0x{int(log['stack'][-2], 16) & (2**160 - 1):040x}"
            frames.append(Frame(address, following["gas"]))
        elif next_depth < depth:
            last = log["gasCost"] if log["op"] not in ("RETURN", "REVERT", "STOP") else 0
            used = here.first_gas - log["gas"] + last
            yield here.address, log, last
            frames.pop()
            if following:
                caller = callers.pop()
                yield frames[-1].address, caller, caller["gas"] - following["gas"] - used
        else:
            yield here.address, log, log["gas"] - following["gas"]


def _step(
    name: str, log: Json, first: bool, slots: Mapping[int, str], names: Mapping[str, str]
) -> str:
    op = log["op"]
    if op in LOGS:
        return f"{name}: events"
    if op in ("SLOAD", "SSTORE"):
        slot = int(log["stack"][-1], 16)
        return f"{name}: {slots.get(slot, 'storage')}" if first else f"{name}: storage"
    if op in TRANSIENT:
        return f"{name}: guard"
    if op in CODE:
        return f"{name}: code of another contract"
    if op in CALLS:
        address = f"0x{int(log['stack'][-2], 16) & (2**160 - 1):040x}"
        return f"reaching {names.get(address, 'a precompile')}"
    return f"{name}: computation"
