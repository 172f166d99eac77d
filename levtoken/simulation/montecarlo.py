"""The same simulation along many invented paths: means, and how sure they are."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import sqrt
from statistics import NormalDist, fmean, stdev

from levtoken.errors import ChainError
from levtoken.simulation.engine import Progress, silent
from levtoken.simulation.measures import Measures
from levtoken.simulation.paths import SYNTHETIC, Shape
from levtoken.simulation.pool import Job, run_all
from levtoken.simulation.setup import Setup

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Estimate:
    """A mean of `count` paths; the true one lies within `margin` of it with 95 % confidence."""

    mean: float
    margin: float
    count: int

    @property
    def low(self) -> float:
        return self.mean - self.margin

    @property
    def high(self) -> float:
        return self.mean + self.margin

    def __str__(self) -> str:
        return f"{self.mean:.4f} ± {self.margin:.4f}"


@dataclass(frozen=True)
class Sample:
    """The measures of one setup along paths that differ by their seeds."""

    seeds: Sequence[int]
    measures: list[Measures]

    def estimate(self, of: str | Callable[[Measures], float | None]) -> Estimate:
        """The mean of a measure, by its name or as a function, over the paths on which it
        exists."""
        read = of if callable(of) else lambda one: getattr(one, of)
        values = [value for one in self.measures if (value := read(one)) is not None]
        return estimate(values)

    def pooled(self, function: Callable[[Sequence[Measures]], float]) -> Estimate:
        """A figure of all paths together, such as a ratio of means, by the jackknife: without the
        bias of the mean of such figures of single paths."""
        count = _enough(len(self.measures))
        whole = function(self.measures)
        others = [function(self.measures[:i] + self.measures[i + 1 :]) for i in range(count)]
        pseudo = [count * whole - (count - 1) * other for other in others]
        return estimate(pseudo)


def sample(  # noqa: PLR0913 # what a sample has
    setup: Setup,
    path: str,
    shape: Shape,
    seeds: Sequence[int],
    *,
    workers: int = 1,
    cluster: str | None = None,
    progress: Progress = silent,
) -> Sample:
    """Replays `setup` along the path of that name in `paths.SYNTHETIC`, once a seed."""
    make = SYNTHETIC[path]
    jobs = [Job(setup, make(replace(shape, seed=seed))) for seed in seeds]
    outcomes = run_all(jobs, workers, cluster, progress)
    return Sample(seeds, [outcome.measures for outcome in outcomes])


def estimate(values: Sequence[float]) -> Estimate:
    """Mean and its 95 % confidence interval by Student's t."""
    count = _enough(len(values))
    return Estimate(
        fmean(values), student(CONFIDENCE, count - 1) * stdev(values) / sqrt(count), count
    )


def student(confidence: float, freedom: int) -> float:
    """The two-sided quantile of Student's t with so many degrees of freedom: Hill's expansion of
    the normal one, right to 0.1 % from six degrees on."""
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    fourth = (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92_160
    return z + first / freedom + second / freedom**2 + third / freedom**3 + fourth / freedom**4


def _enough(count: int) -> int:
    if count < 2:  # noqa: PLR2004 # a deviation needs two
        raise ChainError("a confidence interval needs two paths at least: give more seeds")
    return count
