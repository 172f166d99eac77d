"""A token as the lens reports it, every number as on chain."""

from dataclasses import dataclass
from enum import IntEnum

ENDLESS = 2**256 - 1  # leverage without equity, distance to a liquidation that never comes


class Trigger(IntEnum):
    """Why a rebalance is due; the values are those of `RebalancePolicy.Trigger`."""

    NONE = 0
    UPPER = 1
    LOWER = 2
    EMERGENCY = 3
    SCHEDULE = 4
    CLOSING = 5


class Phase(IntEnum):
    """Whether a token lives; the values are those of `ILeveragedToken.Phase`."""

    LIVE = 0
    CLOSING = 1
    CLOSED = 2


@dataclass(frozen=True)
class PositionState:
    """The token's account at its venue, WAD; `fault` is the error that a verb raises, or None."""

    price: int
    size: int
    equity: int
    fault: str | None


@dataclass(frozen=True)
class VenueReport:
    """The venue, WAD: funding a day, which longs pay while it is positive, skew in the underlying,
    and the part that it can pay of what it owes."""

    funding_rate: int
    skew: int
    solvency: int


@dataclass(frozen=True)
class Fees:
    """Fractions, WAD: a year, of a deposit, of a redemption."""

    streaming: int
    deposit: int
    redemption: int


@dataclass(frozen=True)
class TokenTerms:
    """What a token charges and takes: cap in shares, least deposit in asset units, size WAD."""

    fee_recipient: str
    accrued_at: int
    fees: Fees
    supply_cap: int
    min_deposit: int
    max_size: int
    deposits_paused: bool
    phase: Phase


@dataclass(frozen=True)
class PolicyData:
    """The token's policy as stored: leverage and fractions in WAD, times in seconds."""

    lower: int
    upper: int
    emergency: int
    offset: int
    emergency_slices: int
    emergency_move: int
    min_drift: int
    min_move: int
    interval: int
    window: int
    recenter: int
    max_slippage: int
    reward_rate: int
    cooldown: int
    cooldown_up: int
    reward_ramp: int
    reward_delay: int
    emergency_cooldown: int
    reward_cap: int
    max_trade: int


@dataclass(frozen=True)
class Progress:
    """The last rebalance, what is left of it, and when the last slot of the schedule that was used
    began; times in seconds since the epoch."""

    policy: str
    time: int
    unfinished: Trigger
    enlarges: bool
    slot: int
    tracks_prices: bool


@dataclass(frozen=True)
class Prices:
    """Index prices from which a move counts, WAD: of the last rebalance, and of the last slot; 0
    where the policy does not ask."""

    last: int
    slot: int


@dataclass(frozen=True)
class TriggerPoint:
    """The index price at which a trigger fires next, what is traded then, and what the first slice
    pays at most, WAD; price 0: never."""

    price: int
    size_delta: int
    max_reward: int


@dataclass(frozen=True)
class Assessment:
    """What a rebalance would do now; `reason` is the error that it would revert with, or None."""

    trigger: Trigger
    aim: int
    size_delta: int
    left: int
    limit: int
    reward: int
    reason: str | None


@dataclass(frozen=True)
class TokenStatus:
    """A token, its venue and what is due. Unless `ok`, only `token` is meaningful."""

    token: str
    ok: bool
    name: str
    symbol: str
    asset: str
    venue: str
    target_leverage: int
    supply: int
    total_assets: int
    share_price: int
    assets_per_ui_share: int
    leverage: int
    exit_value: int
    capacity: int
    liquidation_price: int
    liquidation_distance: int
    position: PositionState
    report: VenueReport
    price_updated_at: int
    terms: TokenTerms
    policy: PolicyData
    progress: Progress
    prices: Prices
    upper: TriggerPoint
    lower: TriggerPoint
    emergency: TriggerPoint
    due: Assessment
