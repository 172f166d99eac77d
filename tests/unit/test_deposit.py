"""Deposit: assets in, shares of the equity that they add."""

import ape
import pytest

from levtoken.units import WAD, to_fixed
from tests.world import World, build_world, reverts

AMOUNT = 100_000
FAR = 2**40


@pytest.fixture(scope="module")
def built() -> World:
    return build_world()


@pytest.fixture
def opened(world: World) -> World:
    world.token.deposit(AMOUNT * world.unit, world.depositor, sender=world.depositor)
    return world


def test_refuses_a_zero_amount(world: World) -> None:
    with reverts("ZeroAmount"):
        world.token.deposit(0, world.depositor, sender=world.depositor)


def test_refuses_a_deadline_that_has_passed(world: World) -> None:
    late = ape.chain.blocks.head.timestamp
    with reverts("DeadlinePassed"):
        world.token.deposit(
            AMOUNT * world.unit, world.depositor, 0, late - 1, sender=world.depositor
        )


def test_refuses_fewer_shares_than_the_bound(opened: World) -> None:
    shares = opened.token.previewDeposit(AMOUNT * opened.unit)
    with reverts("SharesBelowMinimum"):
        opened.token.deposit(
            AMOUNT * opened.unit, opened.depositor, 2 * shares, FAR, sender=opened.depositor
        )


def test_refuses_less_than_a_position_needs(world: World) -> None:
    with reverts("InsufficientMargin"):
        world.token.deposit(39 * world.unit, world.depositor, sender=world.depositor)


@pytest.mark.parametrize(
    ("answer", "error"),
    [(0, "PriceNotPositive"), (-1, "PriceNotPositive"), (10**8, "PriceOutOfBounds")],
)
def test_refuses_a_bad_price_and_changes_nothing(opened: World, answer: int, error: str) -> None:
    """I-11."""
    before = opened.market.positionOf(opened.token), opened.token.totalSupply()
    opened.feed.push(answer, sender=opened.deployer)
    with reverts(error):
        opened.token.deposit(AMOUNT * opened.unit, opened.depositor, sender=opened.depositor)
    assert (opened.market.positionOf(opened.token), opened.token.totalSupply()) == before


def test_the_first_one_opens_the_target_leverage_net_of_cost(world: World) -> None:
    paid = AMOUNT * world.unit
    world.token.deposit(paid, world.depositor, sender=world.depositor)
    equity = world.market.state(world.token).equity
    assert abs(world.token.leverage() - 3 * WAD) <= WAD // 10**9
    # 6 basis points on three times the equity, and half of the premium it caused.
    assert to_fixed("0.997") * AMOUNT < equity < to_fixed("0.9982") * AMOUNT


def test_the_first_one_gives_a_share_for_each_asset_of_equity(world: World) -> None:
    world.token.deposit(AMOUNT * world.unit, world.depositor, sender=world.depositor)
    assert world.token.sharePrice() == WAD
    assert world.token.totalSupply() == world.market.state(world.token).equity


def test_the_first_one_locks_a_thousandth_of_a_share_for_ever(world: World) -> None:
    world.token.deposit(AMOUNT * world.unit, world.depositor, sender=world.depositor)
    locked = world.token.balanceOf("0x000000000000000000000000000000000000dEaD")
    assert locked == WAD // 1000
    assert world.token.balanceOf(world.depositor) == world.token.totalSupply() - locked


def test_gives_what_the_preview_said_and_takes_the_assets(opened: World) -> None:
    """I-5."""
    shares = opened.token.previewDeposit(AMOUNT * opened.unit)
    paid_before = opened.asset.balanceOf(opened.depositor)
    # Funding accrues by the second, so the preview is asked in the block of the call.
    receipt = opened.token.deposit(AMOUNT * opened.unit, opened.keeper, sender=opened.depositor)
    expected = opened.token.previewDeposit(AMOUNT * opened.unit, block_id=receipt.block_number - 1)
    assert shares == expected
    assert paid_before - opened.asset.balanceOf(opened.depositor) == AMOUNT * opened.unit
    [event] = opened.token.Deposit.from_receipt(receipt)
    assert event.sender == opened.depositor
    assert event.owner == opened.keeper
    assert event.assets == AMOUNT * opened.unit
    assert event.shares == opened.token.balanceOf(opened.keeper)


def test_pays_its_own_cost_and_leaves_the_others_whole(opened: World) -> None:
    """I-2, I-3."""
    opened.move("0.95")
    price, leverage = opened.token.sharePrice(), opened.token.leverage()
    opened.token.deposit(10 * AMOUNT * opened.unit, opened.attacker, sender=opened.attacker)
    # A second or two of funding on a skew of a few coins passes between the two readings.
    assert opened.token.sharePrice() >= price - WAD // 10**9
    assert abs(opened.token.leverage() - leverage) <= WAD // 10**8
    worth = opened.token.convertToAssets(opened.token.balanceOf(opened.attacker))
    assert worth < 10 * AMOUNT * opened.unit


def test_a_gift_to_token_or_venue_changes_no_share_price(opened: World) -> None:
    """I-9."""
    state = opened.market.state(opened.token).equity
    supply = opened.token.totalSupply()
    for receiver in (opened.token, opened.market):
        opened.asset.transfer(receiver, 10**6 * opened.unit, sender=opened.attacker)
    later = opened.market.state(opened.token).equity
    assert opened.token.totalSupply() == supply
    assert abs(later - state) <= WAD // 10**5  # funding of a few seconds


@pytest.mark.parametrize("decimals", [6, 8, 18])
def test_works_with_assets_of_any_decimals(decimals: int) -> None:
    world = build_world(decimals=decimals)
    world.token.deposit(AMOUNT * world.unit, world.depositor, sender=world.depositor)
    assert world.token.sharePrice() == WAD
    assert 0 <= AMOUNT * world.unit - world.token.totalAssets() < AMOUNT * world.unit // 400


def test_refuses_when_the_equity_is_gone(opened: World) -> None:
    """I-13."""
    opened.move("0.6")
    opened.market.flag(opened.token, sender=opened.keeper)
    opened.market.liquidate(opened.token, sender=opened.keeper)
    for call in (
        lambda: opened.token.deposit(AMOUNT * opened.unit, opened.attacker, sender=opened.attacker),
        lambda: opened.token.mint(WAD, opened.attacker, sender=opened.attacker),
        lambda: opened.token.redeem(
            WAD, opened.depositor, opened.depositor, sender=opened.depositor
        ),
        lambda: opened.token.rebalance(sender=opened.keeper),
    ):
        with reverts("EquityGone"):
            call()
