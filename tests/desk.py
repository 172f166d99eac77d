"""A lasting chain with BTC3L and BTC3S deployed and held, for keepers and replays."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import ape
from ape.api import AccountAPI

from levtoken.chain import System, statuses, system
from levtoken.deploy import deploy
from levtoken.keeper.decide import Decision, Settings, decide
from levtoken.markets import load_config
from tests.scripts.chains import CONFIG, Chain, connected_to, lasting_chain

SYMBOLS = ["BTC3L", "BTC3S"]
UNIT = 10**6
PRICE = 60_000
FEED_UNIT = 10**8
HEARTBEAT = 3_600
GAS = 1_000_000  # an estimate falls short when the clock ticks before it is mined


@dataclass(frozen=True)
class Desk:
    """The chain, its contracts and the roles."""

    chain: Chain
    records: Path
    system: System
    depositor: AccountAPI
    keeper: AccountAPI
    rival: AccountAPI

    def move(self, price: int) -> None:
        """Publishes a price."""
        self.system.feeds["BTC"].push(price * FEED_UNIT, sender=self.depositor, gas_limit=GAS)

    def decide(self, *symbols: str) -> list[Decision]:
        """What the keeper makes of the tokens now."""
        return decide(statuses(self.system, list(symbols) or None), Settings())

    def leverage(self, symbol: str) -> int:
        return int(self.system.tokens[symbol].leverage())


@contextmanager
def open_desk(records: Path) -> Iterator[Desk]:
    """Starts the chain, deploys, and mints 100,000 of each token."""
    with lasting_chain() as chain, connected_to(chain):
        depositor, keeper, rival = (ape.accounts.test_accounts[one] for one in range(3))
        path = records / "devnet.json"
        there = system(deploy(load_config(CONFIG), SYMBOLS, depositor, record=path))
        asset = there.assets["USDC"]
        asset.mint(depositor, 200_000 * UNIT, sender=depositor)
        for token in there.tokens.values():
            asset.approve(token, 100_000 * UNIT, sender=depositor)
            token.deposit(100_000 * UNIT, depositor, sender=depositor, gas_limit=GAS)
        yield Desk(chain, records, there, depositor, keeper, rival)
