"""What a user asks the lab for. Light: Ape imports every script for every command."""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from levtoken.simulation.window import Window

REBALANCE_GAS = 167_802  # of a rebalance at a market: tests/gas/snapshot.json
INVENTED = ("gbm", "jumps", "regimes", "gap", "flash", "halt", "late")
INSIDES = ("jumps", "continuous")
GWEI_PER_ETHER = Decimal(10**9)


@dataclass(frozen=True)
class Invented:
    """A path of `levtoken.simulation.paths`. `volatility` a year; `step` and `outage` in seconds;
    `shock`: a signed fraction."""

    name: str
    volatility: float
    years: float
    step: int
    shock: float
    outage: int


@dataclass(frozen=True)
class Inside:
    """What happens inside recorded bars, `kind` one of `INSIDES`; `step` in seconds."""

    kind: str
    step: int
    seed: int


@dataclass(frozen=True)
class Inputs:
    """Where prices and funding rates come from; neither `prices` nor `invented`: the built-in path.
    `inside` None: a bar is its close."""

    prices: Path | None
    symbols: tuple[str, ...]
    window: Window
    funding: Path | None
    exchange: str | None
    invented: Invented | None = None
    inside: Inside | None = None


@dataclass(frozen=True)
class Actors:
    """Who acts. `latency` in seconds; `gas_price` in gwei, `ether_price` in the asset; `is_paid`: a
    keeper who wants its gas back. `flows`: deposits and redemptions a day on average, each of at
    most the fraction `flow_size` of what there is; `is_steady`: those of `simulation.steady`."""

    latency: int
    gas_price: Decimal
    ether_price: Decimal
    is_paid: bool
    flows: Decimal
    flow_size: Decimal
    is_steady: bool
    seed: int

    @property
    def gas_cost(self) -> Decimal:
        """Of a rebalance, in the asset."""
        return REBALANCE_GAS * self.gas_price / GWEI_PER_ETHER * self.ether_price


@dataclass(frozen=True)
class Asked:
    """What to run, and how. `capital` is paid into each token, in its asset. No token or policy:
    the usual one."""

    inputs: Inputs
    tokens: tuple[str, ...]
    policies: tuple[str, ...]
    capital: Decimal
    actors: Actors
    workers: int
    cluster: str | None
    out: Path
    overwrite: bool
    command: str
