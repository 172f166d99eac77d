"""How far an integer of the contracts may lie from the rational value: each bound with its reason.

All bounds are in whole units. WEI is 1e-18; the solver works in RAY, 1e-27, of the skew scale.
"""

from fractions import Fraction

from tests.property.reference import WEI, Market

RAY = Fraction(1, 10**27)


def of_cost(market: Market, delta: Fraction) -> Fraction:
    """The market truncates the premium to a wei of the price's fraction, so the fill is off by less
    than price + 2 wei and the order's value by size times that; the fee and its part beyond the
    flip are off by as much again at most; 8 wei are the truncations of fee, profit and margin."""
    return (2 * abs(delta) * (market.price + 2) + 8) * WEI


def of_size(
    market: Market,
    delta: Fraction,
    leverage: Fraction,
    reward_rate: Fraction = Fraction(0),
    inputs: Fraction = Fraction(0),
) -> Fraction:
    """The solver truncates a dozen terms to a RAY of the scale's value; equity, notional and margin
    come in truncated by a few wei, which a flow multiplies by its part of the token; `inputs` is
    the error of what else comes in. The equation is off by the sum, the size by that over the
    slope at the root, and by its own wei."""
    own = market.price / leverage
    marginal = market.marginal(delta) + reward_rate * market.price
    slope = min(abs(own + marginal), abs(own - marginal))
    terms = 16 * RAY * market.price * market.rules.scale
    flow = 8 * WEI * (1 + abs(delta) * market.price / leverage)
    return (terms + flow + inputs) / slope + WEI if slope else abs(delta)


def of_value(market: Market, delta: Fraction, size: Fraction) -> Fraction:
    """A flow's value is off by the cost of its order, by what the error `size` of its size costs,
    and by a few wei of equity in proportion to the flow."""
    return of_cost(market, delta) + abs(market.marginal(delta)) * size + 4 * WEI


def of_part(market: Market, amount: Fraction) -> Fraction:
    """What is owed to all is truncated by less than a wei where it is multiplied, so the part of it
    that is paid, `amount`, is off by as much in proportion; and by its own wei."""
    return WEI * (1 + amount / market.debt) if market.is_insolvent else Fraction(0)


def of_taken(market: Market, amount: Fraction) -> Fraction:
    """What a payment of `amount` takes from an equity is off as the part is, the other way."""
    if not market.is_insolvent or not amount:
        return Fraction(0)
    return WEI * (1 + abs(amount) / market.backing)


def of_rate(market: Market, days: Fraction) -> Fraction:
    """Elapsed days, skew share and velocity lose less than 1 wei each, times what multiplies them:
    the velocity, both, and the days; then the product and its sum."""
    velocity = market.rules.velocity
    return (velocity + velocity * days + days + 2) * WEI


def of_funding(market: Market, days: Fraction) -> Fraction:
    """Per unit: the mean rate is off as the rate is, the days by 1 wei, their product by 1 wei, and
    all three are multiplied by the price."""
    reached = abs(market.rate) + market.rules.velocity * days
    mean = of_rate(market, days) + WEI
    return market.price * (days * mean + (reached + 2) * WEI) + 2 * WEI
