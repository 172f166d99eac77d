"""The protocol on a fork of the chain that it lives on: what happens there stays there."""

from collections.abc import Iterator

import ape
import pytest

from levtoken.chain import connected, load_deployment, statuses, system
from levtoken.keeper.decide import Settings
from levtoken.keeper.execute import Result
from levtoken.keeper.run import keep
from tests.desk import PRICE, Desk, open_desk

LOW = PRICE * 9 // 10  # takes 3x above its band and -3x below it


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with open_desk(tmp_path_factory.mktemp("deployments")) as desk:
        yield desk


def test_a_keeper_works_on_a_fork_and_leaves_the_upstream_alone(desk: Desk) -> None:
    before = statuses(desk.system)
    height = ape.chain.blocks.height
    with ape.networks.fork(provider_name="foundry"):
        place = connected()
        assert (place.name, place.lasting) == ("devnet", False)
        forked = system(load_deployment(desk.records, place))
        assert statuses(forked) == before
        forked.feeds["BTC"].push(LOW * 10**8, sender=desk.depositor)
        outcomes = keep(forked, statuses(forked), desk.keeper, Settings())
        assert [one.result for one in outcomes] == [Result.REBALANCED] * 2
        after = statuses(forked)
        assert [one.due.reason for one in after] == ["NothingDue"] * 2
        assert after[0].leverage < after[0].policy.upper
        assert after[1].leverage > after[1].policy.lower
        assert ape.chain.blocks.height > height
    assert ape.chain.blocks.height == height
    assert statuses(desk.system) == before
