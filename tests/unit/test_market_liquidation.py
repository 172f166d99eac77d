"""MockPerpMarket: who can be liquidated, by whom, and who is paid what."""

import pytest

from levtoken.units import WAD
from tests.vectors.model import DAY, Position, div, mul
from tests.vectors.twin import (
    HEDGER,
    KEEPER,
    PRICE,
    RIVAL,
    STRANGER,
    TRADER,
    Twin,
    funded,
    refused,
    wad,
)

MAX_SIZE = wad(601)  # 0.0601 % of the scale
MAX_SKEW = wad(1_202)


def long(size: int, margin: int, **changes: int) -> Twin:
    """The trader is long on that margin; no funding runs, so that boundaries stay."""
    twin = Twin(maxFundingVelocity=0, **changes)
    twin.move_margin(TRADER, margin)
    for account in (RIVAL, HEDGER):
        twin.move_margin(account, wad(10_000_000))
    twin.trade(TRADER, size)
    return twin


def test_exactly_at_its_liquidation_margin_and_premium_a_position_can_be_liquidated():
    twin = long(wad(1), wad(100))
    model, price = twin.model, twin.lowest_safe_price(TRADER) - 1
    equity = model.equity(model.position(TRADER), price)
    assert equity == model.health(wad(1), price)
    twin.wait(price=price + 1)
    with refused("NotLiquidatable"):
        twin.flag(TRADER)
    assert not twin.account(TRADER)["canLiquidate"]
    twin.wait(price=price)
    assert twin.account(TRADER)["canLiquidate"]
    twin.flag(TRADER)


def test_a_short_position_is_liquidated_when_the_price_rises():
    twin = long(wad(1), wad(100))
    twin.trade(TRADER, -wad(2))
    twin.wait(price=wad("2060"))
    with refused("NotLiquidatable"):
        twin.flag(TRADER)
    twin.wait(price=wad("2080"))
    twin.flag(TRADER)
    twin.liquidate(TRADER)


def test_the_premium_makes_a_large_position_liquidatable_earlier():
    large = long(wad(600), wad(60_000))
    plain = long(wad(600), wad(60_000), liquidationPremiumMultiplier=0)
    price = plain.lowest_safe_price(TRADER)
    for twin in (large, plain):
        twin.wait(price=price)
    assert large.account(TRADER)["canLiquidate"]
    assert not plain.account(TRADER)["canLiquidate"]


def test_the_premium_grows_with_the_square_of_the_size():
    model = Twin().model
    assert model.premium(wad(200), PRICE) == 4 * model.premium(wad(100), PRICE)
    # 100 of a million, times 200,000, times 1.5625.
    assert model.premium(-wad(100), PRICE) == wad("31.25")


@pytest.mark.parametrize(
    ("size", "margin", "fall"),
    [
        # 0.35 % of 0.1 * 2,000 is less than the least.
        (wad("0.1"), wad(50), 1_550),
        # 0.35 % of 10 * 1,850 lies between.
        (wad(10), wad(1_500), 1_855),
        # 0.35 % of 300 * 1,850 is more than the most.
        (wad(300), wad(45_000), 1_860),
    ],
)
def test_the_fee_of_the_flagger_lies_between_its_bounds(size, margin, fall):
    twin = long(size, margin)
    price = wad(fall)
    twin.wait(price=price)
    twin.flag(TRADER, STRANGER)
    fees = twin.liquidate(TRADER, KEEPER)
    ratio = size * fall * 35 // 10_000
    assert fees.flagger == min(max(ratio, wad(2)), wad(1_000))
    assert fees.liquidator == wad(2)
    assert (twin.paid(STRANGER), twin.paid(KEEPER)) == (fees.flagger, fees.liquidator)


def test_nothing_returns_to_a_liquidated_account():
    twin = long(wad(10), wad(1_500))
    twin.wait(price=wad(1_860))
    twin.flag(TRADER)
    left = twin.account(TRADER)["remaining"]
    fees = twin.liquidate(TRADER)
    assert fees.stakers == left - fees.flagger - fees.liquidator > 0
    assert twin.contract.position(TRADER) == Position()
    assert twin.paid(TRADER) == -wad(1_500)
    assert (twin.model.skew, twin.model.size) == (0, 0)


