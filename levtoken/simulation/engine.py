"""Replays one token along prices on the in-process chain: the deployed bytecode, bar by bar.

A bar: the feed gets its price at its time, the funding rate of the time until the next bar is set,
and the token is looked at; then what can be liquidated is, holders come and go, and the keeper, who
sees what is due, acts `latency` later: within the bar at its price, or at the first bar after.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from eth_utils.crypto import keccak

from levtoken.errors import ChainError
from levtoken.evm import Revert, signed, words
from levtoken.simulation.prices import PricePath
from levtoken.simulation.rows import ROW_BYTES, Kind
from levtoken.simulation.setup import Setup, Stage, build
from levtoken.units import WAD

DUE, LIQUIDATABLE, NEAR, REFUSED = 1, 2, 4, 8  # flags of the contract Simulator
FILLED = "0x" + keccak(text="OrderFilled(address,int256,uint256,uint256,uint256)").hex()
REBALANCED = "0x" + keccak(text="Rebalanced(address,uint8,int256,uint256,uint256,uint256)").hex()
TRIGGERS = ("none", "upper", "lower", "emergency", "schedule", "closing")
PROGRESS_EVERY = 1_000  # bars
_PRICE = slice(32, 64)


Progress = Callable[[int], None]  # told how many bars have been done


def silent(bars: int) -> None:
    """Progress that nobody wants to see."""


@dataclass(frozen=True)
class Track:
    """What a token is replayed along. `times` in seconds since the epoch, when each price (WAD) is
    known; `rates`: funding a day, WAD, longs pay when positive, from each bar to the next; None: it
    arises from the market's skew. A price of 0 is a bar at which the oracle gets none. `flows`: by
    bar, assets paid in as a fraction of the token's equity (+), or shares taken out of it (-)."""

    times: Sequence[int]
    prices: Sequence[int]
    rates: Sequence[int] | None = None
    flows: dict[int, float] = field(default_factory=dict)

    @classmethod
    def along(cls, path: PricePath, rates: Sequence[int] | None = None) -> "Track":
        """Along the bars of a path."""
        return cls([bar.time for bar in path.bars], [bar.price for bar in path.bars], rates)

    @property
    def step(self) -> int:
        """Seconds from bar to bar: the usual one."""
        return int(np.median(np.diff(np.asarray(self.times, dtype=np.int64))))


@dataclass(frozen=True)
class Trade:
    """A rebalance, between `row` and the one before. WAD; `reward` in the asset's WAD too."""

    row: int
    time: int
    trigger: str
    size_delta: int
    price: int
    fill: int
    fee: int
    reward: int


@dataclass
class Log:
    """What was seen: rows of words, their times and kinds, and the trades in between."""

    track: Track
    rows: bytearray = field(default_factory=bytearray)
    times: list[int] = field(default_factory=list)
    kinds: bytearray = field(default_factory=bytearray)
    trades: list[Trade] = field(default_factory=list)
    refusals: dict[str, int] = field(default_factory=dict)
    liquidated: bool = False

    def add(self, time: int, kind: Kind, row: bytes) -> None:
        self.rows += row
        self.times.append(time)
        self.kinds.append(kind)

    def refuse(self, name: str) -> None:
        """Counts what the chain refused."""
        self.refusals[name] = self.refusals.get(name, 0) + 1


