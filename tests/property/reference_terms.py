"""What a token charges and takes, in exact rational arithmetic, as the design states it. Nothing
here is taken from the contracts."""

from dataclasses import dataclass, field
from decimal import Context, Decimal
from fractions import Fraction

from tests.property.reference import Rules

LOCKED_SHARES = Fraction(1, 1000)
LOCKED_UNITS = 1000
YEAR = 365 * 86_400
MAX_STREAMING = Fraction(5, 100)
MAX_FLOW_FEE = Fraction(1, 100)
FEE_STEP = Fraction(1, 1_000_000)
LIVE, CLOSING, CLOSED = range(3)
EXACT = Context(prec=50)


@dataclass(frozen=True)
class Terms:
    """Fees as fractions, the cap in shares, the smallest deposit in assets."""

    streaming: Fraction = Fraction(0)
    deposit: Fraction = Fraction(0)
    redemption: Fraction = Fraction(0)
    supply_cap: Fraction = Fraction(2**128)
    min_deposit: Fraction = Fraction(0)
    max_size: Fraction = Fraction(2**128)
    paused: bool = False
    phase: int = LIVE

    @property
    def closed_doors(self) -> set[str]:
        """Why nobody comes in, whatever the amount."""
        faults = {"DepositsPaused"} if self.paused else set()
        return faults if self.phase == LIVE else faults | {"TokenNotLive"}


@dataclass(frozen=True)
class Token:
    """What a flow needs to know of the token. `supply` counts what the streaming fee has earned,
    `unit` is the value of one asset unit."""

    target: Fraction
    supply: Fraction
    unit: Fraction
    terms: Terms = field(default_factory=Terms)

    @property
    def direction(self) -> int:
        return 1 if self.target > 0 else -1

    @property
    def locked(self) -> Fraction:
        return max(LOCKED_SHARES, LOCKED_UNITS * self.unit)


def growth(exponent: Fraction) -> Fraction:
    """The exponential of a fee, to fifty digits."""
    as_decimal = EXACT.divide(Decimal(exponent.numerator), Decimal(exponent.denominator))
    return Fraction(as_decimal.exp(EXACT))


def earned(supply: Fraction, streaming: Fraction, seconds: int) -> Fraction:
    """New shares of the streaming fee: `S * (exp(f * dt / year) - 1)`."""
    if not supply or not streaming or not seconds:
        return Fraction(0)
    return supply * (growth(streaming * seconds / YEAR) - 1)


def size_limit(
    rules: Rules, target: Fraction, emergency: Fraction, slices: int, largest: Fraction
) -> Fraction:
    """The largest position: one that is not liquidated early for its size, and that an emergency
    brings back in so many slices."""
    by_slices = slices * largest / (1 - abs(target) / emergency)
    room = 1 / (2 * emergency) - rules.buffer - rules.fee_ratio
    return min(by_slices, rules.scale * room / rules.premium) if rules.premium else by_slices
