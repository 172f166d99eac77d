"""Redeem: shares in, their part of the equity out, less what closing their part costs."""

import ape
import pytest

from levtoken.units import WAD
from tests.world import World, build_world, reverts

FAR = 2**40


@pytest.fixture(scope="module")
def built() -> World:
    world = build_world()
    for actor in (world.depositor, world.attacker):
        world.token.deposit(100_000 * world.unit, actor, sender=actor)
    return world


def redeem(world: World, shares: int, sender: object = None) -> int:
    before = world.asset.balanceOf(world.attacker)
    sender = sender or world.attacker
    world.token.redeem(shares, world.attacker, world.attacker, sender=sender)
    return world.asset.balanceOf(world.attacker) - before


def test_refuses_zero_shares(world: World) -> None:
    with reverts("ZeroAmount"):
        redeem(world, 0)


def test_refuses_more_shares_than_the_owner_has(world: World) -> None:
    with reverts("InsufficientBalance"):
        redeem(world, world.token.balanceOf(world.attacker) + 1)


def test_refuses_a_stranger_without_allowance(world: World) -> None:
    with reverts("InsufficientAllowance"):
        redeem(world, WAD, sender=world.keeper)


def test_spends_the_allowance_of_the_owner(world: World) -> None:
    world.token.approve(world.keeper, 5 * WAD, sender=world.attacker)
    assert redeem(world, 2 * WAD, sender=world.keeper) > 0
    assert world.token.allowance(world.attacker, world.keeper) == 3 * WAD


def test_refuses_a_deadline_that_has_passed(world: World) -> None:
    late = ape.chain.blocks.head.timestamp - 1
    with reverts("DeadlinePassed"):
        world.token.redeem(WAD, world.attacker, world.attacker, 0, late, sender=world.attacker)


def test_refuses_fewer_assets_than_the_bound(world: World) -> None:
    with reverts("AssetsBelowMinimum"):
        world.token.redeem(
            WAD, world.attacker, world.attacker, 2 * world.unit, FAR, sender=world.attacker
        )


def test_refuses_a_stale_price_and_changes_nothing(world: World) -> None:
    """I-11."""
    before = world.market.positionOf(world.token), world.token.totalSupply()
    ape.chain.mine(1, timestamp=ape.chain.blocks.head.timestamp + 3_700)
    with reverts("PriceStale"):
        redeem(world, WAD)
    assert (world.market.positionOf(world.token), world.token.totalSupply()) == before
    assert not world.token.priceValid()
    assert world.token.totalAssets() > 0


def test_pays_what_the_preview_said_and_leaves_the_others_whole(world: World) -> None:
    """I-2, I-3, I-5."""
    world.move("0.97")
    shares = world.token.balanceOf(world.attacker)
    price, leverage = world.token.sharePrice(), world.token.leverage()
    preview = world.token.previewRedeem(shares)
    paid = redeem(world, shares)
    # One second of funding lies between the preview and the call.
    assert abs(paid - preview) <= world.unit // 10
    # Leaving shrinks the skew, which pays a premium that entering cost: at most 3 * 0.0001 here.
    assert paid < price * shares // WAD * world.unit // WAD * 10_003 // 10_000
    assert world.token.sharePrice() >= price - WAD // 10**9
    assert abs(world.token.leverage() - leverage) <= WAD // 10**8


def test_a_round_trip_at_one_price_ends_below_its_start(world: World) -> None:
    """I-4."""
    start = world.asset.balanceOf(world.keeper)
    world.asset.mint(world.keeper, 1_000 * world.unit, sender=world.keeper)
    world.asset.approve(world.token, 2**255, sender=world.keeper)
    world.token.deposit(1_000 * world.unit, world.keeper, sender=world.keeper)
    shares = world.token.balanceOf(world.keeper)
    world.token.redeem(shares, world.keeper, world.keeper, sender=world.keeper)
    assert world.asset.balanceOf(world.keeper) - start < 1_000 * world.unit


def test_ninety_percent_leave_and_the_rest_pay_nothing(world: World) -> None:
    """I-2."""
    world.token.transfer(world.attacker, 80_000 * WAD, sender=world.depositor)
    price = world.token.sharePrice()
    redeem(world, world.token.balanceOf(world.attacker))
    assert world.token.sharePrice() >= price - WAD // 10**9


def test_the_last_one_closes_the_position_and_the_token_lives_on(world: World) -> None:
    """I-10."""
    for actor in (world.depositor, world.attacker):
        shares = world.token.balanceOf(actor)
        world.token.redeem(shares, actor, actor, sender=actor)
    assert world.token.leverage() == 0
    assert world.market.positionOf(world.token).size == 0
    assert world.token.totalSupply() == WAD // 1000
    world.token.deposit(1_000 * world.unit, world.depositor, sender=world.depositor)
    assert abs(world.token.leverage() - 3 * WAD) <= WAD // 10**9


def test_a_liquidatable_position_delays_redemption(world: World) -> None:
    world.move("0.673")
    assert world.market.accountReport(world.token).canLiquidate
    with reverts("Liquidatable"):
        redeem(world, WAD)
