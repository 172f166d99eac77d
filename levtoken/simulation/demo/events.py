"""What happened to accounts at the markets, from events, as entries of the attribution."""

from collections.abc import Mapping, Sequence

from levtoken.events import event
from levtoken.simulation.demo.entries import Entry, Loss, Trade, Transfer
from levtoken.simulation.demo.market import ReplayMarket
from levtoken.simulation.node import Log, Node


class EventReader:
    """Reads the events since it last did. Addresses are in lower case."""

    def __init__(
        self, node: Node, markets: Sequence[ReplayMarket], tokens: Mapping[str, ReplayMarket]
    ) -> None:
        self._node = node
        self._markets = {market.contract.address.lower(): market for market in markets}
        self._tokens = {address.lower(): market for address, market in tokens.items()}
        self._next = node.head()[0] + 1
        self._rebalanced = event("LeveragedToken", "Rebalanced")
        self._filled = event("MockPerpMarket", "OrderFilled")
        self._moved = event("MockPerpMarket", "MarginMoved")
        self._liquidated = event("MockPerpMarket", "PositionLiquidated")

    def read(self) -> list[tuple[str, Entry]]:
        """Accounts and what happened to them, in order. Margin that a token moves is its own
        business, a reward or a flow, and no transfer."""
        last, _ = self._node.head()
        addresses = [*self._markets, *self._tokens]
        logs = self._node.logs(addresses, self._next, last) if last >= self._next else []
        self._next = last + 1
        rewards = {log.transaction: self._reward(log) for log in logs if self._is_rebalance(log)}
        found = [self._entry(log, rewards) for log in logs if log.address.lower() in self._markets]
        return [one for one in found if one is not None]

    def _is_rebalance(self, log: Log) -> bool:
        return log.address.lower() in self._tokens and log.topics[0] == self._rebalanced.topic

    def _reward(self, log: Log) -> int:
        unit = self._tokens[log.address.lower()].unit
        return unit * int(self._rebalanced.decode(log.topics, log.data)["reward"])

    def _entry(self, log: Log, rewards: Mapping[str, int]) -> tuple[str, Entry] | None:
        market = self._markets[log.address.lower()]
        topic = log.topics[0]
        if topic == self._filled.topic:
            fields = self._filled.decode(log.topics, log.data)
            reward = rewards.get(log.transaction, 0) if fields["account"] in self._tokens else 0
            index = market.contract.call("marketState", block=log.block)["fundingIndex"]
            trade = Trade(
                block=log.block,
                price=fields["price"],
                size_delta=fields["sizeDelta"],
                fill=fields["fill"],
                fee=fields["fee"],
                reward=reward,
                funding_index=index,
            )
            return fields["account"], trade
        if topic == self._liquidated.topic:
            account = self._liquidated.decode(log.topics, log.data)["account"]
            state = market.contract.call("state", account, block=log.block - 1)
            return account, Loss(log.block, state["equity"])
        if topic == self._moved.topic:
            fields = self._moved.decode(log.topics, log.data)
            if fields["account"] not in self._tokens:
                return fields["account"], Transfer(log.block, fields["delta"] * market.unit)
        return None
