"""What a replay saw, in the order in which it happened."""

from collections import defaultdict
from dataclasses import dataclass, field

from levtoken.keeper.execute import Outcome
from levtoken.simulation.demo.entries import Entry, Mark, marks_of


@dataclass(frozen=True)
class Pass:
    """A token after a keeper pass, leverage WAD. `why_not` says why it is outside the band."""

    time: int
    symbol: str
    leverage: int
    why_not: str


@dataclass
class Recording:
    """Tokens by symbol, arbitrageurs by underlying. `entries` have a mark before and after each
    pass; `closes` are the marks after it, one a bar. Outcomes and refusals come with their time."""

    entries: dict[str, list[Entry]] = field(default_factory=lambda: defaultdict(list))
    closes: dict[str, list[Mark]] = field(default_factory=lambda: defaultdict(list))
    outcomes: list[tuple[int, Outcome]] = field(default_factory=list)
    passes: list[Pass] = field(default_factory=list)
    refusals: list[tuple[int, str, str]] = field(default_factory=list)

    def close(self, symbol: str) -> None:
        """Takes the newest mark of a token as that of the bar."""
        self.closes[symbol].append(marks_of(self.entries[symbol])[-1])
