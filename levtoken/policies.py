"""What `config/policies/` says: when, how far, how fast, for which reward a token is rebalanced."""

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import Field, model_validator

from levtoken.fields import (
    MAX_LEVERAGE,
    Fraction,
    Leverage,
    NotNegative,
)
from levtoken.units import WAD, to_fixed
from levtoken.yamlfile import Exact, Model, Whole

if TYPE_CHECKING:
    from levtoken.markets import Market

MIN_SLIPPAGE, MAX_SLIPPAGE = Decimal("0.0001"), Decimal("0.05")  # RebalancePolicy, as the next
MAX_REWARD_RATE = Decimal("0.001")
MIN_MOVE = Decimal("0.01")
MIN_WIDTH = 5 * 10**15  # WAD, of the target
MAX_COOLDOWN, MAX_EMERGENCY_COOLDOWN = 7 * 86400, 3600
MIN_WINDOW = 60
MAX_INTERVAL = 366 * 86400
MAX_SLICES = 100


class Schedule(Model):
    """At which times a token is brought back to its target, and what else must hold then."""

    interval: Annotated[Whole, Field(ge=MIN_WINDOW, le=MAX_INTERVAL)] = Field(
        description="Time from slot to slot, seconds"
    )
    offset: Annotated[Whole, Field(ge=0)] = Field(
        default=0, description="Of the slots past the epoch, 1970-01-01 00:00 UTC, seconds"
    )
    window: Annotated[Whole, Field(ge=MIN_WINDOW)] | None = Field(
        default=None, description="Time from its start in which a slot can be used, seconds"
    )
    min_drift: Annotated[Exact, Field(ge=0, le=MAX_LEVERAGE)] = Field(
        default=Decimal(0), description="Distance from the target that a slot asks for, leverage"
    )
    min_move: Fraction = Field(
        default=Decimal(0),
        description="Or move of the price since the last slot, fraction; both 0: none",
    )

    @model_validator(mode="after")
    def _order(self) -> Self:
        if self.offset >= self.interval:
            raise ValueError("offset: expected less than interval")
        if self.window is not None and self.window > self.interval:
            raise ValueError("window: expected at most interval")
        return self