def test_the_fees_are_paid_in_full_when_the_account_has_less():
    twin = long(wad(10), wad(1_500))
    twin.wait(price=wad(1_000))
    twin.flag(TRADER, STRANGER)
    assert twin.account(TRADER)["remaining"] == 0
    fees = twin.liquidate(TRADER, STRANGER)
    assert fees.stakers == 0
    assert twin.paid(STRANGER) == wad(35) + wad(2)


def test_what_is_flagged_is_liquidated_even_when_the_price_has_recovered():
    twin = long(wad(10), wad(1_500))
    twin.wait(price=wad(1_860))
    twin.flag(TRADER)
    with refused("PositionFlagged"):
        twin.flag(TRADER, STRANGER)
    twin.wait(price=wad(2_200))
    assert not twin.account(TRADER)["canLiquidate"]
    fees = twin.liquidate(TRADER)
    assert fees.stakers > wad(3_000)


def test_only_what_was_flagged_is_liquidated():
    twin = long(wad(10), wad(1_500))
    twin.wait(price=wad(1_860))
    with refused("NotFlagged"):
        twin.liquidate(TRADER)
    for account in (RIVAL, STRANGER):
        with refused("NotLiquidatable"):
            twin.flag(account)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_position_of_the_largest_size_is_too_large_to_liquidate(sign):
    for size, is_too_large in ((MAX_SIZE, True), (MAX_SIZE - WAD // 10**9, False)):
        twin = funded(wad(60_000), maxFundingVelocity=0)
        twin.trade(TRADER, sign * size)
        twin.wait(price=PRICE - sign * wad(90))
        twin.flag(TRADER)
        if is_too_large:
            with refused("LiquidationTooLarge"):
                twin.liquidate(TRADER)
        else:
            twin.liquidate(TRADER)


@pytest.mark.parametrize("sign", [1, -1])
def test_nobody_is_liquidated_while_the_skew_is_at_its_limit(sign):
    twin = funded(wad(100_000), maxFundingVelocity=0)
    twin.move_margin(TRADER, -wad(40_000))
    twin.trade(TRADER, sign * wad(600))
    twin.trade(RIVAL, sign * (MAX_SKEW - wad(600)))
    assert div(abs(twin.model.skew), twin.rules["skewScale"]) == twin.rules["maxLiquidationSkew"]
    twin.wait(price=PRICE - sign * wad(95))
    twin.flag(TRADER)
    with refused("SkewTooLarge"):
        twin.liquidate(TRADER)
    twin.trade(HEDGER, -sign * WAD // 10**9)
    twin.liquidate(TRADER)


def test_too_large_or_not_a_position_is_liquidated_a_day_after_its_flag():
    twin = funded(wad(200_000), maxFundingVelocity=0)
    twin.trade(TRADER, wad(1_500))
    twin.wait(price=wad(1_880))
    twin.flag(TRADER)
    twin.wait(DAY - 1)
    with refused("LiquidationTooLarge"):
        twin.liquidate(TRADER)
    twin.wait(1)
    twin.liquidate(TRADER)


def test_flag_and_liquidation_run_funding_on():
    twin = funded(wad(60_000))
    twin.trade(TRADER, wad(600))
    twin.wait(3_600, wad(1_905))
    twin.flag(TRADER)
    assert twin.contract.after(1)["lastRecomputed"] == twin.now
    twin.wait(3_600)
    rate = twin.model.rate
    twin.liquidate(TRADER)
    assert twin.model.rate > rate
    assert twin.contract.after(1)["lastRecomputed"] == twin.now


def test_the_liquidation_price_is_where_a_position_of_that_premium_can_be_liquidated():
    twin = long(wad(1), wad(100))
    # The formula takes the premium and the margin at the price of now, so it is exact there only.
    price = twin.lowest_safe_price(TRADER)
    twin.wait(price=price)
    shown = twin.account(TRADER)["liqPrice"]
    assert price - 1 <= shown <= price
    assert mul(wad(1), shown) == shown
    assert twin.account(RIVAL)["liqPrice"] == 0
