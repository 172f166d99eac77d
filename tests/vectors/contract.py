"""The compiled market in process, behind the same verbs as the model.

The asset has 18 decimals, so that amounts are the model's; the pool is so deep that the market can
always pay; the push and the pull oracle never find a price too old. What the pull oracle cannot say
(more digits than Pyth has, a time that does not increase or lies after the block) is said, for that
order alone, by code in its place that answers with exactly this price and time.
"""

from collections.abc import Callable, Mapping
from typing import Any

from eth_utils.crypto import keccak

from levtoken.artifacts import Artifact
from levtoken.evm import Contract, Evm, Revert, signed, words
from levtoken.system import NO_BOUND, NOBODY
from tests.runtime import UNLIMITED, answering, deploy_runtime
from tests.vectors.model import Actor, Fill, LiquidationFees, Order, Position, Refused

RICH = 10**34  # WAD; more than any file moves, and far below the 128 bits of the books
LONG = 2**40  # seconds
PRICE_ID = b"\x01".ljust(32, b"\0")
MAX_CONFIDENCE = 10**17
MAX_MANTISSA = 2**63 - 1
FINEST_EXPONENT = -18

FILLED = "OrderFilled(address,int256,uint256,uint256,uint256)"
LIQUIDATED = "PositionLiquidated(address,address,int256,uint256,uint256,uint256,uint256)"


def mantissa(price: int) -> tuple[int, int] | None:
    """A WAD price as the oracle's 64-bit number and its exponent, the coarsest that is exact; none
    if there is no such number."""
    number, exponent = price, FINEST_EXPONENT
    while exponent < 0 and number % 10 == 0:
        number, exponent = number // 10, exponent + 1
    return (number, exponent) if abs(number) <= MAX_MANTISSA else None


def address_of(actor: Actor) -> str:
    return "0x" + keccak(text=f"actor {actor}")[-20:].hex()


