"""ChainlinkOracle: a good price or a named fault, never a revert."""

import ape
import pytest

from levtoken.units import WAD
from tests.world import HEARTBEAT, NO_SEQUENCER, PRICE, World, build_world, error_name, reverts

ANSWER = PRICE * 10**8


@pytest.fixture(scope="module")
def built() -> World:
    return build_world()


def fault(oracle: ape.contracts.ContractInstance) -> str:
    return error_name("0x" + bytes(oracle.price()[2]).hex())


def test_scales_a_good_answer_to_wad(world: World) -> None:
    price, updated_at, none = world.oracle.price()
    assert (price, none) == (PRICE * WAD, bytes(4))
    assert updated_at == world.feed.latestRoundData()[3]


@pytest.mark.parametrize("decimals", [0, 6, 8, 18])
def test_scales_feeds_of_any_decimals(world: World, decimals: int) -> None:
    feed = world.deployer.deploy(
        ape.project.MockAggregator, decimals, "BTC / USD", PRICE * 10**decimals
    )
    oracle = world.deployer.deploy(
        ape.project.ChainlinkOracle, feed, HEARTBEAT, 1, 10**6 * 10**decimals, *NO_SEQUENCER
    )
    assert oracle.price()[0] == PRICE * WAD


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        (0, "PriceNotPositive"),
        (-ANSWER, "PriceNotPositive"),
        (-(2**255), "PriceNotPositive"),
        (10**8, "PriceOutOfBounds"),
        (10**16, "PriceOutOfBounds"),
        (2**255 - 1, "PriceOutOfBounds"),
    ],
)
def test_names_the_fault_of_a_wrong_answer(world: World, answer: int, name: str) -> None:
    world.feed.push(answer, sender=world.deployer)
    assert fault(world.oracle) == name
    with reverts(name):
        world.token.deposit(10**9, world.depositor, sender=world.depositor)


@pytest.mark.parametrize("answer", [10**8 + 1, 10**16 - 1])
def test_accepts_answers_just_inside_the_bounds(world: World, answer: int) -> None:
    world.feed.push(answer, sender=world.deployer)
    assert world.oracle.price()[0] == answer * 10**10


def test_an_answer_is_stale_one_second_after_the_heartbeat(world: World) -> None:
    updated_at = world.feed.latestRoundData()[3]
    ape.chain.mine(1, timestamp=updated_at + HEARTBEAT)
    assert fault(world.oracle) == "0x00000000"
    ape.chain.mine(1, timestamp=updated_at + HEARTBEAT + 1)
    assert fault(world.oracle) == "PriceStale"


def test_names_a_round_from_the_future_and_one_without_answer(world: World) -> None:
    now = ape.chain.blocks.head.timestamp
    world.feed.pushAt(ANSWER, now + 1_000, sender=world.deployer)
    assert fault(world.oracle) == "PriceFromFuture"
    world.feed.pushAt(ANSWER, 0, sender=world.deployer)
    assert fault(world.oracle) == "RoundIncomplete"


@pytest.mark.parametrize(
    "code",
    [
        "",  # no contract
        "5f5ffd",  # reverts
        "60805ff3",  # four words of zeros
        "fe",  # uses up its gas
    ],
)
def test_a_feed_that_breaks_is_a_fault_and_not_a_revert(world: World, code: str) -> None:
    ape.networks.provider.make_request("anvil_setCode", [world.feed.address, "0x" + code])
    assert fault(world.oracle) == "FeedUnavailable"
    with reverts("FeedUnavailable"):
        world.token.deposit(10**9, world.depositor, sender=world.depositor)


@pytest.mark.parametrize(
    "arguments",
    [
        (0, 1, 2, *NO_SEQUENCER),
        (1, 2, 2, *NO_SEQUENCER),
        (1, 0, 2**128, *NO_SEQUENCER),
        (1, 1, 2, NO_SEQUENCER[0], 1),
        (1, 1, 2, "0x" + "11" * 20, 0),
    ],
)
def test_refuses_arguments_out_of_range(world: World, arguments: tuple[int | str, ...]) -> None:
    with reverts("InvalidParameter"):
        world.deployer.deploy(ape.project.ChainlinkOracle, world.feed, *arguments)
