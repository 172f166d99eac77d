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
    moves.gift: 2,
    moves.pretend: 1,
    moves.liquidate: 2,
    moves.replace_dead: 2,
    faults.spoil: 1,
    attack.play: 2,
}


def choose(walk: Walk) -> Callable[[Walk], str]:
    """By weight; but a token that is lost does not stay so for long."""
    if walk.before.equity == 0 and walk.before.supply and walk.chance(0.15):
        return moves.liquidate if walk.before.size else moves.replace_dead
    return walk.random.choices(list(STEPS), list(STEPS.values()))[0]


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