class ContractMarket:
    """Deploys a market with `params` at time `start`: the project's, or another build of it."""

    def __init__(
        self, params: Mapping[str, int], start: int, build: Artifact | None = None
    ) -> None:
        evm = self.evm = Evm(timestamp=start)
        if build:
            evm.artifacts[build.name] = build
        self.asset = evm.deploy("MockERC20", "Asset", "AST", 18)
        self.feed = evm.deploy("MockAggregator", 18, "underlying / asset", 10**18)
        limits = (LONG, 0, NO_BOUND, NOBODY, 0)
        push = evm.deploy("ChainlinkOracle", self.feed.address, *limits)
        self.pyth = evm.deploy("MockPythFeed", LONG, 0)
        limits = (LONG, MAX_CONFIDENCE, 0, NO_BOUND)
        self.pull = evm.deploy("PythOracle", self.pyth.address, PRICE_ID, *limits)
        self.relay = evm.deploy("MockRelay", self.pull.address)
        oracles = (push.address, self.relay.address)
        self.market = evm.deploy("MockPerpMarket", self.asset.address, *oracles, params)
        self._known: set[Actor] = set()
        self._published = 0  # the time of the last price that the pull oracle has taken
        self.send("provider", self.market, "provideLiquidity", RICH)

    def at(self, time: int, price: int) -> None:
        """Starts the block at `time`, in which the push oracle says `price`."""
        self.evm.next_block(time)
        self.send("publisher", self.feed, "push", price)

    def move_margin(self, account: Actor, delta: int) -> None:
        if delta < 0:
            self.verb(account, "trade", 0, delta, 0, self.actor(account))
        else:
            self.verb(account, "depositMargin", delta)

    def trade(self, account: Actor, size: int, limit: int) -> Fill:
        self.verb(account, "trade", size, 0, limit, self.actor(account))
        return self._fill()

    def submit(self, account: Actor, size: int, limit: int) -> None:
        self.verb(account, "submit", size, limit)

    def execute(self, account: Actor, price: int, published: int, executor: Actor) -> Fill:
        exact = mantissa(price)
        if exact is None or not self._published < published <= self.evm.timestamp:
            return self._execute_scripted(account, price, published, executor)
        number, exponent = exact
        # Price, confidence, exponent; the averages of both; the times of this and of the last.
        signed_price = (number, 0, exponent, number, 0, published, published)
        update = self.pyth.call("createPriceFeedUpdateData", PRICE_ID, *signed_price)
        self.verb(executor, "execute", self.actor(account), [update])
        self._published = published
        return self._fill()

    def _execute_scripted(
        self, account: Actor, price: int, published: int, executor: Actor
    ) -> Fill:
        """With code in the place of the pull oracle, which answers with this price and no fault."""
        code = deploy_runtime(self.evm, answering(price, published, 0))
        self.relay.transact("setTarget", code)
        try:
            self.verb(executor, "execute", self.actor(account), [])
            return self._fill()
        finally:
            self.relay.transact("setTarget", self.pull.address)

    def cancel(self, account: Actor, canceller: Actor) -> None:
        self.verb(canceller, "cancel", self.actor(account))

    def flag(self, account: Actor, flagger: Actor) -> None:
        self.verb(flagger, "flag", self.actor(account))

    def liquidate(self, account: Actor, liquidator: Actor) -> LiquidationFees:
        self.verb(liquidator, "liquidate", self.actor(account))
        _, _, flagger, own, pool = self._event(LIQUIDATED)
        return LiquidationFees(flagger, own, pool)

    def after(self, accounts: int) -> dict[str, Any]:
        """The whole state by the names of the vector files, for accounts 0, 1, 2..."""
        state = self.read("marketState")
        rate, index, updated = self.read("lastFunding")
        return {
            "skew": state["skew"],
            "size": state["openInterest"],
            "rateLast": rate,
            "lastRecomputed": updated,
            "seqLast": index,
            "rateNow": state["fundingRate"],
            "velocity": state["fundingVelocity"],
            "debt": state["debt"],
            "accounts": [self._account(number) for number in range(accounts)],
        }

    def position(self, account: Actor) -> Position:
        stored = self.read("positionOf", self.actor(account))
        names = ("margin", "lastPrice", "size", "fundingIndex")
        return Position(*(stored[name] for name in names))

    def order(self, account: Actor) -> Order | None:
        stored = self.read("orderOf", self.actor(account))
        names = ("sizeDelta", "limit", "keeperDeposit", "submittedAt")
        return Order(*(stored[name] for name in names)) if stored["sizeDelta"] else None

    def _account(self, account: Actor) -> dict[str, int | bool]:
        own = self.actor(account)
        position = self.position(account)
        report = self.read("accountReport", own)
        return {
            "margin": position.margin,
            "lastPrice": position.last_price,
            "size": position.size,
            "remaining": report["remainingMargin"],
            "accessible": report["accessibleMargin"],
            "funding": report["funding"],
            "liqPrice": self.read("liquidationPrice", own),
            "canLiquidate": report["canLiquidate"],
            "flagged": self.read("flagOf", own)["flagger"] != NOBODY,
        }

    def paid(self, actor: Actor) -> int:
        """What the market has paid to `actor`, less what it got."""
        balance: int = self.asset.call("balanceOf", self.actor(actor))
        return balance - RICH

    def actor(self, actor: Actor) -> str:
        """The address of an actor, who gets assets and approves the market when first met."""
        address = address_of(actor)
        if actor not in self._known:
            self._known.add(actor)
            self.asset.transact("mint", address, RICH)
            self.asset.transact("approve", self.market.address, UNLIMITED, sender=address)
        return address

    def read(self, name: str, *arguments: Any) -> Any:
        return _named(lambda: self.market.call(name, *arguments))

    def verb(self, actor: Actor, name: str, *arguments: Any) -> Any:
        return self.send(actor, self.market, name, *arguments)

    def send(self, actor: Actor, contract: Contract, name: str, *arguments: Any) -> Any:
        sender = self.actor(actor)
        return _named(lambda: contract.transact(name, *arguments, sender=sender))

    def _fill(self) -> Fill:
        _, _, price, fee = self._event(FILLED)
        return Fill(price, fee)

    def _event(self, signature: str) -> list[int]:
        """The fields of the transaction's only event of that kind, but for the indexed ones."""
        topic = keccak(text=signature).hex()
        [data] = [data for _, topics, data in self.evm.logs() if topics[0][2:] == topic]
        return [signed(word) for word in words(data)]


def _named(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except Revert as error:
        raise Refused(error.name) from None
