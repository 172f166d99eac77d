"""Publishes prices on a local chain: to the mock feed and, signed, through the oracle of Pyth.
Every price goes the way that it goes on a public network."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Protocol

import ape
from ape.api import AccountAPI
from ape.contracts import ContractInstance

from levtoken.chain import System, at, error_name, send
from levtoken.errors import DeploymentError, UnknownSymbolError
from levtoken.feeds import (
    Round,
    Signed,
    Source,
    Wrong,
    good_price,
    good_round,
    sources_of,
    wrong_price,
    wrong_round,
)
from levtoken.flows import check_gas
from levtoken.simulation.node import Node
from levtoken.simulation.price_files import load
from levtoken.simulation.prices import Bar, PricePath
from levtoken.simulation.window import Window
from levtoken.units import from_fixed

PUSH_GAS = 500_000  # more than a new answer of both sources takes
GOOD, REVERTING = 0, 1  # MockAggregator.Health


@dataclass(frozen=True)
class Reading:
    """What the oracle of a source says: a price, or the fault for which there is none."""

    underlying: str
    source: Source
    price: Decimal | None
    updated_at: int
    fault: str | None


class Feed(Protocol):
    """One source of an underlying's prices."""

    source: Source
    oracle: ContractInstance

    def last(self) -> Decimal:
        """The last price; before its first, that of the other source."""

    def earliest(self) -> int:
        """The first time at which the source takes a price, seconds since the epoch."""

    def stale_from(self) -> int:
        """When the last price is too old."""

    def push(self, price: Decimal, now: int) -> None:
        """Publishes a price."""

    def go_wrong(self, wrong: Wrong, price: Decimal, now: int) -> None:
        """Publishes an answer that is wrong about `price`."""


class ChainlinkFeed:
    """The mock of a Chainlink feed."""

    source = Source.CHAINLINK

    def __init__(self, system: System, underlying: str, account: AccountAPI) -> None:
        self.oracle = at("ChainlinkOracle", system.oracles[underlying].address)
        self._feed = system.feeds[underlying]
        self._decimals = int(self._feed.decimals())
        self._account = account

    def last(self) -> Decimal:
        return from_fixed(self._round()[1], self._decimals)

    def earliest(self) -> int:
        return 0

    def stale_from(self) -> int:
        return int(self._round()[3] + self.oracle.heartbeat() + 1)

    def push(self, price: Decimal, now: int) -> None:
        self._write(good_round(price, self._decimals, now))

    def go_wrong(self, wrong: Wrong, price: Decimal, now: int) -> None:
        self._write(wrong_round(wrong, price, self._decimals, now))

    def _round(self) -> Sequence[int]:
        """The last round; a broken feed is mended, or it would not tell."""
        self._set_health(GOOD)
        found: Sequence[int] = self._feed.latestRoundData()
        return found

    def _write(self, said: Round) -> None:
        send(self._feed.pushAt, said.answer, said.updated_at, sender=self._account)
        self._set_health(REVERTING if said.is_broken else GOOD)

    def _set_health(self, health: int) -> None:
        if self._feed.health() != health:
            send(self._feed.setHealth, health, sender=self._account)


class PythFeed:
    """The mock of Pyth, to which an oracle of ours brings what it signs."""

    source = Source.PYTH

    def __init__(self, system: System, underlying: str, account: AccountAPI) -> None:
        self.oracle = system.pull_oracles[underlying]
        self._other = ChainlinkFeed(system, underlying, account)
        self._pyth = at("MockPythFeed", str(system.deployment.pyth))
        self._id = bytes(self.oracle.priceId())
        self._account = account

    def last(self) -> Decimal:
        if not self._is_known():
            return self._other.last()
        known = self._pyth.getPriceUnsafe(self._id)
        return from_fixed(known.price, -known.expo)

    def earliest(self) -> int:
        return self._last_time() + 1

    def stale_from(self) -> int:
        return self._last_time() + int(self.oracle.maxAge()) + 1

    def push(self, price: Decimal, now: int) -> None:
        self._bring(good_price(price, now))

    def go_wrong(self, wrong: Wrong, price: Decimal, now: int) -> None:
        self._bring(wrong_price(wrong, price, now))

    def _is_known(self) -> bool:
        return bool(self._pyth.priceFeedExists(self._id))

    def _last_time(self) -> int:
        return int(self._pyth.getPriceUnsafe(self._id).publishTime) if self._is_known() else 0

    def _bring(self, signed: Signed) -> None:
        numbers, times = (signed.price, signed.confidence), (signed.time, signed.time)
        data = self._pyth.createPriceFeedUpdateData(
            self._id, *numbers, signed.exponent, *numbers, *times
        )
        fee = self.oracle.updateFee([data])
        send(self.oracle.update, [data], self._account, sender=self._account, value=fee)


