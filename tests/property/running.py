"""Runs a walk: which step comes how often, and what ends it."""

from collections.abc import Callable

from levtoken.evm import Revert
from tests.property import attack, faults, flows, keeping, looking, moves
from tests.property.checks import Violation
from tests.property.scenarios import Scenario
from tests.property.walk import Report, Walk

STEPS: dict[Callable[[Walk], str], int] = {
    flows.deposit: 12,
    flows.mint: 9,
    flows.redeem: 16,
    flows.transfer: 2,
    flows.all_leave: 1,
    keeping.rebalance: 16,
    moves.move: 24,
    moves.jump: 1,
    moves.trade: 9,
    moves.take_margin: 2,
    moves.provide: 1,
    moves.remove: 2,
    moves.gift: 2,
    moves.pretend: 1,
    moves.flag: 2,
    moves.liquidate: 2,
    moves.replace_dead: 2,
    faults.spoil: 1,
    attack.play: 2,
}


def choose(walk: Walk) -> Callable[[Walk], str]:
    """By weight; but a token that is lost or flagged, or a market that cannot pay, does not stay so
    for long."""
    lost = walk.before.equity == 0 and walk.before.supply
    if (lost or "token" in walk.flagged_at) and walk.chance(0.15):
        return accident(walk)
    if walk.market.is_insolvent and walk.chance(0.06):
        return moves.provide
    return walk.random.choices(list(STEPS), list(STEPS.values()))[0]


def accident(walk: Walk) -> Callable[[Walk], str]:
    if not walk.before.size:
        return moves.replace_dead
    return moves.liquidate if "token" in walk.flagged_at else moves.flag


def run(scenario: Scenario, seed: int, steps: int) -> Report:
    """Until the steps are done or something does not hold."""
    walk = Walk(scenario, seed)
    report = walk.report
    try:
        while report.steps < steps:
            report.steps += 1
            choose(walk)(walk)
            looking.look(walk)
    except Violation as violation:
        report.violation = violation
    except Revert as revert:
        report.violation = Violation("errors", f"unexpected: {revert.name}")
    return report
