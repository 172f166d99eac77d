"""Gaps, liquidations and markets without money, from where the holders and keepers stand. The rest
is in tests/unit/test_insolvency.py."""

import itertools
from fractions import Fraction

import pytest

from levtoken.units import WAD, to_fixed
from tests.threats.stage import (
    ATTACKER,
    HOLDER,
    KEEPER,
    QUIET,
    TRADER,
    VICTIM,
    build,
    opened,
)
from tests.world import BTC_MARKET, DEEP


@pytest.mark.parametrize("target", [3, -3])
@pytest.mark.parametrize("held", [1_000, 100_000, 2_000_000])
def test_deleveraging_works_at_every_leverage_up_to_liquidation(target: int, held: float) -> None:
    """Naive: the trade that would save the token is refused when it is needed most: its fee and
    fill make the account liquidatable, or its slice leaves too much leverage."""
    sign = 1 if target > 0 else -1
    saved = 0
    stage = opened(target=target, held=held, market=QUIET)
    for step in range(1, 120):
        with stage.evm.rolled_back():
            stage.push(60_000 * (1 - sign * step * 0.003))
            report = stage.market.call("accountReport", stage.token.address)
            if report["canLiquidate"]:
                break
            before = stage.token.call("leverage")
            if before < to_fixed("3.8"):
                continue
            stage.act(KEEPER, "rebalance")
            assert stage.token.call("leverage") < before
            saved += 1
    assert saved > 10


def test_just_above_liquidation_to_the_wei_of_the_feed() -> None:
    """Naive: between the last rebalance that works and liquidation lies a gap."""
    stage = opened(market=QUIET)
    low, high = 30_000 * 10**8, 60_000 * 10**8
    while high - low > 1:
        middle = (low + high) // 2
        stage.system.feed.transact("push", middle)
        if stage.market.call("accountReport", stage.token.address)["canLiquidate"]:
            low = middle
        else:
            high = middle
    stage.system.feed.transact("push", low)
    assert stage.refuses(KEEPER, "rebalance") == "Liquidatable"
    # The order's own fee and fill must leave the margin too: within a thousandth of the price.
    stage.system.feed.transact("push", high * 1_001 // 1_000)
    before = stage.token.call("leverage")
    stage.act(KEEPER, "rebalance")
    assert stage.token.call("leverage") < before


def test_a_liquidation_between_two_passes_leaves_a_token_that_says_so() -> None:
    """Naive: what was left of a rebalance is traded by a token that has nothing."""
    stage = opened(held=4_000_000, market=QUIET | DEEP | {"maxFundingVelocity": 0})
    stage.push(49_000)
    stage.act(KEEPER, "rebalance")
    assert stage.token.call("progress")["unfinished"] != 0
    stage.push(30_000)
    stage.market.transact("flag", stage.token.address, sender=ATTACKER)
    stage.market.transact("liquidate", stage.token.address, sender=ATTACKER)
    stage.wait(1_000)
    assert stage.refuses(KEEPER, "rebalance") == "EquityGone"
    assert stage.token.call("assess")["trigger"] == 0
    stage.act(KEEPER, "close")
    assert stage.redeem(HOLDER) == 0


def test_two_redeemers_of_an_insolvent_market_get_the_same_in_either_order() -> None:
    """Naive: first come, first served: a run. Here with fees and a way out in parts."""
    parts = []
    fees = {"streaming": 0, "deposit": 0, "redemption": WAD // 100}
    for order in itertools.permutations((HOLDER, VICTIM)):
        stage = build(pool=1_000, market=QUIET, fees=fees, feeRecipient=KEEPER)
        for who in order:
            stage.deposit(who, 10_000)
        stage.push(72_000)
        shares = {who: stage.token.call("balanceOf", who) for who in order}
        paid = {who: stage.redeem(who, shares[who] // 2) for who in order}
        for who in order:
            paid[who] += stage.redeem(who)
        parts.append({who: Fraction(paid[who], shares[who]) for who in order})
    for one, other in itertools.pairwise([*parts[0].values(), *parts[1].values()]):
        # The cost of leaving stays with those who are still there, and so does its hundredth.
        assert abs(one / other - 1) < Fraction(1, 100)


def test_a_market_without_money_pays_what_there_is() -> None:
    """Naive: the last one finds an empty pool."""
    stage = build(pool=0, market=QUIET)
    stage.deposit(HOLDER, 10_000)
    stage.deposit(VICTIM, 10_000)
    stage.push(66_000)
    assert stage.refuses(TRADER, "deposit", 10**9, TRADER) == "MarketInsolvent"
    assert stage.token.call("maxDeposit", TRADER) == stage.token.call("maxMint", TRADER) == 0
    paid = [stage.redeem(who) for who in (HOLDER, VICTIM)]
    assert sum(paid) > 19_900 * stage.unit
    assert abs(Fraction(paid[0], paid[1]) - 1) < Fraction(3, 1_000)


def test_at_the_cap_of_the_market_only_growth_stops() -> None:
    """Naive: a full market blocks the way out, or a rebalance that would shrink."""
    full = QUIET | {"maxMarketSize": to_fixed(20)}
    stage = opened(held=100_000, market=full)
    stage.trade_as(TRADER, stage.market.call("capacity", True), 1_000_000)
    assert stage.token.call("maxDeposit", VICTIM) < stage.unit
    assert stage.refuses(VICTIM, "deposit", 10**9, VICTIM) == "MarketSizeExceeded"
    stage.push(69_000)
    due = stage.token.call("assess")
    assert stage.evm.name_of(due["reason"]) in ("SizeLimitExceeded", "BelowMinimumTrade")
    stage.redeem(HOLDER, 1_000 * WAD)
    stage.push(53_000)
    stage.act(KEEPER, "rebalance")
    stage.redeem(HOLDER)


def test_below_the_margin_of_the_market_a_token_shrinks_and_pays() -> None:
    """Naive: a minimum of the venue holds the last holders."""
    stage = opened(held=60, market=BTC_MARKET)
    stage.push(53_000)
    assert stage.books(stage.token.address) < 40 * stage.unit
    stage.act(KEEPER, "rebalance")
    assert stage.redeem(HOLDER) > 37 * stage.unit


def test_what_a_tiny_leaver_costs_a_remainder_below_the_floor_is_bounded() -> None:
    """I-2's one exception. Naive: anyone closes everybody's position, of any size. Here only one of
    less than the venue's floor, and the cost is that of trading it."""
    stage = opened(held=60, market=QUIET)
    stage.act(HOLDER, "transfer", ATTACKER, 10**12)
    stage.push(53_000)
    mine = stage.share(HOLDER)
    stage.redeem(ATTACKER, 10**12)
    notional = 40 * stage.unit * to_fixed("4.5") // WAD
    assert mine - stage.share(HOLDER) <= notional * Fraction("0.0016")
    assert stage.redeem(HOLDER) > 0
