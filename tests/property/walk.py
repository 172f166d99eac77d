"""A random walk of one token through prices, time, flows, keepers, traders and accidents. Every
step is followed by every check that applies to it; the first violation ends the walk."""

import random
from collections import Counter, deque
from dataclasses import dataclass, field, replace
from fractions import Fraction

from levtoken.units import WAD
from tests.property.checks import Violation
from tests.property.reference import Market
from tests.property.reference_terms import Token
from tests.property.scenarios import Scenario
from tests.property.streaming import Streaming
from tests.property.tolerances import RAY
from tests.property.world import Books, World

REMEMBERED = 8


@dataclass
class Report:
    """What a walk did and found."""

    scenario: Scenario
    seed: int
    steps: int = 0
    done: Counter[str] = field(default_factory=Counter)
    looked: Counter[str] = field(default_factory=Counter)
    violation: Violation | None = None
    trace: deque[str] = field(default_factory=lambda: deque(maxlen=REMEMBERED))

    def explain(self) -> str:
        """Enough to see the fault and to run into it again."""
        head = [
            str(self.violation),
            f"scenario {self.scenario.name!r}, seed {self.seed}, step {self.steps}",
            "the last actions, each with the books that it met, the failing one at the end:",
        ]
        return "\n".join([*head, *self.trace])


class Walk:
    """World, chance and the books before the next step."""

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self.random = random.Random(f"{scenario.name} {seed}")
        self.world = World(scenario)
        self.report = Report(scenario, seed)
        self.before = self._judged = self.world.books()
        self._market = self.before.market(self.world.rules)
        # Without liquidity the market has written no price yet.
        self.stored = self.before if scenario.pool else replace(self.before, price=0)
        self.flagged_at: dict[str, int] = {}
        self.streaming = Streaming()

    @property
    def market(self) -> Market:
        if self._judged is not self.before:
            self._judged, self._market = self.before, self.before.market(self.world.rules)
        return self._market

    @property
    def token(self) -> Token:
        return self.world.reference_token(self.before)

    @property
    def fault(self) -> str:
        """Name of the fault of the price, "" when it is good."""
        return self.world.error_name(self.before.fault)

    def note(self, action: str) -> None:
        """For the trace: before the call, so that it shows what the call met."""
        b = self.before
        self.report.trace.append(
            f"  {self.report.steps}: {action} | time {b.time} price {b.price} skew {b.skew} "
            f"rate {b.rate} size {b.size} equity {b.equity} supply {b.supply} cash {b.cash} "
            f"goal {b.progress[1:]} terms {b.conditions[1:]} minted {b.total}"
        )

    def count(self, action: str, error: str = "") -> None:
        self.report.done[f"{action}: {error}" if error else action] += 1

    def looked(self, *identities: str) -> None:
        self.report.looked.update(identities)

    def refresh(self, *, stored: bool) -> Books:
        """Reads the books after a step. `stored`: the market wrote its own."""
        self.before = self.world.books()
        if stored:
            self.stored = self.before
        return self.before

    def begin_token(self) -> None:
        """Another token has taken the place of the one before."""
        self.streaming = Streaming()
        self.flagged_at.pop("token", None)
        self.refresh(stored=False)

    # Chance

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def value(self, low: float, high: float) -> Fraction:
        """Between two values, evenly in their logarithm."""
        return Fraction(low * (high / low) ** self.random.random())

    def assets(self) -> int:
        """Of a flow, in asset units: mostly ordinary, sometimes dust or many times the token."""
        unit = Fraction(self.world.unit, WAD)
        if self.chance(0.08):
            # The solver cannot tell less than a few RAY of the scale's value from nothing.
            least = 4 * RAY * self.market.price * self.world.rules.scale / unit
            return self.random.randint(0, 1000) + int(least)
        if self.chance(0.05):
            whole = min(max(self.before.true_equity, 100), 10**7)
            return int(whole * self.value(1, 50) / unit)
        return int(self.value(20, 200_000) / unit)
