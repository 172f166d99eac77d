"""MockPerpMarket: delayed orders, their times, prices and deposits."""

import pytest

from levtoken.units import WAD
from tests.runtime import UNLIMITED
from tests.vectors.model import LiquidationFees
from tests.vectors.twin import (
    KEEPER,
    NO_LIMIT,
    PRICE,
    RIVAL,
    STRANGER,
    TRADER,
    Twin,
    funded,
    refused,
    wad,
)

MIN_AGE, MAX_AGE = 1, 30
DEPOSIT = wad(2)
MARGIN = wad(10_000)
ANYONE = pytest.mark.parametrize("actor", [TRADER, KEEPER])
EITHER_SIDE = pytest.mark.parametrize("sign", [1, -1])


@pytest.fixture
def twin() -> Twin:
    return funded(MARGIN)


# Times


@ANYONE
def test_at_exactly_the_maximum_age_an_order_neither_executes_nor_is_cancelled(twin, actor):
    twin.submit(TRADER, wad(1))
    twin.wait(MAX_AGE)
    with refused("OrderTooOld"):
        twin.execute(TRADER, actor, published=twin.now - 10)
    with refused("OrderNotExpired"):
        twin.cancel(TRADER, actor)
    twin.wait(1)
    with refused("OrderTooOld"):
        twin.execute(TRADER, actor, published=twin.now - 10)
    twin.cancel(TRADER, actor)
    with refused("NoOrder"):
        twin.cancel(TRADER, actor)


@ANYONE
def test_a_second_before_the_maximum_age_an_order_executes(twin, actor):
    twin.submit(TRADER, wad(1))
    twin.wait(MAX_AGE - 1)
    with refused("OrderNotExpired"):
        twin.cancel(TRADER, actor)
    twin.execute(TRADER, actor)
    assert twin.account(TRADER)["size"] == wad(1)


@ANYONE
@pytest.mark.parametrize(
    ("after_submission", "error"),
    [(-5, "PriceNotUpdated"), (0, "PriceNotUpdated"), (MIN_AGE, "OrderTooYoung")],
)
def test_a_price_published_too_early_does_not_execute(twin, actor, after_submission, error):
    twin.submit(TRADER, wad(1))
    submitted = twin.now
    twin.wait(10)
    with refused(error):
        twin.execute(TRADER, actor, published=submitted + after_submission)
    twin.execute(TRADER, actor, published=submitted + MIN_AGE + 1)


def test_the_executor_may_choose_any_price_of_the_window(twin):
    twin.submit(TRADER, wad(1))
    submitted = twin.now
    twin.wait(MAX_AGE - 1)
    fill = twin.execute(TRADER, price=wad("2199.99"), published=submitted + 2)
    assert fill.price > wad("2199.99")


# Prices


@ANYONE
@pytest.mark.parametrize(
    ("push", "pull", "inside"),
    [
        (2_000, 2_200, "2199.99999999"),
        (2_200, 2_000, "2000.00000001"),
        # 9.5 % below is 10.5 % by the ratio of the two.
        (2_000, 1_810, "1819"),
    ],
)
def test_a_price_that_diverges_by_the_limit_does_not_execute(twin, actor, push, pull, inside):
    twin.submit(TRADER, wad(1))
    twin.wait(5, wad(push))
    with refused("PricesDiverge"):
        twin.execute(TRADER, actor, price=wad(pull))
    twin.execute(TRADER, actor, price=wad(inside))


def test_divergence_is_found_before_the_times(twin):
    twin.submit(TRADER, wad(1))
    submitted = twin.now
    twin.wait(MAX_AGE)
    with refused("PricesDiverge"):
        twin.execute(TRADER, price=wad(2_200), published=submitted)


def test_funding_runs_on_at_the_price_of_the_execution(twin):
    twin.trade(RIVAL, wad(20))
    twin.submit(TRADER, wad(1))
    twin.wait(20)
    before, unit = twin.model.index, twin.model.index_now(wad(2_100))
    twin.execute(TRADER, price=wad(2_100))
    assert twin.contract.after(1)["seqLast"] == unit < before


