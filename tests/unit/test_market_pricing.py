"""MockPerpMarket: what an order costs and how funding runs, beyond the skew of the vectors."""

import pytest

from levtoken.units import WAD
from tests.vectors.model import Position
from tests.vectors.twin import DAY, HEDGER, PRICE, RIVAL, TRADER, funded, refused, wad

MILLION = wad(1_000_000)


@pytest.mark.parametrize("sign", [1, -1])
def test_the_fill_is_the_mean_of_the_premium_before_and_after(sign):
    twin = funded(MILLION)
    twin.trade(RIVAL, sign * wad(400))
    fill = twin.trade(TRADER, sign * wad(200))
    # From 0.04 % to 0.06 % of a scale of a million.
    assert fill.price == PRICE + sign * PRICE // 2_000


@pytest.mark.parametrize("sign", [1, -1])
def test_the_first_order_pays_the_taker_rate_on_either_side(sign):
    twin = funded(MILLION)
    fill = twin.trade(TRADER, sign * wad(10))
    assert fill.fee == 10 * fill.price * 6 // 10_000


@pytest.mark.parametrize("sign", [1, -1])
def test_growing_the_skew_pays_the_taker_rate_and_shrinking_it_the_maker_rate(sign):
    twin = funded(MILLION)
    twin.trade(RIVAL, sign * wad(100))
    grown = twin.trade(TRADER, sign * wad(10))
    assert grown.fee == 10 * grown.price * 6 // 10_000
    shrunk = twin.trade(HEDGER, -sign * wad(20))
    assert shrunk.fee == 20 * shrunk.price // 10**6


@pytest.mark.parametrize("sign", [1, -1])
def test_bringing_the_skew_to_zero_pays_the_maker_rate(sign):
    twin = funded(MILLION)
    twin.trade(RIVAL, sign * wad(100))
    fill = twin.trade(TRADER, -sign * wad(100))
    assert fill.fee == 100 * fill.price // 10**6
    assert twin.model.skew == 0


@pytest.mark.parametrize("sign", [1, -1])
def test_a_flip_of_the_skew_pays_each_rate_on_its_part(sign):
    twin = funded(MILLION)
    twin.trade(RIVAL, sign * wad(10))
    fill = twin.trade(TRADER, -sign * wad(40))
    notional = 40 * fill.price
    assert fill.fee == notional * 3 // 4 * 6 // 10_000 + notional // 4 // 10**6


@pytest.mark.parametrize("sign", [1, -1])
def test_the_fee_of_a_flip_truncates_each_product(sign):
    twin = funded(MILLION)
    twin.trade(RIVAL, sign * 1_234_567_890_123_456_789)
    twin.trade(TRADER, -sign * 98_765_432_109_876_543_210)


@pytest.mark.parametrize("sign", [1, -1])
def test_velocity_stops_growing_where_the_skew_is_the_whole_scale(sign):
    twin = funded(wad(10_000_000), skewScale=wad(100), maxMarketSize=wad(400))
    twin.trade(RIVAL, sign * wad(50))
    assert twin.contract.after(1)["velocity"] == sign * wad("4.5")
    # To 140 % of the scale.
    twin.trade(TRADER, sign * wad(90))
    assert twin.contract.after(1)["velocity"] == sign * wad(9)
    twin.wait(DAY // 4)
    assert twin.contract.after(1)["rateNow"] == sign * wad("2.25")


def test_a_fill_price_of_zero_is_refused_and_the_least_above_it_is_not():
    twin = funded(wad(100_000_000), skewScale=wad(100), maxMarketSize=wad(400))
    twin.trade(RIVAL, -wad(50))
    # From half the price to minus half of it.
    with refused("FillNotPositive"):
        twin.trade(TRADER, -wad(100))
    with refused("FillNotPositive"):
        twin.submit(TRADER, -wad(100))
    fill = twin.trade(TRADER, -wad(100) + WAD // 10**16)
    assert 0 < fill.price < PRICE // 10**15


def test_an_empty_order_is_refused():
    twin = funded(MILLION)
    with refused("EmptyOrder"):
        twin.trade(TRADER, 0)
    with refused("EmptyOrder"):
        twin.submit(TRADER, 0)


@pytest.mark.parametrize("sign", [1, -1])
def test_funding_is_the_mean_of_the_rates_and_truncates_toward_zero(sign):
    twin = funded(MILLION)
    twin.trade(RIVAL, sign * 7_777_777_777_777_777_777)
    for seconds in (1, 59, 3_601, DAY, 7):
        twin.wait(seconds, twin.price + 123_456_789)
        twin.move_margin(TRADER, 1)
    assert sign * twin.model.rate > 0
    assert sign * twin.model.index < 0


def test_a_new_position_has_no_funding():
    twin = funded(MILLION)
    twin.trade(RIVAL, wad(500))
    twin.wait(3 * DAY)
    twin.trade(TRADER, wad(3))
    assert twin.account(TRADER)["funding"] == 0
    assert twin.account(RIVAL)["funding"] < 0
    assert twin.account(HEDGER)["funding"] == 0
    assert twin.contract.position(TRADER).index == twin.model.index != 0


def test_a_closed_position_forgets_its_price_and_its_funding():
    twin = funded(MILLION)
    twin.trade(RIVAL, wad(500))
    twin.wait(DAY)
    twin.trade(TRADER, wad(3))
    twin.wait(DAY)
    twin.trade(TRADER, -wad(3))
    closed = twin.contract.position(TRADER)
    assert closed == Position(closed.margin)
    twin.wait(DAY)
    assert twin.account(TRADER)["funding"] == 0


@pytest.mark.parametrize("sign", [1, -1])
def test_an_atomic_order_refuses_a_fill_beyond_its_limit(sign):
    twin = funded(MILLION)
    price = twin.model.fill_price(sign * wad(10), PRICE)
    with refused("FillBeyondLimit"):
        twin.trade(TRADER, sign * wad(10), price - sign)
    assert twin.trade(TRADER, sign * wad(10), price).price == price
