"""When, how far and for which reward a token is rebalanced, in exact rational arithmetic, as the
design states it. Nothing here is taken from the contracts."""

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial

from tests.property.reference import Market, Position, Token

MIN_TRADE = Fraction(1, 1000)
EDGE = Fraction(1, 10_000)
VENUE_SHARE = Fraction(9, 10)
REST_LIFE = 86_400
SOLUTIONS = 3
NONE, UPPER, LOWER, EMERGENCY = range(4)


@dataclass(frozen=True)
class Policy:
    """Leverages as magnitudes, times in seconds."""

    lower: Fraction
    upper: Fraction
    emergency: Fraction
    recenter: Fraction
    max_slippage: Fraction
    reward_rate: Fraction
    reward_ramp: Fraction
    reward_delay: int
    reward_cap: Fraction
    max_trade: Fraction
    cooldown: int
    cooldown_up: int
    emergency_cooldown: int

    def aim(self, edge: Fraction, target: Fraction) -> Fraction:
        """`recenter` of the way from the target to the edge, at least a hair inside."""
        aim = target + self.recenter * (edge - target)
        if edge > target:
            return min(aim, edge * (1 - EDGE))
        return max(aim, edge * (1 + EDGE))

    def wait(self, trigger: int) -> int:
        """Least time since the last trade."""
        if trigger == EMERGENCY:
            return self.emergency_cooldown
        return max(self.cooldown, self.cooldown_up) if trigger == LOWER else self.cooldown

    def rate(self, leverage: Fraction, waited: int) -> Fraction:
        """Of the reward: grows with the drift past the edge, or for what is left with the delay."""
        drift = max(leverage - self.upper, self.lower - leverage, Fraction(0))
        share = max(drift / self.reward_ramp, Fraction(waited, self.reward_delay))
        return self.reward_rate * min(Fraction(1), share)

    def slippage(self, trigger: int, leverage: Fraction, buffer: Fraction) -> Fraction:
        """Largest distance of the fill from the index, opening as liquidation comes near."""
        if trigger != EMERGENCY:
            return self.max_slippage
        beyond = max(Fraction(0), 1 - self.emergency / leverage)
        room = max(Fraction(0), 1 / leverage - buffer - self.max_slippage)
        return self.max_slippage + beyond * room


@dataclass(frozen=True)
class Progress:
    """Time of the last trade, and the goal that it left: kind and aim."""

    time: int = 0
    unfinished: int = NONE
    aim: Fraction = Fraction(0)


@dataclass(frozen=True)
class Due:
    """What a call would do. Its reasons are all that refuse it: a call may name any of them."""

    reasons: frozenset[str] = frozenset()
    trigger: int = NONE
    aim: Fraction = Fraction(0)
    delta: Fraction = Fraction(0)
    left: Fraction = Fraction(0)
    limit: Fraction = Fraction(0)
    reward: Fraction = Fraction(0)


