"""Turns what Ape, web3 and the contracts raise into one line that says what to do."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import ape
import click
from ape.exceptions import (
    AccountsError,
    ApeException,
    ContractLogicError,
    CustomError,
    NetworkMismatchError,
    ProviderError,
    TransactionError,
)
from ape_ethereum.trace import Trace
from requests.exceptions import RequestException
from web3.exceptions import CannotHandleRequest, Web3Exception

from levtoken.chain import error_name
from levtoken.errors import LevtokenError

REVERTED = "execution reverted: "
SELECTOR_BYTES = 4

# What helps against a refusal of the contracts; the rest are explained by the contracts' own words.
REMEDIES = {
    "AssetsBelowMinimum": "the price moved: try again, or loosen the bound, see --help",
    "BelowMinimumDeposit": "use a larger amount",
    "CooldownActive": "try again later",
    "CostAboveValue": "use another amount",
    "DeadlinePassed": "try again, or allow more time with --deadline",
    "DepositsPaused": "try again later; redeeming goes on",
    "EquityGone": "if its position was liquidated, close it: ape run close TOKEN; then redeem",
    "FillBeyondLimit": "try again later, when the market is less skewed",
    "InsufficientMargin": "use a larger amount: a position needs the margin that its market asks",
    "Liquidatable": "wait until it is rebalanced or liquidated, or use a smaller amount",
    "MarketInsolvent": "redeem, or wait until its liquidity providers fill what it lacks",
    "MarketSettled": "redeem: it pays the last good price, without cost",
    "MarketSizeExceeded": "use a smaller amount",
    "NothingToClose": "only a token whose position is lost, whose market has ended, or which its "
    "owner let trade out can be closed",
    "PositionFlagged": "nothing can be done but to liquidate it",
    "PriceStale": "wait for the feed; on a local chain: ape run feed push UNDERLYING",
    "SharesBelowLocked": "use a larger amount: it is the first deposit",
    "SharesBelowMinimum": "the price moved: try again, or loosen the bound, see --help",
    "SizeLimitExceeded": "use a smaller amount",
    "SupplyCapExceeded": "use a smaller amount",
    "TokenNotLive": "redeem what you hold: a closed token pays what it has",
}
NODE_GONE = "the node does not answer ({}): run `make chain`, or check --network"
# Ape takes a call to a node that went away for a transaction that failed.
NO_NODE = "Could not discover provider"
# The first kind that fits an error explains it.
EXPLANATIONS: dict[type[Exception], str] = {
    NetworkMismatchError: "the node is of another chain ({}): check --network and its address",
    ProviderError: NODE_GONE,
    RequestException: NODE_GONE,
    CannotHandleRequest: NODE_GONE,
    Web3Exception: "the node refused ({}): check --network and the node's log",
    AccountsError: "the account cannot sign ({}): check --account and its password",
    TransactionError: "the transaction failed ({}): look into it, then run this again",
}


@contextmanager
def one_line() -> Iterator[None]:
    """Within it every expected fault becomes click's one line on stderr and exit code 1."""
    try:
        yield
    except (LevtokenError, ApeException, RequestException, Web3Exception) as error:
        raise click.ClickException(explain(error)) from None


@contextmanager
def no_call_trees() -> Iterator[None]:
    """Within it Ape does not draw the call tree of every revert on stdout, which may be meant for
    programs."""
    show = Trace.show
    Trace.show = lambda *_, **__: None  # type: ignore[method-assign]
    try:
        yield
    finally:
        Trace.show = show  # type: ignore[method-assign]


def explain(error: Exception) -> str:
    """One line: what went wrong and what to do."""
    if isinstance(error, LevtokenError):
        return " ".join(str(error).split())
    if NO_NODE in str(error):
        return NODE_GONE.format(_first_line(error))
    if isinstance(error, ContractLogicError):
        return _refusal(error)
    if "nsufficient funds" in str(error) or "exceeds account balance" in str(error):
        return "the account cannot pay for gas: send it some ETH, or choose another with --account"
    for kind, words in EXPLANATIONS.items():
        if isinstance(error, kind):
            return words.format(_first_line(error))
    return _first_line(error)


def revert_name(error: ContractLogicError) -> str | None:
    """The contract's error by name, also when it comes from a contract behind the one called."""
    if isinstance(error, CustomError):
        return str(error.name)
    said = str(error.base_err or error.message).removeprefix(REVERTED)
    if selector := re.search(r"0x[0-9a-fA-F]{8}", said):
        return error_name(bytes.fromhex(selector.group()[2:]))
    # Anvil shows the four bytes as text when they happen to be some.
    return error_name(said.encode()) if len(said.encode()) == SELECTOR_BYTES else None


def _refusal(error: ContractLogicError) -> str:
    name = revert_name(error)
    if name is None:
        return f"the contract refused ({_first_line(error)})"
    notices = ape.project.Errors.contract_type.userdoc.get("errors", {})
    notice = notices.get(f"{name}()", [{}])[0].get("notice", "").rstrip(".")
    words = f"{name}: {notice[:1].lower()}{notice[1:]}" if notice else name
    remedy = REMEDIES.get(name)
    return f"the contract refused, {words}" + (f"; {remedy}" if remedy else "")


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(" .") if lines else type(error).__name__
