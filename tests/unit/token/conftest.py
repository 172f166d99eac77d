"""A desk for each test; what a test does leaves no trace."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.unit.token.desk import Desk


@pytest.fixture
def empty() -> "Iterator[Desk]":
    """A token without fees that nobody holds."""
    # Here, because what it imports warns when pytest is not ready for warnings yet.
    from tests.unit.token.desk import market_desk  # noqa: PLC0415

    desk = market_desk()
    with desk.evm.rolled_back():
        yield desk


@pytest.fixture
def desk(empty: "Desk") -> "Desk":
    """A token without fees, opened by a depositor with 100,000."""
    empty.deposit(100_000)
    return empty


@pytest.fixture
def quiet() -> "Iterator[Desk]":
    """A token without fees that nobody holds, at a market without funding, for long times."""
    from tests.unit.token.desk import market_desk  # noqa: PLC0415

    desk = market_desk(maxFundingVelocity=0)
    with desk.evm.rolled_back():
        yield desk
