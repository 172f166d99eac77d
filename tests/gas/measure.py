"""Measures the gas of the calls that matter and the size of every contract."""

import difflib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from levtoken.artifacts import PROJECT, load
from tests.gas.calls import Measured, measure
from tests.gas.chain import GasChain, gas_chain
from tests.gas.stage import DEPLOYER, Stage, market_stage, thin_stage

SNAPSHOT = Path(__file__).parent / "snapshot.json"
STAGES: Mapping[str, Callable[[GasChain], Stage]] = {"thin": thin_stage, "market": market_stage}
# What a call may cost at most.
TARGETS: Mapping[str, Mapping[str, int]] = {
    "thin": {
        "deposit_new_holder": 125_000,
        "deposit_existing_holder": 108_000,
        "redeem": 108_000,
        "rebalance": 112_000,
        "late_keeper": 50_000,
        "transfer": 34_100,
        "share_price_view": 20_000,
    },
    "market": {"deposit_new_holder": 178_000, "redeem": 158_000, "rebalance": 165_000},
}
MAX_RUNTIME = 24_576  # EIP-170, bytes
MAX_INIT = 49_152  # EIP-3860, bytes
# Without code of their own, or never on a chain that limits it.
LEFT_OUT = ("contracts/interfaces/", "contracts/libraries/", "contracts/simulation/")


@contextmanager
def measure_on(name: str) -> Iterator[Measured]:
    """Every call on the stage `name`, on a fresh chain that lives as long as the context."""
    with gas_chain(DEPLOYER) as chain:
        yield measure(lambda: STAGES[name](chain))


def sizes() -> dict[str, dict[str, int]]:
    """Bytes of every contract that is deployed on chains, constructor arguments apart."""
    load()  # compiles what has changed
    manifest = json.loads((PROJECT / ".build" / "__local__.json").read_text())
    found = {"limit": {"runtime": MAX_RUNTIME, "init": MAX_INIT}}
    for name, one in sorted(manifest["contractTypes"].items()):
        runtime, init = (_length(one, key) for key in ("runtimeBytecode", "deploymentBytecode"))
        if runtime > 0 and not one["sourceId"].startswith(LEFT_OUT):
            found[name] = {"runtime": runtime, "init": init}
    return found


def to_text(values: Mapping[str, Any]) -> str:
    return json.dumps(values, indent=2) + "\n"


def difference(committed: str, measured: str) -> str:
    """What a check prints; empty when both are the same."""
    lines = (committed.splitlines(), measured.splitlines())
    return "\n".join(difflib.unified_diff(*lines, "committed", "measured", lineterm="", n=0))


def table(values: Mapping[str, Any]) -> str:
    """The gas beside its targets."""
    lines = [f"{'call':<26}{'thin':>11}{'target':>11}{'market':>11}{'target':>11}"]
    for call in values["thin"]:
        line = f"{call:<26}"
        for stage in STAGES:
            most = TARGETS[stage].get(call)
            gas = values[stage][call]
            mark = "" if most is None else f"< {most:,}" if gas < most else f"! {most:,}"
            line += f"{gas:>11,}{mark:>11}"
        lines.append(line)
    lines.append(f"\n{'contract':<26}{'runtime':>11}{'init code':>11}")
    for contract, size in values["bytecode"].items():
        lines.append(f"{contract:<26}{size['runtime']:>11,}{size['init']:>11,}")
    return "\n".join(lines)


def _length(contract: Mapping[str, Any], key: str) -> int:
    code = (contract.get(key) or {}).get("bytecode") or "0x"
    return (len(code) - 2) // 2
