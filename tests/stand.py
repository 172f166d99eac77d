"""A token at its market, in process: what every desk and stage of the tests stands on."""

from dataclasses import dataclass, field

from levtoken.evm import Contract, Evm
from levtoken.system import System

NO_LIMIT = 2**255


@dataclass(frozen=True)
class Stand:
    """The system, the token, and how many asset units make a whole one."""

    system: System
    token: Contract = field(repr=False)
    unit: int

    @property
    def evm(self) -> Evm:
        return self.system.evm

    @property
    def asset(self) -> Contract:
        return self.system.asset

    @property
    def market(self) -> Contract:
        return self.system.market

    def wait(self, seconds: int) -> None:
        """Lets time pass and publishes the same price again."""
        self.evm.next_block(self.evm.timestamp + seconds)
        self.system.feed.transact("push", self.system.feed.call("latestRoundData")[1])

    def trade_as(self, sender: str, size: int, margin: int = 0) -> None:
        """`sender` trades `size` (WAD) at the market, after `margin` whole assets."""
        if margin:
            self.market.transact("depositMargin", margin * self.unit, sender=sender)
        limit = NO_LIMIT if size > 0 else 0
        self.market.transact("trade", size, 0, limit, sender, sender=sender)
