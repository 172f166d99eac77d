"""Contracts without a source: runtime code as it is, and code that answers with given words."""

from levtoken.evm import Evm

UNLIMITED = 2**256 - 1


def deploy_runtime(evm: Evm, code: str) -> str:
    """Deploys runtime code as it is (hexadecimal)."""
    runtime = bytes.fromhex(code)
    # PUSH2 length, DUP1, PUSH1 10, PUSH0, CODECOPY, PUSH0, RETURN: returns what follows it.
    return evm.deploy_code(bytes.fromhex(f"61{len(runtime):04x}80600a5f395ff3") + runtime)


def answering(*words: int, size: int | None = None) -> str:
    """Code that answers every call with these words, cut to `size` bytes."""
    data = b"".join((word % 2**256).to_bytes(32, "big") for word in words)
    length = len(data) if size is None else size
    # PUSH2 length, PUSH1 12, PUSH0, CODECOPY, PUSH2 length, PUSH0, RETURN, then the words.
    return f"61{length:04x}600c5f3961{length:04x}5ff3" + data.hex()
