"""A fresh Anvil whose clock is set, spoken to without accounts or gas estimates."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from web3 import HTTPProvider, Web3

from levtoken.artifacts import AbiValue, Artifact, load
from levtoken.errors import ChainError
from levtoken.evm import BLUEPRINT_PREAMBLE
from levtoken.simulation.node import POLLS, Node
from tests.scripts.chains import lasting_chain

START = 1_750_000_000  # seconds since the epoch
BLOCK_SECONDS = 12
GAS = 16_000_000  # below what one transaction may use on any public chain
RULES = "prague"

Json = Any


@dataclass
class GasChain:
    """Every transaction is a block. Addresses follow from who creates in which order, and so does
    the gas of what is called with them."""

    node: Node
    artifacts: Mapping[str, Artifact]
    deployer: str
    now: int = START
    prepared: list[str] = field(default_factory=list)

    def wait(self, seconds: int) -> None:
        self.now += seconds

    def send(self, sender: str, to: str | None, data: bytes, *, fails: bool = False) -> Json:
        """The receipt of a transaction in a block of its own."""
        if sender not in self.prepared:
            self.prepared.append(self.node.adopt(sender))
        self.wait(BLOCK_SECONDS)
        self.node.set_next_time(self.now)
        message = {"from": sender, "data": "0x" + data.hex(), "gas": hex(GAS)}
        if to is not None:
            message["to"] = to
        hash_ = self.node.request("eth_sendTransaction", message)
        receipt = self._receipt(hash_)
        assert int(receipt["status"], 16) == (0 if fails else 1), "not the end that was expected"
        return receipt

    def _receipt(self, hash_: str) -> Json:
        for _ in range(POLLS):
            receipt = self.node.request("eth_getTransactionReceipt", hash_)
            if receipt is not None:
                return receipt
        raise ChainError(f"the node did not mine {hash_}")

    def deploy(self, name: str, *arguments: AbiValue) -> "GasContract":
        artifact = self.artifacts[name]
        code = artifact.init_code + artifact.constructor.arguments(*arguments)
        return self.at(name, self.send(self.deployer, None, code)["contractAddress"])

    def deploy_blueprint(self, name: str) -> str:
        """Stores the init code of a contract; returns its address."""
        stored = BLUEPRINT_PREAMBLE + self.artifacts[name].init_code
        prefix = b"\x61" + len(stored).to_bytes(2, "big") + bytes.fromhex("80600a3d393df3")
        address: str = self.send(self.deployer, None, prefix + stored)["contractAddress"]
        return address

    def at(self, name: str, address: str) -> "GasContract":
        return GasContract(self, self.artifacts[name], address)

    def trace(self, transaction: str) -> Json:
        """Every instruction of a transaction, with its stack."""
        options = {"disableMemory": True, "disableStorage": True}
        return self.node.request("debug_traceTransaction", transaction, options)


@dataclass(frozen=True)
class GasContract:
    """A contract at its address, called by names and values."""

    chain: GasChain = field(repr=False)
    artifact: Artifact
    address: str

    def call(self, name: str, *arguments: AbiValue) -> AbiValue:
        function = self.artifact.function(name, len(arguments))
        return function.result(self.chain.node.call(self.address, function.calldata(*arguments)))

    def send(self, sender: str, name: str, *arguments: AbiValue, fails: bool = False) -> Json:
        function = self.artifact.function(name, len(arguments))
        return self.chain.send(sender, self.address, function.calldata(*arguments), fails=fails)


@contextmanager
def gas_chain(deployer: str) -> Iterator[GasChain]:
    """Starts Anvil and ends it."""
    arguments = ("--hardfork", RULES, "--timestamp", str(START), "--steps-tracing")
    with lasting_chain(*arguments) as chain:
        node = Node(Web3(HTTPProvider(chain.url)))
        yield GasChain(node, load(), deployer)
