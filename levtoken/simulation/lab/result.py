"""What came of a run of the lab."""

from dataclasses import dataclass

from levtoken.simulation.demo.attribution import RESIDUAL_LIMIT
from levtoken.simulation.lab.plan import Case, Plan
from levtoken.simulation.measures import Measures, Series

BELOW = 0.95  # of the lower edge; bars end a little past it


@dataclass(frozen=True)
class Replayed:
    """A case and what came of it; `seconds` it took."""

    case: Case
    measures: Measures
    series: Series
    seconds: float

    @property
    def is_explained(self) -> bool:
        """Whether the attribution explains the share price to a billionth of the first one."""
        first = float(self.series.share_price[0])
        return abs(self.measures.residual) <= float(RESIDUAL_LIMIT) * first

    @property
    def is_below(self) -> bool:
        """Whether leverage was well below the band, or half the target without one, for longer than
        a rebalance takes."""
        setup, quantiles = self.case.setup, self.measures.leverage_quantiles
        least = float(setup.policy.lower or abs(setup.target) / 2)
        return not self.measures.liquidated and quantiles["5"] < BELOW * least

    @property
    def multiple(self) -> float | None:
        """The score in limits; None without one, and where the token was liquidated: what that lost
        is no cost of trading."""
        return None if self.measures.liquidated else self.measures.over_limit

    @property
    def gas_a_year(self) -> float:
        """Gas as a fraction of the mean equity."""
        return self.measures.gas_cost / self.measures.years / float(self.series.equity.mean())


@dataclass(frozen=True)
class Result:
    """A run. `seconds` by the clock on the wall; `memory`: the most that all processes together can
    have held, bytes."""

    plan: Plan
    replays: tuple[Replayed, ...]
    seconds: float
    memory: int


def problems(result: Result) -> list[str]:
    """What nobody should overlook."""
    lines = []
    for one in result.replays:
        name = f"{one.case.token} with {one.case.label}"
        if one.measures.liquidated:
            lines.append(f"{name} WAS LIQUIDATED: its holders lost everything")
        if one.is_below:
            low = one.measures.leverage_quantiles["5"]
            lines.append(
                f"{name} was at {low:.2f}x or less in 5 % of the bars: its market was too small "
                "for it, or its keeper too late; mind this in the score, or use a smaller --capital"
            )
        if not one.is_explained:
            lines.append(f"{name}: the attribution leaves {one.measures.residual:.1e} unexplained")
    return lines
