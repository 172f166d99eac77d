"""When, how far and for which reward a token is rebalanced, in exact rational arithmetic, as the
design states it. Nothing here is taken from the contracts."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial

from tests.property.reference import WEI, Market, Position
from tests.property.reference_policy import (
    CLOSE,
    EMERGENCY,
    LOWER,
    NONE,
    SCHEDULE,
    UPPER,
    Policy,
    Progress,
)
from tests.property.reference_terms import CLOSED, CLOSING, Token
from tests.property.tolerances import of_size

MIN_TRADE = Fraction(1, 1000)
VENUE_SHARE = Fraction(9, 10)
REST_LIFE = 86_400
SOLUTIONS = 3


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
    clipped: bool = False


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

    def judge(self) -> Due:  # noqa: PLR0911 one for each reason
        if self.token.terms.phase == CLOSED:
            return _never("TokenNotLive")
        if self.worth <= 0 and self.token.supply > 0:
            return _never("EquityGone")
        if self.position.size == 0:
            return _never("TokenFlat")
        trigger, drift, waited = self._trigger()
        aim = self.policy.aim(trigger, self.target)
        if trigger == NONE:
            return _never("NothingDue")
        enlarges = self.leverage < aim
        in_time = self._elapsed >= self.policy.wait(trigger, enlarges)
        if not in_time and self.leverage <= self.market.rules.max_leverage:
            return _never("CooldownActive", trigger, aim)
        if enlarges and self.worth < self.market.rules.min_margin:
            return _never("BelowMinimumEquity", trigger, aim)
        return self._sized(trigger, aim, self.policy.rate(drift, waited))

    @property
    def _elapsed(self) -> int:
        return self.now - self.progress.time

    def _trigger(self) -> tuple[int, Fraction, int]:  # noqa: PLR0911 one for each trigger
        """The emergency and what is left of it, then a closing token, what is left while it lies
        on its own side, the band, the schedule; with what makes the reward grow, drift and
        delay."""
        policy, last, leverage = self.policy, self.progress, self.leverage
        drift = max(leverage - policy.upper, policy.lower - leverage, Fraction(0))
        if leverage >= policy.emergency:
            return EMERGENCY, drift, 0
        beyond = self._adverse_move() - policy.emergency_move
        if policy.emergency_move and beyond >= 0 and leverage > self.target:
            steepness = self.target * abs(self.token.target - 1)
            return EMERGENCY, max(drift, beyond * steepness), 0
        is_rest_due = self._is_rest_due()
        in_emergency = is_rest_due and last.unfinished == EMERGENCY
        if self.token.terms.phase == CLOSING and not in_emergency:
            return CLOSE, Fraction(0), max(0, self._elapsed - policy.wait(CLOSE, False))
        if is_rest_due:
            wait = policy.wait(last.unfinished, last.enlarges)
            return last.unfinished, drift, max(0, self._elapsed - wait)
        if leverage >= policy.upper:
            return UPPER, drift, 0
        if leverage <= policy.lower:
            return LOWER, drift, 0
        slot = policy.slot(self.now)
        if slot > last.slot and self._is_moved():
            return SCHEDULE, drift, self.now - slot
        return NONE, Fraction(0), 0

    def _adverse_move(self) -> Fraction:
        """Of the index price since the last rebalance, against the position."""
        last = self.progress.price
        return self.token.direction * (last - self.market.price) / last if last else Fraction(-1)

    def _is_rest_due(self) -> bool:
        """On its own side of its aim, worth a trade, and in its time."""
        last, leverage = self.progress, self.leverage
        if last.unfinished == NONE:
            return False
        aim = self.policy.aim(last.unfinished, self.target)
        left = aim - leverage if last.enlarges else leverage - aim
        if last.unfinished == SCHEDULE:
            in_time = self.policy.slot(self.now) == last.slot
        else:
            wait = self.policy.wait(last.unfinished, last.enlarges)
            in_time = self._elapsed - wait <= REST_LIFE
        return in_time and left > leverage * MIN_TRADE

    def _is_moved(self) -> bool:
        """Whether leverage or the price has moved as far as the schedule asks."""
        policy, last = self.policy, self.progress
        if not policy.min_drift and not policy.min_move:
            return True
        if policy.min_drift and abs(self.leverage - self.target) >= policy.min_drift:
            return True
        start = last.slot_price or last.price
        moved = not start or abs(self.market.price - start) / start >= policy.min_move
        return policy.min_move > 0 and moved

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

    def _whole(self, aim: Fraction, rate: Fraction) -> Fraction | None:
        if aim == 0:
            return -self.position.size
        delta = self._size(aim, rate, Fraction(0))
        if delta is not None and self._reward(delta, rate) < rate * abs(delta) * self.market.price:
            delta = self._size(aim, Fraction(0), self._reward(delta, rate))
        return delta

    def _sized(self, trigger: int, aim: Fraction, rate: Fraction) -> Due:
        delta = self._whole(aim, rate)
        if delta is None:
            return _never("NoSolution", trigger, aim)
        worthwhile = abs(self.position.size) * MIN_TRADE
        least = Fraction(0) if trigger in (EMERGENCY, CLOSE) else worthwhile
        if abs(delta) < least:
            none = {"NoSolution"} if self._may_be_none(delta, aim, rate) else set()
            return _never("BelowMinimumTrade", trigger, aim, also=none)
        if abs(delta) < WEI:
            return _never("NoSolution", trigger, aim)
        largest = self._slice(trigger, rate)
        left, clipped = Fraction(0), False
        if self.leverage < aim:
            room = self._room()
            if min(room, largest) < least:
                return _never("SizeLimitExceeded", trigger, aim)
            # What the limit cuts off is not left for later.
            if room < min(largest, abs(delta)):
                delta, clipped = self.token.direction * room, True
        part = self._accepted_part(trigger, delta, largest / abs(delta))
        if part < 1:
            delta, left = delta * part, abs(delta) * (1 - part)
        reward = self._reward(delta, rate)
        due = Due(frozenset(), trigger, aim, delta, left, reward=reward, clipped=clipped)
        due = self._accepted(self._released(due, rate, largest))
        worth_it = due.left >= worthwhile or trigger == CLOSE
        return due if worth_it else replace(due, left=Fraction(0))

    def _may_be_none(self, delta: Fraction, aim: Fraction, rate: Fraction) -> bool:
        """Whether the venue may find less than a wei: its size is off, by an aim that is off by 2
        wei among others."""
        inputs = 2 * WEI * self.position.equity
        return abs(delta) - of_size(self.market, delta, aim, rate, inputs) < WEI

    def _room(self) -> Fraction:
        """By how much the position may still grow."""
        left = self.token.terms.max_size - abs(self.position.size)
        return max(Fraction(0), min(left, self.market.capacity(self.token.direction)))

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

    def _released(self, due: Due, rate: Fraction, largest: Fraction) -> Due:
        """The reward cut to what the venue lets go; where nothing was cut off, that same reward in
        the solution, or none."""
        free = self._releasable(due.delta)
        if due.reward <= free:
            return due
        if due.left or due.clipped or not due.aim:
            return replace(due, reward=free)
        for reward in (free, Fraction(0)):
            delta = self._size(due.aim, Fraction(0), reward)
            if delta is None:
                return replace(due, reasons=frozenset({"NoSolution"}))
            if reward <= self._releasable(delta):
                break
        if self.leverage < due.aim:
            largest = min(largest, self._room())
        if abs(delta) > largest:
            left = abs(delta) - largest
            delta = largest if delta > 0 else -largest
            reward = min(reward, self._reward(delta, rate))
            due = replace(due, left=left)
        return replace(due, delta=delta, reward=reward)

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


def _never(
    reason: str,
    trigger: int = NONE,
    aim: Fraction = Fraction(0),
    also: AbstractSet[str] = frozenset(),
) -> Due:
    return Due(frozenset({reason, *also}), trigger, aim)
