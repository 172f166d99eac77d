"""A replay through the RPC of a local node finds what one in process finds, to the wei."""

import pytest

from levtoken.simulation.setup import from_config
from tests.bench.chain import Anvil, Objects
from tests.bench.speed import WILD, Timed, check_same, history, on_node
from tests.simulation.desk import CONFIG, HOUR


@pytest.mark.parametrize("kind", [Anvil, Objects])
def test_a_node_finds_the_same_integers(kind):
    setup, track = from_config(CONFIG, "BTC3L"), history(100, WILD)
    speed, log = on_node(setup, track, kind)
    check_same(setup, track, log)
    assert speed.bars == len(log.track.times) == 100
    assert log.times[-1] - log.times[0] == 99 * HOUR


def test_the_time_of_the_evm_is_counted():
    class Slow:
        def message_call(self, word):
            return word.encode()

        def other(self):
            return 1

    timed = Timed(Slow())
    assert timed.message_call("a") == b"a"
    assert timed.seconds > 0
    assert timed.other() == 1
