"""The least that tracking can cost, for small bands (docs/policies.md, "The limit").

With s = sigma |L (L - 1)|, cost c a unit of notional traded and a band of half-width h:
cost x tracking error of every rule is a constant times c sigma^3 L^2 (L - 1)^2.
"""

from math import pi, sqrt

LIMIT = 1 / (2 * sqrt(3))  # back to the edge of the band: 0.2887, the optimum
RESET = 1 / sqrt(6)  # back to the target: 0.4082
TIMED = 1 / sqrt(pi)  # at fixed times: 0.5642


def partial(theta: float) -> float:
    """Back to the fraction `theta` of the deviation: 0 the target, 1 the edge."""
    return sqrt((1 + theta**2) / 6) / (1 + theta)


def path_factor(target: float) -> float:
    """|L (L - 1)|: how fast leverage moves, as a multiple of the price."""
    return abs(target * (target - 1))


def best_half_width(cost_rate: float, target: float, aversion: float) -> float:
    """Half-width of the band, in leverage, that minimises cost + aversion/2 x squared tracking
    error: (3 c L^2 (1 - L)^2 / (2 gamma))^(1/3), whatever the volatility."""
    return float((1.5 * cost_rate * path_factor(target) ** 2 / aversion) ** (1 / 3))


def band_cost(theta: float, half_width: float, volatility: float, target: float) -> float:
    """Cost a year, as a multiple of c, of a band that trades back to `theta` of its edge."""
    s = volatility * path_factor(target)
    return s**2 / (half_width * (1 + theta))


def band_error(theta: float, half_width: float, volatility: float) -> float:
    """Tracking error a year of the same."""
    return volatility * half_width * sqrt((1 + theta**2) / 6)
