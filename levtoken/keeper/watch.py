"""Passes of the keeper one after the other, through whatever goes wrong in between."""

from collections.abc import Callable

from levtoken.faults import explain
from levtoken.keeper.execute import Outcome
from levtoken.keeper.metrics import Tally
from levtoken.keeper.run import FAULTS, BrokenPassError


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
            except BrokenPassError as error:
                tally = tally.add(error.outcomes)
                show(error.outcomes)
                complain(explain(error))
            except FAULTS as error:
                complain(explain(error))
            else:
                tally = tally.add(outcomes)
                show(outcomes)
            pause()
    except KeyboardInterrupt:
        return tally
