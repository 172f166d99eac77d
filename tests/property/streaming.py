"""What the streaming fee may have earned, along a whole walk."""

from decimal import Decimal
from fractions import Fraction

from levtoken.units import WAD
from tests.property.checks import require, require_between
from tests.property.reference import WEI
from tests.property.reference_terms import EXACT, MAX_STREAMING, YEAR, earned
from tests.property.world import Books


class Streaming:
    """I-8: the supply grows by the fee of the time that has passed, however often it was charged.
    The exponent and its exponential lose less than a wei each, and shares are whole, so each charge
    may be less by `LOSS` of the supply and a wei."""

    LOSS = 3 * WEI

    def __init__(self) -> None:
        self.exponent = 0  # fee times seconds, WAD
        self.growth = Decimal(1)
        self.lost = Fraction(0)

    def seen(self, books: Books) -> None:
        """The views say what a charge would do now."""
        new, total = books.supply - books.total, books.total
        if books.is_closed or not new:
            exact = Fraction(0) if books.is_closed else self._earned(books)
            require("I-8", new == 0 and exact <= total * self.LOSS + 1, f"nothing of {exact}")
            return
        exact = self._earned(books)
        low = exact - total * self.LOSS - 1
        require_between("I-8", "streaming shares", Fraction(new), low, exact)

    def charged(self, before: Books, after: Books) -> None:
        """A verb charged what the views said, up to now. A new fee is not owed for the time
        before."""
        require("I-8", after.supply == after.total, "not all was charged")
        new, total = before.supply - before.total, before.total
        if before.is_closed:
            return
        idle = new == 0 and total > 0 and before.terms.streaming > 0
        require("I-8", not idle or before.accrued_at == before.time, "time passed for nothing")
        clock = before.time
        require("I-8", after.accrued_at == clock, f"charged up to {after.accrued_at}, not {clock}")
        if not new:
            return
        seconds = before.time - before.accrued_at
        self.exponent += int(before.terms.streaming * WAD) * seconds
        self.growth = EXACT.multiply(self.growth, EXACT.divide(before.supply, total))
        self.lost += self.LOSS + Fraction(1, total)
        most = EXACT.divide(Decimal(self.exponent), Decimal(YEAR * WAD)).exp(EXACT)
        found, off = Fraction(self.growth), Fraction(1, 10**40)
        low = Fraction(most) * (1 - self.lost)
        require_between("I-8", "growth by fees", found, low - off, Fraction(most) + off)

    def kept(self) -> tuple[int, Decimal, Fraction]:
        return self.exponent, self.growth, self.lost

    def restore(self, values: tuple[int, Decimal, Fraction]) -> None:
        self.exponent, self.growth, self.lost = values

    def _earned(self, books: Books) -> Fraction:
        rate = books.terms.streaming
        require("I-8", rate <= MAX_STREAMING, "the fee is above its cap")
        return earned(Fraction(books.total), rate, books.time - books.accrued_at)
