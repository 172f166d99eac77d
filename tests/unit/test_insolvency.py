"""A token at a market that cannot pay, or that has ended: law 4, seen from the holders."""

import itertools
from fractions import Fraction

import pytest

from levtoken.evm import Contract, Evm, Revert
from levtoken.system import Feed, System, deploy_system
from levtoken.units import WAD, to_fixed
from tests.world import BTC_MARKET, DAY, POLICY_3X

UNIT = 10**6
PRICE = 60_000 * 10**8
NO_LIMIT = 2**255
HOLDERS = ("0x" + "a1" * 20, "0x" + "a2" * 20)
TRADER, PROVIDER, KEEPER = "0x" + "b1" * 20, "0x" + "c1" * 20, "0x" + "d1" * 20
DEEP = BTC_MARKET | {"maxLiquidationDelta": WAD, "maxLiquidationSkew": WAD}


def build(pool: int) -> tuple[System, Contract]:
    """Two holders of BTC3L with 10,000 each, at a market with a pool of `pool`."""
    system = deploy_system(Evm(timestamp=10**9), feed=Feed(PRICE), market=DEEP)
    token = system.create_token("BTC3L", 3 * WAD, POLICY_3X)
    for actor in (*HOLDERS, TRADER, PROVIDER):
        system.asset.transact("mint", actor, 10**9 * UNIT, sender=actor)
        for spender in (token.address, system.market.address):
            system.asset.transact("approve", spender, 2**256 - 1, sender=actor)
    system.market.transact("provideLiquidity", pool * UNIT, sender=PROVIDER)
    for holder in HOLDERS:
        token.transact("deposit", 10_000 * UNIT, holder, sender=holder)
    return system, token


def move(system: System, factor: str) -> None:
    answer = system.feed.call("latestRoundData")[1]
    system.feed.transact("push", answer * to_fixed(factor) // WAD)


def redeem(token: Contract, holder: str) -> int:
    return token.transact("redeem", token.call("balanceOf", holder), holder, holder, sender=holder)


def ratio(system: System) -> Fraction:
    """What the market has of what it owes."""
    market = system.market.call("marketState")
    return Fraction(market["cash"] * WAD // UNIT - market["escrow"], market["debt"])


@pytest.fixture
def insolvent() -> tuple[System, Contract]:
    """A pool of 1,000 cannot pay what 60,000 long earned on the way up."""
    system, token = build(pool=1_000)
    move(system, "1.2")
    assert ratio(system) < 1
    return system, token


def test_an_insolvent_market_pays_everyone_the_same_part_in_either_order() -> None:
    paid = []
    for order in itertools.permutations(HOLDERS):
        system, token = build(pool=1_000)
        move(system, "1.2")
        shares = {holder: token.call("balanceOf", holder) for holder in HOLDERS}
        got = {holder: redeem(token, holder) for holder in order}
        paid.append({holder: Fraction(got[holder], shares[holder]) for holder in HOLDERS})
    # The cost of leaving stays with those who are still there, so the later one gets a little
    # more: less than the taker fee of 0.06 % on a leverage of 3 and its share of the impact.
    for first, second in (paid[0].values(), paid[1].values()):
        assert abs(first / second - 1) < Fraction(3, 1000)


def test_an_insolvent_market_keeps_its_ratio_for_those_who_stay(insolvent) -> None:
    system, token = insolvent
    before = ratio(system)
    value = token.call("sharePrice")
    redeem(token, HOLDERS[0])
    assert ratio(system) >= before
    assert token.call("sharePrice") >= value


def test_nobody_enters_an_insolvent_market_but_a_provider(insolvent) -> None:
    system, token = insolvent
    for verb, amount in (("deposit", UNIT), ("mint", WAD)):
        with pytest.raises(Revert, match="MarketInsolvent"):
            token.transact(verb, amount, HOLDERS[0], sender=HOLDERS[0])
    with pytest.raises(Revert, match="MarketInsolvent"):
        system.market.transact("depositMargin", UNIT, sender=TRADER)
    system.market.transact("provideLiquidity", 10**6 * UNIT, sender=PROVIDER)
    token.transact("deposit", UNIT * 100, HOLDERS[0], sender=HOLDERS[0])


def test_the_share_price_of_an_insolvent_market_is_what_it_can_pay(insolvent) -> None:
    system, token = insolvent
    owed = Fraction(system.market.call("remainingMargin", token.address), WAD)
    told = Fraction(system.market.call("state", token.address)["equity"], WAD)
    assert told == pytest.approx(float(owed * ratio(system)), rel=1e-15)
    assert sum(redeem(token, holder) for holder in HOLDERS) <= told * UNIT


def test_a_token_deleverages_while_the_market_is_insolvent() -> None:
    """A rising price that nobody can pay raises the leverage on what can be paid."""
    system, token = build(pool=1_000)
    move(system, "1.35")
    assert ratio(system) < 1
    before = token.call("leverage")
    due = token.call("assess")
    assert due["reason"] == bytes(4)
    assert due["sizeDelta"] < 0
    token.transact("rebalance", sender=KEEPER)
    # Law 2: past the aim by at most 1e-4 of it.
    assert due["aim"] * 9_999 // 10_000 <= token.call("leverage") < before
    assert ratio(system) < 1


def test_holders_leave_a_settled_market_at_its_last_price_without_cost() -> None:
    system, token = build(pool=10**6)
    move(system, "1.05")
    system.market.transact("checkPrice", sender=KEEPER)
    worth = token.call("sharePrice")
    move(system, "0")
    system.market.transact("checkPrice", sender=KEEPER)
    system.evm.next_block(system.evm.timestamp + 3 * DAY - 1)
    with pytest.raises(Revert, match="SettlementTooEarly"):
        system.market.transact("settle", sender=KEEPER)
    with pytest.raises(Revert, match="PriceStale"):
        redeem(token, HOLDERS[0])
    system.evm.next_block(system.evm.timestamp + 1)
    system.market.transact("settle", sender=KEEPER)
    assert token.call("sharePrice") == worth
    with pytest.raises(Revert, match="MarketSettled"):
        token.transact("deposit", UNIT, HOLDERS[0], sender=HOLDERS[0])
    for holder in HOLDERS:
        shares = token.call("balanceOf", holder)
        # Each is rounded down to an asset unit; what the first leaves of it is the second's.
        assert abs(shares * worth // WAD // (WAD // UNIT) - redeem(token, holder)) <= 1


def test_a_flagged_token_refuses_every_verb_by_that_name() -> None:
    system, token = build(pool=10**6)
    move(system, "0.67")
    system.market.transact("flag", token.address, sender=KEEPER)
    for verb, arguments in (
        ("deposit", (UNIT, HOLDERS[0])),
        ("mint", (WAD, HOLDERS[0])),
        ("redeem", (WAD, HOLDERS[0], HOLDERS[0])),
        ("rebalance", ()),
    ):
        with pytest.raises(Revert, match="PositionFlagged"):
            token.transact(verb, *arguments, sender=HOLDERS[0])
