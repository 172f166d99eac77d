"""A policy for a tracking error that somebody wants: the closed form of small bands. Pure.

Cost a year at tracking error e, as fractions of equity, of a rule that trades back to the fraction
theta of its band, with gas k (fraction of the capital) a rebalance:
`c s^2 / (h (1 + theta)) + k s^2 / (h^2 (1 - theta^2))`, `h = e / (sigma sqrt((1 + theta^2) / 6))`,
`s = sigma |L (L - 1)|`.
"""

from dataclasses import dataclass
from decimal import Decimal
from math import sqrt

from levtoken.errors import ConfigError
from levtoken.markets import Market
from levtoken.policies import MAX_REWARD_RATE, Policy, policy_fault
from levtoken.simulation.limit import band_cost, band_error, path_factor

THETAS = tuple(step / 20 for step in range(20))
ROUNDED = Decimal("0.001")
NEAREST_ZERO = Decimal("0.05")  # of the leverage: a lower edge is no lower
NARROWEST = 0.006  # of the leverage; the contract asks for 0.5 %
LAST_EMERGENCY = Decimal("1.02")  # of the upper edge: below it nothing is left of the band
SMALLER = Decimal("0.99")
PAY = 1.25  # a keeper's reward for a usual rebalance, at the most, of its gas
DELAY = 900  # seconds until the reward of what is left of a rebalance is whole


@dataclass(frozen=True)
class Wish:
    """What is asked for. `leverage` signed; `tracking_error`, `volatility` a year; `cost_rate` of a
    notional traded; `capital`, `gas` of a rebalance, in the asset."""

    leverage: Decimal
    tracking_error: float
    volatility: float
    cost_rate: float
    capital: float
    gas: float

    @property
    def target(self) -> float:
        return float(self.leverage)

    @property
    def magnitude(self) -> Decimal:
        return abs(self.leverage)


@dataclass(frozen=True)
class Guess:
    """The closed form at one theta. `half_width` in leverage; `cost` a year with gas; `rebalances`
    a year."""

    theta: float
    half_width: float
    cost: float
    rebalances: float


def guess(wish: Wish, theta: float) -> Guess:
    """At the tracking error that is wished for."""
    half_width = wish.tracking_error / band_error(theta, 1.0, wish.volatility)
    s = wish.volatility * path_factor(wish.target)
    rebalances = s**2 / (half_width**2 * (1 - theta**2))
    fees = wish.cost_rate * band_cost(theta, half_width, wish.volatility, wish.target)
    return Guess(theta, half_width, fees + wish.gas / wish.capital * rebalances, rebalances)


def best_guess(wish: Wish) -> Guess:
    """The theta that costs least: the edge when gas is nothing, less the dearer gas is."""
    return min((guess(wish, theta) for theta in THETAS), key=lambda one: one.cost)


def reward_rate(wish: Wish, theta: float, half_width: float) -> Decimal:
    """What pays a keeper's gas for a usual rebalance, with something left; at most the contract's
    cap, above which no keeper is paid."""
    traded = half_width * (1 - theta) * wish.capital
    rate = Decimal(str(PAY * wish.gas / traded)).quantize(Decimal("0.000001"))
    return min(rate, MAX_REWARD_RATE)


@dataclass(frozen=True)
class Shape:
    """What a policy is made of. `below`, `above`: the band's width on each side, in leverage."""

    below: float
    above: float
    theta: float
    cooldown_up: int
    reward: Decimal

    def scaled(self, factor: float) -> "Shape":
        """With a band so many times as wide."""
        return Shape(
            self.below * factor, self.above * factor, self.theta, self.cooldown_up, self.reward
        )


def policy_of(shape: Shape, leverage: Decimal, market: Market) -> Policy:
    """The policy of that shape, which a token of that leverage (magnitude) can have at the market:
    emergency level and price limit are the widest that are allowed. Raises a `ConfigError`."""
    least = float(leverage) * NARROWEST
    upper = _rounded(leverage, max(shape.above, least))
    lower = max(_rounded(leverage, -max(shape.below, least)), leverage * NEAREST_ZERO)
    emergency = max(usual_emergency(leverage), upper * Decimal("1.1")).quantize(ROUNDED)
    shortest = 12 if leverage >= 10 else 60  # noqa: PLR2004 # a block, and five
    while emergency >= upper * LAST_EMERGENCY:
        policy = Policy(
            lower=lower,
            upper=upper,
            emergency=emergency,
            recenter=Decimal(str(shape.theta)),
            max_slippage=min(Decimal("0.01"), (Decimal("0.06") / leverage).quantize(ROUNDED)),
            cooldown=60,
            cooldown_up=shape.cooldown_up,
            emergency_cooldown=shortest,
            reward_rate=shape.reward,
            reward_ramp=max((upper - leverage) / 2, ROUNDED).quantize(ROUNDED),
            reward_delay=DELAY,
            reward_cap=Decimal(100),
        )
        fault = policy_fault(policy, leverage, market)
        if fault is None:
            return policy
        if not fault.startswith("emergency"):
            break
        emergency = (emergency * SMALLER).quantize(ROUNDED)
    raise ConfigError(
        f"no policy of {leverage.normalize():f}x at this market has a band from {lower} to {upper}:"
        " ask for a smaller tracking error"
    )


def usual_emergency(leverage: Decimal) -> Decimal:
    """Half more than the leverage up to 3x, and nearer the higher: 7 at 5x, 13.25 at 10x."""
    return leverage * (Decimal("1.25") + Decimal("0.25") * min(Decimal(1), 3 / leverage))


def _rounded(leverage: Decimal, distance: float) -> Decimal:
    return (leverage + Decimal(str(distance))).quantize(ROUNDED)


def to_yaml(policy: Policy, head: list[str]) -> str:
    """The file of a policy, with comments before it."""
    fields = policy.model_dump(exclude_none=True, exclude_defaults=True)
    lines = [f"{name}: {_plain(value)}" for name, value in fields.items()]
    return "".join(f"{line}\n" for line in [*(f"# {one}" for one in head), *lines])


def _plain(value: Decimal | int) -> str:
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)


def floor(wish: Wish) -> float:
    """The least cost a year at that tracking error under any rule, without gas."""
    factor = path_factor(wish.target) ** 2
    return wish.cost_rate * wish.volatility**3 * factor / (2 * sqrt(3)) / wish.tracking_error
