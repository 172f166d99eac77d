"""One pass of the keeper over tokens whose status has been read."""

from collections.abc import Iterable, Sequence

from ape.api import AccountAPI
from ape.exceptions import ApeException, ProviderError
from requests.exceptions import RequestException
from web3.exceptions import CannotHandleRequest, Web3Exception

from levtoken.chain import System
from levtoken.errors import ChainError, LevtokenError
from levtoken.faults import explain
from levtoken.keeper.decide import Settings, decide
from levtoken.keeper.execute import Outcome, execute, fail, skip
from levtoken.status import TokenStatus

FAULTS = (LevtokenError, ApeException, RequestException, Web3Exception)
GONE = (ProviderError, RequestException, CannotHandleRequest)  # no token after it would do better


class BrokenPassError(ChainError):
    """The node went away in a pass; `outcomes` are those of the tokens before."""

    def __init__(self, message: str, outcomes: Sequence[Outcome]) -> None:
        super().__init__(message)
        self.outcomes = list(outcomes)


def keep(
    system: System, found: Iterable[TokenStatus], account: AccountAPI | None, settings: Settings
) -> list[Outcome]:
    """Rebalances what is due, one after the other; without an account nothing is sent. A fault of
    one token is its outcome; a node that is gone is a `BrokenPassError`."""
    tokens = {token.address: token for token in system.tokens.values()}
    outcomes: list[Outcome] = []
    for decision in decide(found, settings):
        if not decision.due or account is None:
            outcomes.append(skip(decision))
            continue
        try:
            outcomes.append(execute(decision, tokens[decision.status.token], account))
        except GONE as error:
            raise BrokenPassError(explain(error), outcomes) from error
        except FAULTS as error:
            outcomes.append(fail(decision, explain(error)))
    return outcomes
