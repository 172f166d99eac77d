"""An attacker with nothing but assets plays at one price, then leaves. What he did is undone."""

from fractions import Fraction

from levtoken.units import WAD
from tests.property import flows, moves, tolerances
from tests.property.calls import ADDRESSES
from tests.property.checks import require
from tests.property.keeping import Said
from tests.property.walk import Walk
from tests.property.world import Books

MOVES = 6
MIN_TRADE = Fraction(1, 1000)
NEAR = Fraction(1, 10**8)  # I-3 lets each flow move leverage by about a tenth of it


def play(walk: Walk) -> str:
    """I-4: any sequence of flows and trades at one price, without a rebalance, ends at or below its
    start. I-7: and no sequence of flows makes a rebalance due."""
    if walk.fault:
        return ""
    kept, stored = walk.before, walk.stored
    with walk.world.evm.rolled_back():
        _play(walk)
    walk.before, walk.stored = kept, stored
    return ""


def _play(walk: Walk) -> None:
    world = walk.world
    start, quiet = world.assets_of("attacker"), is_quiet(walk)
    rounding = Fraction(0)
    moved = 0
    for _ in range(walk.random.randint(1, MOVES)):
        before = walk.before
        if not act(walk):
            moved += 1
            rounding += traded_off(walk, before)
        if quiet:
            require("I-7", is_quiet(walk) or near_edge(walk), "a flow made a rebalance due")
            walk.looked("I-7 of flows")
    left, off = leave(walk)
    walk.count("attack", "" if left else "cannot leave")
    if not left or not moved:
        return
    gain = (world.assets_of("attacker") - start) * walk.token.unit
    text = f"the attacker gains {float(gain):.6g}, rounding {float(rounding + off):.3g}"
    require("I-4", gain <= rounding + off, text)
    walk.looked("I-4")


def act(walk: Walk) -> str:
    """One flow or trade; returns its error."""
    kind, shares = walk.random.random(), walk.world.shares_of("attacker")
    if kind < 0.3:
        return flows.deposit(walk, "attacker")
    if kind < 0.45:
        return flows.mint(walk, "attacker")
    if kind < 0.55 and shares:
        return flows.withdraw(walk, "attacker")
    if kind < 0.7 and shares:
        return flows.redeem(walk, "attacker", flows.part_of(walk, shares))
    crowd = walk.world.scenario.crowd
    delta = Fraction(walk.random.gauss(0, 1)) * crowd * walk.world.rules.scale
    return moves.order(walk, "attacker", int(delta * WAD), with_margin=True)


def leave(walk: Walk) -> tuple[bool, Fraction]:
    """Out of the position and the shares, in either order; and the rounding of it."""
    world, off = walk.world, Fraction(0)
    ways = [close, redeem_all]
    walk.random.shuffle(ways)
    for way in ways * 2:
        before = walk.before
        way(walk)
        off += traded_off(walk, before)
    gone = world.shares_of("attacker") == 0
    return gone and world.position("attacker")[2] == 0 and take_all(walk), off


def close(walk: Walk) -> None:
    if size := walk.world.position("attacker")[2]:
        moves.order(walk, "attacker", -size, with_margin=False)


def redeem_all(walk: Walk) -> None:
    if shares := walk.world.shares_of("attacker"):
        flows.redeem(walk, "attacker", shares)


def take_all(walk: Walk) -> bool:
    """The part that is paid of the free margin. What is less than one asset unit stays."""
    me, free = ADDRESSES["attacker"], walk.world.position("attacker")[0]
    if assets := int(free * walk.before.part / walk.world.unit):
        error, _ = walk.world.attempt("market", "trade", 0, -assets, 0, me, sender="attacker")
        return not error
    return True


def traded_off(walk: Walk, before: Books) -> Fraction:
    """What the truncations of one order may give its owner, and the re-mark of his own position."""
    market = before.market(walk.world.rules)
    held = Fraction(abs(walk.world.position("attacker")[2]), WAD)
    delta = Fraction(abs(walk.before.skew - before.skew), WAD)
    return tolerances.of_cost(market, delta + held)


def is_quiet(walk: Walk) -> bool:
    return Said(walk).reason in {"NothingDue", "TokenFlat"}


def near_edge(walk: Walk) -> bool:
    policy, target = walk.world.policy, abs(walk.token.target)
    edges = [policy.lower, policy.upper, policy.emergency]
    edges += [target, target + policy.min_drift, target - policy.min_drift]
    if walk.before.last.unfinished:
        aim = policy.aim(walk.before.last.unfinished, target)
        edges += [aim, aim / (1 - MIN_TRADE), aim / (1 + MIN_TRADE)]
    return any(abs(walk.before.leverage - edge) <= edge * NEAR for edge in edges)
