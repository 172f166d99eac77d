"""One whole life of a token on a node, by transactions: what the in-process tests cannot see, that
a real chain's encoding, clock and gas carry it."""

import ape
import pytest

from levtoken.units import WAD
from tests.world import World, build_world


@pytest.fixture
def world() -> World:
    return build_world()


def test_a_token_lives_and_ends(world: World) -> None:
    token, depositor = world.token, world.depositor
    token.deposit(100_000 * world.unit, depositor, sender=depositor)
    token.mint(10_000 * WAD, world.attacker, sender=world.attacker)
    world.move("0.9")
    token.rebalance(sender=world.keeper)
    assert world.asset.balanceOf(world.keeper) > 0
    token.withdraw(1_000 * world.unit, depositor, depositor, sender=depositor)
    token.startClosing(sender=world.deployer)
    world.wait(900)
    token.rebalance(sender=world.keeper)
    token.close(sender=world.keeper)
    ape.chain.mine(1, timestamp=ape.chain.blocks.head.timestamp + 86_400)
    for actor in (depositor, world.attacker):
        token.redeem(token.balanceOf(actor), actor, actor, sender=actor)
    assert token.totalSupply() == WAD // 1000
    # What the locked shares are worth, and a unit for each rounding.
    assert token.totalAssets() <= 1_000 + 2
