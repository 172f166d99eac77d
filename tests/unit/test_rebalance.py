"""Rebalance: anyone may poke, the chain decides."""

import pytest

from levtoken.units import WAD, to_fixed
from tests.world import DAY, POLICY_3X, World, build_world, error_name, reverts

NONE, UPPER, LOWER, EMERGENCY = range(4)
EQUITY = 100_000


@pytest.fixture(scope="module")
def built() -> World:
    world = build_world()
    world.token.deposit(EQUITY * world.unit, world.depositor, sender=world.depositor)
    return world


def opened(world: World, target: int = 3, **changes: int):  # type: ignore[no-untyped-def]
    token = world.new_token(target, **changes)
    token.deposit(EQUITY * world.unit, world.depositor, sender=world.depositor)
    return token


def test_refuses_while_leverage_is_inside_the_band(world: World) -> None:
    world.move("0.95")
    with reverts("NothingDue"):
        world.token.rebalance(sender=world.keeper)


def test_refuses_a_token_without_position(world: World) -> None:
    token = world.new_token(recenter=0)
    with reverts("TokenFlat"):
        token.rebalance(sender=world.keeper)


def test_refuses_a_bad_price(world: World) -> None:
    """I-11."""
    world.feed.push(0, sender=world.deployer)
    with reverts("PriceNotPositive"):
        world.token.rebalance(sender=world.keeper)


@pytest.mark.parametrize(
    ("move", "trigger", "aim"),
    [("0.9", UPPER, "3.4"), ("1.17", LOWER, "2.7"), ("0.85", EMERGENCY, "3")],
)
def test_stops_at_the_aim_net_of_cost_and_reward(
    world: World, move: str, trigger: int, aim: str
) -> None:
    """I-6."""
    world.move(move)
    due = world.token.assess()
    assert (due.trigger, due.aim) == (trigger, to_fixed(aim))
    receipt = world.token.rebalance(sender=world.keeper)
    [event] = world.token.Rebalanced.from_receipt(receipt)
    assert event.trigger == trigger
    assert event.keeper == world.keeper
    # The trade is sized to a wei of the underlying; the reward is rounded down to an asset unit,
    # 1e-6 of 100,000, times the leverage.
    assert abs(event.leverageAfter - to_fixed(aim)) <= 2 * WAD // 10**9
    assert world.asset.balanceOf(world.keeper) == event.reward > 0


def test_a_short_is_reduced_when_the_price_rises(world: World) -> None:
    token = opened(world, -3)
    world.move("1.1")
    assert token.assess().trigger == EMERGENCY
    assert token.assess().sizeDelta > 0
    token.rebalance(sender=world.keeper)
    assert abs(token.leverage() - 3 * WAD) <= 2 * WAD // 10**9


def test_recenter_zero_returns_to_the_target_and_one_to_a_hair_inside_the_edge(
    world: World,
) -> None:
    resets = opened(world, recenter=0)
    edges = opened(world, recenter=WAD)
    world.move("0.89")
    resets.rebalance(sender=world.keeper)
    edges.rebalance(sender=world.keeper)
    assert abs(resets.leverage() - 3 * WAD) <= 2 * WAD // 10**9
    assert abs(edges.leverage() - to_fixed("3.79962")) <= 2 * WAD // 10**9


def test_a_second_keeper_comes_too_late(world: World) -> None:
    """I-7."""
    world.move("0.9")
    world.token.rebalance(sender=world.keeper)
    with reverts("NothingDue"):
        world.token.rebalance(sender=world.attacker)


def test_the_cooldown_holds_after_a_trade(world: World) -> None:
    world.move("0.9")
    world.token.rebalance(sender=world.keeper)
    world.move("0.95")
    with reverts("CooldownActive"):
        world.token.rebalance(sender=world.keeper)
    world.wait(POLICY_3X["cooldown"])
    world.token.rebalance(sender=world.keeper)


def test_growing_waits_longer_than_shrinking(world: World) -> None:
    world.move("0.9")
    world.token.rebalance(sender=world.keeper)
    world.move("1.35")
    world.wait(POLICY_3X["cooldown"])
    assert error_name("0x" + bytes(world.token.assess().reason).hex()) == "CooldownActive"
    world.wait(POLICY_3X["cooldownUp"])
    assert world.token.assess().trigger == LOWER
    world.token.rebalance(sender=world.keeper)


def test_an_emergency_has_a_shorter_cooldown(world: World) -> None:
    world.move("0.9")
    world.token.rebalance(sender=world.keeper)
    world.move("0.9")
    with reverts("CooldownActive"):
        world.token.rebalance(sender=world.keeper)
    world.wait(POLICY_3X["emergencyCooldown"])
    world.token.rebalance(sender=world.keeper)


