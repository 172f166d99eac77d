"""Mint: exact shares out, the assets that they cost in."""

import ape
import pytest

from levtoken.units import WAD
from tests.world import World, build_world, reverts

SHARES = 10_000 * WAD
FAR = 2**40


@pytest.fixture(scope="module")
def built() -> World:
    return build_world()


@pytest.fixture
def opened(world: World) -> World:
    world.token.deposit(100_000 * world.unit, world.depositor, sender=world.depositor)
    return world


def test_refuses_zero_shares(world: World) -> None:
    with reverts("ZeroAmount"):
        world.token.mint(0, world.depositor, sender=world.depositor)


def test_refuses_a_deadline_that_has_passed(opened: World) -> None:
    late = ape.chain.blocks.head.timestamp - 1
    with reverts("DeadlinePassed"):
        opened.token.mint(SHARES, opened.depositor, 2**255, late, sender=opened.depositor)


def test_refuses_to_take_more_assets_than_the_bound(opened: World) -> None:
    with reverts("AssetsAboveMaximum"):
        opened.token.mint(
            SHARES, opened.depositor, 9_999 * opened.unit, FAR, sender=opened.depositor
        )


def test_refuses_a_bad_price(opened: World) -> None:
    """I-11."""
    opened.feed.pushAt(60_000 * 10**8, 0, sender=opened.deployer)
    with reverts("RoundIncomplete"):
        opened.token.mint(SHARES, opened.depositor, sender=opened.depositor)


def test_the_first_one_gives_exactly_the_shares_and_locks_the_rest(world: World) -> None:
    world.token.mint(SHARES, world.depositor, sender=world.depositor)
    assert world.token.balanceOf(world.depositor) == SHARES
    assert world.token.totalSupply() == SHARES + WAD // 1000
    # Rounding up to an asset unit is all that a share can be worth beyond one asset.
    assert 0 <= world.token.sharePrice() - WAD <= WAD // world.unit * WAD // SHARES + 1
    assert abs(world.token.leverage() - 3 * WAD) <= WAD // 10**9


def test_costs_the_value_of_the_shares_and_the_trade(opened: World) -> None:
    """I-2, I-3, I-5."""
    opened.move("1.05")
    price, leverage = opened.token.sharePrice(), opened.token.leverage()
    preview = opened.token.previewMint(SHARES)
    before = opened.asset.balanceOf(opened.attacker)
    receipt = opened.token.mint(SHARES, opened.attacker, sender=opened.attacker)
    paid = before - opened.asset.balanceOf(opened.attacker)
    [event] = opened.token.Deposit.from_receipt(receipt)
    assert (event.assets, event.shares) == (paid, SHARES)
    assert opened.token.balanceOf(opened.attacker) == SHARES
    assert paid * WAD // opened.unit > price * SHARES // WAD
    # One second of funding lies between the preview and the call.
    assert abs(paid - preview) <= opened.unit // 100
    assert opened.token.sharePrice() >= price - WAD // 10**9
    assert abs(opened.token.leverage() - leverage) <= WAD // 10**8


def test_a_token_without_position_is_opened_again(opened: World) -> None:
    everything = opened.token.balanceOf(opened.depositor)
    opened.token.redeem(everything, opened.depositor, opened.depositor, sender=opened.depositor)
    assert opened.token.leverage() == 0
    opened.token.mint(SHARES, opened.attacker, sender=opened.attacker)
    assert opened.token.balanceOf(opened.attacker) == SHARES
    assert abs(opened.token.leverage() - 3 * WAD) <= WAD // 10**9


def test_a_mint_many_times_the_supply_is_margined_by_what_it_brings(opened: World) -> None:
    opened.token.mint(50 * SHARES, opened.attacker, sender=opened.attacker)
    assert opened.token.balanceOf(opened.attacker) == 50 * SHARES
    assert abs(opened.token.leverage() - 3 * WAD) <= WAD // 10**8