@EITHER_SIDE
def test_an_atomic_order_fills_like_a_delayed_one_without_its_deposit(sign):
    atomic, delayed = (funded(MARGIN, maxFundingVelocity=0) for _ in range(2))
    for twin in (atomic, delayed):
        twin.trade(RIVAL, sign * wad(12))
    fill = atomic.trade(TRADER, -sign * wad(20))
    delayed.submit(TRADER, -sign * wad(20))
    delayed.wait(5)
    assert delayed.execute(TRADER) == fill
    margins = [twin.account(TRADER)["margin"] for twin in (atomic, delayed)]
    assert margins == [MARGIN - fill.fee, MARGIN - fill.fee - DEPOSIT]


# One order at a time


def refuses_everything(twin: Twin, error: str) -> None:
    trader = twin.contract.actor(TRADER)
    for delta in (WAD, -WAD):
        with refused(error):
            twin.move_margin(TRADER, delta)
    for size in (wad(1), -wad(1)):
        with refused(error):
            twin.trade(TRADER, size)
        with refused(error):
            twin.submit(TRADER, size)
    with refused(error):
        twin.contract.verb(TRADER, "enter", 0, 2 * WAD)
    with refused(error):
        twin.contract.verb(TRADER, "exit", 1, 2, UNLIMITED, trader)


def test_while_an_order_waits_its_account_can_do_nothing_else(twin):
    twin.trade(TRADER, wad(1))
    twin.submit(TRADER, wad(1))
    refuses_everything(twin, "OrderLive")
    twin.trade(RIVAL, wad(1))
    twin.wait(5)
    refuses_everything(twin, "OrderLive")
    twin.execute(TRADER)
    twin.submit(TRADER, wad(1))


def test_while_it_is_flagged_an_account_can_do_nothing(twin):
    twin.trade(TRADER, wad(100))
    twin.submit(TRADER, wad(1))
    twin.wait(5, wad(1_910))
    twin.flag(TRADER)
    refuses_everything(twin, "PositionFlagged")
    for actor in (TRADER, KEEPER):
        with refused("NoOrder"):
            twin.execute(TRADER, actor)
        with refused("NoOrder"):
            twin.cancel(TRADER, actor)
    twin.liquidate(TRADER)
    twin.move_margin(TRADER, WAD)


# Deposits


def test_submitting_takes_the_deposit_and_marks_the_position_at_the_simulated_fill(twin):
    twin.trade(RIVAL, -wad(30))
    twin.trade(TRADER, wad(3))
    twin.wait(100, wad(2_010))
    fill = twin.model.fill_price(wad(2), wad(2_010))
    equity = twin.model.equity(twin.model.position(TRADER), fill)
    # Funding runs at the push price, whatever the fill.
    old = twin.model.position(TRADER)
    slip = twin.model.funding(old, fill) - twin.model.funding(old, wad(2_010))
    twin.submit(TRADER, wad(2))
    position = twin.contract.position(TRADER)
    assert position.margin == equity - slip - DEPOSIT
    assert position.last_price == fill
    assert position.index == twin.model.index


def test_whoever_executes_gets_the_deposit(twin):
    twin.submit(TRADER, wad(1))
    assert twin.account(TRADER)["margin"] == MARGIN - DEPOSIT
    twin.wait(5)
    fill = twin.execute(TRADER, STRANGER)
    assert twin.paid(STRANGER) == DEPOSIT
    assert twin.account(TRADER)["margin"] == MARGIN - DEPOSIT - fill.fee


def test_executed_by_its_account_the_deposit_returns_to_margin(twin):
    twin.submit(TRADER, wad(1))
    twin.wait(5)
    fill = twin.execute(TRADER, TRADER)
    assert twin.paid(TRADER) == -MARGIN
    assert twin.account(TRADER)["margin"] == MARGIN - fill.fee


def test_executed_by_its_account_the_position_is_marked_at_the_executions_own_fill(twin):
    twin.trade(RIVAL, wad(7))
    twin.trade(TRADER, wad("1.234567891"))
    twin.submit(TRADER, wad("0.333333333"))
    twin.wait(9)
    twin.execute(TRADER, TRADER, price=wad("2003.7"))
    assert twin.contract.position(TRADER).index == twin.model.index


