"""Fixed-point numbers at the edges: `int` on chain, `Decimal` where people read and write."""

from decimal import ROUND_DOWN, Decimal, localcontext

WAD = 10**18
_DIGITS = 80  # more than the 78 digits of a 256-bit integer


def to_fixed(value: Decimal | int | str, decimals: int = 18) -> int:
    """`value` as an integer with `decimals` decimals, rounded toward zero."""
    with localcontext(prec=_DIGITS):
        return int(Decimal(value).scaleb(decimals).to_integral_value(ROUND_DOWN))


def from_fixed(value: int, decimals: int = 18) -> Decimal:
    """The exact decimal number that the integer `value` with `decimals` decimals stands for."""
    with localcontext(prec=_DIGITS):
        return Decimal(value).scaleb(-decimals)
