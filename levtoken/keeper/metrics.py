"""What many passes of a keeper came to. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from levtoken.keeper.execute import Outcome, Result


@dataclass(frozen=True)
class Tally:
    """Passes, tokens by what became of them, rewards by asset address (units) and gas (wei)."""

    passes: int = 0
    results: Counter[Result] = field(default_factory=Counter)
    rewards: Counter[str] = field(default_factory=Counter)
    gas_cost: int = 0

    def add(self, outcomes: Iterable[Outcome]) -> "Tally":
        """The tally with one more pass."""
        seen = list(outcomes)
        done = [one for one in seen if one.result is Result.REBALANCED]
        rewards = self.rewards.copy()
        for one in done:
            rewards[one.status.asset] += one.reward
        return Tally(
            passes=self.passes + 1,
            results=self.results + Counter(one.result for one in seen),
            rewards=rewards,
            gas_cost=self.gas_cost + sum(one.gas_cost for one in seen),
        )
