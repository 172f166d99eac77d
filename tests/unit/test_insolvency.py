"""A token at a market that cannot pay, or that has ended: law 4, seen from the holders."""

import itertools
from collections.abc import Mapping
from fractions import Fraction

import pytest

from levtoken.evm import Contract, Evm, Revert
from levtoken.feeds import Signed
from levtoken.system import Feed, System, deploy_system
from levtoken.units import WAD, to_fixed
from tests.runtime import UNLIMITED
from tests.world import BTC_MARKET, DAY, DEEP, HEARTBEAT, POLICY_3X

UNIT = 10**6
PRICE = 60_000 * 10**8
NO_LIMIT = 2**255
HOLDERS = ("0x" + "a1" * 20, "0x" + "a2" * 20)
TRADER, PROVIDER, KEEPER = "0x" + "b1" * 20, "0x" + "c1" * 20, "0x" + "d1" * 20


def build(pool: int, market: Mapping[str, int] = DEEP) -> tuple[System, Contract]:
    """Two holders of BTC3L with 10,000 each, at a market with a pool of `pool`."""
    system = deploy_system(Evm(timestamp=10**9), feed=Feed(PRICE), market=market)
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


def watch(system: System, seconds: int) -> None:
    """Somebody looks at the price every hour."""
    for passed in range(0, seconds, HEARTBEAT):
        system.market.transact("checkPrice", sender=KEEPER)
        step = min(HEARTBEAT, seconds - passed)
        system.evm.next_block(system.evm.timestamp + step)


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
    owed = Fraction(system.market.call("accountReport", token.address)["remainingMargin"], WAD)
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
    watch(system, 3 * DAY - 1)
    with pytest.raises(Revert, match="SettlementTooEarly"):
        system.market.transact("settle", sender=KEEPER)
    with pytest.raises(Revert, match="PriceStale"):
        redeem(token, HOLDERS[0])
    system.evm.next_block(system.evm.timestamp + 1)
    system.market.transact("settle", sender=KEEPER)
    assert token.call("sharePrice") == worth
    assert not token.call("priceValid")
    with pytest.raises(Revert, match="MarketSettled"):
        token.transact("rebalance", sender=KEEPER)
    with pytest.raises(Revert, match="MarketSettled"):
        token.transact("deposit", UNIT, HOLDERS[0], sender=HOLDERS[0])
    for holder in HOLDERS:
        shares = token.call("balanceOf", holder)
        # Each is rounded down to an asset unit; what the first leaves of it is the second's.
        assert abs(shares * worth // WAD // (WAD // UNIT) - redeem(token, holder)) <= 1


def test_two_moments_without_a_price_do_not_settle_a_market() -> None:
    """The price is late for a second, good for three days that nobody trades in, and late again."""
    system, _ = build(pool=10**6)
    system.evm.next_block(system.evm.timestamp + HEARTBEAT + 1)
    system.market.transact("checkPrice", sender=KEEPER)
    move(system, "0.8")
    system.evm.next_block(system.evm.timestamp + 3 * DAY)
    with pytest.raises(Revert, match="SettlementTooEarly"):
        system.market.transact("settle", sender=KEEPER)
    system.market.transact("checkPrice", sender=KEEPER)
    with pytest.raises(Revert, match="SettlementTooEarly"):
        system.market.transact("settle", sender=KEEPER)


def test_a_look_at_a_good_price_ends_the_time_after_which_a_market_settles() -> None:
    system, _ = build(pool=10**6)
    system.evm.next_block(system.evm.timestamp + HEARTBEAT + 1)
    watch(system, 2 * DAY)
    move(system, "0.9")
    system.market.transact("checkPrice", sender=KEEPER)
    system.evm.next_block(system.evm.timestamp + HEARTBEAT + 1)
    watch(system, 2 * DAY)
    with pytest.raises(Revert, match="SettlementTooEarly"):
        system.market.transact("settle", sender=KEEPER)


def test_who_could_be_liquidated_when_a_market_settles_leaves_with_what_is_left() -> None:
    """With an order waiting, too: nothing is asked of a position that only closes."""
    system, _ = build(pool=10**6)
    system.market.transact("depositMargin", 3_000 * UNIT, sender=TRADER)
    system.market.transact("trade", WAD, 0, NO_LIMIT, TRADER, sender=TRADER)
    system.market.transact("submit", -WAD // 2, 0, sender=TRADER)
    move(system, "0.96")
    system.market.transact("checkPrice", sender=KEEPER)
    assert system.market.call("accountReport", TRADER)["canLiquidate"]
    system.evm.next_block(system.evm.timestamp + HEARTBEAT + 1)
    watch(system, 3 * DAY)
    system.market.transact("settle", sender=KEEPER)
    with pytest.raises(Revert, match="NotLiquidatable"):
        system.market.transact("flag", TRADER, sender=KEEPER)
    left = system.market.call("accountReport", TRADER)["remainingMargin"] // 10**12
    system.market.transact("cancel", TRADER, sender=TRADER)
    paid = system.market.transact("exit", 1, 1, UNLIMITED, TRADER, sender=TRADER)["paid"]
    # The deposit of the order, one asset, comes back with it.
    assert paid == left + UNIT


def test_a_loss_too_large_to_liquidate_cannot_hide_while_others_leave() -> None:
    """Both sides of 100 coins, one of them below zero: flagged and closed at once, size or not."""
    market = BTC_MARKET | {"maxLiquidationDelta": to_fixed("0.0001")}
    system, token = build(pool=50_000, market=market)
    for side, sender in (("100", TRADER), ("-100", PROVIDER)):
        system.market.transact("depositMargin", 150_000 * UNIT, sender=sender)
        limit = NO_LIMIT if sender == TRADER else 0
        system.market.transact("trade", to_fixed(side), 0, limit, sender, sender=sender)
    move(system, "1.06")
    told = token.call("sharePrice")
    system.market.transact("flag", PROVIDER, sender=KEEPER)
    system.market.transact("liquidate", PROVIDER, sender=KEEPER)
    assert ratio(system) < 1
    assert token.call("sharePrice") < told


def test_no_order_executes_that_finds_the_market_insolvent() -> None:
    system, _ = build(pool=2_000)
    system.market.transact("depositMargin", 100_000 * UNIT, sender=TRADER)
    system.market.transact("trade", WAD, 0, NO_LIMIT, TRADER, sender=TRADER)
    system.market.transact("submit", -WAD, 0, sender=TRADER)
    system.evm.next_block(system.evm.timestamp + 3)
    move(system, "1.05")
    assert ratio(system) < 1
    price = PRICE * 105 // 100
    data, fee = system.price_update(Signed(price, system.evm.timestamp))
    system.evm.give(KEEPER, fee)
    with pytest.raises(Revert, match="MarketInsolvent"):
        system.market.transact("execute", TRADER, data, sender=KEEPER, value=fee)


def test_a_flagger_who_cannot_receive_does_not_stop_a_liquidation() -> None:
    """The asset refuses the transfer to him; the fee stays with the pool."""
    system = deploy_system(Evm(timestamp=10**9), feed=Feed(PRICE), market=DEEP)
    asset = system.evm.deploy("MockHookERC20")
    params = DEEP | {"keeperLiquidationFee": 0}  # so that the flagger's is the first transfer
    sources = (asset.address, system.oracle.address, system.pull_oracle.address)
    market = system.evm.deploy("MockPerpMarket", *sources, params)
    asset.transact("mint", TRADER, 2_000 * UNIT, sender=TRADER)
    asset.transact("approve", market.address, 2**256 - 1, sender=TRADER)
    market.transact("depositMargin", 2_000 * UNIT, sender=TRADER)
    market.transact("trade", to_fixed("0.1"), 0, NO_LIMIT, TRADER, sender=TRADER)
    move(system, "0.674")
    market.transact("flag", TRADER, sender=KEEPER)
    asset.transact("setHook", market.address, b"refused")
    market.transact("liquidate", TRADER, sender=KEEPER)
    assert asset.call("balanceOf", KEEPER) == 0
    assert market.call("positionOf", TRADER)["size"] == 0
    assert market.call("marketState")["cash"] == asset.call("balanceOf", market.address)


def test_nobody_makes_the_first_share_of_the_pool_too_dear_for_the_second() -> None:
    """A provider of one share, and a stooge who loses to it, take nothing of the next provider."""
    system = deploy_system(Evm(timestamp=10**9), feed=Feed(PRICE), market=DEEP)
    market = system.market
    for actor in (TRADER, PROVIDER, HOLDERS[0]):
        system.asset.transact("mint", actor, 10**9 * UNIT, sender=actor)
        system.asset.transact("approve", market.address, 2**256 - 1, sender=actor)
    market.transact("provideLiquidity", UNIT, sender=PROVIDER)
    shares = market.call("liquidityOf", PROVIDER)
    market.transact("removeLiquidity", shares - 1, PROVIDER, sender=PROVIDER)
    market.transact("depositMargin", 30_000 * UNIT, sender=TRADER)
    market.transact("trade", WAD, 0, NO_LIMIT, TRADER, sender=TRADER)
    move(system, "0.505")
    market.transact("flag", TRADER, sender=KEEPER)
    market.transact("liquidate", TRADER, sender=KEEPER)
    bought = market.transact("provideLiquidity", 40_000 * UNIT, sender=HOLDERS[0])
    back = market.transact("removeLiquidity", bought, HOLDERS[0], sender=HOLDERS[0])
    # A share is dear, so what rounds is a share's price: 30,000 over the 1e15 that are locked.
    assert 40_000 * UNIT - back <= 1


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
