"""Deposits and redemptions at random."""

import random
from decimal import Decimal

DAY = 86_400  # seconds


def random_flows(
    bars: int, step: int, a_day: Decimal, largest: Decimal, seed: int
) -> dict[int, float]:
    """By bar, `a_day` of them on average: deposits of a fraction of the equity, up to `largest`,
    and as often redemptions (negative) that would undo such a deposit, so that flows alone let the
    token neither grow nor shrink."""
    source = random.Random(seed)
    chance = float(a_day) * step / DAY
    flows: dict[int, float] = {}
    for bar in range(1, bars):
        if source.random() >= chance:
            continue
        part = source.random() * float(largest)
        flows[bar] = part if source.random() < 1 / 2 else -part / (1 + part)
    return flows
