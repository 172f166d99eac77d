"""Sends one rebalance and checks what came of it. Thin: whether to send was decided before."""

from dataclasses import dataclass, replace
from enum import StrEnum

import ape
from ape.api import AccountAPI
from ape.contracts import ContractInstance
from web3.exceptions import ContractLogicError
from web3.types import TxParams, TxReceipt

from levtoken.chain import error_name, with_room
from levtoken.errors import ChainError
from levtoken.events import event
from levtoken.flows import check_gas
from levtoken.keeper.decide import Decision, explain
from levtoken.status import TokenStatus, Trigger

# What a call reverts with when somebody else has rebalanced since the decision.
LATE = {"NothingDue", "CooldownActive", "BelowMinimumTrade"}
PATIENCE = 120  # seconds to wait for a transaction


class Result(StrEnum):
    """What became of a token in a pass."""

    REBALANCED = "rebalanced"
    NOT_DUE = "not due"
    DRY_RUN = "due, not sent"
    LATE = "somebody was faster"
    REFUSED = "refused"


@dataclass(frozen=True)
class Outcome:
    """A token after a pass; `status` is from before it. Leverage WAD, as a magnitude; traded WAD,
    signed; reward in asset units; gas cost in wei. Of a due token that was not rebalanced, what it
    would have been."""

    status: TokenStatus
    result: Result
    detail: str
    trigger: Trigger
    leverage_before: int
    leverage_after: int
    traded: int
    reward: int
    gas_cost: int = 0
    transaction: str | None = None

    @property
    def symbol(self) -> str:
        """What to call the token."""
        return self.status.symbol or self.status.token


def skip(decision: Decision) -> Outcome:
    """The outcome of a decision that is not carried out."""
    return _unchanged(decision, Result.DRY_RUN if decision.due else Result.NOT_DUE)


def fail(decision: Decision, fault: str) -> Outcome:
    """The outcome of a decision that a fault kept from being carried out."""
    return _unchanged(decision, Result.REFUSED, fault)


def execute(decision: Decision, token: ContractInstance, account: AccountAPI) -> Outcome:
    """Rebalances the token, after a trial call that costs nothing. That somebody else was faster is
    an outcome; an account without gas money and a broken promise are a `ChainError`."""
    web3 = ape.networks.provider.web3
    call = token.rebalance
    question: TxParams = {
        "to": token.address,
        "from": account.address,
        "data": call.encode_input(),
    }
    try:
        web3.eth.call(question)
        check_gas(account, web3.eth.estimate_gas(question))
        signed = account.sign_transaction(with_room(call.as_transaction(sender=account)))
        if signed is None:
            raise ChainError(f"{decision.status.symbol}: the transaction was not signed")
        sent = web3.eth.send_raw_transaction(signed.serialize_transaction())
        receipt = web3.eth.wait_for_transaction_receipt(sent, timeout=PATIENCE)
    except ContractLogicError as error:
        return _refused(decision, error_name(_selector(error)) or str(error))
    if receipt["status"] != 1:
        return _refused(decision, error_name(token.assess().reason) or "unknown", receipt)
    return _rebalanced(decision, token, receipt)


def _rebalanced(decision: Decision, token: ContractInstance, receipt: TxReceipt) -> Outcome:
    symbol = decision.status.symbol
    rebalanced = event("LeveragedToken", "Rebalanced")
    found = [
        rebalanced.decode(log["topics"], log["data"])
        for log in receipt["logs"]
        if log["address"] == token.address and log["topics"][0] == rebalanced.topic
    ]
    if len(found) != 1:
        raise ChainError(f"{symbol} emitted {len(found)} rebalances in one: do not trust this code")
    [fields] = found
    trigger = Trigger(fields["trigger"])
    target = 0 if trigger is Trigger.CLOSING else abs(decision.status.target_leverage)
    before, after = fields["leverageBefore"], fields["leverageAfter"]
    if abs(after - target) >= abs(before - target):
        raise ChainError(f"{symbol} is not closer to its target: do not trust this code")
    block = receipt["blockNumber"]
    return Outcome(
        status=decision.status,
        result=Result.REBALANCED,
        detail="",
        trigger=trigger,
        leverage_before=before,
        leverage_after=int(token.leverage(block_identifier=block)),
        traded=fields["sizeDelta"],
        reward=fields["reward"],
        gas_cost=_cost(receipt),
        transaction=receipt["transactionHash"].to_0x_hex(),
    )


def _refused(decision: Decision, reason: str, receipt: TxReceipt | None = None) -> Outcome:
    result = Result.LATE if reason in LATE else Result.REFUSED
    outcome = _unchanged(decision, result, explain(reason))
    if receipt is None:
        return outcome
    hash_ = receipt["transactionHash"].to_0x_hex()
    return replace(outcome, gas_cost=_cost(receipt), transaction=hash_)


def _unchanged(decision: Decision, result: Result, detail: str = "") -> Outcome:
    status = decision.status
    due = status.due if decision.due else None
    return Outcome(
        status=status,
        result=result,
        detail=detail or decision.why_not,
        trigger=status.due.trigger,
        leverage_before=status.leverage,
        leverage_after=status.leverage,
        traded=due.size_delta if due else 0,
        reward=due.reward if due else 0,
    )


def _cost(receipt: TxReceipt) -> int:
    return int(receipt["gasUsed"] * receipt["effectiveGasPrice"])


def _selector(error: ContractLogicError) -> bytes:
    data = error.data if isinstance(error.data, str) else ""
    return bytes.fromhex(data.removeprefix("0x")[:8])
