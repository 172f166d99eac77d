"""The scripts on one chain, and what the chain then says."""

import json
from pathlib import Path

import ape

from levtoken.chain import connected, load_deployment, system
from tests.scripts.chains import Chain, connected_to, one_line, run


class Desk:
    """The scripts, on one chain with one folder of records."""

    def __init__(self, chain: Chain, records: Path) -> None:
        self.chain = chain
        self.records = records
        self.options = ["--network", chain.network, "--records", str(records)]

    def run(self, script: str, *arguments: str) -> str:
        """What the script prints; it must succeed."""
        result = run(script, *arguments, *self.options)
        assert result.exit_code == 0, result.output
        return result.stdout

    def fail(self, script: str, *arguments: str) -> str:
        """The one line with which the script fails."""
        return one_line(run(script, *arguments, *self.options))

    def status(self, token: str) -> dict[str, str]:
        [status] = json.loads(self.run("status", token, "--json"))
        return status

    def block(self) -> int:
        with connected_to(self.chain):
            return ape.networks.provider.get_block("latest").number

    def balance(self, coin: str, account: int) -> int:
        with connected_to(self.chain):
            there = system(load_deployment(self.records, connected()))
            contract = (there.tokens | there.assets)[coin]
            return contract.balanceOf(ape.accounts.test_accounts[account])
