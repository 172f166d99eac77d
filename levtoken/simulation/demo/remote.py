"""A contract of this project on the node of a replay."""

from levtoken.artifacts import AbiValue, Artifact
from levtoken.chain import error_name
from levtoken.errors import RevertedError
from levtoken.simulation.node import Node


class RemoteContract:
    """A contract at an address of a node, by its artifact."""

    def __init__(self, node: Node, artifact: Artifact, address: str) -> None:
        self._node = node
        self._artifact = artifact
        self.address = address

    def call(self, name: str, *arguments: AbiValue, block: int | None = None) -> AbiValue:
        function = self._artifact.function(name, len(arguments))
        return function.result(self._node.call(self.address, function.calldata(*arguments), block))

    def post(self, sender: str, name: str, *arguments: AbiValue) -> None:
        """Sends within `Node.one_block`."""
        function = self._artifact.function(name, len(arguments))
        self._node.post(sender, self.address, function.calldata(*arguments))

    def send(self, sender: str, name: str, *arguments: AbiValue) -> None:
        """Sends, or raises a `RevertedError` with the name of what it reverted with."""
        function = self._artifact.function(name, len(arguments))
        fault = self._node.send(sender, self.address, function.calldata(*arguments))
        if fault is not None:
            reason = error_name(bytes.fromhex(fault[2:10])) or "no reason given"
            raise RevertedError(f"{self._artifact.name}.{name} reverted: {reason}")
