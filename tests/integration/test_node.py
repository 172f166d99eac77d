"""The clock of a replay's node: that of the path, whatever the hour."""

from collections.abc import Iterator

import pytest
from web3 import Web3

from levtoken.errors import ChainError
from levtoken.simulation.demo.market import adopt
from levtoken.simulation.node import BLOCK_SECONDS, Node
from tests.scripts.chains import lasting_chain

PAST = 1_583_625_600  # 2020-03-08 00:00 UTC


@pytest.fixture
def node() -> Iterator[Node]:
    with lasting_chain() as chain:
        yield Node(Web3(Web3.HTTPProvider(chain.url)))


def test_a_fresh_chain_goes_back_to_the_time_of_the_path(node: Node) -> None:
    assert node.take_clock(PAST) == 0
    assert node.head() == (1, PAST)


def test_blocks_follow_each_other_by_a_second_and_start_when_told(node: Node) -> None:
    node.take_clock(PAST)
    sender = adopt(node, "sender")
    assert node.send(sender, sender, b"") is None
    assert node.head() == (2, PAST + BLOCK_SECONDS)
    node.set_next_time(PAST + 3_600)
    assert node.send(sender, sender, b"") is None
    assert node.head() == (3, PAST + 3_600)


def test_what_is_posted_together_is_one_block_at_the_time_told(node: Node) -> None:
    node.take_clock(PAST)
    sender = adopt(node, "sender")
    node.set_next_time(PAST + 3_600)
    with node.one_block():
        node.post(sender, sender, b"")
        node.post(sender, sender, b"")
    assert node.head() == (2, PAST + 3_600)
    assert int(node.request("eth_getTransactionCount", sender, "latest"), 16) == 2


def test_a_chain_with_a_history_is_ahead_of_the_path_by_a_constant(node: Node) -> None:
    node.request("evm_mine")
    _, now = node.head()
    offset = node.take_clock(PAST)
    assert offset == now + BLOCK_SECONDS - PAST
    assert node.head()[1] == PAST + offset


def test_a_chain_with_a_history_before_the_path_needs_no_offset(node: Node) -> None:
    node.request("evm_mine")
    later = node.head()[1] + 1_000_000
    assert node.take_clock(later) == 0
    assert node.head()[1] == later


def test_a_node_says_what_it_refuses(node: Node) -> None:
    with pytest.raises(ChainError, match="the node refused evm_nothing"):
        node.request("evm_nothing")
