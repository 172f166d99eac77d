"""Runs the walks of a market: which step comes how often, how long a life is, what ends it."""

import random
from collections.abc import Callable

from levtoken.evm import Revert
from tests.property.checks import Violation
from tests.property.market import accidents, ending, looking, orders, pool, rounds, trading
from tests.property.market.scenarios import Scenario
from tests.property.market.walk import Report, Walk

LIFE = 240  # steps of one market, after which everybody leaves it
PAUSES = (1, 12, 60, 900, 3_600, 3_600, 14_400, 43_200, 86_400)


def move(walk: Walk) -> str:
    """Some time, some change of the price."""
    wild = walk.world.scenario.wild
    walk.note("the price moves")
    factor = max(0.05, 1 + walk.random.gauss(0, wild / 4))
    walk.advance(walk.random.choice(PAUSES), factor)
    walk.count("move")
    return ""


def jump(walk: Walk) -> str:
    """A crash to next to nothing, or a multiple; or months in which nobody did anything."""
    walk.note("the price jumps")
    wild = walk.world.scenario.wild
    kind = walk.random.random()
    if kind < 0.2:
        walk.advance(walk.random.randint(20, 120) * 86_400)
        walk.count("months pass")
    elif kind < 0.5 and wild > 0.5:
        down = walk.chance(0.5)
        walk.advance(1, walk.random.uniform(0.001, 0.3) if down else walk.random.uniform(3, 10))
        walk.count("crash" if down else "tenfold")
    else:
        walk.advance(1, walk.random.uniform(1 - min(0.9, 2 * wild), 1 + 2 * wild))
        walk.count("jump")
    return ""


STEPS: dict[Callable[[Walk], str], int] = {
    move: 22,
    jump: 3,
    trading.deposit: 7,
    trading.withdraw: 5,
    trading.trade: 20,
    trading.enter: 4,
    trading.leave: 4,
    orders.submit: 8,
    orders.execute: 9,
    orders.cancel: 3,
    accidents.flag: 4,
    accidents.liquidate: 4,
    pool.provide: 2,
    pool.remove: 2,
    pool.gift: 1,
    pool.pretend: 1,
    pool.claim: 1,
    accidents.spoil: 1,
    accidents.check_price: 1,
    accidents.settle: 1,
    rounds.at_one_price: 3,
    rounds.leavers: 2,
}


def choose(walk: Walk) -> Callable[[Walk], str]:
    """By weight; but orders do not wait for ever, who is due is flagged, a hole is filled."""
    if walk.orders and walk.chance(0.15):
        return orders.execute
    if walk.flags and walk.chance(0.05):
        return accidents.liquidate
    if walk.market.is_insolvent:
        if walk.chance(0.05):
            return pool.provide
        if walk.chance(0.1):
            return rounds.leavers
    if walk.bad and walk.chance(0.1):
        return walk.random.choice((accidents.check_price, accidents.settle))
    return walk.random.choices(list(STEPS), list(STEPS.values()))[0]


def live(report: Report, steps: int, chance: random.Random) -> None:
    """One market from its first provider to the last who leaves."""
    walk = Walk(report, chance)
    providers = report.scenario.pool
    if providers:
        pool.provide(walk, "provider", providers * 10**report.scenario.asset_decimals)
    last = report.steps + min(LIFE, steps - report.steps)
    while report.steps < last:
        report.steps += 1
        choose(walk)(walk)
        looking.look(walk)
    ending.end(walk)


def run(scenario: Scenario, seed: int, steps: int) -> Report:
    """Until the steps are done or something does not hold."""
    report = Report(scenario, seed)
    chance = random.Random(f"{scenario.name} {seed}")
    try:
        while report.steps < steps:
            report.lives += 1
            live(report, steps, chance)
    except Violation as violation:
        report.violation = violation
    except Revert as revert:
        report.violation = Violation("errors", f"unexpected: {revert.name}")
    return report
