"""Walks that begin in a chosen state."""

from fractions import Fraction

from levtoken.units import WAD
from tests.property import flows, moves
from tests.property.scenarios import Scenario
from tests.property.walk import Walk


def begin(scenario: Scenario, assets: int = 10_000, skew: float = 0) -> Walk:
    """A token with one depositor, on a market with a skew that is a share of the scale."""
    walk = Walk(scenario, seed=0)
    walk.random.random = lambda: 0.99  # no bounds, no strangers
    assert not flows.deposit(walk, "depositor", int(assets / walk.token.unit))
    if skew:
        wanted = Fraction(skew) * walk.world.rules.scale - walk.market.skew
        assert not moves.order(walk, "trader", int(wanted * WAD), with_margin=True)
    return walk
