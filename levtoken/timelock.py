"""The timelock that owns the tokens: what is scheduled there; schedules, executes, cancels.

All of it is read from the chain. The same call has the same operation while it waits, so a command
that was interrupted is run again, and nothing is scheduled twice."""

from collections.abc import Iterator
from itertools import count

import ape
from ape.api import AccountAPI
from ape.contracts import ContractInstance
from hexbytes import HexBytes

from levtoken.chain import System, at, now, send
from levtoken.changes import Call
from levtoken.errors import (
    DeploymentError,
    DoneOperationError,
    GovernanceError,
    NoRoleError,
    NotReadyError,
    UnknownOperationError,
)
from levtoken.operations import NOTHING, Operation, State, batch, single
from levtoken.roles import EVERYBODY


class Timelock:
    """The timelock of a deployment."""

    def __init__(self, system: System) -> None:
        record = system.deployment
        if record.timelock is None:
            raise DeploymentError(f"no timelock is recorded on {record.network}: `ape run deploy`")
        self.contract: ContractInstance = at("TokenTimelock", record.timelock)
        self._hash = record.transactions.get("timelock")

    @property
    def delay(self) -> int:
        """The least, seconds."""
        return int(self.contract.getMinDelay())

    def check_role(self, name: str, account: str) -> None:
        """Raises a `NoRoleError` when the account may not act in the role."""
        role = getattr(self.contract, f"{name.upper()}_ROLE")()
        members = [str(one) for one in self.contract.getRoleMembers(role)]
        if account not in members and EVERYBODY not in members:
            raise NoRoleError(
                f"{account} is no {name} of the timelock: choose one of "
                f"{', '.join(members) or 'nobody'} with --account"
            )

    def proposed(self, call: Call) -> Operation:
        """The operation of a call: the one that waits, or a new one. Its salt counts how often the
        same call was executed before."""
        for number in count():
            salt = number.to_bytes(32)
            key = self.contract.hashOperation(*single(call, NOTHING, salt))
            found = self._read("0x" + bytes(key).hex(), (call,), NOTHING, salt)
            if found.state != State.DONE:
                return found
        raise AssertionError

    def schedule(self, call: Call, delay: int, sender: AccountAPI) -> Operation:
        """Schedules the call to be due after `delay` seconds, unless it waits already."""
        self.check_role("proposer", sender.address)
        operation = self.proposed(call)
        if not operation.is_pending:
            arguments = single(call, NOTHING, operation.salt)
            send(self.contract.schedule, *arguments, self.checked(delay), sender=sender)
        return self.proposed(call)

    def checked(self, delay: int) -> int:
        """The delay, or a `GovernanceError` when the timelock asks for more."""
        if delay < self.delay:
            raise GovernanceError(f"a delay of {delay} s is too short: at least {self.delay} s")
        return delay

    def simulate(self, call: Call) -> None:
        """Raises what the call would revert with if it were made now."""
        provider = ape.networks.provider
        transaction = provider.network.ecosystem.create_transaction(
            sender=self.contract.address, receiver=call.target, data=call.data, value=call.value
        )
        provider.send_call(transaction)

    def execute(self, operation: Operation, sender: AccountAPI) -> str:
        """Makes the calls of an operation that is due; returns the transaction's hash."""
        self.check_role("executor", sender.address)
        _refuse_finished(operation)
        if operation.state == State.WAITING:
            left = (operation.ready_at or 0) - now()
            raise NotReadyError(f"{operation.id} is not due: execute it in {left} s")
        before = operation.predecessor
        if before != NOTHING and self.contract.getOperationState(before) != State.DONE:
            raise NotReadyError(f"{operation.id} follows 0x{before.hex()}: execute that one first")
        rest = (operation.predecessor, operation.salt)
        if self._is_batch(operation):
            method, arguments = self.contract.executeBatch, batch(operation.calls, *rest)
        else:
            method, arguments = self.contract.execute, single(operation.calls[0], *rest)
        return str(send(method, *arguments, sender=sender).txn_hash)

    def cancel(self, operation: Operation, sender: AccountAPI) -> str:
        """Cancels an operation that is not done; returns the transaction's hash."""
        self.check_role("canceller", sender.address)
        _refuse_finished(operation)
        return str(send(self.contract.cancel, HexBytes(operation.id), sender=sender).txn_hash)

    def operation(self, start: str) -> Operation:
        """The operation whose id begins so, or an `UnknownOperationError`."""
        found = [one for one in self.operations() if one.id.startswith(start.lower())]
        if len(found) != 1:
            what = "several operations begin" if found else "no operation begins"
            raise UnknownOperationError(
                f"{what} with {start}: `ape run govern list --all` shows every one"
            )
        return found[0]

    def operations(self) -> list[Operation]:
        """Every operation that was ever scheduled, the oldest first."""
        salts = {bytes(log.id): bytes(log.salt) for log in self._logs("CallSalt")}
        calls: dict[bytes, dict[int, Call]] = {}
        before: dict[bytes, bytes] = {}
        for log in self._logs("CallScheduled"):
            key = bytes(log.id)
            made = Call(str(log.target), bytes(log.data), int(log.value))
            calls.setdefault(key, {})[int(log.index)] = made
            before[key] = bytes(log.predecessor)
        return [
            self._read(
                "0x" + key.hex(), tuple(calls[key].values()), before[key], salts.get(key, NOTHING)
            )
            for key in calls
        ]

    def _read(
        self, key: str, calls: tuple[Call, ...], predecessor: bytes, salt: bytes
    ) -> Operation:
        state = State(self.contract.getOperationState(HexBytes(key)))
        operation = Operation(key, calls, predecessor, salt, state)
        if not operation.is_pending:
            return operation
        ready_at = int(self.contract.getTimestamp(HexBytes(key)))
        return Operation(key, calls, predecessor, salt, state, ready_at)

    def _is_batch(self, operation: Operation) -> bool:
        """One call, too, can be scheduled as a batch."""
        first = single(operation.calls[0], operation.predecessor, operation.salt)
        return bytes(self.contract.hashOperation(*first)) != bytes(HexBytes(operation.id))

    def _logs(self, event: str) -> Iterator[ContractInstance]:
        """Every event of that name since the timelock is there."""
        web3 = ape.networks.provider.web3
        first = web3.eth.get_transaction_receipt(self._hash)["blockNumber"] if self._hash else 0
        last = web3.eth.block_number
        yield from getattr(self.contract, event).range(int(first), int(last) + 1)


def _refuse_finished(operation: Operation) -> None:
    if not operation.is_pending:
        raise DoneOperationError(
            f"{operation.id} is {operation.state.name.lower()}: schedule the change again"
        )
