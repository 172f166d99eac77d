"""A local node in the place of the in-process EVM, so that the same replay runs through RPC."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from eth_abi.abi import decode
from web3 import HTTPProvider, Web3
from web3.types import RPCEndpoint

from levtoken.artifacts import PROJECT, AbiValue, error_names, load
from levtoken.errors import ChainError
from levtoken.evm import DEPLOYER, Evm, Revert
from levtoken.simulation.setup import CODE_LIMIT
from levtoken.units import WAD
from tests.scripts.chains import lasting_chain

GAS = 10**9  # of a transaction: no call fails for gas
RULES = "prague"  # as in process

Json = Any


class Anvil(Evm):
    """Takes the calls of `Evm`. A transaction is one JSON batch: what it returns, its time, and it
    itself, which is a block."""

    def __init__(self, url: str, timestamp: int) -> None:
        self.artifacts = load()
        self._errors = error_names(self.artifacts)
        self.timestamp, self.number = timestamp, 0
        place = urlsplit(url)
        self._connection = HTTPConnection(place.hostname or "", place.port)
        self._last, self._height = "", 0
        self.batch(
            ("anvil_impersonateAccount", DEPLOYER),
            ("anvil_setBalance", DEPLOYER, hex(10**6 * WAD)),
            ("evm_setAutomine", False),
        )

    def batch(self, *requests: tuple[Any, ...]) -> list[Json]:
        """The answers of the node, or `Revert`, or a `ChainError`."""
        return [self._result(answer) for answer in self._answers(*requests)]

    def deploy_code(self, code: bytes, sender: str = DEPLOYER) -> str:
        message = {"from": sender, "data": "0x" + code.hex(), "gas": hex(GAS), "gasPrice": "0x0"}
        self._last, _ = self.batch(("eth_sendTransaction", message), self._block())
        self._height += 1
        address: str = self.receipt()["contractAddress"]
        return address

    def close(self) -> None:
        self._connection.close()

    def logs(self) -> list[tuple[str, list[str], bytes]]:
        return [
            (log["address"], log["topics"], bytes.fromhex(log["data"][2:]))
            for log in self.receipt()["logs"]
        ]

    def receipt(self) -> Json:
        """Of the last transaction."""
        (found,) = self.batch(("eth_getTransactionReceipt", self._last))
        if int(found["status"], 16) != 1:
            raise ChainError(f"the transaction {self._last} failed on the node")
        return found

    def _set_block(self, number: int, timestamp: int) -> None:
        self.number, self.timestamp = number, timestamp

    def _call(self, sender, to, calldata, *, is_static, **_):
        message = {"from": sender, "to": to, "data": "0x" + calldata.hex(), "gas": hex(GAS)}
        now = {"time": hex(self.timestamp)}
        # The call may come last: it names the block that it starts from.
        asked = ("eth_call", message, hex(self._height), {}, now)
        if is_static:
            return bytes.fromhex(self.batch(asked)[0][2:])
        order = ("eth_sendTransaction", message | {"gasPrice": "0x0"})
        said, sent, _ = self._answers(asked, order, self._block())
        self._height += 1
        self._last = self._result(sent)
        return bytes.fromhex(self._result(said)[2:])

    def _block(self) -> tuple[str, Json]:
        """Mines what was sent."""
        return ("evm_mine", {"timestamp": self.timestamp, "blocks": 1})

    def _answers(self, *requests: tuple[Any, ...]) -> list[Json]:
        body = [
            {"jsonrpc": "2.0", "id": at, "method": method, "params": parameters}
            for at, (method, *parameters) in enumerate(requests)
        ]
        headers = {"Content-Type": "application/json"}
        self._connection.request("POST", "/", json.dumps(body), headers)
        answers = json.loads(self._connection.getresponse().read())
        return sorted(answers, key=lambda one: int(one["id"]))

    def _result(self, answer: Json) -> Json:
        if "error" in answer:
            raise self._fault(answer["error"])
        return answer["result"]

    def _fault(self, error: Json) -> ChainError:
        data = error.get("data")
        if not isinstance(data, str):
            return ChainError(f"the node refused: {error['message']}")
        raw = bytes.fromhex(data[2:])
        if raw[:4] == bytes.fromhex("08c379a0"):
            return Revert(decode(["string"], raw[4:])[0], raw)
        return Revert(self._errors.get(raw[:4], "no name"), raw)


class Objects(Anvil):
    """The same through web3's contract objects, once it has been `watch`ed."""

    def __init__(self, url: str, timestamp: int) -> None:
        super().__init__(url, timestamp)
        self._web3 = Web3(HTTPProvider(url))
        self._contract: Json = None

    def watch(self, name: str, address: str) -> None:
        """Calls of the contract at `address` go through its object from here on."""
        manifest = json.loads((PROJECT / ".build" / "__local__.json").read_text())
        abi = manifest["contractTypes"][name]["abi"]
        self.batch(("evm_setAutomine", True))
        self._contract = self._web3.eth.contract(Web3.to_checksum_address(address), abi=abi)

    def _call(self, sender, to, calldata, *, is_static, **_):
        if self._contract is None or is_static:
            return super()._call(sender, to, calldata, is_static=is_static)
        function, arguments = self._contract.decode_function_input(calldata)
        order: AbiValue = function(**arguments)
        message = {"from": Web3.to_checksum_address(sender), "gas": GAS, "gasPrice": 0}
        self._web3.provider.make_request(RPCEndpoint("evm_setNextBlockTimestamp"), [self.timestamp])
        sent = order.transact(message)
        self._height += 1
        self._last = "0x" + sent.hex().removeprefix("0x")
        assert self._web3.eth.wait_for_transaction_receipt(sent, poll_latency=0.001)["status"] == 1
        seen = self._contract.functions.observe().call({"gas": GAS})
        return b"".join(word.to_bytes(32, "big", signed=word < 0) for word in seen)


@contextmanager
def node(timestamp: int) -> Iterator[str]:
    """The address of a fresh Anvil without fees and limits, whose clock stands at `timestamp`."""
    limits = ("--code-size-limit", str(CODE_LIMIT), "--gas-limit", str(10 * GAS))
    free = ("--block-base-fee-per-gas", "0", "--gas-price", "0")
    start = ("--timestamp", str(timestamp), "--hardfork", RULES)
    with lasting_chain(*limits, *free, *start) as chain:
        yield chain.url
