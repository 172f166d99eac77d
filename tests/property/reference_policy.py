"""The rules of a rebalance in exact arithmetic, as the design states them: what is due, how soon
and for which reward. Nothing here is taken from the contracts."""

from dataclasses import dataclass
from fractions import Fraction

EDGE = Fraction(1, 10_000)
NONE, UPPER, LOWER, EMERGENCY, SCHEDULE, CLOSE = range(6)


@dataclass(frozen=True)
class Policy:
    """Leverages as magnitudes, moves as fractions, times in seconds."""

    lower: Fraction
    upper: Fraction
    emergency: Fraction
    recenter: Fraction
    max_slippage: Fraction
    reward_rate: Fraction
    reward_ramp: Fraction
    reward_cap: Fraction
    max_trade: Fraction
    emergency_move: Fraction
    min_drift: Fraction
    min_move: Fraction
    reward_delay: int
    cooldown: int
    cooldown_up: int
    emergency_cooldown: int
    emergency_slices: int
    offset: int
    interval: int
    window: int

    def aim(self, trigger: int, target: Fraction) -> Fraction:
        """Of the band `recenter` of the way from the target to the edge, at least a hair inside; of
        all others the target, but for a token that closes."""
        if trigger == UPPER:
            found = target + self.recenter * (self.upper - target)
            return min(found, self.upper * (1 - EDGE))
        if trigger == LOWER:
            found = target + self.recenter * (self.lower - target)
            return max(found, self.lower * (1 + EDGE))
        return Fraction(0) if trigger == CLOSE else target

    def wait(self, trigger: int, enlarges: bool) -> int:
        """Least time since the last trade."""
        if trigger == EMERGENCY:
            return self.emergency_cooldown
        return max(self.cooldown, self.cooldown_up) if enlarges else self.cooldown

    def rate(self, drift: Fraction, waited: int) -> Fraction:
        """Of the reward: grows with the drift past the edge, on schedule and for what is left with
        the delay."""
        share = max(drift / self.reward_ramp, Fraction(waited, self.reward_delay))
        return self.reward_rate * min(Fraction(1), share)

    def slippage(self, trigger: int, leverage: Fraction, buffer: Fraction) -> Fraction:
        """Largest distance of the fill from the index, opening as liquidation comes near."""
        if trigger != EMERGENCY:
            return self.max_slippage
        beyond = max(Fraction(0), 1 - self.emergency / leverage)
        room = max(Fraction(0), 1 / leverage - buffer - self.max_slippage)
        return self.max_slippage + beyond * room

    def slot(self, time: int) -> int:
        """When the slot that is open began, 0 for none."""
        if not self.interval:
            return 0
        into = (time - self.offset) % self.interval
        return time - into if into < self.window else 0

    @property
    def tracks_prices(self) -> bool:
        return self.emergency_move > 0 or self.min_move > 0


@dataclass(frozen=True)
class Progress:
    """The last rebalance: its time and price, the goal that it left, and the last slot used."""

    time: int = 0
    unfinished: int = NONE
    enlarges: bool = False
    slot: int = 0
    slot_price: Fraction = Fraction(0)
    price: Fraction = Fraction(0)
