"""One token under a shipped rule, in process."""

from dataclasses import dataclass

from levtoken.artifacts import PROJECT
from levtoken.evm import DEPLOYER, Contract, Evm, Revert
from levtoken.markets import load_config
from levtoken.system import Feed, System, deploy_system
from levtoken.units import to_fixed

CONFIG = load_config(PROJECT / "config")
DAY = 86_400
NOON = 19_700 * DAY + DAY // 2
PRICE = 60_000 * 10**8
ASSETS = 10**11  # 100,000
# Wei of leverage. A rebalance is exact but for rounding: a wei of size is price / equity, about a
# wei of leverage, and size, cost, notional and equity are rounded a few times in all.
NEAR = 10


@dataclass
class Desk:
    """One token under a shipped rule, and the price that it follows."""

    system: System
    token: Contract
    answer: int = PRICE

    def at(self, time: int, move: float = 0) -> None:
        """To a time, with the price moved by a fraction since it last was."""
        self.system.evm.next_block(time)
        self.answer = self.answer * int((1 + move) * 10**6) // 10**6
        self.system.feed.transact("push", self.answer)

    def later(self, move: float) -> None:
        self.at(self.system.evm.timestamp + 12, move)

    def rebalance(self) -> str:
        """The trigger of what it did, or why it did nothing."""
        trigger = self.token.call("assess")["trigger"]
        try:
            self.token.transact("rebalance")
        except Revert as refused:
            return refused.name
        return ("None", "Upper", "Lower", "Emergency", "Schedule", "Closing")[trigger]

    @property
    def leverage(self) -> int:
        return int(self.token.call("leverage"))


def desk(name: str, target: str) -> Desk:
    """A token that begins at noon, UTC."""
    btc = CONFIG.markets["BTC"]
    system = deploy_system(Evm(timestamp=NOON), feed=Feed(PRICE), market=btc.struct())
    policy = CONFIG.policies[name].struct(btc.max_trade)
    token = system.create_token("TOKEN", to_fixed(target), policy)
    for spender in (system.market, token):
        system.asset.transact("approve", spender.address, 2**256 - 1)
    system.asset.transact("mint", DEPLOYER, 10**15)
    system.market.transact("provideLiquidity", 10**14)
    token.transact("deposit", ASSETS, DEPLOYER)
    return Desk(system, token)


def assert_at(token: Desk, target: str) -> None:
    assert abs(token.leverage - abs(to_fixed(target))) <= NEAR
