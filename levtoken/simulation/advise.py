"""Finds a policy: the closed form first, then replays of the bytecode that correct it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from math import exp, sqrt
from random import Random

from levtoken.errors import ConfigError
from levtoken.policies import Policy
from levtoken.simulation.advice import Shape, Wish, best_guess, guess, policy_of, reward_rate
from levtoken.simulation.engine import Track
from levtoken.simulation.measures import YEAR, Measures
from levtoken.simulation.pool import Job, run
from levtoken.simulation.setup import Keeper, Setup
from levtoken.simulation.steady import steady_flows
from levtoken.units import WAD

THETAS = (0.0, 0.25, 0.5, 0.75)
LEANS = (0.0, 0.15)  # how much wider the band is below the target than on average
PAUSES = (60, 300, 3_600)  # seconds before a trade that enlarges the position
REWARDS = (Decimal(1), Decimal(2), Decimal(4))  # of what pays a usual rebalance
TRIES = 4  # replays to meet the tracking error
CLOSE = 0.02  # of it
ALIKE = 1.01  # what costs at most so much more is as good, and the safer one is taken
START = 1_600_000_000  # of paths without a history, seconds since the epoch
STEP = 600  # of them, seconds
FIRST_PRICE = 10_000 * WAD

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Candidate:
    """A policy and what its replay says; costs a year, with the rewards that pay for gas."""

    shape: Shape
    policy: Policy
    measures: Measures

    @property
    def tracking_error(self) -> float:
        return self.measures.tracking_error or 0.0

    @property
    def product(self) -> float:
        """Cost x tracking error: what compares candidates whose tracking errors differ a little."""
        return self.measures.cost * self.tracking_error

    @property
    def rebalances(self) -> float:
        """A year."""
        return sum(self.measures.trades.values()) / self.measures.years


@dataclass(frozen=True)
class Advice:
    """The candidates in the order in which they were tried, and the one that is best."""

    wish: Wish
    candidates: tuple[Candidate, ...]
    best: Candidate


def brownian(volatility: float, days: int, seed: int) -> Track:
    """Prices of a geometric Brownian motion without drift, for want of a history. The same on every
    machine for a seed."""
    source = Random(seed)
    spread = volatility * sqrt(STEP / YEAR)
    prices, price = [], 1.0
    for _ in range(days * 86_400 // STEP):
        prices.append(int(FIRST_PRICE * price) // 10**10 * 10**10)
        price *= exp(spread * source.gauss(0, 1) - spread**2 / 2)
    return Track([START + STEP * i for i in range(len(prices))], prices, [0] * len(prices))


def advise(wish: Wish, setup: Setup, track: Track, tell: Tell) -> Advice:
    """Band and recenter first, then the pause, then the reward. The capital is kept where it is by
    deposits and redemptions; a keeper acts when the reward pays its gas."""
    steady = replace(track, flows=steady_flows(track.prices, wish.target))
    ready = replace(setup, capital=Decimal(str(wish.capital)), keeper=Keeper(cost=wish.gas))
    desk = _Desk(wish, Job(ready, steady), tell)
    tried = list(desk.bands())
    if not tried:
        raise ConfigError("no candidate lives through these prices: ask for a lower leverage")
    best = min(tried, key=lambda one: one.product)
    for variants in (_pauses, _rewards):
        found = [one for shape in variants(best.shape) if (one := desk.replayed(shape))]
        tried += found
        best = _best(best, found)
    return Advice(wish, tuple(tried), best)


@dataclass(frozen=True)
class _Desk:
    wish: Wish
    job: Job
    tell: Tell

    def bands(self) -> Iterator[Candidate]:
        """The best of each recenter and lean, at the tracking error."""
        thetas = sorted({*THETAS, best_guess(self.wish).theta})
        for theta in thetas:
            half = guess(self.wish, theta).half_width
            pay = reward_rate(self.wish, theta, half)
            for lean in LEANS:
                shape = Shape(half * (1 + lean), half * (1 - lean), theta, PAUSES[0], pay)
                found = self.fitted(shape)
                if found is not None:
                    yield found

    def fitted(self, shape: Shape) -> Candidate | None:
        """As wide as the tracking error asks; None when it does not live or cannot track so."""
        found = None
        for _ in range(TRIES):
            found = self.replayed(shape)
            if found is None or not found.tracking_error:
                return None
            ratio = self.wish.tracking_error / found.tracking_error
            if abs(ratio - 1) < CLOSE:
                break
            shape = shape.scaled(ratio)
        return found

    def replayed(self, shape: Shape) -> Candidate | None:
        try:
            policy = policy_of(shape, self.wish.magnitude, self.job.setup.market)
        except ConfigError as error:
            self.tell(str(error))
            return None
        measures = run(replace(self.job, setup=replace(self.job.setup, policy=policy))).measures
        found = Candidate(shape, policy, measures)
        self.tell(_line(found))
        return None if measures.liquidated else found


def _pauses(shape: Shape) -> list[Shape]:
    return [replace(shape, cooldown_up=one) for one in PAUSES if one != shape.cooldown_up]


def _rewards(shape: Shape) -> list[Shape]:
    """Higher rewards make keepers come earlier."""
    cap = Decimal("0.001")
    rates = {min(shape.reward * one, cap) for one in REWARDS} - {shape.reward}
    return [replace(shape, reward=one) for one in sorted(rates)]


def _best(best: Candidate, others: list[Candidate]) -> Candidate:
    """The least product; among those alike, the first."""
    cheapest = min([best, *others], key=lambda one: one.product)
    return best if best.product <= cheapest.product * ALIKE else cheapest


def _line(found: Candidate) -> str:
    policy = found.policy
    end = "liquidated" if found.measures.liquidated else f"tracks at {found.tracking_error:.1%}"
    return (
        f"band {policy.lower} to {policy.upper}, recenter {policy.recenter}, "
        f"pause {policy.cooldown_up} s, reward {policy.reward_rate}: "
        f"costs {found.measures.cost:.2%}, {end}"
    )
