"""What the mock sources of a local chain are made to say: prices, and answers that are wrong."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from levtoken.errors import ChainError
from levtoken.units import to_fixed

AHEAD = 600  # seconds by which an answer from the future is early
EXPONENT = -8
CONFIDENCE = 10_000  # a good price is certain to one part in so many
UNSCALABLE = 19  # an exponent that PythOracle does not scale
LARGEST_EXPONENT = 18  # one that it does
LARGEST_PRICE = 2**63 - 1  # of Pyth, before its exponent
LARGEST_ANSWER = 2**255 - 1  # of Chainlink


class Source(StrEnum):
    """Where prices come from."""

    CHAINLINK = "chainlink"
    PYTH = "pyth"


class Wrong(StrEnum):
    """What can be wrong with an answer."""

    ZERO = "zero"
    NEGATIVE = "negative"
    FUTURE = "future"
    BOUNDS = "bounds"
    INCOMPLETE = "incomplete"
    BROKEN = "broken"
    CONFIDENCE = "confidence"
    EXPONENT = "exponent"


# Pyth has no rounds, and Chainlink says nothing of confidence or exponents.
ONLY = {
    Wrong.INCOMPLETE: Source.CHAINLINK,
    Wrong.BROKEN: Source.CHAINLINK,
    Wrong.CONFIDENCE: Source.PYTH,
    Wrong.EXPONENT: Source.PYTH,
}


@dataclass(frozen=True)
class Round:
    """A round of a Chainlink feed: its answer in the feed's decimals, when it was updated (seconds
    since the epoch), and whether the feed reverts from then on."""

    answer: int
    updated_at: int
    is_broken: bool = False


@dataclass(frozen=True)
class Signed:
    """A price as Pyth's publishers sign it: price and confidence times ten to the exponent, and
    when it was published (seconds since the epoch)."""

    price: int
    time: int
    confidence: int = 0
    exponent: int = EXPONENT


def sources_of(wrong: Wrong, asked: Sequence[Source]) -> tuple[Source, ...]:
    """Those of the sources that can be wrong like that; it is an error when none can."""
    only = ONLY.get(wrong)
    found = tuple(source for source in asked if only in {None, source})
    if not found:
        raise ChainError(f"only {only} can be wrong by {wrong}: pass --source {only} or both")
    return found


def last_good(
    known: Iterable[Decimal | None], low: Decimal, high: Decimal, first: Decimal | None
) -> Decimal:
    """The first of the known prices that is good, between the bounds; `first` when none is."""
    for price in known:
        if price is not None and low < price < high:
            return price
    if first is None:
        raise ChainError("no good price is known: give one")
    return first


def good_round(price: Decimal, decimals: int, now: int) -> Round:
    """The round that says `price`."""
    answer = to_fixed(price, decimals)
    if answer <= 0:
        smallest = Decimal(1).scaleb(-decimals)
        raise ChainError(f"a price must be above 0: a feed's smallest is {smallest:f}")
    if answer > LARGEST_ANSWER:
        raise ChainError("a price of Chainlink must fit 256 bits: give a lower one")
    return Round(answer, now)


def wrong_round(wrong: Wrong, price: Decimal, decimals: int, now: int) -> Round:
    """A round that is wrong about `price`."""
    good = good_round(price, decimals, now)
    rounds = {
        Wrong.ZERO: replace(good, answer=0),
        Wrong.NEGATIVE: replace(good, answer=-good.answer),
        Wrong.FUTURE: replace(good, updated_at=now + AHEAD),
        Wrong.BOUNDS: replace(good, answer=LARGEST_ANSWER),
        Wrong.INCOMPLETE: replace(good, updated_at=0),
        Wrong.BROKEN: replace(good, is_broken=True),
    }
    return rounds[wrong]


def good_price(price: Decimal, now: int) -> Signed:
    """The signed price that says `price`."""
    mantissa = to_fixed(price, -EXPONENT)
    if not 0 < mantissa <= LARGEST_PRICE:
        raise ChainError(f"a price of Pyth must be above 0 and below {LARGEST_PRICE // 10**8:,}")
    return Signed(mantissa, now, mantissa // CONFIDENCE)


def wrong_price(wrong: Wrong, price: Decimal, now: int) -> Signed:
    """A signed price that is wrong about `price`."""
    good = good_price(price, now)
    prices = {
        Wrong.ZERO: replace(good, price=0),
        Wrong.NEGATIVE: replace(good, price=-good.price),
        Wrong.FUTURE: replace(good, time=now + AHEAD),
        Wrong.BOUNDS: Signed(LARGEST_PRICE, now, exponent=LARGEST_EXPONENT),
        Wrong.CONFIDENCE: replace(good, confidence=good.price),
        Wrong.EXPONENT: replace(good, exponent=UNSCALABLE),
    }
    return prices[wrong]
