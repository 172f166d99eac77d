"""Publishes prices on a local chain: to the mock feed and, signed, through the oracle of Pyth.
Every price goes the way that it goes on a public network."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Protocol

import ape
from ape.api import AccountAPI
from ape.contracts import ContractInstance

from levtoken.chain import System, at, error_name, send
from levtoken.errors import DeploymentError, UnknownSymbolError
from levtoken.feeds import (
    EXPONENT,
    LARGEST_PRICE,
    Round,
    Signed,
    Source,
    Wrong,
    good_price,
    good_round,
    last_good,
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
Step = Callable[[], None]  # sends what was built before


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

    def last(self) -> Decimal | None:
        """The last price, whatever it is worth; None before its first, and of a broken feed."""

    def bounds(self) -> tuple[Decimal, Decimal]:
        """Between which a price is good."""

    def mend(self) -> None:
        """Lets a broken feed answer again."""

    def earliest(self) -> int:
        """The first time at which the source takes a price, seconds since the epoch."""

    def stale_from(self) -> int:
        """When the last price is too old; 0 when there is none."""

    def push(self, price: Decimal, now: int) -> Step:
        """Builds the step that publishes a price, or raises a `ChainError`."""

    def go_wrong(self, wrong: Wrong, price: Decimal, now: int) -> Step:
        """Builds the step that publishes an answer that is wrong about `price`."""


class ChainlinkFeed:
    """The mock of a Chainlink feed."""

    source = Source.CHAINLINK

    def __init__(self, system: System, underlying: str, account: AccountAPI) -> None:
        self.oracle = at("ChainlinkOracle", system.oracles[underlying].address)
        self._feed = system.feeds[underlying]
        self._decimals = int(self._feed.decimals())
        self._account = account

    def last(self) -> Decimal | None:
        found = self._round()
        return None if found is None else from_fixed(found[1], self._decimals)

    def bounds(self) -> tuple[Decimal, Decimal]:
        answers = self.oracle.minAnswer(), self.oracle.maxAnswer()
        low, high = (from_fixed(answer, self._decimals) for answer in answers)
        return low, high

    def mend(self) -> None:
        self._set_health(GOOD)

    def earliest(self) -> int:
        return 0

    def stale_from(self) -> int:
        found = self._round()
        return 0 if found is None else int(found[3] + self.oracle.heartbeat() + 1)

    def push(self, price: Decimal, now: int) -> Step:
        return partial(self._write, good_round(price, self._decimals, now))

    def go_wrong(self, wrong: Wrong, price: Decimal, now: int) -> Step:
        return partial(self._write, wrong_round(wrong, price, self._decimals, now))

    def _round(self) -> Sequence[int] | None:
        """The last round; a broken feed does not tell."""
        if self._feed.health() != GOOD:
            return None
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
        self._pyth = at("MockPythFeed", str(system.deployment.pyth))
        self._id = bytes(self.oracle.priceId())
        self._account = account

    def last(self) -> Decimal | None:
        if not self._is_known():
            return None
        known = self._pyth.getPriceUnsafe(self._id)
        return from_fixed(known.price, -known.expo)

    def bounds(self) -> tuple[Decimal, Decimal]:
        largest = from_fixed(LARGEST_PRICE, -EXPONENT)
        low, high = from_fixed(self.oracle.minPrice()), from_fixed(self.oracle.maxPrice())
        return low, min(high, largest)

    def mend(self) -> None:
        """Pyth does not break."""

    def earliest(self) -> int:
        return self._last_time() + 1

    def stale_from(self) -> int:
        return self._last_time() + int(self.oracle.maxAge()) + 1

    def push(self, price: Decimal, now: int) -> Step:
        return partial(self._bring, good_price(price, now))

    def go_wrong(self, wrong: Wrong, price: Decimal, now: int) -> Step:
        return partial(self._bring, wrong_price(wrong, price, now))

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
    """Writes to the sources of one underlying; `first` is its price when none is known."""

    def __init__(
        self,
        system: System,
        underlying: str,
        asked: Sequence[Source],
        account: AccountAPI,
        first: Decimal | None,
    ) -> None:
        check_gas(account, PUSH_GAS)
        self._underlying = underlying
        self._first = first
        self._feeds = feeds_of(system, underlying, asked, account)
        self._all = feeds_of(system, underlying, list(Source), account)
        self._node = Node(ape.networks.provider.web3)

    def push(self, price: Decimal | None) -> list[Reading]:
        """Publishes `price`, by default every source's last good one."""
        prices = [price] * len(self._feeds) if price is not None else self._last(self._feeds)
        now = self._next_time()
        pairs = zip(self._feeds, prices, strict=True)
        self._send([feed.push(known, now) for feed, known in pairs], now)
        return self.readings()

    def go_wrong(self, wrong: Wrong) -> list[Reading]:
        """Publishes an answer that is wrong about the last good price."""
        possible = sources_of(wrong, [feed.source for feed in self._feeds])
        chosen = [feed for feed in self._feeds if feed.source in possible]
        prices = self._last(chosen)
        now = self._next_time()
        pairs = zip(chosen, prices, strict=True)
        self._send([feed.go_wrong(wrong, known, now) for feed, known in pairs], now)
        return self.readings()

    def walk(self, bars: Sequence[Bar], every: int, show: Callable[[list[Reading]], None]) -> None:
        """Publishes the bars' prices, so many seconds of the chain's time apart, if all can be."""
        time = self._next_time()
        for bar in bars:
            for feed in self._feeds:
                feed.push(from_fixed(bar.price), time)
        for bar in bars:
            self._turn_clock(time)
            show(self.push(from_fixed(bar.price)))
            time += every

    def go_stale(self, seconds: int | None) -> list[Reading]:
        """Lets time pass in which nothing is published: so many seconds, or until the last prices
        are too old."""
        now = self._pending()
        time = now + seconds if seconds else max(now, *(feed.stale_from() for feed in self._feeds))
        self._node.set_next_time(time)
        self._node.request("evm_mine")
        return self.readings()

    def readings(self) -> list[Reading]:
        """What the oracles say now."""
        return [self._read(feed) for feed in self._feeds]

    def _last(self, feeds: Sequence[Feed]) -> list[Decimal]:
        """The last good price of each of the feeds, which are mended, or they would not tell."""
        for feed in feeds:
            feed.mend()
        return [last_good(self._known(feed), *feed.bounds(), self._first) for feed in feeds]

    def _known(self, feed: Feed) -> Iterator[Decimal | None]:
        """The last price of the feed, then those of the other sources."""
        yield feed.last()
        for other in self._all:
            if other.source is not feed.source:
                yield other.last()

    def _send(self, steps: Sequence[Step], now: int) -> None:
        for step in steps:
            self._turn_clock(now)
            step()

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
