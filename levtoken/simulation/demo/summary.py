"""A replay's result as plain data: exact numbers are strings, counts and times are numbers."""

from dataclasses import asdict
from decimal import ROUND_HALF_EVEN, Decimal, localcontext

from levtoken.simulation.demo.entries import DIGITS
from levtoken.simulation.demo.results import ReplayResult

Plain = dict[str, object]

PLACES = Decimal("1e-30")  # finer than any residual: amounts on chain have 18 decimals at most
UNITS = {
    "times": "seconds since the epoch, of the path",
    "offset": "seconds by which the chain's clock was later than the path's",
    "money": "the asset named in `asset`",
    "share_price_*, attribution, residual": "assets per share; arbitrageurs: assets",
    "total, ideal, path": "change as a fraction: 0.1 is a gain of 10 %; path = ideal - L R",
    "worst_drawdown, nearest_liquidation": "fraction; nearest_liquidation is null without position",
    "tracking_error": "standard deviation of (bar return - L r) as a fraction, a year; a float",
    "leverage, band": "magnitude; target is signed",
    "sizes": "the underlying, + long",
    "keeper.rewards": "units of the asset, by its address",
    "keeper.gas_cost": "wei",
}


def to_plain(result: ReplayResult) -> Plain:
    """What goes into summary.json."""
    data: Plain = {"units": UNITS}
    fields = {name: _value(value) for name, value in asdict(result).items()}
    data |= {name: value for name, value in fields.items() if name not in ("tokens", "keeper")}
    data["tokens"] = [
        _value({**asdict(token), "inside": token.inside, "sum": token.attribution.sum})
        for token in result.tokens
    ]
    data["keeper"] = _value(
        {
            "passes": result.keeper.passes,
            "results": {str(name): count for name, count in result.keeper.results.items()},
            "rewards": {name: str(units) for name, units in result.keeper.rewards.items()},
            "gas_cost": str(result.keeper.gas_cost),
        }
    )
    return data


def _value(value: object) -> object:
    if isinstance(value, dict):
        return {name: _value(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_value(one) for one in value]
    return _text(value) if isinstance(value, Decimal) else value


def _text(number: Decimal) -> str:
    with localcontext(prec=DIGITS):
        rounded = number.quantize(PLACES, rounding=ROUND_HALF_EVEN).normalize()
    return f"{rounded:f}"