def feeds_of(
    system: System, underlying: str, asked: Sequence[Source], account: AccountAPI
) -> list[Feed]:
    """Those of the sources that were asked for that the underlying has here."""
    if underlying not in system.feeds:
        known = ", ".join(system.feeds) or "none"
        raise DeploymentError(f"no feed of {underlying} here: choose from {known}")
    feeds: list[Feed] = []
    if Source.CHAINLINK in asked:
        feeds.append(ChainlinkFeed(system, underlying, account))
    if Source.PYTH in asked and underlying in system.pull_oracles:
        feeds.append(PythFeed(system, underlying, account))
    if not feeds:
        raise DeploymentError(
            f"{underlying} has no oracle of Pyth here: add a section pyth to its market, and "
            "deploy on a new chain"
        )
    return feeds


def read_path(file: Path, underlying: str, symbol: str | None, window: Window) -> PricePath:
    """The series of the file that is named, or its only one, with a name or without."""
    try:
        [path] = load(file, [symbol] if symbol else [], window)
    except UnknownSymbolError:
        if symbol:
            raise
        [path] = load(file, [underlying], window)
    return path


class Publisher:
    """Writes to the sources of one underlying."""

    def __init__(
        self, system: System, underlying: str, asked: Sequence[Source], account: AccountAPI
    ) -> None:
        check_gas(account, PUSH_GAS)
        self._underlying = underlying
        self._feeds = feeds_of(system, underlying, asked, account)
        self._node = Node(ape.networks.provider.web3)

    def push(self, price: Decimal | None) -> list[Reading]:
        """Publishes `price`, by default every source's last."""
        prices = [feed.last() if price is None else price for feed in self._feeds]
        now = self._next_time()
        for feed, known in zip(self._feeds, prices, strict=True):
            self._turn_clock(now)
            feed.push(known, now)
        return self.readings()

    def go_wrong(self, wrong: Wrong) -> list[Reading]:
        """Publishes an answer that is wrong about the last price."""
        possible = sources_of(wrong, [feed.source for feed in self._feeds])
        chosen = [feed for feed in self._feeds if feed.source in possible]
        prices = [feed.last() for feed in chosen]
        now = self._next_time()
        for feed, known in zip(chosen, prices, strict=True):
            self._turn_clock(now)
            feed.go_wrong(wrong, known, now)
        return self.readings()

    def walk(self, bars: Iterable[Bar], every: int, show: Callable[[list[Reading]], None]) -> None:
        """Publishes the bars' prices, so many seconds of the chain's time apart."""
        time = self._next_time()
        for bar in bars:
            self._turn_clock(time)
            show(self.push(from_fixed(bar.price)))
            time += every

    def go_stale(self, seconds: int | None) -> list[Reading]:
        """Lets time pass in which nothing is published: so many seconds, or until the last prices
        are too old."""
        now = self._pending()
        deadlines = [feed.stale_from() for feed in self._feeds]
        self._node.set_next_time(max(now, *deadlines) if seconds is None else now + seconds)
        self._node.request("evm_mine")
        return self.readings()

    def readings(self) -> list[Reading]:
        """What the oracles say now."""
        return [self._read(feed) for feed in self._feeds]

    def _next_time(self) -> int:
        """When the next block can come: Pyth takes no price that is not newer than its last."""
        return max(self._pending(), *(feed.earliest() for feed in self._feeds))

    def _turn_clock(self, time: int) -> None:
        """Lets the next block come at `time`; a slow machine may have mined a later one already."""
        _, newest = self._node.head()
        self._node.set_next_time(max(time, newest))

    def _pending(self) -> int:
        block = self._node.request("eth_getBlockByNumber", "pending", False)
        return int(block["timestamp"], 16)

    def _read(self, feed: Feed) -> Reading:
        price, updated_at, fault = feed.oracle.price()
        name = error_name(fault)
        known = None if name else from_fixed(price)
        return Reading(self._underlying, feed.source, known, updated_at, name)
