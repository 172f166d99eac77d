"""A market on the local chain of a replay, and those who act there without keys."""

from eth_utils.crypto import keccak

from levtoken.artifacts import load
from levtoken.chain import System
from levtoken.errors import RevertedError
from levtoken.simulation.demo.arbitrageur import Account, ArbitrageurSettings, act
from levtoken.simulation.demo.entries import Mark
from levtoken.simulation.demo.remote import RemoteContract
from levtoken.simulation.node import Node
from levtoken.simulation.prices import PricePath
from levtoken.units import WAD

NO_LIMIT = 2**256 - 1
DECIMALS = 18
WAITING = ("LiquidationTooLarge", "SkewTooLarge")  # until the delay after the flag is over
FUNDS = 10**15  # whole assets an arbitrageur may deposit: more than any market takes


def adopt(node: Node, role: str) -> str:
    """The address of a role, which the node sends in the name of: nobody has its key."""
    return node.adopt("0x" + keccak(text=f"levtoken {role}")[12:].hex())


class ReplayMarket:
    """A market with its feed, its path and its arbitrageur. `unit` is the WAD of an asset unit."""

    def __init__(self, node: Node, system: System, underlying: str, path: PricePath) -> None:
        artifacts = load()
        self.underlying = underlying
        self.path = path
        address = system.markets[underlying].address
        self.contract = RemoteContract(node, artifacts["MockPerpMarket"], address)
        feed = system.feeds[underlying].address
        self.feed = RemoteContract(node, artifacts["MockAggregator"], feed)
        asset = self.contract.call("asset")
        self.asset = RemoteContract(node, artifacts["MockERC20"], asset)
        self.unit: int = 10 ** (DECIMALS - self.asset.call("decimals"))
        self.feed_unit: int = 10 ** (DECIMALS - self.feed.call("decimals"))
        self.arbitrageur = adopt(node, f"arbitrageur {underlying}")

    def push(self, sender: str, bar: int) -> None:
        """Publishes the price of a bar, cut to the decimals of the feed, in `Node.one_block`."""
        self.feed.post(sender, "push", self.path.bars[bar].price // self.feed_unit)

    def fund_arbitrageur(self) -> None:
        """Gives the arbitrageur all that it may ever deposit."""
        amount = FUNDS * WAD // self.unit
        self.asset.send(self.arbitrageur, "mint", self.arbitrageur, amount)
        self.asset.send(self.arbitrageur, "approve", self.contract.address, NO_LIMIT)

    def arbitrage(self, settings: ArbitrageurSettings) -> None:
        """Lets the arbitrageur act on the skew as it is."""
        state = self.contract.call("state", self.arbitrageur)
        skew = self.contract.call("marketState")["skew"]
        action = act(Account(state["price"], skew, state["size"], state["equity"]), settings)
        if action.deposit:
            units = -(-action.deposit // self.unit)
            self.contract.send(self.arbitrageur, "depositMargin", units)
        if action.size_delta:
            limit = NO_LIMIT if action.size_delta > 0 else 0
            order = (action.size_delta, 0, limit, self.arbitrageur)
            self.contract.send(self.arbitrageur, "trade", *order)

    def liquidate(self, sender: str, account: str) -> bool:
        """Flags the account when it can be, and closes it as soon as its size and the skew allow;
        whether anything happened."""
        flagged = self.contract.call("flagOf", account)["flaggedAt"] != 0
        if not flagged:
            if not self.contract.call("accountReport", account)["canLiquidate"]:
                return False
            self.contract.send(sender, "flag", account)
        try:
            self.contract.send(sender, "liquidate", account)
        except RevertedError as error:
            if not str(error).endswith(WAITING):
                raise
            return not flagged
        return True

    def funding_index(self) -> int:
        """What one unit of the underlying has received since the market's start, WAD."""
        return int(self.contract.call("marketState")["fundingIndex"])

    def mark_arbitrageur(self, block: int, time: int) -> Mark:
        """The arbitrageur's account at the newest block, whose number and time are given."""
        state = self.contract.call("state", self.arbitrageur)
        return Mark(
            block=block,
            time=time,
            price=state["price"],
            size=state["size"],
            equity=state["equity"],
            supply=WAD,
            funding_index=self.funding_index(),
            liquidation_price=self.contract.call("liquidationPrice", self.arbitrageur),
        )
