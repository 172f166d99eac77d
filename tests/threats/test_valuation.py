"""Rounding at extreme prices and decimals, signs at the edge of equity, and what equity is."""

from fractions import Fraction
from typing import Any

import pytest

from levtoken.evm import Revert
from levtoken.units import WAD, to_fixed
from tests.threats.stage import (
    ATTACKER,
    HOLDER,
    KEEPER,
    QUIET,
    TRADER,
    VICTIM,
    Stage,
    build,
    opened,
)
from tests.world import BTC_MARKET

YEAR = 365 * 86_400
PRICES = ("0.000001", "0.01", "1", "60000", "1000000")
DECIMALS = (6, 8, 18)


def scaled(price: str, decimals: int, **changes: Any) -> Stage:
    """The market of BTC, as deep in money at any price."""
    factor = Fraction(60_000) / Fraction(price)
    sizes = {name: int(BTC_MARKET[name] * factor) for name in ("skewScale", "maxMarketSize")}
    policy = {"maxTrade": int(to_fixed(54) * factor)}
    market = QUIET | sizes
    return opened(dollars=price, decimals=decimals, market=market, policy=policy, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("price", PRICES)
@pytest.mark.parametrize("decimals", DECIMALS)
def test_no_amount_rounds_for_its_caller(price: str, decimals: int) -> None:
    """Naive: one division rounds the other way, and a loop of the right amount steals a unit each
    time. The wealth of both is taken from the books."""
    stage = scaled(price, decimals)
    stage.push(f"{float(price) * 1.0137:.8f}")
    others = stage.worth()
    start = stage.wealth(ATTACKER)
    for amount in (1, 2, 3, 7, 10**3 + 1, stage.unit + 1, 100 * stage.unit // 3):
        for verb, size in (("deposit", amount), ("mint", amount * WAD // stage.unit + 1)):
            try:
                stage.act(ATTACKER, verb, size, ATTACKER)
            except Revert as error:
                # A wei of an asset of 18 decimals buys no size.
                if error.name != "NoSolution":
                    raise
            assert stage.worth() >= others
            others = stage.worth()
        shares = stage.token.call("balanceOf", ATTACKER)
        stage.redeem(ATTACKER, shares // 2)
        assert stage.worth() >= others
        others = stage.worth()
        most = stage.token.call("maxWithdraw", ATTACKER)
        if most > 0:
            stage.act(ATTACKER, "withdraw", most, ATTACKER, ATTACKER)
            assert stage.worth() >= others
            others = stage.worth()
    assert stage.wealth(ATTACKER) <= start


@pytest.mark.parametrize("decimals", DECIMALS)
@pytest.mark.parametrize("target", [3, -3])
def test_the_exit_of_most_is_not_paid_by_the_rest(decimals: int, target: int) -> None:
    """Naive: 90 % leave at index, and those who stay pay their impact."""
    stage = opened(target=target, decimals=decimals, market=QUIET, held=50_000)
    stage.deposit(VICTIM, 450_000)
    mine = stage.share(HOLDER)
    stage.redeem(VICTIM)
    assert stage.share(HOLDER) >= mine


def test_what_is_won_up_is_lost_down() -> None:
    """Naive: a long and a short that are not mirrored: pnl(p0 -> p1) + pnl(p1 -> p0) must be 0."""
    for target in (3, -3):
        stage = opened(target=target, market=QUIET)
        start = stage.books(stage.token.address)
        for price in (61_234, 58_765, 60_000):
            stage.push(price)
        # Each mark truncates by less than a wei of the asset.
        assert abs(stage.books(stage.token.address) - start) * WAD <= 3 * stage.unit
    longs, shorts = (opened(target=target, market=QUIET) for target in (3, -3))
    for stage in (longs, shorts):
        size = stage.market.call("state", stage.token.address)["size"]
        before = stage.books(stage.token.address)
        stage.push(63_000)
        gained = stage.books(stage.token.address) - before
        assert abs(gained - Fraction(size * 3_000 * stage.unit, WAD)) <= 1


@pytest.mark.parametrize("part", ["profit", "loss", "funding", "fee", "cost"])
def test_every_part_of_equity_counts_alone(part: str) -> None:
    """Naive: equity is the margin: whoever enters before a profit is booked takes part in it, and
    whoever leaves before a loss is booked leaves it behind."""
    fees = {"streaming": WAD // 20 if part == "fee" else 0, "deposit": 0, "redemption": 0}
    market = BTC_MARKET if part == "funding" else QUIET
    stage = opened(market=market, fees=fees, feeRecipient=KEEPER)
    if part == "profit":
        stage.push(66_000)
    elif part == "loss":
        stage.push(54_000)
    elif part == "cost":
        stage.trade_as(TRADER, 400 * WAD, 30_000_000)
    else:
        stage.wait(10 * 86_400)
    worth, start = stage.worth(), stage.wealth(ATTACKER)
    told = Fraction(stage.token.call("sharePrice") * stage.unit, WAD)
    assert abs(told - worth) < Fraction(1, 10**6)
    shares = stage.deposit(ATTACKER, 100_000)
    assert stage.worth() >= worth
    stage.redeem(ATTACKER, shares)
    assert stage.worth() >= worth
    assert stage.wealth(ATTACKER) <= start


@pytest.mark.parametrize("wei", [-2, -1, 0, 1, 2])
def test_equity_at_nothing_and_a_wei_to_either_side(wei: int) -> None:
    """Naive: equity is a difference of unsigned numbers, and underflows into riches."""
    stage = opened(decimals=18, market=QUIET, dollars=60_000)
    state = stage.market.call("state", stage.token.address)
    # Where size * (price - p) = equity: the feed has 8 decimals, so margin does the rest.
    gone = state["price"] - state["equity"] * WAD // state["size"]
    stage.system.feed.transact("push", gone // 10**10 + wei)
    equity = stage.market.call("state", stage.token.address)["equity"]
    assert 0 <= equity < 10**13 * 6
    assert stage.token.call("sharePrice") <= equity
    for verb, amount in (("deposit", 10**21), ("mint", 10**21)):
        assert stage.refuses(VICTIM, verb, amount, VICTIM) in ("Liquidatable", "EquityGone")
    for verb in ("redeem", "withdraw"):
        error = stage.refuses(HOLDER, verb, 10**18, HOLDER, HOLDER)
        assert error in ("Liquidatable", "EquityGone", "NoSolution")
    assert stage.refuses(KEEPER, "rebalance") in ("Liquidatable", "EquityGone", "NoSolution")
    for view in ("maxDeposit", "maxMint", "maxRedeem", "maxWithdraw"):
        assert stage.token.call(view, HOLDER) == 0
    assert stage.system.lens.call("status", [stage.token.address])[0]["ok"]


def test_funding_that_exceeds_the_margin_underflows_nowhere() -> None:
    """Naive: margin - funding in unsigned numbers."""
    fast = BTC_MARKET | {"maxFundingVelocity": to_fixed(9_000)}
    stage = opened(held=2_000_000, market=fast)
    stage.wait(60 * 86_400)
    assert stage.books(stage.token.address) == 0
    assert stage.token.call("sharePrice") == 0
    assert stage.refuses(HOLDER, "redeem", WAD, HOLDER, HOLDER) in ("EquityGone", "Liquidatable")
    assert stage.market.call("accountReport", stage.token.address)["canLiquidate"]


def test_a_supply_of_zero_holds_nothing_that_the_first_one_takes() -> None:
    """Naive: the assets of a token without shares are the next depositor's."""
    stage = build()
    assert stage.token.call("sharePrice") == WAD
    assert stage.token.call("convertToShares", stage.unit) == WAD
    assert stage.token.call("totalAssets") == 0
    assert stage.refuses(ATTACKER, "redeem", 1, ATTACKER, ATTACKER) != ""
    start = stage.wealth(ATTACKER)
    stage.deposit(ATTACKER, 1_000)
    stage.redeem(ATTACKER)
    assert stage.wealth(ATTACKER) <= start
    # With everyone gone there are the locked shares, and what is theirs.
    assert stage.token.call("totalSupply") == 10**15


def test_a_token_that_fell_far_still_has_a_price() -> None:
    """Naive: assets of a share in 6 decimals round to 0, and lenders value it so."""
    stage = opened(market=QUIET, held=1_000_000)
    price = 60_000.0
    for _ in range(8):
        price *= 0.8
        stage.push(round(price, 2))
        while stage.token.call("assess")["reason"] == bytes(4):
            stage.act(KEEPER, "rebalance")
            stage.wait(14_400)
    worth = stage.worth() / stage.unit
    assert worth < Fraction(1, 1_000)
    assert abs(Fraction(stage.token.call("convertToAssets", WAD), stage.unit) / worth - 1) > 10**-5
    assert abs(Fraction(stage.token.call("sharePrice"), WAD) / worth - 1) < 10**-12
    start = stage.wealth(ATTACKER)
    stage.deposit(ATTACKER, 1_000)
    stage.redeem(ATTACKER)
    assert stage.wealth(ATTACKER) <= start
