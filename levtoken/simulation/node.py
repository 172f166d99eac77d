"""The local node of a replay: raw JSON-RPC, because a call through Ape's contract objects takes ten
times as long, and anvil's control of the clock."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from web3 import Web3
from web3.types import RPCEndpoint

from levtoken.errors import ChainError
from levtoken.units import WAD

Json = Any  # what json.loads gives

GAS = 3_000_000  # more than any verb needs: nothing to estimate
ETHER = 10**6 * WAD
BLOCK_SECONDS = 1  # between two transactions of one bar, so that bars of a minute have room
POLLS = 1_000  # anvil mines at once; a receipt is there at the first or second question
NO_FAULT = "0x"


@dataclass(frozen=True)
class Log:
    """An event as the node reports it."""

    address: str
    topics: tuple[bytes, ...]
    data: bytes
    block: int
    transaction: str


class Node:
    """An anvil node. Any address can send; a transaction is a block."""

    def __init__(self, web3: Web3) -> None:
        self._web3 = web3

    def request(self, method: str, *params: Json) -> Json:
        """The node's answer, or a `ChainError` with what it complains of."""
        response: Json = self._web3.provider.make_request(RPCEndpoint(method), list(params))
        if "error" in response:
            fault = response["error"]
            raise ChainError(f"the node refused {method}: {fault['message']}")
        return response["result"]

    def head(self) -> tuple[int, int]:
        """Number and time of the newest block."""
        block = self.request("eth_getBlockByNumber", "latest", False)
        return int(block["number"], 16), int(block["timestamp"], 16)

    def take_clock(self, time: int) -> int:
        """From here on a block comes `BLOCK_SECONDS` after the one before, whatever the hour. The
        next one comes at `time` on a chain without blocks, which may be in the past, and otherwise
        no earlier than the chain's own time. Returns by how much it is later than asked for."""
        if "anvil" not in str(self.request("web3_clientVersion")).lower():
            raise ChainError("a replay needs a local anvil chain: pass ethereum:local:foundry")
        number, now = self.head()
        start = time if number == 0 else max(time, now + BLOCK_SECONDS)
        self.request("evm_setTime", start - BLOCK_SECONDS)
        self.request("anvil_setBlockTimestampInterval", BLOCK_SECONDS)
        self.set_next_time(start)
        self.request("evm_mine")
        return start - time

    def set_next_time(self, time: int) -> None:
        """The time of the next block."""
        self.request("evm_setNextBlockTimestamp", time)

    def adopt(self, address: str) -> str:
        """Lets `address` send transactions, and pays for them."""
        self.request("anvil_impersonateAccount", address)
        self.request("anvil_setBalance", address, hex(ETHER))
        return address

    def call(self, to: str, data: bytes, block: int | None = None) -> bytes:
        """What the call returns at the end of `block` (None: the newest)."""
        at = "latest" if block is None else hex(block)
        result = self.request("eth_call", {"to": to, "data": "0x" + data.hex()}, at)
        return bytes.fromhex(result[2:])

    def send(self, sender: str, to: str, data: bytes) -> str | None:
        """Sends from an adopted address. Returns None, or the revert data as hexadecimal."""
        message = {"from": sender, "to": to, "data": "0x" + data.hex(), "gas": hex(GAS)}
        receipt = self._receipt(self.request("eth_sendTransaction", message))
        succeeded = int(receipt["status"], 16) == 1
        return None if succeeded else self._revert_data(message, receipt["blockNumber"])

    @contextmanager
    def one_block(self) -> Iterator[None]:
        """What is posted within it is mined in one block at its end."""
        self.request("evm_setAutomine", False)
        try:
            yield
            self.request("evm_mine")
        finally:
            self.request("evm_setAutomine", True)

    def post(self, sender: str, to: str, data: bytes) -> None:
        """Sends within `one_block`, where there is no receipt yet."""
        message = {"from": sender, "to": to, "data": "0x" + data.hex(), "gas": hex(GAS)}
        self.request("eth_sendTransaction", message)

    def logs(self, addresses: Sequence[str], first: int, last: int) -> list[Log]:
        """Events of `addresses` in the blocks from `first` to `last`, in order."""
        question = {"address": list(addresses), "fromBlock": hex(first), "toBlock": hex(last)}
        return [
            Log(
                address=raw["address"],
                topics=tuple(bytes.fromhex(topic[2:]) for topic in raw["topics"]),
                data=bytes.fromhex(raw["data"][2:]),
                block=int(raw["blockNumber"], 16),
                transaction=raw["transactionHash"],
            )
            for raw in self.request("eth_getLogs", question)
        ]

    def _receipt(self, hash_: str) -> Json:
        for _ in range(POLLS):
            receipt = self.request("eth_getTransactionReceipt", hash_)
            if receipt is not None:
                return receipt
        raise ChainError(f"the node did not mine {hash_}: is its automatic mining off?")

    def _revert_data(self, message: dict[str, str], block: str) -> str:
        """What the transaction reverted with, by calling it again on the state it left."""
        response: Json = self._web3.provider.make_request(RPCEndpoint("eth_call"), [message, block])
        return str(response.get("error", {}).get("data") or NO_FAULT)
