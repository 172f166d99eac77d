"""The books of the market kept beside it, in exact rationals, from the published formulas. What the
pool has is counted from its own flows, so that cash that nobody owns or that two own shows.

With every number goes how far the market's integer may lie from it, in wei: what each operation
truncates is added where it happens.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from levtoken.units import WAD
from tests.property import tolerances
from tests.property.reference import DAY, WEI, Market, Position, Rules

MARKED = 2  # wei: profit and funding are truncated where they become margin


def wei(amount: Fraction) -> int:
    return ceil(amount / WEI)


@dataclass
class Account:
    """`base` is the part of the equity that moves with neither price nor funding; `off` wei."""

    size: int = 0
    base: Fraction = Fraction(0)
    off: int = 0


class Ledger:
    """`price` and `funding` are those at which the pool's equity was counted last; `rate_pushed`
    and `funding_pushed` what was written at `pushed`, and `marked` the index price then."""

    def __init__(self, rules: Rules, unit: int, time: int) -> None:
        self.rules, self.unit = rules, Fraction(unit, WAD)
        self.pushed = self.time = time
        self.rate_pushed = self.funding_pushed = self.rate = self.funding = Fraction(0)
        self.rate_off = self.funding_off = self.funding_now_off = Fraction(0)
        self.price = self.marked = Fraction(0)
        self.accounts: dict[str, Account] = {}
        self.pool = self.escrow = Fraction(0)
        self.cash = self.gone = 0
        self.settled = False

    # What is there

    @property
    def skew(self) -> Fraction:
        return Fraction(sum(one.size for one in self.accounts.values()), WAD)

    @property
    def open_interest(self) -> Fraction:
        return Fraction(sum(abs(one.size) for one in self.accounts.values()), WAD)

    def account(self, name: str) -> Account:
        return self.accounts.setdefault(name, Account())

    def equity(self, name: str) -> Fraction:
        """Signed and unclipped."""
        one = self.account(name)
        return one.base + Fraction(one.size, WAD) * (self.price + self.funding)

    def position(self, name: str) -> Position:
        return Position(Fraction(self.account(name).size, WAD), self.equity(name))

    @property
    def owed(self) -> Fraction:
        return sum((self.equity(name) for name in self.accounts), Fraction(0))

    @property
    def bankrupt(self) -> Fraction:
        """What the accounts below zero lack."""
        return sum((max(Fraction(0), -self.equity(name)) for name in self.accounts), Fraction(0))

    @property
    def backing(self) -> Fraction:
        return self.cash * self.unit - self.escrow

    def equity_off(self, name: str) -> Fraction:
        one = self.account(name)
        return one.off * WEI + Fraction(abs(one.size), WAD) * self.funding_now_off

    @property
    def owed_off(self) -> Fraction:
        """Of the debt as of the pool: the accounts', those that are gone, and a wei for each part
        of the correction and for the product of the skew."""
        accounts = sum(one.off + 1 for one in self.accounts.values())
        moving = abs(self.skew) * self.funding_now_off
        return (accounts + self.gone + 1) * WEI + moving

    # Time

    def market(self) -> Market:
        return self.at(self.price, self.rate, self.funding)

    def at(self, price: Fraction, rate: Fraction, funding: Fraction) -> Market:
        correction = sum((one.base for one in self.accounts.values()), Fraction(0))
        state = (price, self.skew, self.open_interest, rate, funding, correction, self.backing)
        return Market(self.rules, *state)

    def later(self, price: Fraction) -> Market:
        """The market now at `price`, since funding was written last."""
        seconds = 0 if self.settled else self.time - self.pushed
        start = self.at(price, self.rate_pushed, self.funding_pushed)
        return start.later(seconds, price)

    def see(self, time: int, price: Fraction | None) -> None:
        """Time and index price move; None: there is no good one, so the last mark stands. What the
        traders win or lose by it, the pool loses or wins."""
        self.time = time
        price = self.marked if price is None or self.settled else price
        self._revalue(self.later(price))

    def push(self, price: Fraction | None = None) -> None:
        """Funding is written, at the index price or at that of an execution."""
        if not self.settled:
            market = self.later(self.price if price is None else price)
            self._revalue(market, self.price)
            self.rate_pushed, self.funding_pushed = market.rate, market.funding
            days = Fraction(self.time - self.pushed, DAY)
            self.rate_off += tolerances.of_rate(market, days)
            self.funding_off = self.funding_now_off
            self.pushed = self.time
        self.marked = self.price

    def _revalue(self, market: Market, price: Fraction | None = None) -> None:
        price = market.price if price is None else price
        self.pool -= self.skew * (price - self.price + market.funding - self.funding)
        self.price, self.rate, self.funding = price, market.rate, market.funding
        days = Fraction(0 if self.settled else self.time - self.pushed, DAY)
        # What the rate is off runs on with time.
        new = tolerances.of_funding(market, days) + market.price * days * self.rate_off
        self.funding_now_off = self.funding_off + new if days else self.funding_off

    # Money. Every line takes from one and gives to another.

    def deposit(self, name: str, assets: int) -> None:
        self.cash += assets
        one = self.account(name)
        one.base += assets * self.unit
        one.off += MARKED

    def withdraw(self, name: str, assets: int, part: Fraction) -> None:
        """Where everybody is paid a part, a payment takes that much more of the equity."""
        one = self.account(name)
        paid = assets * self.unit
        taken = paid / part if assets else Fraction(0)
        self.cash -= assets
        one.base -= taken
        self.pool += taken - paid
        # Off as the debt is, and by its own wei.
        scale = paid / self.backing if part < 1 and self.backing else Fraction(0)
        one.off += MARKED + (wei(self.owed_off * scale) + 1 if part < 1 else 0)

    def order(self, name: str, delta: int, market: Market, *, free: bool = False) -> None:
        """An order at the price of `market`; the pool holds the other side at the index price.
        `free`: of a settled market, at the mark."""
        one, size = self.account(name), Fraction(delta, WAD)
        fill = market.price if free else market.fill(size)
        fee = Fraction(0) if free else market.fee(size)
        one.base -= size * (fill + self.funding) + fee
        self.pool += size * (fill - self.price) + fee
        if not free and market.cost(size) < 0 and market.overdraws(size):
            one.base += market.cost(size)
            self.pool -= market.cost(size)
        one.size += delta
        one.off += wei(tolerances.of_cost(market, size) + abs(size) * self.funding_off) + MARKED

    def reserve(self, name: str, deposit: Fraction) -> None:
        """The deposit of an order, out of margin."""
        self.account(name).base -= deposit
        self.account(name).off += MARKED
        self.escrow += deposit

    def restore(self, name: str, deposit: Fraction) -> None:
        """The deposit of an order, back to margin."""
        self.account(name).base += deposit
        self.account(name).off += MARKED
        self.escrow -= deposit

    def pay_deposit(self, deposit: Fraction, assets: int) -> None:
        """To whoever executed, cancelled or flagged; what is below an asset unit stays."""
        self.escrow -= deposit
        self.cash -= assets
        self.pool += deposit - assets * self.unit

    def liquidate(self, name: str, paid: int) -> None:
        """The pool takes over what is left, or what is lacking, and pays the keepers."""
        one = self.account(name)
        self.pool += self.equity(name) - paid * self.unit
        self.cash -= paid
        self.gone += one.off + wei(Fraction(abs(one.size), WAD) * self.funding_now_off)
        del self.accounts[name]

    def provide(self, assets: int) -> None:
        self.cash += assets
        self.pool += assets * self.unit

    def remove(self, assets: int) -> None:
        self.cash -= assets
        self.pool -= assets * self.unit
