"""Walks tokens along price paths on a local chain, with a keeper, arbitrageurs and a liquidator,
and records what the chain says on the way.

A bar: the feeds get its prices at its time; what can be liquidated is; the keeper makes a pass; the
arbitrageurs trade against the skew that is left. Marks are taken before and after the pass.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ape.api import AccountAPI

from levtoken.chain import System, statuses
from levtoken.errors import RevertedError
from levtoken.keeper.decide import Settings, explain
from levtoken.keeper.execute import Outcome, Result
from levtoken.keeper.run import keep
from levtoken.simulation.demo.arbitrageur import ArbitrageurSettings
from levtoken.simulation.demo.entries import Mark
from levtoken.simulation.demo.events import EventReader
from levtoken.simulation.demo.market import ReplayMarket, adopt
from levtoken.simulation.demo.recording import Pass, Recording
from levtoken.simulation.node import Node
from levtoken.simulation.prices import PricePath
from levtoken.status import TokenStatus


@dataclass(frozen=True)
class Actors:
    """Who acts in a replay: the account that keeps, and the habits of the arbitrageurs, if any."""

    keeper: AccountAPI
    arbitrageur: ArbitrageurSettings | None
    keeper_settings: Settings = field(default_factory=Settings)


class Replay:
    """The tokens of `system` on their paths, by underlying. Chain time is `offset` later."""

    def __init__(
        self, node: Node, system: System, paths: Mapping[str, PricePath], offset: int = 0
    ) -> None:
        self._markets = [ReplayMarket(node, system, name, path) for name, path in paths.items()]
        self._recording = Recording()
        self._node = node
        self._system = system
        self._offset = offset
        self._crank = adopt(node, "feeds and liquidator")
        self._times = [bar.time for bar in self._markets[0].path.bars]
        by_venue = {market.contract.address: market for market in self._markets}
        self._token_markets = {one.symbol: by_venue[one.venue] for one in statuses(system)}
        self._names = {token.address.lower(): name for name, token in system.tokens.items()}
        self._names |= {market.arbitrageur: market.underlying for market in self._markets}
        tokens = {token.address: self.market_of(symbol) for symbol, token in system.tokens.items()}
        self._events = EventReader(node, self._markets, tokens)

    def market_of(self, symbol: str) -> ReplayMarket:
        """Where the token trades."""
        return self._token_markets[symbol]

    def open(self) -> None:
        """Publishes the first prices, at which the tokens are then bought."""
        self._publish(0)

    def run(self, actors: Actors, progress: Callable[[], None] = lambda: None) -> Recording:
        """Replays from the second bar on; `progress` is called after each."""
        if actors.arbitrageur is not None:
            for market in self._markets:
                market.fund_arbitrageur()
        self._events.read()  # what came before is not part of the replay
        self._observe_arbitrageurs()
        self._close(0, self._observe_tokens(), [], actors)
        for bar in range(1, len(self._times)):
            self._publish(bar)
            found = self._observe_tokens()
            if self._liquidate():
                found = self._observe_tokens()
            outcomes = keep(self._system, found, actors.keeper, actors.keeper_settings)
            self._close(bar, found, outcomes, actors)
            progress()
        return self._recording

    def _publish(self, bar: int) -> None:
        self._node.set_next_time(self._times[bar] + self._offset)
        with self._node.one_block():
            for market in self._markets:
                market.push(self._crank, bar)

    def _liquidate(self) -> bool:
        """Liquidates whoever can be, as others would at once; whether there was anybody."""
        accounts = [
            (self.market_of(symbol), token.address) for symbol, token in self._system.tokens.items()
        ]
        accounts += [(market, market.arbitrageur) for market in self._markets]
        found = False
        for market, account in accounts:
            found = market.liquidate(self._crank, account) or found
        if found:
            self._read_events()
        return found

    def _close(
        self, bar: int, found: list[TokenStatus], outcomes: Sequence[Outcome], actors: Actors
    ) -> None:
        """The end of a bar: what the keeper left, and the arbitrageurs' answer to it."""
        if any(one.result is Result.REBALANCED for one in outcomes):
            self._read_events()
            found = self._observe_tokens()
        time = self._times[bar]
        self._recording.outcomes.extend((time, one) for one in outcomes)
        for status in found:
            self._recording.close(status.symbol)
            if bar > 0:  # the keeper starts with the second bar
                one = Pass(time, status.symbol, status.leverage, outside(status))
                self._recording.passes.append(one)
        if actors.arbitrageur is not None:
            for market in self._markets:
                try:
                    market.arbitrage(actors.arbitrageur)
                except RevertedError as error:
                    self._recording.refusals.append((time, market.underlying, str(error)))
            self._read_events()
        self._observe_arbitrageurs()

    def _read_events(self) -> None:
        for account, entry in self._events.read():
            if account in self._names:
                self._recording.entries[self._names[account]].append(entry)

    def _observe_tokens(self) -> list[TokenStatus]:
        block, time = self._node.head()
        found = statuses(self._system)
        indexes = {market.underlying: market.funding_index() for market in self._markets}
        for status in found:
            mark = Mark(
                block=block,
                time=time - self._offset,
                price=status.position.price,
                size=status.position.size,
                equity=status.position.equity,
                supply=status.supply,
                funding_index=indexes[self.market_of(status.symbol).underlying],
                liquidation_price=status.liquidation_price,
            )
            self._recording.entries[status.symbol].append(mark)
        return found

    def _observe_arbitrageurs(self) -> None:
        block, time = self._node.head()
        for market in self._markets:
            mark = market.mark_arbitrageur(block, time - self._offset)
            self._recording.entries[market.underlying].append(mark)


def outside(status: TokenStatus) -> str:
    """Why leverage is outside the band, as the chain says; empty when it is inside."""
    if status.policy.lower < status.leverage < status.policy.upper:
        return ""
    return explain(status.due.reason) if status.due.reason else "due again"