class Policy(Model):
    """When, how far, how fast and for which reward a token is rebalanced; leverage unsigned."""

    lower: Leverage | None = Field(
        default=None, description="Leverage at or below which the position is enlarged"
    )
    upper: Leverage | None = Field(
        default=None, description="Leverage at or above which it is reduced"
    )
    emergency: Leverage = Field(
        description="Leverage at or above which it is reduced to the target"
    )
    emergency_slices: Annotated[Whole, Field(gt=0, le=MAX_SLICES)] = Field(
        default=4, description="In how many slices that is done at most: bounds the position"
    )
    emergency_move: Fraction = Field(
        default=Decimal(0),
        description="Adverse move of the price since the last rebalance that is an emergency too, "
        "fraction; 0: none",
    )
    schedule: Schedule | None = None
    recenter: Annotated[Exact, Field(ge=0, le=1)] = Field(
        description="Where a rebalance stops: 0 at the target, 1 just inside the edge"
    )
    max_slippage: Annotated[Exact, Field(ge=MIN_SLIPPAGE, le=MAX_SLIPPAGE)] = Field(
        description="Largest distance of the fill from the index price, fraction"
    )
    cooldown: Annotated[Whole, Field(gt=0, le=MAX_COOLDOWN)] = Field(
        description="Least time between rebalances, seconds"
    )
    cooldown_up: Annotated[Whole, Field(ge=0, le=MAX_COOLDOWN)] = Field(
        description="Least time before one that enlarges the position, seconds"
    )
    emergency_cooldown: Annotated[Whole, Field(gt=0, le=MAX_EMERGENCY_COOLDOWN)] = Field(
        description="Least time before an emergency one, seconds"
    )
    reward_rate: Annotated[Exact, Field(ge=0, le=MAX_REWARD_RATE)] = Field(
        description="Largest keeper reward, fraction of the notional traded"
    )
    reward_ramp: Leverage = Field(
        description="Drift past the edge at which the reward reaches its rate, leverage"
    )
    reward_delay: Annotated[Whole, Field(gt=0, le=MAX_COOLDOWN)] = Field(
        description="Time after which it does on schedule and for what is left, seconds"
    )
    reward_cap: NotNegative = Field(description="Largest keeper reward, asset")

    @model_validator(mode="after")
    def _order(self) -> Self:
        if self.lower is not None and self.upper is not None and self.lower >= self.upper:
            raise ValueError("lower: expected less than upper")
        if self.upper is not None and self.upper >= self.emergency:
            raise ValueError("emergency: expected more than upper")
        if 0 < self.emergency_move < MIN_MOVE:
            raise ValueError(f"emergency_move: expected 0 or at least {MIN_MOVE}")
        if self.emergency_cooldown > self.cooldown:
            raise ValueError("emergency_cooldown: expected at most cooldown")
        return self

    @property
    def band(self) -> tuple[Decimal, Decimal]:
        """The band as the contract has it: an edge that is left out is 0 or the emergency level."""
        return self.lower or Decimal(0), self.upper or self.emergency

    def struct(self, max_trade: Decimal) -> dict[str, int]:
        """`Policy` of the token, whose slices are those of its market."""
        schedule = self.schedule
        lower, upper = self.band
        return {
            "lower": to_fixed(lower),
            "upper": to_fixed(upper),
            "emergency": to_fixed(self.emergency),
            "offset": schedule.offset if schedule else 0,
            "emergencySlices": self.emergency_slices,
            "emergencyMove": to_fixed(self.emergency_move),
            "minDrift": to_fixed(schedule.min_drift) if schedule else 0,
            "minMove": to_fixed(schedule.min_move) if schedule else 0,
            "interval": schedule.interval if schedule else 0,
            "window": (schedule.window or schedule.interval) if schedule else 0,
            "recenter": to_fixed(self.recenter),
            "maxSlippage": to_fixed(self.max_slippage),
            "rewardRate": to_fixed(self.reward_rate),
            "cooldown": self.cooldown,
            "cooldownUp": self.cooldown_up,
            "rewardRamp": to_fixed(self.reward_ramp),
            "rewardDelay": self.reward_delay,
            "emergencyCooldown": self.emergency_cooldown,
            "rewardCap": to_fixed(self.reward_cap),
            "maxTrade": to_fixed(max_trade),
        }


def policy_fault(policy: Policy, target: Decimal, market: "Market") -> str | None:
    """What `RebalancePolicy.validate` would find wrong with the policy of a token of that leverage
    (magnitude) at that market, or None."""
    lower, upper = policy.band
    if not lower < target < upper:
        return f"expected lower < {_text(target)} < upper, but has {_text(lower)}, {_text(upper)}"
    middle = to_fixed(target)
    hair = middle * MIN_WIDTH // WAD
    if to_fixed(lower) + hair >= middle or to_fixed(upper) <= middle + hair:
        return "expected lower and upper more than 0.5 % of the leverage away from it"
    if policy.schedule is not None and policy.schedule.min_drift >= target:
        return f"schedule.min_drift: expected less than {_text(target)}"
    fault = _emergency_fault(policy, market)
    return None if fault is None else f"emergency: {fault}"


def _emergency_fault(policy: Policy, market: "Market") -> str | None:
    """What is wrong with the emergency level, in the contract's own integers."""
    u = to_fixed(policy.emergency)
    slippage = to_fixed(policy.max_slippage)
    buffer = to_fixed(market.liquidation_buffer)
    worst = slippage + to_fixed(market.taker_fee)
    if u * (worst + to_fixed(policy.reward_rate)) >= WAD * WAD:
        return "a reduction could raise leverage: expected a lower one"
    if u * (buffer + slippage) >= WAD * WAD:
        return "the position would be liquidated before: expected a lower one"
    at_fill = u * (WAD + slippage) // (WAD - u * worst // WAD)
    if at_fill >= to_fixed(market.max_leverage):
        return f"expected so low that the worst fill stays below {_text(market.max_leverage)}"
    room = WAD * WAD // (2 * u) - buffer - to_fixed(market.liquidation_fee_ratio)
    premium = to_fixed(market.liquidation_premium_multiplier)
    if premium > 0 and to_fixed(market.skew_scale) * room // premium <= 0:
        return "no size is safe from liquidation at twice of it: expected a lower one"
    return None


def _text(number: Decimal) -> str:
    return f"{number.normalize():f}"
