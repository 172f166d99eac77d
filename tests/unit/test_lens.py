"""Lens: many tokens in one call."""

import ape
import pytest

from levtoken.units import WAD
from tests.world import World, build_world, error_name


@pytest.fixture(scope="module")
def built() -> World:
    world = build_world()
    world.token.deposit(100_000 * world.unit, world.depositor, sender=world.depositor)
    return world


def test_reports_what_the_token_itself_says(world: World) -> None:
    world.move("0.9")
    [status] = world.lens.status([world.token])
    token = world.token
    assert status.ok
    assert status.token == token
    assert status.symbol == token.symbol()
    assert status.supply == token.totalSupply()
    assert status.totalAssets == token.totalAssets()
    assert status.sharePrice == token.sharePrice()
    assert status.leverage == token.leverage()
    assert status.liquidationPrice == world.market.liquidationPrice(token)
    assert tuple(status.due) == tuple(token.assess())
    assert tuple(status.position) == tuple(world.market.state(token))


def test_reports_the_terms_the_market_and_what_leaving_pays(world: World) -> None:
    world.trade(-10 * WAD)
    world.wait(600)
    [status] = world.lens.status([world.token])
    token = world.token
    assert tuple(status.terms.fees) == tuple(token.terms().fees)
    assert status.terms.maxSize == token.terms().maxSize
    assert status.policy.upper == 38 * WAD // 10
    assert tuple(status.progress) == tuple(token.progress())
    assert tuple(status.report) == tuple(world.market.report())
    assert status.report.fundingRate < 0  # the skew is short, so shorts pay
    assert status.exitValue == token.previewRedeem(token.balanceOf(world.depositor))
    room = status.terms.maxSize - status.position.size
    assert status.capacity == min(room, world.market.capacity(True))
    assert status.priceUpdatedAt == world.feed.latestRoundData()[3]


@pytest.mark.parametrize("edge", ["upper", "lower"])
def test_a_trigger_fires_at_the_price_that_was_told_and_not_before(world: World, edge: str) -> None:
    """But for the funding of the seconds between, and the feed's 8 decimals."""
    world.move(0.95)
    [status] = world.lens.status([world.token])
    point = getattr(status, edge)
    hair = 1 + (-1e-6 if edge == "upper" else 1e-6)
    for factor, trigger in ((2 - hair, 0), (hair, {"upper": 1, "lower": 2}[edge])):
        world.feed.push(int(point.price * factor) // 10**10, sender=world.deployer)
        assert world.token.assess().trigger == trigger
    told, due = point.sizeDelta, world.token.assess().sizeDelta
    assert abs(told - due) < abs(told) // 50  # what trading costs


def test_says_why_nothing_is_due(world: World) -> None:
    [status] = world.lens.status([world.token])
    assert error_name("0x" + bytes(status.due.reason).hex()) == "NothingDue"


def test_a_bad_price_leaves_the_last_mark_and_names_the_fault(world: World) -> None:
    [before] = world.lens.status([world.token])
    world.feed.push(-1, sender=world.deployer)
    [status] = world.lens.status([world.token])
    assert error_name("0x" + bytes(status.position.fault).hex()) == "PriceNotPositive"
    assert status.due.reason == status.position.fault
    assert status.position.price == before.position.price
    assert abs(status.sharePrice - before.sharePrice) <= WAD // 10**9  # funding of a few seconds


def test_a_broken_token_does_not_break_the_page(world: World) -> None:
    first, second = world.lens.status([world.asset, world.token])
    assert not first.ok
    assert first.token == world.asset
    assert second.ok
    assert second.token == world.token


def test_a_token_that_burns_its_gas_does_not_take_the_page_with_it(world: World) -> None:
    endless = "0x5b5f56"  # JUMPDEST, PUSH0, JUMP
    ape.networks.provider.make_request("anvil_setCode", [world.factory.address, endless])
    hostile = [world.factory] * 3
    page = world.lens.status([*hostile, world.token])
    assert [one.ok for one in page] == [False, False, False, True]


def test_the_liquidation_price_is_where_liquidation_starts(world: World) -> None:
    price = world.market.liquidationPrice(world.token)
    [answer] = [round(price / WAD * 10**8)]
    # The approximation holds fee and premium at the present price, so it is a little high: the
    # margin asked of a notional that is 33 % smaller is smaller by a third of 1.2 %.
    world.feed.push(int(answer * 0.99), sender=world.deployer)
    assert world.market.accountReport(world.token).canLiquidate
    world.feed.push(int(answer * 1.005), sender=world.deployer)
    assert not world.market.accountReport(world.token).canLiquidate