@EITHER_SIDE
def test_whoever_else_cancels_gets_the_deposit_and_nothing_moves(twin, sign):
    twin.trade(RIVAL, sign * wad(30))
    twin.trade(TRADER, sign * wad(1))
    twin.submit(TRADER, sign * wad(1))
    before, position = twin.contract.after(3), twin.contract.position(TRADER)
    twin.wait(MAX_AGE + 1, wad(2_020))
    twin.cancel(TRADER, STRANGER)
    after = twin.contract.after(3)
    assert twin.paid(STRANGER) == DEPOSIT
    assert twin.contract.position(TRADER) == position
    for name in ("rateLast", "lastRecomputed", "seqLast"):
        assert after[name] == before[name]


@EITHER_SIDE
def test_cancelled_by_its_account_the_deposit_returns_and_the_position_is_marked(twin, sign):
    twin.trade(RIVAL, sign * wad(30))
    twin.trade(TRADER, sign * wad(1))
    twin.submit(TRADER, sign * wad(1))
    twin.wait(MAX_AGE + 1, wad(2_020))
    equity = twin.model.equity(twin.model.position(TRADER), wad(2_020))
    twin.cancel(TRADER, TRADER)
    position = twin.contract.position(TRADER)
    assert (position.margin, position.last_price) == (equity + DEPOSIT, wad(2_020))
    assert position.index == twin.model.index
    assert twin.contract.after(1)["lastRecomputed"] == twin.now
    assert twin.paid(TRADER) == -MARGIN


def test_without_a_position_cancelling_gives_back_exactly_the_deposit(twin):
    twin.submit(TRADER, wad(1))
    twin.wait(MAX_AGE + 1)
    twin.cancel(TRADER, TRADER)
    assert twin.account(TRADER)["margin"] == MARGIN


def test_an_account_that_can_be_liquidated_cannot_take_its_deposit_back(twin):
    twin.trade(TRADER, wad(100))
    twin.submit(TRADER, wad(1))
    twin.wait(MAX_AGE + 1, wad(1_910))
    with refused("Liquidatable"):
        twin.cancel(TRADER, TRADER)
    twin.cancel(TRADER, KEEPER)


def test_whoever_flags_gets_the_deposit_of_the_waiting_order(twin):
    twin.trade(TRADER, wad(100))
    twin.submit(TRADER, wad(1))
    twin.wait(5, wad(1_910))
    twin.flag(TRADER, STRANGER)
    assert twin.paid(STRANGER) == DEPOSIT
    assert twin.contract.order(TRADER) is None
    fees = twin.liquidate(TRADER, KEEPER)
    assert isinstance(fees, LiquidationFees)
    assert twin.paid(STRANGER) == DEPOSIT + fees.flagger


def test_others_cancel_without_a_price_and_the_account_needs_one(twin):
    for account in (TRADER, RIVAL):
        twin.submit(account, wad(1))
    twin.wait(MAX_AGE + 1)
    market = twin.contract
    market.feed.transact("push", 0)
    with refused("PriceNotPositive"):
        market.cancel(TRADER, TRADER)
    with refused("PriceNotPositive"):
        market.execute(TRADER, PRICE, twin.now, KEEPER)
    market.cancel(RIVAL, STRANGER)
    assert market.paid(STRANGER) == DEPOSIT


def test_only_a_market_with_a_pull_oracle_takes_delayed_orders(twin):
    market = twin.contract
    oracles = (market.market.call("oracle"), "0x" + "00" * 20)
    plain = market.evm.deploy("MockPerpMarket", market.asset.address, *oracles, twin.rules)
    with refused("NoPullOracle"):
        market.send(TRADER, plain, "submit", wad(1), NO_LIMIT)


# What the deposit must leave behind


