"""Lasting chains for the tests of the scripts: an Anvil of their own on a free port, which stays
while commands come and go."""

import json
import runpy
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import Request, urlopen

import ape
from ape_node.provider import Node
from click.testing import CliRunner, Result

if TYPE_CHECKING:
    import click
    from ape.api import AccountAPI

PROJECT = Path(__file__).resolve().parents[2]
ANVIL = PROJECT / ".tools" / "bin" / "anvil"
CONFIG = PROJECT / "config"
PATIENCE = 20  # seconds


@dataclass(frozen=True)
class Chain:
    """A running Anvil."""

    url: str
    process: subprocess.Popen[bytes]

    @property
    def network(self) -> str:
        """What --network takes."""
        return f"ethereum:devnet:{self.url}"

    def stop(self) -> None:
        """Ends the chain, as when its terminal is closed."""
        self.process.kill()
        self.process.wait()


@contextmanager
def lasting_chain(*arguments: str, chain_id: int = 31337) -> Iterator[Chain]:
    """Starts Anvil and ends it."""
    port = free_port()
    command = [str(ANVIL), "--silent", "--port", str(port), "--chain-id", str(chain_id)]
    process = subprocess.Popen([*command, *arguments])
    chain = Chain(f"http://127.0.0.1:{port}", process)
    try:
        _wait_for(chain)
        yield chain
    finally:
        chain.stop()


@contextmanager
def connected_to(chain: Chain, network: str = "devnet") -> Iterator[None]:
    """Connects Ape to the chain as a network of that name."""
    with (
        _no_growing_connect(),
        ape.networks.parse_network_choice(f"ethereum:{network}:{chain.url}"),
    ):
        yield


def new_account(balance: int = 100 * 10**18) -> "AccountAPI":
    """A test account that nobody has used, with ether. The last of Ape's ten hold the roles."""
    account = ape.accounts.test_accounts.generate_test_account()
    ape.networks.provider.make_request("anvil_setBalance", [account.address, hex(balance)])
    return account


def governance() -> dict[str, object]:
    """The section of a public network's file, with test accounts in the roles."""
    guardian, recipient, *proposers = (ape.accounts.test_accounts[one].address for one in (8, 7, 9))
    return {
        "delay": 86_400,
        "proposers": proposers,
        "guardian": guardian,
        "fee_recipient": recipient,
    }


def free_port() -> int:
    """A port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def run(script: str, *arguments: str) -> Result:
    """Runs a script's command in this process, as `ape run SCRIPT ARGUMENTS` would."""
    command: click.Command = runpy.run_path(str(PROJECT / "scripts" / f"{script}.py"))["cli"]
    with _no_growing_connect():
        return CliRunner(mix_stderr=False).invoke(command, [*arguments, "--config", str(CONFIG)])


def one_line(result: Result) -> str:
    """The error of a command that failed as it should: exit code 1 and one line on stderr."""
    assert result.exit_code == 1, result.output
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("Error: ")
    return lines[0].removeprefix("Error: ")


@contextmanager
def _no_growing_connect() -> Iterator[None]:
    """Ape wraps the method anew for every provider, so that the tenth connects ten times."""
    connect = Node.connect
    try:
        yield
    finally:
        Node.connect = connect


def _wait_for(chain: Chain) -> None:
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": []}).encode()
    request = Request(chain.url, body, {"Content-Type": "application/json"})
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            with urlopen(request, timeout=1):
                return
        except OSError:
            assert time.monotonic() < deadline, "anvil does not answer"
            with suppress(subprocess.TimeoutExpired):
                raise AssertionError(f"anvil ended with code {chain.process.wait(0.05)}") from None
