"""What the mock sources are made to say: the last good price, and prices that do not fit."""

from decimal import Decimal

import pytest

from levtoken.errors import ChainError
from levtoken.feeds import (
    LARGEST_ANSWER,
    LARGEST_PRICE,
    Wrong,
    good_price,
    good_round,
    last_good,
    wrong_price,
    wrong_round,
)
from levtoken.units import from_fixed

LOW, HIGH = Decimal(100), Decimal(10**7)
OWN, OTHER, FIRST = Decimal(54_000), Decimal(55_000), Decimal(60_000)


def test_the_own_last_price_comes_first() -> None:
    assert last_good([OWN, OTHER], LOW, HIGH, FIRST) == OWN


@pytest.mark.parametrize("bad", [None, Decimal(0), -OWN, LOW, HIGH])
def test_without_a_good_one_it_is_that_of_the_other_source_or_the_first(
    bad: Decimal | None,
) -> None:
    assert last_good([bad, OTHER], LOW, HIGH, FIRST) == OTHER
    assert last_good([bad, bad], LOW, HIGH, FIRST) == FIRST
    with pytest.raises(ChainError, match="give one"):
        last_good([bad], LOW, HIGH, None)


@pytest.mark.parametrize("wrong", [Wrong.ZERO, Wrong.NEGATIVE, Wrong.BOUNDS])
def test_a_wrong_answer_is_no_good_price(wrong: Wrong) -> None:
    answer = from_fixed(wrong_round(wrong, OWN, 8, 1).answer, 8)
    signed = wrong_price(wrong, OWN, 1)
    for said in (answer, from_fixed(signed.price, -signed.exponent)):
        assert last_good([said], LOW, HIGH, FIRST) == FIRST


def test_the_largest_prices() -> None:
    assert good_round(from_fixed(LARGEST_ANSWER, 8), 8, 1).answer == LARGEST_ANSWER
    with pytest.raises(ChainError, match="256 bits"):
        good_round(from_fixed(LARGEST_ANSWER + 1, 8), 8, 1)
    with pytest.raises(ChainError, match="above 0 and below"):
        good_price(from_fixed(LARGEST_PRICE + 1, 8), 1)
