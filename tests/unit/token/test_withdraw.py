"""Withdraw: exact assets out, the shares that they cost burned."""

import pytest

from levtoken.units import WAD
from tests.unit.token.desk import (
    ATTACKER,
    DEPOSITOR,
    FAR,
    FIRST,
    HOLDER,
    STRANGER,
    Desk,
    market_desk,
)

ASSETS = 12_345_678_901
RESIDUAL_UNITS = 2  # asset units by which the solved part may pay too much, which stays


@pytest.fixture(autouse=True)
def held(request: pytest.FixtureRequest) -> None:
    """A second holder of as much."""
    if "desk" in request.fixturenames:
        request.getfixturevalue("desk").deposit(FIRST, sender=HOLDER)


def test_refuses_a_deadline_that_has_passed_before_all_else(desk: Desk) -> None:
    now = desk.evm.timestamp
    desk.refuses("DeadlinePassed", "withdraw", 0, HOLDER, HOLDER, 0, now - 1)
    assert desk.do("withdraw", ASSETS, HOLDER, HOLDER, FAR, now, sender=HOLDER) > 0


def test_refuses_a_zero_amount_before_a_bad_price(desk: Desk) -> None:
    desk.lose_the_price()
    desk.refuses("ZeroAmount", "withdraw", 0, HOLDER, HOLDER)
    desk.cannot_tell("ZeroAmount", "previewWithdraw", 0)


def test_refuses_when_the_equity_is_gone(desk: Desk) -> None:
    """I-13."""
    desk.liquidate()
    desk.refuses("EquityGone", "withdraw", 1, HOLDER, HOLDER, sender=HOLDER)
    desk.cannot_tell("EquityGone", "previewWithdraw", 1)


def test_refuses_a_stale_price_and_changes_nothing(desk: Desk) -> None:
    """I-11."""
    desk.lose_the_price()
    with desk.nothing_changes():
        desk.refuses("PriceStale", "withdraw", ASSETS, HOLDER, HOLDER, sender=HOLDER)
    desk.cannot_tell("PriceStale", "previewWithdraw", ASSETS)


def test_a_liquidatable_position_delays_it(desk: Desk) -> None:
    desk.move("0.673")
    desk.refuses("Liquidatable", "withdraw", ASSETS, HOLDER, HOLDER, sender=HOLDER)


def test_pays_the_smallest_amount_although_the_cost_eats_the_part_that_is_worth_it(
    desk: Desk,
) -> None:
    desk.trade(-50 * WAD)  # so that the token's sale grows the skew, which costs
    worth = 10**12
    assert desk.market.call("previewExit", desk.token.address, worth, desk.supply())["paid"] == 0
    paid = desk.assets_of(STRANGER)
    assert desk.do("withdraw", 1, STRANGER, HOLDER, sender=HOLDER) > 0
    assert desk.assets_of(STRANGER) == paid + 1


def test_refuses_more_than_there_is(desk: Desk) -> None:
    assets = desk.ask("totalAssets") + 10**12
    desk.refuses("NoSolution", "withdraw", assets, HOLDER, HOLDER, sender=HOLDER)
    desk.cannot_tell("NoSolution", "previewWithdraw", assets)


def test_refuses_to_burn_one_share_more_than_the_bound(desk: Desk) -> None:
    """Before it looks at allowance and balance."""
    shares = desk.ask("previewWithdraw", ASSETS)
    call = ("withdraw", ASSETS, HOLDER, HOLDER)
    desk.refuses("SharesAboveMaximum", *call, shares - 1, FAR, sender=STRANGER)
    assert desk.do(*call, shares, FAR, sender=HOLDER) == shares


