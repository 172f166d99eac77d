"""Passes of the keeper one after the other, through whatever goes wrong in between."""

from collections.abc import Callable

from ape.exceptions import ApeException
from requests.exceptions import RequestException
from web3.exceptions import Web3Exception

from levtoken.errors import LevtokenError
from levtoken.faults import explain
from levtoken.keeper.execute import Outcome
from levtoken.keeper.metrics import Tally

FAULTS = (LevtokenError, ApeException, RequestException, Web3Exception)


def watch(
    make_pass: Callable[[], list[Outcome]],
    show: Callable[[list[Outcome]], None],
    complain: Callable[[str], None],
    pause: Callable[[], None],
) -> Tally:
    """Makes passes until it is interrupted (Ctrl-C), and returns what they came to. A pass that
    fails is complained of in one line, and the next one starts after the pause as usual."""
    tally = Tally()
    try:
        while True:
            try:
                outcomes = make_pass()
            except FAULTS as error:
                complain(explain(error))
            else:
                tally = tally.add(outcomes)
                show(outcomes)
            pause()
    except KeyboardInterrupt:
        return tally
