"""Vector files: their format, checked field by field, and what can be wrong with one."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from levtoken.errors import LevtokenError
from levtoken.units import to_fixed

# Field of `MarketParams`: field of a file's `params`, a decimal string.
PARAMS = {
    "skewScale": "skewScale",
    "maxFundingVelocity": "maxFundingVelocity",
    "makerFee": "makerFeeOffchainDelayedOrder",
    "takerFee": "takerFeeOffchainDelayedOrder",
    "maxLeverage": "maxLeverage",
    "maxMarketSize": "maxMarketValue",
    "liquidationBufferRatio": "liquidationBufferRatio",
    "liquidationPremiumMultiplier": "liquidationPremiumMultiplier",
    "maxDivergence": "offchainPriceDivergence",
    "maxLiquidationDelta": "maxLiquidationDelta",
    "maxLiquidationSkew": "maxPD",
}
SECONDS = {"minOrderAge": "offchainDelayedOrderMinAge", "maxOrderAge": "offchainDelayedOrderMaxAge"}
GLOBALS = (
    "minKeeperFee",
    "maxKeeperFee",
    "liquidationFeeRatio",
    "minInitialMargin",
    "keeperLiquidationFee",
)
# Rules that the market of the files does not have: out of reach.
OWN_PARAMS = {"forcedLiquidationDelay": 2**40, "settlementDelay": 2**40}
# Of paths and switches of the real market that are not replayed.
UNUSED_PARAMS = {
    "marketKey",
    "asset",
    "makerFee",
    "takerFee",
    "makerFeeDelayedOrder",
    "takerFeeDelayedOrder",
    "nextPriceConfirmWindow",
    "delayedOrderConfirmWindow",
    "minDelayTimeDelta",
    "maxDelayTimeDelta",
    "offchainMarketKey",
    "paused",
    "offchainPaused",
}

STEPS: dict[str, dict[str, type]] = {
    "margin": {"acct": int, "delta": int, "t": int, "price": int, "ok": bool},
    "order": {"acct": int, "size": int, "tSubmit": int, "price": int, "submitOk": bool},
    "liquidate": {"acct": int, "tFlag": int, "t": int, "price": int, "ok": bool},
    "view": {"t": int, "price": int},
}
# What a step has besides when a field of it says so.
SUBMITTED = {
    "tExec": int,
    "publishTime": int,
    "execPrice": int,
    "selfExecuted": bool,
    "execOk": bool,
}
FILLED = {"fillPrice": int, "fee": int}
FAILED = {"tCancel": int, "cancelOk": bool}
LIQUIDATED = {"flaggerFee": int, "liquidatorFee": int, "stakersFee": int}
MARKET = dict.fromkeys(
    ("skew", "size", "rateLast", "lastRecomputed", "seqLast", "rateNow", "velocity", "debt"), int
)
ACCOUNT = dict.fromkeys(
    ("margin", "lastPrice", "size", "remaining", "accessible", "funding", "liqPrice"), int
) | dict.fromkeys(("canLiquidate", "flagged"), bool)
OPTIONAL = {"err": str, "limit": int}
INT256, UINT256 = range(-(2**255), 2**255), range(2**256)
TIMES = range(2**32)  # as the market stores them
# What the contracts can be asked with; results are only compared.
RANGES = (
    dict.fromkeys(("delta", "size", "price", "execPrice"), INT256)
    | dict.fromkeys(("t0", "t", "tSubmit", "tExec", "tFlag", "tCancel"), TIMES)
    | dict.fromkeys(("limit", *GLOBALS), UINT256)
    | {"publishTime": range(2**64)}
)
NUMBERED = re.compile(r"[ .]\d+")  # one note for all steps and accounts
TYPE_NAMES = {int: "an integer", bool: "true or false", str: "a string", list: "a list"}


class VectorFileError(LevtokenError):
    """A vector file cannot be read, or is not what the format says."""


class MissingFieldError(VectorFileError):
    """A vector file lacks a field that the format asks for."""


@dataclass(frozen=True)
class VectorFile:
    """A file that has been checked; `notes` name what in it is not used."""

    path: Path
    params: Mapping[str, int]
    start: int
    accounts: int
    steps: list[dict[str, Any]]
    notes: list[str]


def read(path: Path) -> VectorFile:
    """The file at `path`; raises a `VectorFileError` that says what to mend."""
    try:
        content = json.loads(path.read_text())
    except OSError as error:
        raise VectorFileError(f"{path}: {error.strerror}: check the path") from None
    except (ValueError, RecursionError) as error:
        raise VectorFileError(f"{path} is not JSON ({error}): write the file anew") from None
    return _Reader(path).file(content)


class _Reader:
    """Knows where in which file it is."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.notes: dict[str, None] = {}

    def file(self, content: Any) -> VectorFile:
        top = {"params": dict, "global": dict, "t0": int, "steps": list}
        self.fields(content, "the file", top, optional={"source", "seed"})
        self.ranges(content, "the file")
        params = self.params(content["params"], content["global"])
        steps, accounts = content["steps"], 0
        if not steps:
            raise self.fault("there are no steps, so nothing to compare: write the file anew")
        for number, step in enumerate(steps):
            accounts = self.step(step, f"step {number}", accounts)
        self.times(content["t0"], steps)
        return VectorFile(self.path, params, content["t0"], accounts, steps, list(self.notes))

    def params(self, params: Any, constants: Any) -> dict[str, int]:
        wanted = dict.fromkeys((*PARAMS.values(), *SECONDS.values()), str)
        self.fields(params, "params", wanted, optional=UNUSED_PARAMS)
        self.fields(constants, "global", dict.fromkeys(GLOBALS, int))
        self.ranges(constants, "global")
        found = {name: self.decimal(params, field, 18) for name, field in PARAMS.items()}
        seconds = {name: self.decimal(params, field, 0) for name, field in SECONDS.items()}
        return found | seconds | {name: constants[name] for name in GLOBALS} | OWN_PARAMS

    def decimal(self, params: Mapping[str, str], field: str, decimals: int) -> int:
        try:
            value = to_fixed(params[field], decimals)
        except (ArithmeticError, ValueError):
            raise self.fault(f"params.{field} is not a number: write it as 0.001") from None
        if value not in UINT256:
            raise self.fault(f"params.{field} is negative or too large for the contracts")
        return value

    def step(self, step: Any, where: str, accounts: int) -> int:
        """Checks one step; the number of accounts, which is 0 before the first."""
        self.fields(step, where, {"op": str}, others=True)
        if step["op"] not in STEPS:
            ops = ", ".join(STEPS)
            raise self.fault(f"{where} has the op {step['op']!r}: the format has {ops}")
        wanted = {"op": str, "after": dict} | STEPS[step["op"]]
        self.fields(step, where, wanted, others=True)
        wanted |= {name: kind for name, kind in OPTIONAL.items() if name in step}
        self.fields(step, where, wanted | _more(step))
        self.ranges(step, where)
        after = step["after"]
        self.fields(after, f"{where}.after", MARKET | {"accounts": list})
        count = len(after["accounts"])
        if count == 0 or count != (accounts or count):
            raise self.fault(f"{where} has {count} accounts: every step must have the same ones")
        if not 0 <= step.get("acct", 0) < count:
            raise self.fault(f"{where} is of account {step['acct']}, but only {count} are listed")
        for number, account in enumerate(after["accounts"]):
            self.fields(account, f"{where}.after.accounts.{number}", ACCOUNT)
        return count

    def times(self, start: int, steps: list[dict[str, Any]]) -> None:
        last = start
        for number, step in enumerate(steps):
            for name, time in block_times(step):
                if time < last:
                    raise self.fault(f"step {number}: {name} lies before an earlier block")
                last = time

    def fields(
        self,
        found: Any,
        where: str,
        wanted: Mapping[str, type],
        optional: set[str] | None = None,
        *,
        others: bool = False,
    ) -> None:
        """Every wanted field is there and of its type; others are noted."""
        if not isinstance(found, dict):
            raise self.fault(
                f"{where} is not an object: compare it with tests/vectors/perp_walk.json"
            )
        for name, kind in wanted.items():
            if name not in found:
                message = f"{self.path}: {where} has no field {name}: add it, or leave the step out"
                raise MissingFieldError(message)
            # Not isinstance: true and false would pass for integers.
            if type(found[name]) is not kind:
                expected = TYPE_NAMES.get(kind, "an object")
                raise self.fault(f"{where}.{name} must be {expected}")
        known = set(wanted) | (optional or set())
        for name in () if others else sorted(set(found) - known):
            part = NUMBERED.sub("", where)
            self.notes[f"{self.path.name}: {part}: field {name} is not used"] = None

    def ranges(self, found: Mapping[str, Any], where: str) -> None:
        """The integers fit where they are to go."""
        for name, allowed in RANGES.items():
            if name in found and type(found[name]) is int and found[name] not in allowed:
                raise self.fault(f"{where}.{name} is out of range: the contracts cannot take it")

    def fault(self, message: str) -> VectorFileError:
        return VectorFileError(f"{self.path}: {message}")


def block_times(step: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """The blocks of a step in their order."""
    names = ("tFlag", "tSubmit", "tExec", "tCancel", "t")
    used = {"t", *STEPS[step["op"]], *_more(step)}
    return ((name, step[name]) for name in names if name in used and name in step)


def _more(step: Mapping[str, Any]) -> dict[str, type]:
    if step["op"] == "liquidate":
        return LIQUIDATED if step["ok"] else {}
    if step["op"] != "order" or not step["submitOk"]:
        return {}
    if "execOk" not in step:
        return SUBMITTED
    return SUBMITTED | (FILLED if step["execOk"] else FAILED)
