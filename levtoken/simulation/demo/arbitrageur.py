"""A funding arbitrageur: a trader who takes the other side of a market's skew and is paid funding.

Without one, a token that is alone on its side of a market drives the funding rate without bound.
"""

from dataclasses import dataclass

from levtoken.units import WAD


@dataclass(frozen=True)
class ArbitrageurSettings:
    """How much, how often and how safely. Fractions in WAD."""

    share: int = 9 * WAD // 10  # of the others' skew that is taken
    threshold: int = WAD // 20  # of the position wanted: a smaller correction is not worth a fee
    smallest: int = 1_000 * WAD  # quote: nor is a smaller trade
    margin: int = WAD  # of the notional: margin is filled up to here ...
    margin_floor: int = WAD // 2  # ... when it is below this


@dataclass(frozen=True)
class Account:
    """The arbitrageur's position and the market around it, WAD. `skew` has the position in it."""

    price: int
    skew: int
    size: int
    equity: int


@dataclass(frozen=True)
class Action:
    """What to do: margin to deposit first (WAD of the asset), then the size to trade (WAD)."""

    deposit: int
    size_delta: int


def act(account: Account, settings: ArbitrageurSettings) -> Action:
    """The trade that brings the position to the share of what the others are skewed by."""
    others = account.skew - account.size
    wanted = -others * settings.share // WAD
    delta = wanted - account.size
    if not _is_worthwhile(delta, wanted, account.price, settings):
        delta = 0
    notional = abs(account.size + delta) * account.price // WAD
    floor = notional * settings.margin_floor // WAD
    full = notional * settings.margin // WAD
    return Action(full - account.equity if account.equity < floor else 0, delta)


def _is_worthwhile(delta: int, wanted: int, price: int, settings: ArbitrageurSettings) -> bool:
    value = abs(delta) * price // WAD
    return value >= settings.smallest and abs(delta) >= abs(wanted) * settings.threshold // WAD
