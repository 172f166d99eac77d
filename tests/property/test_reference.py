"""The reference against integers of the real market's contracts: what it says must be theirs but
for their truncations."""

import json
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest

from levtoken.units import WAD, to_fixed
from tests.property import tolerances
from tests.property.reference import DAY, Market, Position, Rules

VECTORS = Path(__file__).parent.parent / "vectors"
PARAMS = (
    "skewScale",
    "maxFundingVelocity",
    "makerFeeOffchainDelayedOrder",
    "takerFeeOffchainDelayedOrder",
    "maxLeverage",
    "maxMarketValue",
    "liquidationBufferRatio",
    "liquidationPremiumMultiplier",
)
GLOBALS = (
    "liquidationFeeRatio",
    "minKeeperFee",
    "maxKeeperFee",
    "keeperLiquidationFee",
    "minInitialMargin",
)


def fraction(value: int) -> Fraction:
    return Fraction(value, WAD)


@pytest.fixture(scope="module", params=["perp_walk.json", "perp_edges.json"])
def vectors(request):
    return json.loads((VECTORS / request.param).read_text())


@pytest.fixture(scope="module")
def rules(vectors):
    own = [fraction(to_fixed(vectors["params"][name])) for name in PARAMS]
    return Rules(*own, *(fraction(vectors["global"][name]) for name in GLOBALS))


def market(rules: Rules, state: dict, price: int) -> Market:
    numbers = (state["skew"], state["size"], state["rateLast"], state["seqLast"])
    return Market(rules, fraction(price), *(fraction(number) for number in numbers))


def pairs(vectors: dict) -> list[tuple[dict, dict]]:
    """Each step with the state that it met."""
    steps = vectors["steps"]
    return [(before["after"], step) for before, step in pairwise(steps)]


def test_an_order_fills_and_costs_what_it_did_there(vectors, rules):
    orders = [(state, step) for state, step in pairs(vectors) if step.get("execOk")]
    assert len(orders) >= 10
    for state, step in orders:
        met = market(rules, state, step["execPrice"])
        delta = fraction(step["size"])
        off = tolerances.of_cost(met, delta)
        assert abs(met.fill(delta) - fraction(step["fillPrice"])) <= off / abs(delta)
        assert abs(met.fee(delta) - fraction(step["fee"])) <= off


def test_funding_runs_as_it_did_there(vectors, rules):
    moves = [(s, step) for s, step in pairs(vectors) if step["op"] == "margin" and step["ok"]]
    assert len(moves) >= 10
    for state, step in moves:
        seconds = step["t"] - state["lastRecomputed"]
        days = Fraction(seconds, DAY)
        met = market(rules, state, step["price"])
        expected, found = met.later(seconds, met.price), step["after"]
        assert found["lastRecomputed"] == step["t"]
        assert abs(expected.rate - fraction(found["rateLast"])) <= tolerances.of_rate(met, days)
        off = tolerances.of_funding(expected, days)
        assert abs(expected.funding - fraction(found["seqLast"])) <= off


def test_those_who_could_be_liquidated_there_can_be_here(vectors, rules):
    found = []
    for step in vectors["steps"]:
        met = market(rules, step["after"], step["price"])
        for account in step["after"]["accounts"]:
            if account["size"] and not account["flagged"]:
                position = Position(fraction(account["size"]), fraction(account["remaining"]))
                assert met.is_liquidatable(position) == account["canLiquidate"]
                found.append(account["canLiquidate"])
    assert False in found
