"""Runs a walk: which step comes how often, and what ends it."""

from collections.abc import Callable

from levtoken.evm import Revert
from tests.property import attack, closing, faults, flows, keeping, looking, maxima, moves, offices
from tests.property.checks import Violation
from tests.property.scenarios import Scenario
from tests.property.walk import Report, Walk

STEPS: dict[Callable[[Walk], str], float] = {
    flows.deposit: 12,
    flows.mint: 9,
    flows.redeem: 12,
    flows.withdraw: 8,
    flows.transfer: 2,
    maxima.at_most: 2,
    offices.accrue: 3,
    offices.govern: 3,
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
    closing.lose: 2,
    closing.close: 1,
    closing.start: 0.4,
    closing.settle: 0.2,
    faults.spoil: 1,
    attack.play: 2,
}


AFTERWARDS: dict[Callable[[Walk], str], float] = {
    closing.redeem: 4,
    closing.withdraw: 4,
    closing.refuse: 1,
    closing.renew: 2,
    offices.accrue: 1,
    maxima.at_most: 1,
    faults.bad: 1,
    moves.move: 2,
    moves.trade: 1,
}


def choose(walk: Walk) -> Callable[[Walk], str]:
    """By weight; but a token that is lost, flagged or closing, or a market that cannot pay, does
    not stay so for long."""
    if walk.before.is_closed:
        return one_of(walk, AFTERWARDS)
    lost = walk.before.equity == 0 and walk.before.supply
    if (lost or "token" in walk.flagged_at) and walk.chance(0.15):
        return accident(walk)
    if walk.market.is_insolvent and walk.chance(0.06):
        return moves.provide
    if walk.before.terms.phase and walk.chance(0.3):
        return keeping.rebalance if walk.before.size else closing.close
    return one_of(walk, STEPS)


def one_of(walk: Walk, steps: dict[Callable[[Walk], str], float]) -> Callable[[Walk], str]:
    return walk.random.choices(list(steps), list(steps.values()))[0]


def accident(walk: Walk) -> Callable[[Walk], str]:
    if not walk.before.size:
        return closing.lose
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
