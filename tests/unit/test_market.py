"""MockPerpMarket: the rules of PERP arithmetic that a token meets, each by hand."""

import ape
import pytest

from levtoken.units import WAD, to_fixed
from tests.world import BTC_MARKET, DAY, NO_PULL, PRICE, World, build_world, reverts

SCALE = 100_000


@pytest.fixture(scope="module")
def built() -> World:
    world = build_world()
    world.market.depositMargin(10_000_000 * world.unit, sender=world.trader)
    return world


def trade(world: World, size: str, limit: int | None = None):  # type: ignore[no-untyped-def]
    amount = to_fixed(size)
    limit = (2**255 if amount > 0 else 0) if limit is None else limit
    receipt = world.market.trade(amount, 0, limit, world.trader, sender=world.trader)
    [event] = world.market.OrderFilled.from_receipt(receipt)
    return event


def test_fills_at_the_mean_premium_and_takes_the_taker_fee(world: World) -> None:
    event = trade(world, "10")
    # The skew goes from 0 to 10 of 100,000: half of 0.01 %.
    assert event.fill == PRICE * (WAD + WAD * 10 // SCALE // 2)
    assert event.fee == 10 * event.fill * 6 // 10_000


def test_shrinking_the_skew_pays_the_maker_rate(world: World) -> None:
    trade(world, "10")
    event = trade(world, "-4")
    assert event.fill == PRICE * (WAD + WAD * 8 // SCALE)
    assert event.fee == 4 * event.fill // 10**6


def test_flipping_the_skew_pays_each_rate_on_its_part(world: World) -> None:
    trade(world, "10")
    event = trade(world, "-40")
    notional = 40 * event.fill
    assert event.fee == notional * 3 // 4 * 6 // 10_000 + notional // 4 // 10**6


def test_a_round_trip_costs_only_the_fees(world: World) -> None:
    before = world.market.state(world.trader).equity
    fees = trade(world, "25").fee + trade(world, "-25").fee
    after = world.market.state(world.trader).equity
    # Two seconds of funding on 25 coins at a rate that has just left zero; truncation, 4 wei.
    assert abs(before - after - fees) <= to_fixed("0.0001")


def test_longs_pay_funding_while_the_skew_is_long(world: World) -> None:
    trade(world, "100")
    start = world.market.marketState()
    ape.chain.mine(1, timestamp=ape.chain.blocks.head.timestamp + DAY)
    world.feed.push(PRICE * 10**8, sender=world.deployer)
    now = world.market.marketState()
    # Velocity 9 * 100 / 100,000 a day; after a day and the second of the push, the rate is 0.9 %
    # and its mean 0.45 %.
    assert abs(now.fundingRate - to_fixed("0.009")) <= to_fixed("0.000001")
    paid = start.fundingIndex - now.fundingIndex
    assert abs(paid - PRICE * to_fixed("0.0045")) <= to_fixed("0.02")
    assert world.market.accountReport(world.trader).funding == -paid_by(100, now, world)


def paid_by(size: int, now, world: World) -> int:  # type: ignore[no-untyped-def]
    return size * (world.market.positionOf(world.trader).fundingIndex - now.fundingIndex)


@pytest.mark.parametrize(
    ("size", "error"),
    [
        ("757", "MarketSizeExceeded"),
        ("-757", "MarketSizeExceeded"),
        ("100000", "Liquidatable"),
        ("1000000", "InsufficientMargin"),
    ],
)
def test_refuses_an_order_that_breaks_a_rule(world: World, size: str, error: str) -> None:
    with reverts(error):
        trade(world, size)


def test_refuses_more_than_the_maximum_leverage(world: World) -> None:
    market, attacker = world.market, world.attacker
    market.depositMargin(1_000 * world.unit, sender=attacker)
    with reverts("MaxLeverageExceeded"):
        market.trade(to_fixed("0.93"), 0, 2**255, attacker, sender=attacker)
    market.trade(to_fixed("0.85"), 0, 2**255, attacker, sender=attacker)


def test_refuses_a_fill_beyond_the_limit_on_either_side(world: World) -> None:
    with reverts("FillBeyondLimit"):
        trade(world, "10", limit=PRICE * WAD)
    with reverts("FillBeyondLimit"):
        trade(world, "-10", limit=PRICE * WAD)


def test_margin_comes_out_only_as_far_as_the_position_allows(world: World) -> None:
    trade(world, "100")
    free = world.market.quote(world.trader, to_fixed("0.000001"), 0).releasable
    with reverts("MaxLeverageExceeded"):
        world.market.trade(0, -free - world.unit, 0, world.trader, sender=world.trader)
    before = world.asset.balanceOf(world.trader)
    world.market.trade(0, -free + world.unit, 0, world.trader, sender=world.trader)
    assert world.asset.balanceOf(world.trader) - before == free - world.unit


def test_margin_that_was_not_sent_is_not_credited(world: World) -> None:
    with reverts("AssetsNotReceived"):
        world.market.trade(0, 1, 0, world.trader, sender=world.trader)


def test_an_empty_order_is_refused(world: World) -> None:
    with reverts("EmptyOrder"):
        world.market.trade(0, 0, 0, world.trader, sender=world.trader)


def test_liquidation_closes_the_position_and_pays_the_liquidator(world: World) -> None:
    market, attacker, keeper = world.market, world.attacker, world.keeper
    market.depositMargin(1_000 * world.unit, sender=attacker)
    market.trade(to_fixed("0.5"), 0, 2**255, attacker, sender=attacker)
    with reverts("NotLiquidatable"):
        market.flag(attacker, sender=keeper)
    with reverts("NotFlagged"):
        market.liquidate(attacker, sender=keeper)
    world.move("0.975")
    market.flag(attacker, sender=keeper)
    market.liquidate(attacker, sender=keeper)
    price = world.market.marketState().price
    fee = price // 2 * 35 // 10_000 + 2 * WAD
    assert world.asset.balanceOf(keeper) == fee * world.unit // WAD
    assert market.state(attacker).size == 0
    assert market.state(attacker).equity == 0
    assert market.marketState().skew == 0
    assert market.marketState().openInterest == 0


def test_profits_beyond_the_cash_are_refused_by_name() -> None:
    world = build_world()
    poor = world.deployer.deploy(
        ape.project.MockPerpMarket, world.asset, world.oracle, NO_PULL, BTC_MARKET
    )
    world.asset.approve(poor, 2**255, sender=world.trader)
    poor.depositMargin(1_000_000 * world.unit, sender=world.trader)
    poor.trade(to_fixed(100), 0, 2**255, world.trader, sender=world.trader)
    world.move("1.5")
    poor.trade(to_fixed(-100), 0, 0, world.trader, sender=world.trader)
    with reverts("InsufficientCash"):
        poor.trade(0, -3_000_000 * world.unit, 0, world.trader, sender=world.trader)
    poor.trade(0, -1_000_000 * world.unit, 0, world.trader, sender=world.trader)
