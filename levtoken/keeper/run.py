"""One pass of the keeper over tokens whose status has been read."""

from collections.abc import Iterable

from ape.api import AccountAPI

from levtoken.chain import System, TokenStatus
from levtoken.keeper.decide import Settings, decide
from levtoken.keeper.execute import Outcome, execute, skip


def keep(
    system: System, found: Iterable[TokenStatus], account: AccountAPI | None, settings: Settings
) -> list[Outcome]:
    """Rebalances what is due, one after the other; without an account nothing is sent."""
    tokens = {token.address: token for token in system.tokens.values()}
    return [
        execute(decision, tokens[decision.status.token], account)
        if decision.due and account is not None
        else skip(decision)
        for decision in decide(found, settings)
    ]
