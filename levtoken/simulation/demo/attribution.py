"""What made the change of a share price. Exact but for the 60th digit of a division, and pure."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from decimal import Decimal, localcontext

from levtoken.simulation.demo.entries import DIGITS, Entry, Loss, Mark, Trade, Transfer, marks_of
from levtoken.units import WAD

RESIDUAL_LIMIT = Decimal("1e-9")  # of the equity; amounts are rounded to 1e-18 a few times a bar


@dataclass(frozen=True)
class Attribution:
    """What made the change of the share price, in assets per share; the terms add up to `sum`."""

    exposure: Decimal = Decimal(0)  # target leverage x return x equity
    drift: Decimal = Decimal(0)  # (leverage - target) x return x equity
    funding: Decimal = Decimal(0)
    fees: Decimal = Decimal(0)
    impact: Decimal = Decimal(0)
    rewards: Decimal = Decimal(0)
    streaming: Decimal = Decimal(0)  # the fee of the token, as shares for its recipient
    liquidation: Decimal = Decimal(0)

    @property
    def sum(self) -> Decimal:
        with localcontext(prec=DIGITS):
            return sum((getattr(self, term.name) for term in fields(self)), Decimal(0))


class _Ledger:
    """An account that is carried along by its own entries; `equity` is what they add up to."""

    def __init__(self, first: Mark, target: Decimal) -> None:
        self.target = target
        self.terms = {term.name: Decimal(0) for term in fields(Attribution)}
        self.supply = first.supply
        self.observe(first)

    def observe(self, mark: Mark) -> None:
        if mark.supply != self.supply:  # nothing but the fee makes shares during a replay
            share = Decimal(mark.equity) / mark.supply - Decimal(mark.equity) / self.supply
            self.terms["streaming"] += share
        self.price, self.size, self.index = mark.price, mark.size, mark.funding_index
        self.equity, self.supply = Decimal(mark.equity), mark.supply

    def move(self, price: int, index: int) -> None:
        """The price and the funding index move under the position."""
        change = Decimal(price - self.price) / self.price
        aimed = self.target * self.equity
        held = Decimal(self.size * self.price) / WAD
        funding = Decimal(self.size * (index - self.index)) / WAD
        self.price, self.index = price, index
        self._book(exposure=aimed * change, drift=(held - aimed) * change, funding=funding)

    def trade(self, trade: Trade) -> None:
        self.move(trade.price, trade.funding_index)
        impact = Decimal(trade.size_delta * (trade.fill - trade.price)) / WAD
        self.size += trade.size_delta
        self._book(fees=Decimal(-trade.fee), impact=-impact, rewards=Decimal(-trade.reward))

    def lose(self, loss: Loss) -> None:
        self.size = 0
        self._book(liquidation=Decimal(-loss.equity))

    def _book(self, **amounts: Decimal) -> None:
        for term, amount in amounts.items():
            self.terms[term] += amount / self.supply
            self.equity += amount


def attribute(entries: Sequence[Entry], target: Decimal) -> Attribution:
    """The attribution between the first and the last mark of an account's entries, in order.

    Every term comes from its own events and views. The position is followed from mark to mark; at
    each, the observed equity replaces the carried one, so that what they differ by stays in the
    residual and nowhere else. `target` is signed; 0 puts the whole result of a price into `drift`.
    """
    first = entries[0]
    if not isinstance(first, Mark):
        raise TypeError("the entries of an account start with a mark")
    with localcontext(prec=DIGITS):
        ledger = _Ledger(first, target)
        for entry in entries[1:]:
            match entry:
                case Mark():
                    ledger.move(entry.price, entry.funding_index)
                    ledger.observe(entry)
                case Trade():
                    ledger.trade(entry)
                case Transfer():
                    ledger.equity += entry.amount
                case Loss():
                    ledger.lose(entry)
        return Attribution(**ledger.terms)


def residual(entries: Sequence[Entry], attribution: Attribution) -> Decimal:
    """What the attribution does not explain, in assets per share."""
    marks = marks_of(entries)
    with localcontext(prec=DIGITS):
        added = sum(entry.amount for entry in entries if isinstance(entry, Transfer))
        change = marks[-1].share_price - marks[0].share_price
        return change - Decimal(added) / marks[-1].supply - attribution.sum
