"""The keeper's step."""

from dataclasses import replace
from fractions import Fraction

from levtoken.evm import signed
from levtoken.units import WAD
from tests.property import checks, tolerances
from tests.property.checks import require, require_between, require_close
from tests.property.reference import WEI, Market
from tests.property.reference_policy import CLOSE, EMERGENCY, LOWER, NONE, SCHEDULE, UPPER
from tests.property.reference_sizing import Assessment, Due
from tests.property.walk import Walk
from tests.property.world import Books


def rebalance(walk: Walk) -> str:
    """The keeper pokes: the chain decides as the reference does, and does what it said."""
    world, before, market = walk.world, walk.before, walk.market
    walk.note("keeper rebalances")
    due = assess(walk)
    said = Said(walk)
    checks.named_as_expected(said.reason, due.reasons, "assess")
    said.compare(walk, market, due)
    held = world.assets_of("keeper")
    error, reward = world.attempt("token", "rebalance", sender="keeper")
    require("I-5", error == said.reason, f"rebalance: {error}, assessed {said.reason}")
    walk.count("rebalance", error)
    walk.looked("I-5", "errors", "I-14")
    if error:
        if walk.fault:
            require("I-11", world.books() == before, "the books changed")
        return error
    count_kinds(walk, due, said)
    after = walk.refresh(stored=True)
    require("I-5", reward == said.reward, f"reward {reward}, assessed {said.reward}")
    require("I-7", world.assets_of("keeper") - held == reward, "paid what it did not say")
    require("I-5", after.size - before.size == said.delta, "another size than assessed")
    target = abs(walk.token.target)
    worth = reward * walk.token.unit
    checks.equity_as_reference(market, walk.token, before, after)
    checks.part_kept(before, after)
    checks.rebalance_improved(before, after, due, Fraction(0) if due.trigger == CLOSE else target)
    checks.rebalance_paid_for(market, before, after, Fraction(said.limit, WAD), worth)
    reward_capped(walk, market, Fraction(abs(said.delta), WAD), worth)
    goal = remembered(walk, before, due, said)
    require("I-14", after.progress == goal, f"goal {after.progress}, expected {goal}")
    walk.streaming.charged(before, after)
    walk.looked("I-6", "I-7")
    return ""


def remembered(walk: Walk, before: Books, due: Due, said: "Said") -> tuple[int, ...]:
    """Time, slot and, where the policy asks for them, prices of a rebalance, and what is left."""
    policy, _, _, _, slot, tracks, price, slot_price = before.progress
    unfinished = due.trigger if said.left and due.trigger != CLOSE else 0
    if due.trigger == SCHEDULE:
        slot = walk.world.policy.slot(before.time)
        slot_price = before.price if tracks else 0
    price = before.price if tracks else 0
    enlarges = int(unfinished and before.leverage < due.aim)
    return (policy, before.time, unfinished, enlarges, slot, tracks, price, slot_price)


def count_kinds(walk: Walk, due: Due, said: "Said") -> None:
    """That the walk went through all of them."""
    policy, before = walk.world.policy, walk.before
    kinds = {
        f"{TRIGGERS[due.trigger]} rebalance": True,
        "slice": said.left > 0,
        "rest of a rebalance": before.last.unfinished == due.trigger,
        "wider limit": due.limit and abs(due.limit / walk.market.price - 1) > policy.max_slippage,
        "clipped growth": due.clipped,
        "emergency by a move": due.trigger == EMERGENCY
        and before.leverage < policy.emergency
        and before.last.unfinished != EMERGENCY,
        "capped reward": said.reward * walk.token.unit == policy.reward_cap,
        "rebalance paid by the skew": walk.market.cost(due.delta) < 0,
        "slice beyond the largest": abs(due.delta) > policy.max_trade,
        "rebalance while not all is paid": before.part < 1,
    }
    for kind, met in kinds.items():
        if met:
            walk.count(kind)


def assess(walk: Walk) -> Due:
    """By the reference. A bad price comes before all else."""
    if walk.fault:
        return Due(frozenset({walk.fault}))
    before, world = walk.before, walk.world
    parts = (before.position, walk.token, world.policy, before.last, before.time)
    due = Assessment(walk.market, *parts).judge()
    flagged = {"PositionFlagged"} if world.is_flagged("token") else set()
    return replace(due, reasons=due.reasons | flagged)


def reward_capped(walk: Walk, market: Market, size: Fraction, reward: Fraction) -> None:
    """I-7: by the rate on the notional traded and by the absolute cap."""
    policy = walk.world.policy
    require("I-7", reward <= policy.reward_cap, f"reward {float(reward)} above the cap")
    most = policy.reward_rate * size * market.price
    require("I-7", reward <= most, f"reward {float(reward)} above {float(most)} by rate")


TRIGGERS = {
    UPPER: "upper",
    LOWER: "lower",
    EMERGENCY: "emergency",
    SCHEDULE: "schedule",
    CLOSE: "closing",
}


class Said:
    """The chain's own assessment."""

    def __init__(self, walk: Walk) -> None:
        words = walk.world.read("token", "assess")
        self.trigger, _, _, self.aim, delta, self.left, self.limit, self.reward, reason = words
        self.delta = signed(delta)
        self.reason = walk.world.error_name(reason.to_bytes(32, "big")[:4])

    def compare(self, walk: Walk, market: Market, due: Due) -> None:
        require("I-14", self.trigger == due.trigger, f"trigger {self.trigger}, {due.trigger}")
        # The aim is truncated once where it is computed and once where it is kept inside the edge.
        if self.trigger != NONE:
            require_close("I-14", "aim", Fraction(self.aim, WAD), due.aim, 2 * WEI)
        if due.reasons:
            return
        unit, rate = walk.token.unit, walk.world.policy.reward_rate
        # Into the equation go the reward, off by its own unit, and the aim, off by 2 wei.
        inputs = unit + 2 * WEI * walk.before.true_equity
        off = WEI  # trading out is exact
        if due.aim:
            off = tolerances.of_size(market, due.delta, due.aim, rate, inputs)
        require_close("I-14", "size", Fraction(self.delta, WAD), due.delta, off)
        require_close("I-14", "left", Fraction(self.left, WAD), due.left, 2 * off)
        # Leverage, the parts of the slippage and the limit lose less than a wei each.
        limit_off = (4 * market.price + 2) * WEI
        require_close("I-14", "limit", Fraction(self.limit, WAD), due.limit, limit_off)
        # The rate loses a few wei, of which the notional is a multiple.
        off = rate * market.price * off + 8 * WEI * (1 + abs(due.delta) * market.price)
        low = due.reward - unit - off
        require_between("I-14", "reward", self.reward * unit, low, due.reward + off)
