"""Prices that are bad, late or two at once, and what a market's trades do to them."""

import itertools
import random
from fractions import Fraction

import pytest

from levtoken.units import WAD
from tests.threats.stage import (
    ALL,
    ATTACKER,
    HOLDER,
    KEEPER,
    OWNER,
    PROVIDER,
    QUIET,
    TRADER,
    VICTIM,
    Stage,
    opened,
)

HOUR = 3_600
BAD = (("PriceNotPositive", 0), ("PriceNotPositive", -1), ("PriceOutOfBounds", 2**127))
LATE = 2**64
VERBS = (
    ("deposit", 10**9, VICTIM),
    ("deposit", 10**9, VICTIM, 0, LATE),
    ("depositWithPermit", 10**9, VICTIM, 0, LATE, 0, bytes(32), bytes(32)),
    ("mint", 10**21, VICTIM),
    ("mint", 10**21, VICTIM, ALL, LATE),
    ("withdraw", 10**6, HOLDER, HOLDER),
    ("withdraw", 10**6, HOLDER, HOLDER, ALL, LATE),
    ("redeem", WAD, HOLDER, HOLDER),
    ("redeem", WAD, HOLDER, HOLDER, 0, LATE),
    ("rebalance",),
    ("performUpkeep", b""),
)


def check_refused(stage: Stage, error: str) -> None:
    """Every verb fails by that name, nothing changes, and views say that nothing can be done."""
    price = stage.token.call("sharePrice")
    before = stage.token.call("totalSupply"), stage.books(stage.token.address)
    for verb, *arguments in VERBS:
        who = VICTIM if VICTIM in arguments else HOLDER
        assert stage.refuses(who, verb, *arguments) == error, verb
    assert (stage.token.call("totalSupply"), stage.books(stage.token.address)) == before
    assert stage.token.call("sharePrice") == price
    assert not stage.token.call("priceValid")
    for view in ("maxDeposit", "maxMint", "maxWithdraw", "maxRedeem"):
        assert stage.token.call(view, HOLDER) == 0
    assert stage.evm.name_of(stage.token.call("assess")["reason"]) == error
    assert not stage.token.call("checkUpkeep", b"")[0]


@pytest.mark.parametrize(("error", "answer"), BAD)
def test_no_verb_goes_through_at_a_bad_answer(error: str, answer: int) -> None:
    """Naive: priced at 0, at a huge unsigned number, or at what the feed says when it breaks."""
    stage = opened()
    stage.system.feed.transact("push", answer)
    check_refused(stage, error)


def test_no_verb_goes_through_a_second_after_the_heartbeat() -> None:
    """Naive: the last answer counts however old it is."""
    stage = opened(market=QUIET)
    stage.evm.next_block(stage.evm.timestamp + HOUR)
    stage.redeem(HOLDER, WAD)
    stage.evm.next_block(stage.evm.timestamp + 1)
    check_refused(stage, "PriceStale")


def test_a_feed_that_reverts_is_a_named_fault_and_comes_back() -> None:
    """Naive: the views revert with it, and with them every page that shows the token."""
    stage = opened()
    stage.system.feed.transact("setHealth", 1)
    check_refused(stage, "FeedUnavailable")
    assert stage.system.lens.call("status", [stage.token.address])[0]["ok"]
    stage.system.feed.transact("setHealth", 0)
    stage.redeem(HOLDER)


def test_an_answer_of_one_sells_and_buys_nothing() -> None:
    """Naive: at the least price above 0 everybody's shares cost nothing."""
    stage = opened()
    stage.system.feed.transact("push", 1)
    for verb, *arguments in VERBS:
        who = VICTIM if VICTIM in arguments else HOLDER
        error = stage.refuses(who, verb, *arguments)
        assert error in ("Liquidatable", "EquityGone", "NoSolution"), verb
    stage.push(60_000)
    stage.redeem(HOLDER)


def test_the_paused_token_accrues_and_the_owner_acts_without_a_price() -> None:
    """Naive: what is needed when the price is bad needs a price."""
    stage = opened()
    stage.system.feed.transact("push", 0)
    stage.act(ATTACKER, "accrue")
    stage.act(OWNER, "setDepositsPaused", True)
    stage.act(OWNER, "setLimits", 2**127, 0)
    stage.act(OWNER, "startClosing")
    stage.act(HOLDER, "transfer", VICTIM, WAD)


def ticks(seed: int) -> list[float]:
    """A hundred and twenty prices as they come in, one after the other, in and out of the band."""
    rng = random.Random(seed)
    price, series = 60_000.0, []
    for _ in range(120):
        price *= 1 + rng.gauss(0, 0.002)
        series.append(round(price, 2))
    return series


