"""Factory: one blueprint, one token for each set of parameters."""

import ape
import pytest

from levtoken.units import WAD, to_fixed
from tests.world import BTC_MARKET, NO_PULL, POLICY_3X, World, build_world, params, reverts

BLUEPRINT_LIMIT = 24_576


@pytest.fixture(scope="module")
def built() -> World:
    return build_world()


def test_refuses_a_blueprint_without_preamble(world: World) -> None:
    with reverts("InvalidParameter"):
        world.deployer.deploy(ape.project.LeveragedTokenFactory, world.asset)


def test_refuses_to_create_a_token_twice(world: World) -> None:
    with reverts("TokenExists"):
        world.factory.create(params(world.logic, world.market), sender=world.attacker)


def test_the_address_follows_from_the_parameters(world: World) -> None:
    assert world.factory.addressOf(params(world.logic, world.market)) == world.token
    expected = world.factory.addressOf(
        params(world.logic, world.market, -2, lower=WAD, upper=to_fixed(3))
    )
    token = world.new_token(-2, lower=WAD, upper=to_fixed(3))
    assert token.address == expected
    assert world.factory.isToken(expected)


def test_lists_the_tokens_by_pages(world: World) -> None:
    second = world.new_token(recenter=0)
    assert world.factory.tokenCount() == 2
    assert world.factory.tokens(0, 9) == [world.token, second]
    assert world.factory.tokens(1, 1) == [second]
    assert world.factory.tokens(2, 1) == []


def test_a_token_is_what_its_parameters_say(world: World) -> None:
    token = world.token
    assert (token.name(), token.symbol(), token.decimals()) == ("BTC 3x", "BTC3", 18)
    assert token.asset() == world.asset
    assert token.venue() == world.market
    assert token.targetLeverage() == 3 * WAD
    policy = token.policy()
    assert {name: getattr(policy, name) for name in POLICY_3X} == POLICY_3X
    assert token.sharePrice() == WAD
    assert token.totalAssets() == 0


def test_code_fits_the_limits_of_a_blueprint_and_of_a_contract() -> None:
    code = ape.project.LeveragedToken.contract_type
    assert len(bytes.fromhex(code.deployment_bytecode.bytecode[2:])) + 3 <= BLUEPRINT_LIMIT
    assert len(bytes.fromhex(code.runtime_bytecode.bytecode[2:])) <= BLUEPRINT_LIMIT


def test_refuses_decimals_that_shares_cannot_carry(world: World) -> None:
    coarse = world.deployer.deploy(ape.project.MockERC20, "Coarse", "C", 5)
    market = world.deployer.deploy(
        ape.project.MockPerpMarket, coarse, world.oracle, NO_PULL, BTC_MARKET
    )
    with reverts("InvalidParameter"):
        world.factory.create(params(world.logic, market), sender=world.deployer)