@dataclass(frozen=True)
class Assessment:
    """The token before a rebalance, and the steps by which it is judged. Its equity counts at what
    would be paid of it; the market judges its orders by the whole."""

    market: Market
    position: Position
    token: Token
    policy: Policy
    progress: Progress
    now: int

    @property
    def worth(self) -> Fraction:
        return self.position.equity * self.market.part

    @property
    def leverage(self) -> Fraction:
        return abs(self.position.size) * self.market.price / self.worth

    @property
    def target(self) -> Fraction:
        return abs(self.token.target)

    def judge(self) -> Due:
        if self.worth <= 0 and self.token.supply > 0:
            return _never("EquityGone")
        if self.position.size == 0:
            return _never("TokenFlat")
        trigger, aim = self._trigger()
        if trigger == NONE:
            return _never("NothingDue")
        elapsed = self.now - self.progress.time
        in_time = elapsed >= self.policy.wait(trigger)
        if not in_time and self.leverage <= self.market.rules.max_leverage:
            return _never("CooldownActive", trigger, aim)
        if trigger == LOWER and self.worth < self.market.rules.min_margin:
            return _never("BelowMinimumEquity", trigger, aim)
        return self._sized(trigger, aim, self._rate(trigger, elapsed))

    def _trigger(self) -> tuple[int, Fraction]:
        """The emergency, then what is left while it lies on its own side, then the band."""
        if self.leverage >= self.policy.emergency:
            return EMERGENCY, self.target
        goal = self.progress
        beyond = self.leverage < goal.aim if goal.unfinished == LOWER else self.leverage > goal.aim
        if goal.unfinished != NONE and beyond and self.now - goal.time <= REST_LIFE:
            return goal.unfinished, goal.aim
        if self.leverage >= self.policy.upper:
            return UPPER, self.policy.aim(self.policy.upper, self.target)
        if self.leverage <= self.policy.lower:
            return LOWER, self.policy.aim(self.policy.lower, self.target)
        return NONE, Fraction(0)

    def _rate(self, trigger: int, elapsed: int) -> Fraction:
        """Only what is left of an earlier rebalance of the same kind earns by delay."""
        is_rest = self.progress.unfinished == trigger
        waited = max(0, elapsed - self.policy.wait(trigger)) if is_rest else 0
        return self.policy.rate(self.leverage, waited)

    def _size(self, aim: Fraction, rate: Fraction, reward: Fraction) -> Fraction | None:
        """The order that reaches the aim net of its cost and of a reward by rate or fixed. Where
        everybody is paid a part, what counts is the part after the trade, whose cost is owed to
        nobody: three solutions, each with the cost of the one before. A reward is paid in full."""
        market, direction = self.market, self.token.direction
        equity = self.position.equity - reward / market.part
        sized = partial(market.size_for, self.position.size, equity, direction=direction)
        if not market.is_insolvent:
            return sized(aim, reward_rate=rate)
        delta: Fraction | None = Fraction(0)
        for _ in range(SOLUTIONS):
            cost = max(Fraction(0), market.cost(delta)) if delta else Fraction(0)
            paid = market.backing / (market.debt - cost)
            delta = sized(aim * paid, reward_rate=rate / market.part)
            if delta is None:
                return None
        return delta

    def _reward(self, delta: Fraction, rate: Fraction) -> Fraction:
        cap = self.policy.reward_cap // self.token.unit * self.token.unit
        return min(cap, rate * abs(delta) * self.market.price)

    def _sized(self, trigger: int, aim: Fraction, rate: Fraction) -> Due:
        delta = self._size(aim, rate, Fraction(0))
        if delta is not None and self._reward(delta, rate) < rate * abs(delta) * self.market.price:
            delta = self._size(aim, Fraction(0), self._reward(delta, rate))
        if delta is None:
            return _never("NoSolution", trigger, aim)
        worthwhile = abs(self.position.size) * MIN_TRADE
        if self.leverage < self.policy.emergency and abs(delta) < worthwhile:
            return _never("BelowMinimumTrade", trigger, aim)
        part = self._accepted_part(trigger, delta, self._slice(trigger, rate) / abs(delta))
        left = Fraction(0)
        if part < 1:
            delta, left = delta * part, abs(delta) * (1 - part)
            left = left if left >= worthwhile else Fraction(0)
        due = Due(frozenset(), trigger, aim, delta, left, reward=self._reward(delta, rate))
        return self._accepted(self._released(due))

    def _slice(self, trigger: int, rate: Fraction) -> Fraction:
        """An emergency's is at least what brings leverage under 0.9 of the venue's maximum."""
        safe = self.market.rules.max_leverage * VENUE_SHARE
        if trigger != EMERGENCY or self.leverage <= safe:
            return self.policy.max_trade
        least = self._size(safe, rate, Fraction(0))
        return self.policy.max_trade if least is None else max(self.policy.max_trade, abs(least))

    def _accepted_part(self, trigger: int, delta: Fraction, part: Fraction) -> Fraction:
        """A slice of an emergency that the venue refuses is doubled until it does not."""
        while trigger == EMERGENCY and part < 1:
            if not self.market.order_faults(self.position, delta * part):
                break
            part *= 2
        return min(part, Fraction(1))

    def _releasable(self, delta: Fraction) -> Fraction:
        """What the venue lets go after the trade and can pay, in whole asset units."""
        if self.market.order_faults(self.position, delta):
            return Fraction(0)
        market, later = self.market.traded(self.position, delta)
        free = max(Fraction(0), later.equity - market.needed(later.size))
        free = min(free * self.market.part, self.market.backing)
        return free // self.token.unit * self.token.unit

    def _released(self, due: Due) -> Due:
        """The reward cut to what the venue lets go, and that same reward in the solution."""
        free = self._releasable(due.delta)
        if due.reward <= free:
            return due
        if due.left == 0:
            delta = self._size(due.aim, Fraction(0), free)
            if delta is None:
                return replace(due, reasons=frozenset({"NoSolution"}))
            due = replace(due, delta=delta)
        return replace(due, reward=min(free, self._releasable(due.delta)))

    def _accepted(self, due: Due) -> Due:
        """The limit of the fill, and what the venue says."""
        buffer = self.market.rules.buffer
        slippage = self.policy.slippage(due.trigger, self.leverage, buffer)
        buys = due.delta > 0
        limit = self.market.price * (1 + slippage if buys else 1 - slippage)
        fill = self.market.fill(due.delta)
        reasons = due.reasons | self.market.order_faults(self.position, due.delta)
        if fill > limit if buys else fill < limit:
            reasons |= {"FillBeyondLimit"}
        return replace(due, limit=limit, reasons=reasons)


def _never(reason: str, trigger: int = NONE, aim: Fraction = Fraction(0)) -> Due:
    return Due(frozenset({reason}), trigger, aim)