def replay(setup: Setup, track: Track, progress: Progress = silent) -> Log:
    """Replays; `progress` is told how many bars have been done, now and then."""
    if len(track.times) != len(track.prices) or len(track.times) < 2:  # noqa: PLR2004 # a return
        raise ChainError("a replay needs as many prices as times, and two at least")
    if track.prices[0] <= 0:
        raise ChainError("a replay starts with a price: begin where the oracle has one")
    feed_unit = 10 ** (18 - setup.market.feed.decimals)
    answers = [price // feed_unit for price in track.prices]
    imposes = track.rates is not None
    stage = build(setup, track.times[0], answers[0], imposes=imposes)
    return _Replay(setup, stage, track).run(answers, progress)


class _Replay:
    """One run."""

    def __init__(self, setup: Setup, stage: Stage, track: Track) -> None:
        self._setup = setup
        self._track = track
        self._log = Log(track)
        self._evm = stage.evm
        self._token = stage.token.address.lower()
        self._to = stage.simulator.address
        self._stage = stage
        self._unit = stage.unit
        self._observe = stage.simulator.calldata("observe")
        self._rebalance = stage.simulator.calldata("rebalance")
        self._ends = [*track.times[1:], 0]  # nothing happens after the last bar
        self._progress = stage.token.calldata("progress")
        self._least = -int(-setup.keeper.cost * WAD // self._unit)
        self._due_since: int | None = None

    def run(self, answers: Sequence[int], progress: Progress) -> Log:
        calls = self._calls(answers)
        times = self._track.times
        flows = self._track.flows
        evm, log, to = self._evm, self._log, self._to
        send, next_block, add = evm.send, evm.next_block, log.add
        for bar, call in enumerate(calls):
            time = times[bar]
            if bar:
                next_block(time)
            row = send(to, call)
            add(time, Kind.BAR, row)
            flags = row[31]
            if flags or bar in flows or self._due_since is not None:
                self._act(bar, row)
            if bar % PROGRESS_EVERY == 0:
                progress(bar)
        progress(len(calls))
        return log

    def _calls(self, answers: Sequence[int]) -> list[bytes]:
        """The call of each bar."""
        selector = self._stage.simulator.calldata("step", 0, False, 0)[:4]
        rates = self._track.rates
        if rates is None:
            rest = bytes(64)
            return [selector + answer.to_bytes(32, "big") + rest for answer in answers]
        calls, before = [], 0
        for answer, rate in zip(answers, rates, strict=True):
            changed = int(rate != before).to_bytes(32, "big")
            told = rate.to_bytes(32, "big", signed=True)
            calls.append(selector + answer.to_bytes(32, "big") + changed + told)
            before = rate
        return calls

    def _act(self, bar: int, row: bytes) -> None:
        """What others do at a bar."""
        time = self._track.times[bar]
        if row[31] & LIQUIDATABLE:
            self._liquidate(time)
            return
        if bar in self._track.flows:
            row = self._flow(time, self._track.flows[bar], row)
        if not self._wanted(row):
            self._due_since = None
            return
        seen = self._due_since = time if self._due_since is None else self._due_since
        latency = self._setup.keeper.latency
        end = self._ends[bar]
        at = max(time, seen + latency)
        if at > time:
            if at >= end:
                return  # at a later bar
            row = self._look(at)
        self._due_since = None
        while self._wanted(row) and self._trade(at):
            pause = self._pause()
            at += latency + (pause or 0)
            if pause is None or at >= end:
                return
            row = self._look(at)

    def _look(self, time: int) -> bytes:
        """The token within a bar."""
        self._evm.next_block(time)
        row = self._evm.view(self._to, self._observe)
        self._log.add(time, Kind.LATE, row)
        return row

    def _pause(self) -> int | None:
        """Seconds until what is left of the last rebalance may be done; None when nothing is."""
        _, _, unfinished, enlarges, *_ = words(self._evm.view(self._token, self._progress))
        trigger, policy = TRIGGERS[unfinished], self._setup.policy
        if trigger == "none":
            return None
        if trigger == "emergency":
            return policy.emergency_cooldown
        return max(policy.cooldown, policy.cooldown_up if enlarges else 0)

    def _wanted(self, row: bytes) -> bool:
        """Whether the keeper would rebalance."""
        return bool(row[31] & DUE) and int.from_bytes(row[192:224], "big") >= self._least

    def _trade(self, time: int) -> bool:
        """Rebalances; whether the chain took it."""
        try:
            row = self._evm.send(self._to, self._rebalance)
        except Revert as error:
            self._log.refuse(error.name)
            return False
        logs = self._evm.logs()
        filled = next(
            words(data)
            for _, topics, data in logs
            if topics[0] == FILLED and topics[1][-40:] == self._token[2:]
        )
        kind, data = next((one[1][2], words(one[2])) for one in logs if one[1][0] == REBALANCED)
        self._log.trades.append(
            Trade(
                row=len(self._log.times),
                time=time,
                trigger=TRIGGERS[int(kind, 16)],
                size_delta=signed(filled[0]),
                price=filled[1],
                fill=filled[2],
                fee=filled[3],
                reward=data[3] * self._unit,
            )
        )
        self._log.add(time, Kind.TRADED, row[:ROW_BYTES])
        return True

    def _flow(self, time: int, part: float, row: bytes) -> bytes:
        """A deposit of a part of the equity, or a redemption of a part of the holder's shares."""
        seen = words(row)
        simulator = self._stage.simulator
        try:
            if part > 0:
                simulator.transact("deposit", int(part * seen[3]) // self._unit)
            else:
                held = self._stage.token.call("balanceOf", self._to)
                simulator.transact("redeem", int(-part * held))
        except Revert as error:
            self._log.refuse(error.name)
            return row
        after = self._evm.view(self._to, self._observe)
        self._log.add(time, Kind.FLOWED, after)
        return after

    def _liquidate(self, time: int) -> None:
        try:
            self._stage.simulator.transact("liquidate")
        except Revert as error:
            self._log.refuse(error.name)
            return
        self._log.liquidated = True
        self._log.add(time, Kind.LIQUIDATED, self._evm.view(self._to, self._observe))