def test_a_large_trade_goes_in_slices_and_the_rest_is_remembered(world: World) -> None:
    slice_ = to_fixed("0.2")
    token = opened(world, maxTrade=slice_)
    world.move("0.9")
    token.rebalance(sender=world.keeper)
    progress = token.progress()
    assert (progress.unfinished, progress.aim) == (UPPER, to_fixed("3.4"))
    assert to_fixed("3.4") < token.leverage() < to_fixed("3.8")
    with reverts("CooldownActive"):
        token.rebalance(sender=world.keeper)
    for _ in range(2):
        world.wait(POLICY_3X["cooldown"])
        assert abs(token.assess().sizeDelta) <= slice_
        token.rebalance(sender=world.keeper)
    assert token.progress().unfinished == 0
    assert abs(token.leverage() - to_fixed("3.4")) <= 2 * WAD // 10**9


def test_what_is_left_is_dropped_when_the_opposite_edge_is_reached(world: World) -> None:
    token = opened(world, maxTrade=to_fixed("0.2"))
    world.move("0.9")
    token.rebalance(sender=world.keeper)
    world.move("1.4")
    world.wait(POLICY_3X["cooldownUp"])
    assert token.assess().trigger == LOWER
    token.rebalance(sender=world.keeper)
    assert token.progress().unfinished == LOWER


def test_what_is_left_is_dropped_after_a_day(world: World) -> None:
    token = opened(world, maxTrade=to_fixed("0.2"))
    world.move("0.9")
    token.rebalance(sender=world.keeper)
    world.wait(DAY - 60)
    assert token.assess().trigger == UPPER
    world.wait(120)
    assert token.assess().trigger == NONE


def test_what_is_left_is_dropped_when_the_token_goes_flat(world: World) -> None:
    token = opened(world, maxTrade=to_fixed("0.2"))
    world.move("0.9")
    token.rebalance(sender=world.keeper)
    everything = token.balanceOf(world.depositor)
    token.redeem(everything, world.depositor, world.depositor, sender=world.depositor)
    assert token.progress().unfinished == 0


def test_the_reward_grows_with_the_drift_up_to_its_rate(world: World) -> None:
    """I-7."""
    rates = []
    for move in ("0.8937", "0.99", "0.97"):
        world.move(move)
        due = world.token.assess()
        notional = abs(due.sizeDelta) * world.market.state(world.token).price // WAD
        rates.append(due.reward * WAD // world.unit * WAD // notional)
    assert 0 <= rates[0] < rates[1] < rates[2]
    # Rounded down to an asset unit, and never above 0.1 %.
    assert to_fixed("0.000999") < rates[2] <= to_fixed("0.001")


def test_the_reward_is_capped_and_the_aim_is_met_all_the_same(world: World) -> None:
    """I-7."""
    token = opened(world, rewardCap=to_fixed(5))
    world.move("0.87")
    assert token.assess().reward == 5 * world.unit
    token.rebalance(sender=world.keeper)
    assert abs(token.leverage() - to_fixed("3.4")) <= 2 * WAD // 10**9


def test_a_fill_beyond_the_slippage_is_not_due(world: World) -> None:
    world.move("0.9")
    world.trade(-to_fixed(700), margin=50_000_000)
    world.trade(-to_fixed(50), margin=0)
    premium = world.token.assess()
    assert premium.reason == bytes(4)
    token = opened(world, maxSlippage=to_fixed("0.001"))
    world.move("0.88")
    assert error_name("0x" + bytes(token.assess().reason).hex()) == "FillBeyondLimit"
    with reverts("FillBeyondLimit"):
        token.rebalance(sender=world.keeper)


def test_an_emergency_opens_its_limit_as_liquidation_comes_near(world: World) -> None:
    world.move("0.85")
    near = world.token.assess()
    price = world.market.state(world.token).price
    world.move("0.9")
    nearer = world.token.assess()
    price_later = world.market.state(world.token).price
    assert near.limit * WAD // price > nearer.limit * WAD // price_later
    # maxSlippage + (1 - 4.5 / l) * (1 / l - 0.75 % - 1 %)
    leverage = world.token.leverage()
    room = WAD * WAD // leverage - to_fixed("0.0175")
    allowed = to_fixed("0.01") + (WAD - to_fixed("4.5") * WAD // leverage) * room // WAD
    assert abs(price_later - nearer.limit - price_later * allowed // WAD) <= WAD // 10**9


def test_just_above_liquidation_one_emergency_saves_the_token(world: World) -> None:
    world.move("0.68")
    assert world.token.leverage() > 40 * WAD
    world.token.rebalance(sender=world.keeper)
    assert abs(world.token.leverage() - 3 * WAD) <= WAD // 10**6


def test_a_token_below_the_minimum_of_the_venue_may_only_shrink(world: World) -> None:
    token = world.new_token(rewardCap=to_fixed(7))
    token.deposit(45 * world.unit, world.depositor, sender=world.depositor)
    world.move("0.92")
    world.move("0.95")
    assert world.market.state(token).equity < 40 * WAD
    due = token.assess()
    assert due.trigger in (UPPER, EMERGENCY)
    assert due.reason == bytes(4)
    assert due.reward == 0  # the venue lets no margin go
    token.rebalance(sender=world.keeper)
    assert token.leverage() <= to_fixed("3.4") + WAD // 10**6
