"""Checks the constants of docs/policies.md: `python -m levtoken.simulation.constants` replays each
kind of rule along geometric Brownian motion of 60 %, with a fee as the only cost.

Compared is cost x tracking error in c sigma^3 L^2 (L - 1)^2: small bands, continuously watched. How
bias and noise are kept small, in deviations of leverage over a step of a minute:
- A band reaches 8 of them to each side. It is overshot by 0.58, which lowers cost and raises
  tracking error alike: of their product 0.3 % are lost at the edge, 0.2 % halfway, 1.4 % at a
  reset (a random walk of that step without any token gives these).
- 40 steps from slot to slot of a schedule lose 1.3 %: the first step after a trade has no error.
- The least trade is 0.1 % of the notional, 0.3 to 1.2 deviations: a rule that stops at the edge
  acts that much outside of it. The constant has its minimum there and hardly moves.
- The speed of leverage changes within the band by its square: below 0.1 %.
- The fee is 0.02 basis points. A fee is paid in the bar whose error made the trade due, and has
  its sign: at 5 basis points it would add 6 % to the tracking error of a reset.
- Equity, by which cost is weighed, stays within a factor of two over the 20 days of a path.
- 24 paths cross a band some 11,000 times: deviations of 1.4 % (edge), 1.1 % and 1 %. A constant
  is that of all paths pooled, its interval by the jackknife.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import sqrt
from statistics import fmean

from levtoken.artifacts import PROJECT
from levtoken.markets import Market, load_config
from levtoken.policies import Policy, Schedule
from levtoken.simulation import limit
from levtoken.simulation.engine import Progress, silent
from levtoken.simulation.limit import LIMIT, RESET, TIMED, path_factor
from levtoken.simulation.measures import YEAR, Measures
from levtoken.simulation.montecarlo import Estimate, sample
from levtoken.simulation.paths import Shape
from levtoken.simulation.setup import Setup

VOLATILITY = 0.6
STEP = 60  # seconds
STEPS = 8  # deviations of a step of leverage from the target to the edge
SLOT = 40  # steps between two times of a schedule
DAYS = 20  # of a path
PATHS = 24
FEE = Decimal("0.000002")
TOLERANCE = 0.05
TARGETS = (3, -3, 2)
# The market of the paths: no impact, no funding, a fee for every order alike.
NO_IMPACT = {"skew_scale": Decimal(10) ** 12, "max_market_size": Decimal(10) ** 11}
NO_FUNDING = {"max_funding_velocity": Decimal(0)}
ONE_FEE = {"maker_fee": FEE, "taker_fee": FEE}


Rule = Callable[[int], Policy]


@dataclass(frozen=True)
class Cell:
    """A rule at a target leverage. `product`: cost x tracking error in c sigma^3 L^2 (L - 1)^2."""

    rule: str
    target: int
    product: Estimate
    theory: float
    trades: int

    @property
    def ratio(self) -> float:
        return self.product.mean / self.theory

    @property
    def agrees(self) -> bool:
        return abs(self.ratio - 1) <= TOLERANCE


def step_deviation(target: int) -> float:
    """Of leverage over a step."""
    return VOLATILITY * path_factor(target) * sqrt(STEP / YEAR)


def band(target: int, recenter: str) -> Policy:
    """Acts as soon as leverage is `STEPS` away from the target."""
    half = Decimal(str(round(STEPS * step_deviation(target), 6)))
    size = abs(Decimal(target))
    return _policy(size, lower=size - half, upper=size + half, recenter=Decimal(recenter))


def timed(target: int) -> Policy:
    """Acts every `SLOT` steps."""
    return _policy(
        abs(Decimal(target)),
        schedule=Schedule(interval=SLOT * STEP, window=STEP),
        recenter=Decimal(0),
    )


RULES: dict[str, tuple[Rule, float]] = {
    "edge": (lambda target: band(target, "1"), LIMIT),
    "halfway": (lambda target: band(target, "0.5"), limit.partial(0.5)),
    "reset": (lambda target: band(target, "0"), RESET),
    "timed": (timed, TIMED),
}


def measure_cell(  # noqa: PLR0913 # what a sample has
    rule: str,
    target: int,
    *,
    paths: int = PATHS,
    days: float = DAYS,
    workers: int = 1,
    progress: Progress = silent,
) -> Cell:
    """Replays a rule along `paths` paths."""
    make, theory = RULES[rule]
    setup = Setup(f"{rule} {target}x", Decimal(target), make(target), market())
    shape = Shape(volatility=VOLATILITY, years=days / 365, step=STEP)
    first = PATHS * (list(RULES).index(rule) * len(TARGETS) + TARGETS.index(target))
    seeds = range(first, first + paths)
    found = sample(setup, "gbm", shape, seeds, workers=workers, progress=progress)
    trades = sum(sum(one.trades.values()) for one in found.measures)
    pooled = found.pooled(lambda measures: product_of(measures, target))
    return Cell(rule, target, pooled, theory, trades)


def product_of(measures: Sequence[Measures], target: int) -> float:
    """Cost x tracking error of all paths together."""
    cost = fmean(one.cost for one in measures)
    error = sqrt(fmean((one.tracking_error or 0) ** 2 for one in measures))
    rate = fmean(one.cost_rate or 0 for one in measures)
    volatility = sqrt(fmean(one.volatility**2 for one in measures))
    return cost * error / (rate * volatility**3 * path_factor(target) ** 2)


def market() -> Market:
    """That of BTC without impact and funding."""
    plain = load_config(PROJECT / "config").markets["BTC"]
    return plain.model_copy(update=NO_IMPACT | NO_FUNDING | ONE_FEE)


def _policy(target: Decimal, **changes: object) -> Policy:
    plain: dict[str, object] = {
        "emergency": target * 2,
        "max_slippage": Decimal("0.05"),
        "cooldown": 1,
        "cooldown_up": 0,
        "emergency_cooldown": 1,
        "reward_rate": Decimal(0),
        "reward_ramp": Decimal(1),
        "reward_delay": 1,
        "reward_cap": Decimal(0),
    }
    return Policy.model_validate(plain | changes)
