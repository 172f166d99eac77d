"""What was read of an account during a replay, in order: marks, and what happened in between."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, localcontext

from levtoken.units import WAD

DIGITS = 60  # of divisions; the largest product of two on-chain numbers below has 40


@dataclass(frozen=True)
class Mark:
    """An account at the end of a block. WAD, signed size; `time` in seconds since the epoch.

    `supply` is the token's shares, and 1 WAD for an account without shares. `funding_index` is what
    one unit of the underlying has received since the market's start, in the asset.
    """

    block: int
    time: int
    price: int
    size: int
    equity: int
    supply: int
    funding_index: int
    liquidation_price: int

    @property
    def leverage(self) -> Decimal:
        """Signed, and 0 without a position or equity."""
        if self.equity == 0:
            return Decimal(0)
        with localcontext(prec=DIGITS):
            return Decimal(self.size * self.price) / self.equity / WAD

    @property
    def share_price(self) -> Decimal:
        """Assets per share."""
        with localcontext(prec=DIGITS):
            return Decimal(self.equity) / self.supply

    @property
    def distance(self) -> Decimal | None:
        """How far the price may move until liquidation, as a fraction of it; None: it cannot."""
        if self.size == 0 or self.liquidation_price == 0:
            return None
        gap = self.price - self.liquidation_price
        with localcontext(prec=DIGITS):
            return Decimal(gap if self.size > 0 else -gap) / self.price


@dataclass(frozen=True)
class Trade:
    """An order of the account, from the market's event. WAD.

    `funding_index` is the market's in that block; `reward` is what a rebalance paid its caller.
    """

    block: int
    price: int
    size_delta: int
    fill: int
    fee: int
    reward: int
    funding_index: int


@dataclass(frozen=True)
class Transfer:
    """Margin that the owner of the account added (+) or took, WAD."""

    block: int
    amount: int


@dataclass(frozen=True)
class Loss:
    """The position was liquidated: nothing of the equity, WAD, returned to the account."""

    block: int
    equity: int


Entry = Mark | Trade | Transfer | Loss


def marks_of(entries: Iterable[Entry]) -> list[Mark]:
    return [entry for entry in entries if isinstance(entry, Mark)]
