"""MockPerpMarket: what an order must not do to the position and the market, at the boundaries. Each
rule holds for an atomic order and for the submission of a delayed one."""

import pytest

from levtoken.units import WAD
from tests.vectors.model import div, mul
from tests.vectors.twin import HEDGER, PRICE, RIVAL, TRADER, Twin, refused, wad

CAP = wad(22_300)
RICH = wad(100_000_000)
BOTH_KINDS = pytest.mark.parametrize("kind", ["trade", "submit"])


def place(twin: Twin, kind: str, account: int, size: int) -> None:
    getattr(twin, kind)(account, size)


def with_margin(margin: int, **changes: int) -> Twin:
    """A market without funding, so that boundaries stay where they are."""
    twin = Twin(maxFundingVelocity=0, **changes)
    twin.move_margin(TRADER, margin)
    twin.move_margin(RIVAL, RICH)
    twin.move_margin(HEDGER, RICH)
    return twin


@BOTH_KINDS
def test_an_order_needs_exactly_the_minimum_margin_before_its_fee(kind):
    with refused("InsufficientMargin"):
        place(with_margin(wad(50) - 1), kind, TRADER, wad("0.1"))
    place(with_margin(wad(50)), kind, TRADER, wad("0.1"))


def test_only_an_order_that_reduces_strictly_may_leave_less_than_the_minimum_margin():
    twin = with_margin(wad(60))
    twin.trade(TRADER, wad(1))
    twin.wait(price=twin.price_with_equity(TRADER, wad(45)))
    with refused("InsufficientMargin"):
        twin.trade(TRADER, 1)
    # The same size or less on the other side is not a reduction.
    for size in ("2", "1.5"):
        with refused("InsufficientMargin"):
            twin.trade(TRADER, -wad(size))
    twin.trade(TRADER, -1)
    twin.trade(TRADER, -wad(1) + 1)
    assert twin.account(TRADER)["size"] == 0
    assert twin.account(TRADER)["margin"] < wad(50)


@BOTH_KINDS
def test_a_position_that_can_be_liquidated_takes_no_order(kind):
    twin = with_margin(wad(100))
    twin.trade(TRADER, wad(1))
    twin.wait(price=twin.price_with_equity(TRADER, wad(10)))
    for size in (wad(1), -wad(1), -wad("0.5")):
        with refused("Liquidatable"):
            place(twin, kind, TRADER, size)


@BOTH_KINDS
def test_an_order_whose_fee_takes_more_than_the_margin_is_refused(kind):
    with refused("InsufficientMargin"):
        place(with_margin(wad(1_000)), kind, TRADER, wad(2_000))


def test_the_fee_must_leave_the_old_position_its_liquidation_margin_at_the_fill():
    twin = with_margin(wad(100), takerFee=wad("0.02"))
    twin.trade(TRADER, wad(1))
    twin.trade(RIVAL, -wad(100))
    # A reduction of the long side grows the skew, and pays 2 % of 2,000: more than is left above
    # the liquidation margin of 26.
    twin.wait(price=twin.price_with_equity(TRADER, wad(55)))
    with refused("Liquidatable"):
        twin.trade(TRADER, -wad(1))
    twin.trade(TRADER, -wad("0.5"))


@BOTH_KINDS
@pytest.mark.parametrize("sign", [1, -1])
def test_the_new_position_must_carry_its_premium_at_the_index_price(kind, sign):
    size = sign * wad(10_000)
    fill = Twin().model.fill_price(size, PRICE)
    model = Twin().model
    needed = model.health(size, PRICE) + model.order_fee(size, fill)
    with refused("Liquidatable"):
        place(with_margin(needed), kind, TRADER, size)
    # An atomic order must also carry its own price impact, see the next test.
    spare = abs(mul(size, fill - PRICE))
    place(with_margin(needed + spare + 1), kind, TRADER, size)


def test_an_atomic_order_must_not_be_liquidatable_at_the_index_price_when_it_has_filled():
    size = wad(10_000)
    model = Twin().model
    fill = model.fill_price(size, PRICE)
    needed = model.health(size, PRICE) + model.order_fee(size, fill)
    margin = needed + mul(size, fill - PRICE)
    with refused("Liquidatable"):
        with_margin(margin).trade(TRADER, size)
    with_margin(needed + 1).submit(TRADER, size)


@BOTH_KINDS
@pytest.mark.parametrize("sign", [1, -1])
def test_leverage_may_exceed_the_maximum_by_a_hundredth(kind, sign):
    size = sign * wad(10)
    notional = abs(mul(size, Twin().model.fill_price(size, PRICE)))
    most = wad("55.01")
    # The least margin whose leverage, truncated, is the most.
    margin = notional * WAD // (most + 1) + 1
    assert div(notional, margin) == most
    with refused("MaxLeverageExceeded"):
        place(with_margin(margin - 1), kind, TRADER, size)
    place(with_margin(margin), kind, TRADER, size)


@BOTH_KINDS
@pytest.mark.parametrize("sign", [1, -1])
def test_each_side_has_its_own_cap_to_the_wei(kind, sign):
    twin = with_margin(RICH)
    twin.trade(RIVAL, sign * CAP)
    with refused("MarketSizeExceeded"):
        place(twin, kind, TRADER, sign)
    with refused("MarketSizeExceeded"):
        place(twin, kind, TRADER, -sign * (CAP + 1))
    place(twin, kind, TRADER, -sign * CAP)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_flip_counts_on_the_side_that_it_goes_to(sign):
    twin = with_margin(RICH)
    twin.trade(TRADER, sign * CAP)
    twin.trade(RIVAL, -sign * wad(300))
    with refused("MarketSizeExceeded"):
        twin.trade(TRADER, -sign * (2 * CAP - wad(300) + 1))
    twin.trade(TRADER, -sign * (2 * CAP - wad(300)))


def test_a_reduction_is_not_asked_for_the_cap():
    twin = with_margin(RICH)
    twin.trade(TRADER, CAP)
    twin.trade(TRADER, -1)
    twin.trade(TRADER, -wad(22_000))
    assert twin.account(TRADER)["size"] == wad(300) - 1


@BOTH_KINDS
@pytest.mark.parametrize(
    ("margin", "size", "error"),
    [
        # Fee above the margin, then everything else too.
        (1_000, 100_000, "InsufficientMargin"),
        # Below the minimum margin, and not healthy.
        (49, 30, "InsufficientMargin"),
        # Not healthy, above the leverage.
        (2_000, 1_000, "Liquidatable"),
        # Above the leverage and the cap: premium and buffer are the margin at 41x.
        (1_000, 28, "MaxLeverageExceeded"),
        (60_000_000, 22_301, "MarketSizeExceeded"),
    ],
)
def test_the_first_rule_that_an_order_breaks_names_the_error(kind, margin, size, error):
    with refused(error):
        place(with_margin(wad(margin)), kind, TRADER, wad(size))


def test_leverage_is_checked_before_the_size_of_the_market():
    twin = with_margin(wad(1_000_000), liquidationPremiumMultiplier=0)
    with refused("MaxLeverageExceeded"):
        twin.trade(TRADER, wad(28_000))