@pytest.mark.parametrize("seed", [1, 2])
def test_who_knows_the_next_price_takes_nothing_of_the_holders(seed: int) -> None:
    """Naive: minted at an old price and redeemed at the next one, at the others' expense (Lodestar,
    every synchronous token at an own price). Here the market is the counterparty, as for any
    trader there: the holder ends with what he would have had without the attacker."""
    ends = []
    for attacks in (False, True):
        stage = opened(market=QUIET, held=500_000)
        series = ticks(seed)
        for price, coming in itertools.pairwise(series):
            stage.push(price)
            held = stage.token.call("balanceOf", ATTACKER)
            worth = stage.worth()
            if attacks and coming > price and not held:
                stage.deposit(ATTACKER, 500_000)
            if attacks and coming < price and held:
                stage.redeem(ATTACKER)
            assert stage.worth() >= worth
        stage.push(series[-1])
        ends.append(stage.share(HOLDER))
    assert ends[1] >= ends[0] - 1


@pytest.mark.parametrize("second", [59_000, 61_000])
def test_two_prices_in_one_transaction_cost_the_holders_nothing(second: float) -> None:
    """Naive: pull oracles let the caller choose among the signed prices of the last seconds: in at
    the lower, out at the higher. It is the market's loss, as with any trader."""
    stage = opened(market=QUIET, held=500_000)
    witness = stage.evm.deploy("MockWitness")
    stage.asset.transact("mint", witness.address, 10**12)
    stage.push(second)
    expected = stage.share(HOLDER)
    stage.push(60_000)
    approve = stage.asset.calldata("approve", stage.token.address, ALL)
    enter = stage.token.calldata("deposit", 10**11, witness.address)
    push = stage.system.feed.calldata("push", round(second) * 10**8)
    leave = stage.token.calldata("redeem", 90_000 * WAD, witness.address, witness.address)
    targets = [stage.asset, stage.token, stage.system.feed, stage.token]
    witness.transact("act", [one.address for one in targets], [approve, enter, push, leave])
    assert all(one["ok"] for one in witness.call("answers"))
    assert stage.share(HOLDER) >= expected - 1


@pytest.mark.parametrize("size", [300, -300])
def test_a_trade_of_borrowed_millions_moves_no_share_price(size: int) -> None:
    """Naive: the spot of a pool, or the last fill, is the price (flash loans)."""
    stage = opened()
    told = [stage.token.call(view) for view in ("sharePrice", "leverage", "totalAssets")]
    due = stage.token.call("assess")["trigger"]
    stage.trade_as(TRADER, size * WAD, 60_000_000)
    assert [stage.token.call(view) for view in ("sharePrice", "leverage", "totalAssets")] == told
    assert stage.token.call("assess")["trigger"] == due == 0


@pytest.mark.parametrize("size", [200, -200])
def test_a_flow_between_two_trades_of_an_attacker_costs_only_its_own_bound(size: int) -> None:
    """Naive: the sandwich of a deposit is paid by all holders. The depositor has a minimum."""
    stage = opened(market=QUIET)
    fair = stage.token.call("previewDeposit", 100_000 * stage.unit)
    worth = stage.worth()
    stage.trade_as(TRADER, size * WAD, 60_000_000)
    bounded = ("deposit", 100_000 * stage.unit, VICTIM, fair, stage.evm.timestamp)
    if size > 0:
        assert stage.refuses(VICTIM, *bounded) == "SharesBelowMinimum"
    stage.deposit(VICTIM, 100_000)
    stage.trade_as(TRADER, -size * WAD)
    assert stage.worth() >= worth


def test_a_price_that_never_comes_back_locks_nobody_for_ever() -> None:
    """Naive: every way out needs a price."""
    stage = opened()
    stage.deposit(VICTIM, 50_000)
    stage.market.transact("checkPrice", sender=KEEPER)
    stage.system.feed.transact("setHealth", 1)
    for _ in range(73):
        stage.market.transact("checkPrice", sender=ATTACKER)
        stage.evm.next_block(stage.evm.timestamp + HOUR)
    stage.market.transact("settle", sender=ATTACKER)
    expected = stage.share(HOLDER)
    assert abs(stage.redeem(HOLDER) - expected) <= 1
    stage.act(ATTACKER, "close")
    assert stage.redeem(VICTIM) > 49_000 * stage.unit
    stage.market.transact("removeLiquidity", 10**18, PROVIDER, sender=PROVIDER)


def test_what_a_bad_price_marks_is_the_last_good_one() -> None:
    """Naive: a view of 0 for a moment liquidates whoever borrowed against the token."""
    stage = opened()
    stage.push(61_000)
    stage.market.transact("checkPrice", sender=KEEPER)
    told = Fraction(stage.token.call("sharePrice"))
    stage.system.feed.transact("push", 0)
    assert stage.token.call("sharePrice") == told
