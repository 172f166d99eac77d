"""Price paths: what a replay walks along. A bar's price is known when the bar ends, so that is the
time it carries."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from itertools import pairwise

from levtoken.errors import (
    BarGapError,
    BarOrderError,
    DuplicateBarError,
    EmptyWindowError,
    InvalidPriceError,
    UnknownSymbolError,
)
from levtoken.units import to_fixed

QUOTES = ("", "USD", "USDT", "USDC", "PERP")
FEWEST_BARS = 2  # a return needs two prices
HIGHEST_PRICE = 10**15  # with 18 decimals it fits into the 128 bits that contracts give a price


@dataclass(frozen=True)
class Bar:
    """A price (WAD) and when it is known (seconds since the epoch)."""

    time: int
    price: int


@dataclass(frozen=True)
class PricePath:
    """Bars of one symbol, one step (seconds) apart. `source` says where they come from."""

    symbol: str
    step: int
    bars: tuple[Bar, ...]
    source: str
    synthetic: bool = False


def build(symbol: str, rows: Iterable[tuple[int, object]], source: str) -> PricePath:
    """The path through `rows` of opening time and price, or the error that names what is wrong."""
    rows = list(rows)
    if len(rows) < FEWEST_BARS:
        raise EmptyWindowError(
            f"{symbol}: the window has {len(rows)} bars, a replay needs {FEWEST_BARS}: widen "
            "--from and --to"
        )
    step = _check_times(symbol, [time for time, _ in rows])
    bars = tuple(Bar(time + step, _price(symbol, time, value)) for time, value in rows)
    return PricePath(symbol, step, bars, source)


def check_aligned(paths: Sequence[PricePath]) -> None:
    """Paths that are replayed together have a price each at the same times."""
    for one, other in pairwise(paths):
        times = {bar.time for bar in one.bars} ^ {bar.time for bar in other.bars}
        if times:
            raise BarGapError(
                f"{one.symbol} and {other.symbol} do not have the same bars: one of them lacks "
                f"the one that ends at {format_time(min(times))}; choose a window that both cover"
            )


def match_underlying(symbol: str, underlyings: Iterable[str]) -> str:
    """The one of `underlyings` that `symbol` prices: BTC for BTCUSDT, BTC-USD, BTC."""
    known = sorted(set(underlyings))
    plain = "".join(c for c in symbol.upper() if c.isalnum())
    for underlying in known:
        if plain in {underlying.upper() + quote for quote in QUOTES}:
            return underlying
    raise UnknownSymbolError(
        f"no token follows {symbol}: --symbol prices one of {', '.join(known)}, such as "
        f"{known[0]}USDT"
    )


def format_time(time: int) -> str:
    """UTC, to the minute."""
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d %H:%M")


def _check_times(symbol: str, times: Sequence[int]) -> int:
    """The step of the bars."""
    seen: set[int] = set()
    for time in times:
        if time in seen:
            raise DuplicateBarError(
                f"{symbol}: {format_time(time)} comes twice: keep one row a time"
            )
        seen.add(time)
    steps = [(later - time, time) for time, later in pairwise(times)]
    for step, time in steps:
        if step < 0:
            raise BarOrderError(
                f"{symbol}: {format_time(time)} comes before {format_time(time + step)}: sort by "
                "time"
            )
    usual, _ = Counter(step for step, _ in steps).most_common(1)[0]
    for step, time in steps:
        if step != usual:
            raise BarGapError(
                f"{symbol}: after {format_time(time)} the next bar comes {step} s later, not "
                f"{usual} s: choose a window without gaps, or fill them"
            )
    return usual


def _price(symbol: str, time: int, value: object) -> int:
    try:
        number = Decimal(str(value))  # the shortest decimal that is this float
    except InvalidOperation:
        number = Decimal("nan")
    price = to_fixed(number) if number.is_finite() and number < HIGHEST_PRICE else 0
    if price <= 0:
        raise InvalidPriceError(
            f"{symbol}: the price at {format_time(time)} is {value}: a price is a number above 0 "
            f"and below {HIGHEST_PRICE}"
        )
    return price