@EITHER_SIDE
def test_the_deposit_must_leave_the_minimum_margin_unless_the_order_reduces(sign):
    twin = funded(wad(52), maxFundingVelocity=0)
    twin.trade(TRADER, sign * wad("0.01"))
    with refused("InsufficientMargin"):
        twin.submit(TRADER, sign * wad("0.01"))
    with refused("InsufficientMargin"):
        twin.submit(TRADER, -sign * wad("0.02"))
    twin.submit(TRADER, -sign * wad("0.01"))


@EITHER_SIDE
def test_the_deposit_must_keep_the_maximum_leverage_unless_the_order_reduces(sign):
    twin = funded(wad(1_000), maxFundingVelocity=0)
    twin.trade(TRADER, sign * wad("26.5"))
    twin.move_margin(TRADER, -twin.account(TRADER)["accessible"])
    # Within the tolerance of an order, but not with the deposit gone.
    with refused("MaxLeverageExceeded"):
        twin.submit(TRADER, sign * WAD // 10**6)
    twin.submit(TRADER, -sign * WAD // 10**6)


def test_the_deposit_must_leave_the_liquidation_margin_and_the_premium():
    small = funded(wad(100), maxFundingVelocity=0)
    small.trade(TRADER, wad(1))
    # Not liquidatable, with less than the deposit to spare; the premium is 0.003.
    small.wait(price=small.price_with_equity(TRADER, wad("24.5")))
    with refused("Liquidatable"):
        small.submit(TRADER, -wad("0.5"))
    large = funded(wad(20_000), maxFundingVelocity=0)
    # Selling 50 fills at the index price.
    large.trade(RIVAL, -wad(75))
    large.trade(TRADER, wad(100))
    large.wait(price=large.lowest_safe_price(TRADER))
    with refused("InsufficientMargin"):
        large.submit(TRADER, -wad(50))


def test_an_account_without_a_position_needs_only_the_deposit_beyond_its_order():
    twin = funded(wad(50))
    twin.submit(TRADER, wad("0.1"))
    assert twin.account(TRADER)["margin"] == wad(48)


# Orders that fail when they should execute


@ANYONE
@EITHER_SIDE
def test_slippage_is_checked_at_execution_only_and_the_order_waits_on(twin, actor, sign):
    limit = wad(2_000) - sign * wad(10)
    twin.submit(TRADER, sign * wad(1), limit)
    twin.wait(5)
    before = twin.contract.after(3)
    with refused("FillBeyondLimit"):
        twin.execute(TRADER, actor)
    assert twin.contract.after(3) == before
    twin.wait(5)
    twin.execute(TRADER, actor, price=limit - sign * WAD)
    assert twin.account(TRADER)["size"] == sign * wad(1)


@EITHER_SIDE
def test_a_fill_at_exactly_the_limit_executes(twin, sign):
    limit = twin.model.fill_price(sign * wad(1), PRICE)
    twin.submit(TRADER, sign * wad(1), limit)
    twin.wait(5)
    assert twin.execute(TRADER).price == limit


@ANYONE
def test_an_order_that_fails_at_execution_waits_on(twin, actor):
    twin.trade(TRADER, wad(100))
    twin.submit(TRADER, wad(100))
    twin.wait(5, wad(1_965))
    with refused("MaxLeverageExceeded"):
        twin.execute(TRADER, actor)
    with refused("Liquidatable"):
        twin.execute(TRADER, actor, price=wad(1_910))
    assert twin.paid(actor) == (-MARGIN if actor == TRADER else 0)
    twin.wait(5, wad(2_000))
    twin.execute(TRADER, actor)
    assert twin.account(TRADER)["size"] == wad(200)


def test_an_order_that_failed_is_cancelled_like_any_other(twin):
    twin.submit(TRADER, wad(1), 1)
    twin.wait(5)
    with refused("FillBeyondLimit"):
        twin.execute(TRADER)
    twin.wait(MAX_AGE)
    twin.cancel(TRADER, STRANGER)
    assert twin.paid(STRANGER) == DEPOSIT
    twin.trade(TRADER, wad(1))


def test_nobody_executes_or_cancels_what_was_not_submitted(twin):
    with refused("NoOrder"):
        twin.execute(TRADER)
    with refused("NoOrder"):
        twin.cancel(TRADER)
