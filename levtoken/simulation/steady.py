"""Flows that keep a token about as large as it started, over years that would make it tiny or huge.

A short loses nearly everything in years of rising prices, and a position below its market's least
margin is rebalanced no more; a long outgrows its market. Flows change neither leverage nor share
price, so every measure stays what it is, and no year weighs more than another.
"""

from collections.abc import Sequence

LARGEST = 1.5  # of the capital; beyond it, or below its inverse, there is a flow
LEAST_LEFT = 0.02  # of a token after one bar; a smaller rest cannot be told from nothing


def steady_flows(prices: Sequence[int], target: float) -> dict[int, float]:
    """By bar: what brings a token of that leverage (signed) that follows `prices` ideally back to
    the capital; paid in as a fraction of its equity (+), or taken out of its shares (-)."""
    flows: dict[int, float] = {}
    size, last = 1.0, prices[0]
    for bar, price in enumerate(prices):
        if price == 0:  # the oracle got none, and nobody comes or goes
            continue
        size *= max(LEAST_LEFT, 1 + target * (price / last - 1))
        last = price
        if 1 / LARGEST < size < LARGEST:
            continue
        flows[bar] = 1 / size - 1
        size = 1.0
    return flows
