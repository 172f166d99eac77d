"""Sends the transactions of a deployment so that none is sent twice, whenever the process dies.

The hash of a signed transaction is known before it is sent, and is recorded then. A later run asks
the chain what became of it: mined, it counts; unknown, it can never be mined beside its successor,
which has the same nonce.
"""

from collections.abc import Callable
from pathlib import Path

import ape
from ape.api import AccountAPI, TransactionAPI
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from web3.exceptions import TransactionNotFound
from web3.types import TxReceipt

from levtoken.chain import with_room
from levtoken.deployments import Deployment, Pending, save_record
from levtoken.errors import ChainError

# Events that tell of a new contract, and which of their topics is its address.
CREATIONS = (("LeveragedTokenFactory", "TokenCreated", 2), ("TokenLogic", "PolicyStored", 1))
PATIENCE = 300  # seconds to wait for a transaction that an earlier run sent


class Journal:
    """The record of a deployment while it grows; without a path it is kept in memory only."""

    def __init__(self, record: Deployment, path: Path | None, account: AccountAPI) -> None:
        self.record = record
        self.account = account
        self._path = path

    def settle(self) -> str | None:
        """Finds out what became of the transaction that an earlier run was about to send. Returns
        its step when it counts."""
        pending = self.record.pending
        if pending is None:
            return None
        web3 = ape.networks.provider.web3
        try:
            web3.eth.get_transaction(pending.hash)
        except TransactionNotFound:
            receipt = None
        else:
            receipt = web3.eth.wait_for_transaction_receipt(pending.hash, timeout=PATIENCE)
        if receipt is None or receipt["status"] != 1:
            self._write(self.record.model_copy(update={"pending": None}))
            return None
        self._finish(pending, receipt)
        return pending.step

    def send(self, step: str, build: Callable[[], TransactionAPI]) -> None:
        """Signs and sends the transaction that `build` returns, and waits until it is mined."""
        provider = ape.networks.provider
        transaction = build()
        transaction.sender = self.account.address
        prepared = with_room(self.account.prepare_transaction(transaction))
        signed = self.account.sign_transaction(prepared)
        if signed is None:
            raise ChainError(f"{step} was not signed: run the same command again to continue")
        pending = Pending(
            step=step,
            hash="0x" + bytes(signed.txn_hash).hex(),
            sender=self.account.address,
            nonce=signed.nonce,
        )
        self._write(self.record.model_copy(update={"pending": pending}))
        provider.send_transaction(signed)
        self._finish(pending, provider.web3.eth.get_transaction_receipt(pending.hash))

    def adopt(self, step: str, address: str) -> None:
        """Records what a step creates as done, without a transaction: it is there already."""
        self._write(self.record.with_address(step, address))

    def _finish(self, pending: Pending, receipt: TxReceipt) -> None:
        address = _created(receipt)
        record = self.record.with_transaction(pending.step, pending.hash)
        self._write(record if address is None else record.with_address(pending.step, address))

    def _write(self, record: Deployment) -> None:
        self.record = record
        if self._path is not None:
            save_record(self._path, record)


def _created(receipt: TxReceipt) -> str | None:
    """The contract that a transaction created, itself or through another one that tells of it."""
    if receipt["contractAddress"] is not None:
        return str(receipt["contractAddress"])
    topics = {_topic(contract, name): place for contract, name, place in CREATIONS}
    for log in receipt["logs"]:
        if place := topics.get(bytes(log["topics"][0])):
            return to_checksum_address(bytes(log["topics"][place])[-20:])
    return None


def _topic(contract: str, event: str) -> bytes:
    known = getattr(ape.project, contract).contract_type.events[event]
    return bytes(keccak(text=known.selector))
