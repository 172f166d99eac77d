"""The EVM in process: the compiled contracts on `pyrevm`, for hundreds of thousands of calls.

What has to be known about `pyrevm` is dealt with here: transient storage outlives a call unless it
is reset, and revert data come only in the text of an error. What callers must know: the journal
grows with every call, so each run makes its own `Evm`; accounts stay warm, so there are no gas
figures.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from eth_abi.abi import decode
from eth_utils.crypto import keccak
from pyrevm import EVM, BlockEnv, CfgEnv, Env

from levtoken.artifacts import PROJECT, AbiValue, Artifact, error_names, load
from levtoken.errors import ChainError

DEPLOYER = "0x" + "d0" * 20
FAUCET = "0x" + "fa" * 20
LOCAL_CHAIN_ID = 31337
RULES = "PRAGUE"  # the newest that pyrevm 0.3.7 knows
GAS_LIMIT = 2**63  # no call fails for gas
BLUEPRINT_PREAMBLE = bytes.fromhex("fe7100")  # ERC-5202, version 0

_PANIC = keccak(text="Panic(uint256)")[:4]
_MESSAGE = keccak(text="Error(string)")[:4]
_OUTPUT = re.compile(r"output: 0x([0-9a-f]*)")


class Revert(ChainError):  # noqa: N818  # as the EVM calls it
    """A call reverted. `name` is that of the error, `Panic(0x11)`, or the text of a `require`."""

    def __init__(self, name: str, data: bytes) -> None:
        super().__init__(f"the contract refused: {name}")
        self.name = name
        self.data = data

    def __reduce__(self) -> tuple[type["Revert"], tuple[str, bytes]]:
        """Lets it leave the process in which it was raised."""
        return type(self), (self.name, self.data)


class Evm:
    """One chain in memory. `view` and `send` take encoded calls: encode once, call often."""

    def __init__(
        self,
        *,
        timestamp: int,
        chain_id: int = LOCAL_CHAIN_ID,
        project: Path = PROJECT,
        code_limit: int | None = None,
    ) -> None:
        """`code_limit`: largest code of a contract, bytes; None: that of public chains."""
        self.artifacts = load(project)
        self._errors = error_names(self.artifacts)
        self.timestamp = timestamp
        self.number = 1
        env = Env(
            cfg=CfgEnv(chain_id=chain_id, limit_contract_code_size=code_limit),
            block=BlockEnv(number=self.number, timestamp=timestamp),
        )
        self._evm = EVM(env=env, gas_limit=GAS_LIMIT, spec_id=RULES)

    def next_block(self, timestamp: int) -> None:
        """Starts the next block at `timestamp`, seconds since the epoch."""
        self._set_block(self.number + 1, timestamp)

    def view(
        self, to: str, calldata: bytes, sender: str = DEPLOYER, *, gas: int | None = None
    ) -> bytes:
        """What a call returns; raises `Revert`. State stays as it is. Gas: all there is."""
        return self._call(sender, to, calldata, is_static=True, gas=gas)

    def send(self, to: str, calldata: bytes, sender: str = DEPLOYER, *, value: int = 0) -> bytes:
        """What a transaction with `value` wei returns; raises `Revert`."""
        return self._call(sender, to, calldata, is_static=False, value=value)

    def give(self, address: str, wei: int) -> None:
        """Adds to the ether of an account, whether it takes any or not. A balance that is set would
        outlive `rolled_back`; what a contract leaves behind when it is destroyed does not."""
        self._evm.set_balance(FAUCET, self.balance(FAUCET) + wei)
        # PUSH20 address, SELFDESTRUCT
        self._evm.deploy(FAUCET, bytes.fromhex(f"73{address.removeprefix('0x')}ff"), value=wei)

    def balance(self, address: str) -> int:
        """The ether of an account, wei."""
        return int(self._evm.get_balance(address))

    def deploy(self, name: str, *arguments: AbiValue, sender: str = DEPLOYER) -> "Contract":
        artifact = self.artifacts[name]
        code = artifact.init_code + artifact.constructor.arguments(*arguments)
        return Contract(self, artifact, self.deploy_code(code, sender))

    def deploy_blueprint(self, name: str) -> str:
        """Stores the init code of a contract; returns its address."""
        stored = BLUEPRINT_PREAMBLE + self.artifacts[name].init_code
        # PUSH2 length, DUP1, PUSH1 10, RETURNDATASIZE, CODECOPY, RETURNDATASIZE, RETURN: the code
        # that returns the ten bytes behind it.
        prefix = b"\x61" + len(stored).to_bytes(2, "big") + bytes.fromhex("80600a3d393df3")
        return self.deploy_code(prefix + stored)

    def deploy_code(self, code: bytes, sender: str = DEPLOYER) -> str:
        self._evm.reset_transient_storage()
        try:
            return str(self._evm.deploy(sender, code))
        except RuntimeError as error:
            raise self._revert(error) from None

    def at(self, name: str, address: str) -> "Contract":
        """The contract `name` that was deployed at `address` by another one."""
        return Contract(self, self.artifacts[name], address)

    def name_of(self, selector: bytes) -> str:
        """The name of the contracts' error that has the selector."""
        return self._errors[selector]

    def logs(self) -> list[tuple[str, list[str], bytes]]:
        """Address, topics and data of every event of the last transaction."""
        result = self._evm.result
        logs = result.logs if result else []
        return [(log.address.lower(), log.topics, log.data[1]) for log in logs]

    @contextmanager
    def rolled_back(self) -> Iterator[None]:
        """What happens inside leaves no trace."""
        checkpoint, number, timestamp = self._evm.snapshot(), self.number, self.timestamp
        try:
            yield
        finally:
            self._evm.revert(checkpoint)
            self._set_block(number, timestamp)

    def _set_block(self, number: int, timestamp: int) -> None:
        self.number, self.timestamp = number, timestamp
        self._evm.set_block_env(BlockEnv(number=number, timestamp=timestamp))

    def _call(  # noqa: PLR0913 what a transaction has
        self,
        sender: str,
        to: str,
        calldata: bytes,
        *,
        is_static: bool,
        value: int = 0,
        gas: int | None = None,
    ) -> bytes:
        self._evm.reset_transient_storage()
        try:
            result = self._evm.message_call(
                sender, to, calldata, value=value, gas=gas, is_static=is_static
            )
            return bytes(result)
        except RuntimeError as error:
            raise self._revert(error) from None

    def _revert(self, error: RuntimeError) -> Revert:
        found = _OUTPUT.search(str(error))
        data = bytes.fromhex(found[1]) if found else b""
        if data[:4] == _PANIC:
            return Revert(f"Panic(0x{int.from_bytes(data[4:], 'big'):02x})", data)
        if data[:4] == _MESSAGE:
            return Revert(decode(["string"], data[4:])[0], data)
        return Revert(self._errors.get(data[:4], f"no name: {error}"), data)


@dataclass(frozen=True)
class Contract:
    """A contract at its address, called by names and values. Volume goes through `Evm`."""

    evm: Evm = field(repr=False)
    artifact: Artifact
    address: str

    def calldata(self, name: str, *arguments: AbiValue) -> bytes:
        return self.artifact.function(name, len(arguments)).calldata(*arguments)

    def call(self, name: str, *arguments: AbiValue, sender: str = DEPLOYER) -> AbiValue:
        function = self.artifact.function(name, len(arguments))
        return function.result(self.evm.view(self.address, function.calldata(*arguments), sender))

    def transact(
        self, name: str, *arguments: AbiValue, sender: str = DEPLOYER, value: int = 0
    ) -> AbiValue:
        function = self.artifact.function(name, len(arguments))
        calldata = function.calldata(*arguments)
        return function.result(self.evm.send(self.address, calldata, sender, value=value))


def words(data: bytes) -> list[int]:
    """The unsigned 32-byte words of a result: the fast way to read one that has only numbers."""
    return [int.from_bytes(data[i : i + 32], "big") for i in range(0, len(data), 32)]


def signed(word: int) -> int:
    """A word as the signed number that it stands for."""
    return word - 2**256 if word >> 255 else word
