"""Contracts that are called by hand: most of the time is the EVM's."""

from levtoken.artifacts import error_names
from levtoken.evm import Contract, Evm, Revert, words

HOLDERS = ("depositor", "redeemer", "saver")
TRADERS = ("trader", "arbitrageur")
ROLES = (*HOLDERS, *TRADERS, "attacker", "keeper", "provider", "stranger")
OFFICES = ("owner", "guardian", "recipient")
ADDRESSES = {
    role: f"0x{index + 0xA1:02x}" + "00" * 18 + "01"
    for index, role in enumerate((*ROLES, *OFFICES))
}


Argument = int | str | tuple[int, ...]


def packed(value: Argument) -> bytes:
    """A number, an address, or a struct of numbers."""
    if isinstance(value, tuple):
        return b"".join(packed(one) for one in value)
    return (int(value, 16) if isinstance(value, str) else value % 2**256).to_bytes(32, "big")


class Calls:
    """An in-process EVM with the named `contracts` on it."""

    contracts: dict[str, Contract]

    def __init__(self, evm: Evm) -> None:
        self.evm = evm
        self.error_names = error_names(evm.artifacts)
        self._selectors: dict[tuple[str, str, int], bytes] = {}

    @property
    def addresses(self) -> dict[str, str]:
        return {name: one.address for name, one in self.contracts.items()}

    def pack(self, contract: str, verb: str, *arguments: Argument) -> bytes:
        key = (contract, verb, len(arguments))
        if key not in self._selectors:
            artifact = self.contracts[contract].artifact
            self._selectors[key] = artifact.function(verb, len(arguments)).selector
        return self._selectors[key] + b"".join(packed(one) for one in arguments)

    def read(self, contract: str, verb: str, *arguments: Argument) -> list[int]:
        calldata = self.pack(contract, verb, *arguments)
        return words(self.evm.view(self.contracts[contract].address, calldata))

    def must(self, contract: str, verb: str, *arguments: Argument, sender: str) -> list[int]:
        calldata = self.pack(contract, verb, *arguments)
        return words(self.evm.send(self.contracts[contract].address, calldata, ADDRESSES[sender]))

    def attempt(
        self, contract: str, verb: str, *arguments: Argument, sender: str
    ) -> tuple[str, int]:
        """The name of the error, "" for none, and the first word returned."""
        try:
            result = self.must(contract, verb, *arguments, sender=sender)
        except Revert as revert:
            return revert.name, 0
        return "", result[0] if result else 0

    def preview(self, contract: str, verb: str, *arguments: Argument) -> tuple[str, int]:
        try:
            return "", self.read(contract, verb, *arguments)[0]
        except Revert as revert:
            return revert.name, 0

    def error_name(self, selector: bytes) -> str:
        return self.error_names[selector] if any(selector) else ""
