"""A random walk of one market: the world, the exact ledger beside it, and what has happened."""

import random
from collections import Counter, deque
from dataclasses import dataclass, field
from fractions import Fraction

from levtoken.units import WAD
from tests.property.calls import ADDRESSES
from tests.property.checks import Violation, require
from tests.property.market.ledger import Ledger
from tests.property.market.scenarios import Scenario
from tests.property.market.world import TRADERS, Books, World
from tests.property.reference import Market

REMEMBERED = 12
CHECK_GAP = 3_600  # seconds between two looks at a bad price
LOWEST, HIGHEST = 10_000, 1_000  # of the first answer, down and up


@dataclass
class Report:
    """What a walk did and found."""

    scenario: Scenario
    seed: int
    steps: int = 0
    lives: int = 0
    done: Counter[str] = field(default_factory=Counter)
    looked: Counter[str] = field(default_factory=Counter)
    violation: Violation | None = None
    trace: deque[str] = field(default_factory=lambda: deque(maxlen=REMEMBERED))

    def explain(self) -> str:
        """Enough to see the fault and to run into it again."""
        where = f"market {self.scenario.name!r}, seed {self.seed}"
        head = [
            str(self.violation),
            f"{where}, step {self.steps}, life {self.lives}",
            "the last actions, each with the books that it met, the failing one at the end:",
        ]
        return "\n".join([*head, *self.trace])


@dataclass(frozen=True)
class Order:
    """One that waits. Size and limit in wei, the deposit whole."""

    delta: int
    limit: int
    deposit: Fraction
    time: int


class Walk:
    def __init__(self, report: Report, chance: random.Random) -> None:
        self.report, self.random = report, chance
        self.world = World(report.scenario)
        self.orders: dict[str, Order] = {}
        self.flags: dict[str, tuple[str, int]] = {}
        self.bad = ""  # what is wrong with the feed
        self.nobodys = 0  # shares of the pool
        self.checked = 0  # when somebody last saw a bad price
        self.since = 0  # when somebody first saw a bad price; 0: nobody
        self.ledger = Ledger(self.world.rules, self.world.unit, self.world.evm.timestamp)
        self.see()
        self.before: Books = self.world.books()

    # What is there

    @property
    def market(self) -> Market:
        return self.world.market(self.before)

    @property
    def fault(self) -> str:
        """Why no verb that needs a price works."""
        return "MarketSettled" if self.ledger.settled else self.price_fault

    @property
    def price_fault(self) -> str:
        """The same for those that only leave."""
        return "" if self.ledger.settled else self.bad

    @property
    def is_due(self) -> bool:
        """Whether the market settles: its price was bad at every look for long enough."""
        watched = self.before.time - self.checked <= CHECK_GAP
        return watched and self.before.time - self.since >= self.world.times["settlementDelay"]

    @property
    def unit(self) -> Fraction:
        return Fraction(self.world.unit, WAD)

    def blocked(self, name: str) -> str:
        """What keeps the account from acting."""
        if name in self.flags:
            return "PositionFlagged"
        return "OrderLive" if name in self.orders else ""

    # Bookkeeping

    def note(self, action: str) -> None:
        """For the trace: before the call, so that it shows what the call met."""
        b = self.before
        self.report.trace.append(
            f"  {self.report.steps}: {action} | time {b.time} price {b.price} skew {b.skew} "
            f"interest {b.open_interest} rate {b.rate} debt {b.debt} cash {b.cash} "
            f"escrow {b.escrow} pool {b.pool}"
        )

    def count(self, action: str, error: str = "") -> None:
        self.report.done[f"{action}: {error}" if error else action] += 1

    def looked(self, *identities: str) -> None:
        self.report.looked.update(identities)

    def refresh(self) -> Books:
        self.before = self.world.books()
        return self.before

    def call(
        self, verb: str, *arguments: int | str, sender: str, fault: str, name: str = ""
    ) -> tuple[str, int]:
        """A verb of the market, which must fail by `fault` and only then."""
        error, value = self.world.attempt("market", verb, *arguments, sender=sender)
        self.named(name or verb, error, fault)
        return error, value

    def named(self, name: str, error: str, fault: str) -> None:
        self.count(name, error)
        self.looked("errors")
        said = f"{name}: {error or 'success'} instead of {fault or 'success'}"
        require("errors", error == fault, said)

    def pushed(self, price: Fraction | None = None) -> None:
        """The market wrote its funding: the ledger does, and the time without a price ends."""
        self.ledger.push(price)
        self.since = self.checked = 0

    # Time and price

    def see(self) -> None:
        """What the ledger learns of time and price."""
        price, _, fault = self.world.read("oracle", "price")
        self.bad = self.world.error_name(fault.to_bytes(32, "big")[:4])
        now = self.world.evm.timestamp
        self.ledger.see(now, None if self.bad else Fraction(price, WAD))

    def advance(self, seconds: int, factor: float = 1) -> None:
        """A good price."""
        world = self.world
        low, high = max(1, world.first_answer // LOWEST), world.first_answer * HIGHEST
        answer = max(low, min(high, round(world.answer * factor)))
        world.advance(seconds, answer)
        self.see()
        self.refresh()

    def sleep(self, seconds: int) -> None:
        self.world.sleep(seconds)
        self.see()
        self.refresh()

    # Chance

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def value(self, low: float, high: float) -> Fraction:
        """Between two values, evenly in their logarithm."""
        return Fraction(low * (high / low) ** self.random.random())

    def trader(self) -> str:
        return self.random.choice(TRADERS)

    def address(self, name: str) -> str:
        return ADDRESSES[name]