def test_refuses_a_stranger_one_share_beyond_his_allowance(desk: Desk) -> None:
    shares = desk.ask("previewWithdraw", ASSETS)
    desk.do("approve", STRANGER, shares - 1, sender=HOLDER)
    call = ("withdraw", ASSETS, STRANGER, HOLDER)
    desk.refuses("InsufficientAllowance", *call, sender=STRANGER)
    desk.do("approve", STRANGER, shares + 5, sender=HOLDER)
    desk.do(*call, sender=STRANGER)
    assert desk.ask("allowance", HOLDER, STRANGER) == 5


def test_an_infinite_allowance_stays_infinite(desk: Desk) -> None:
    desk.do("approve", STRANGER, FAR, sender=HOLDER)
    desk.do("withdraw", ASSETS, STRANGER, HOLDER, sender=STRANGER)
    assert desk.ask("allowance", HOLDER, STRANGER) == FAR


def test_refuses_more_than_the_owner_has(desk: Desk) -> None:
    desk.do("transfer", ATTACKER, desk.shares(HOLDER) - WAD, sender=HOLDER)
    desk.refuses("InsufficientBalance", "withdraw", ASSETS, HOLDER, HOLDER, sender=HOLDER)


def test_pays_exactly_and_burns_what_the_preview_said(desk: Desk) -> None:
    """I-5."""
    desk.wait(777)
    desk.move("0.97")
    held, supply = desk.shares(HOLDER), desk.supply()
    shares = desk.ask("previewWithdraw", ASSETS)
    assert desk.do("withdraw", ASSETS, STRANGER, HOLDER, sender=HOLDER) == shares
    assert desk.event("Withdraw") == {
        "sender": HOLDER, "receiver": STRANGER, "owner": HOLDER,
        "assets": ASSETS, "shares": shares,
    }  # fmt: skip
    assert desk.assets_of(STRANGER) == ASSETS
    assert (desk.shares(HOLDER), desk.supply()) == (held - shares, supply - shares)


@pytest.mark.parametrize("decimals", [6, 8, 18])
@pytest.mark.parametrize("part", [10**6, 10**3, 3, 1])
@pytest.mark.parametrize("factor", ["0.75", "1", "1.3"])
def test_the_residual_is_below_a_billionth_and_two_units(
    decimals: int, part: int, factor: str
) -> None:
    desk = market_desk(decimals)
    with desk.evm.rolled_back():
        desk.deposit(FIRST)
        desk.deposit(FIRST, sender=HOLDER)
        desk.move(factor)
        assets = desk.ask("previewRedeem", desk.shares(HOLDER)) // part
        shares = desk.ask("previewWithdraw", assets)
        paid = desk.ask("previewRedeem", shares)
        assert assets <= paid <= assets + assets // 10**9 + RESIDUAL_UNITS


def test_one_asset_unit_can_be_withdrawn(desk: Desk) -> None:
    shares = desk.do("withdraw", 1, STRANGER, HOLDER, sender=HOLDER)
    assert desk.assets_of(STRANGER) == 1
    # One unit, the solver's one for rounding, and the two of its residual, at about one a share.
    assert 0 < shares <= 4 * WAD // desk.unit * 102 // 100


def test_leaves_price_and_leverage_of_the_others_as_they_are(desk: Desk) -> None:
    """I-2, I-3."""
    desk.move("0.85")
    price, leverage = desk.ask("sharePrice"), desk.ask("leverage")
    desk.do("withdraw", desk.ask("maxWithdraw", HOLDER), HOLDER, HOLDER, sender=HOLDER)
    assert desk.ask("sharePrice") >= price
    # 1e-9, and two asset units of the equity that is left.
    assert abs(desk.ask("leverage") - leverage) <= leverage // 10**9 + 1


def test_the_last_one_leaves_by_assets_and_the_token_goes_flat(desk: Desk) -> None:
    """I-10."""
    for actor in (DEPOSITOR, HOLDER):
        assets = desk.ask("maxWithdraw", actor)
        desk.do("withdraw", assets, actor, actor, sender=actor)
    assert desk.state()["size"] == 0
    assert desk.ask("leverage") == 0
