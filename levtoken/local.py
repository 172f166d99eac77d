"""What only local chains allow: assets for nothing, and prices by hand."""

from decimal import Decimal

from ape.api import AccountAPI

from levtoken.chain import System, send
from levtoken.errors import ChainError, DeploymentError
from levtoken.flows import FLOW_GAS, Flow, check_gas, missing_assets
from levtoken.units import from_fixed, to_fixed

PUSH_GAS = 150_000  # more than a new answer of a mock feed takes


def give_missing(flow: Flow, account: AccountAPI) -> None:
    """Creates what the account lacks of the mock asset that it is about to pay."""
    missing = missing_assets(flow, account)
    if missing > 0:
        check_gas(account, FLOW_GAS)
        send(flow.asset.contract.mint, account, missing, sender=account)


def push_price(
    system: System, underlying: str, price: Decimal | None, account: AccountAPI
) -> Decimal:
    """Writes a new answer of a mock feed, by default the last one again, and returns it."""
    if underlying not in system.feeds:
        known = ", ".join(system.feeds) or "none"
        raise DeploymentError(f"no feed of {underlying} here: choose from {known}")
    feed = system.feeds[underlying]
    decimals = feed.decimals()
    answer = feed.latestRoundData()[1] if price is None else to_fixed(price, decimals)
    if answer <= 0:
        raise ChainError("a price must be above 0: a feed's smallest is 0.00000001")
    check_gas(account, PUSH_GAS)
    send(feed.push, answer, sender=account)
    return from_fixed(answer, decimals)
