"""The contract and the model side by side: every verb runs on both, and both must agree."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from levtoken.units import WAD
from tests.vectors.contract import ContractMarket
from tests.vectors.files import read
from tests.vectors.model import DAY, Fill, LiquidationFees, Model, Refused

START = 1_795_000_000
PRICE = 2_000 * WAD
RULES = {
    **read(Path(__file__).parent / "perp_edges.json").params,
    "forcedLiquidationDelay": DAY,
    "settlementDelay": 3 * DAY,
}
NO_LIMIT = 2**128 - 1
BLOCK = 2

# The accounts that the tests watch, by the numbers that the vector files would give them.
TRADER, RIVAL, HEDGER = range(3)
ACCOUNTS = 3
KEEPER, STRANGER = "keeper", "stranger"

Actor = int | str


def wad(number: float | str) -> int:
    """Exact for what is written with a few decimals."""
    return round(float(number) * 10**9) * 10**9


def funded(margin: int, **changes: int) -> "Twin":
    """A twin whose accounts have that margin each."""
    twin = Twin(**changes)
    for account in range(ACCOUNTS):
        twin.move_margin(account, margin)
    return twin


class Twin:
    """One market on `price`, with `changes` to the rules. Verbs return what the contract does, or
    raise `Refused` when both refuse for the same reason."""

    def __init__(self, price: int = PRICE, **changes: int) -> None:
        self.rules = RULES | changes
        self.contract = ContractMarket(self.rules, START)
        self.model = Model(self.rules, START, price)
        self.actors: set[Actor] = {KEEPER, STRANGER, *range(ACCOUNTS)}
        self.contract.at(START, price)
        for actor in self.actors:
            self.contract.actor(actor)

    @property
    def now(self) -> int:
        return self.model.time

    @property
    def price(self) -> int:
        return self.model.price

    def wait(self, seconds: int = BLOCK, price: int | None = None) -> None:
        """The next block, with this price or the old one."""
        time, price = self.now + seconds, self.price if price is None else price
        self.model.at(time, price)
        self.contract.at(time, price)
        self.check()

    def move_margin(self, account: int, delta: int) -> None:
        self._both("move_margin", account, delta)

    def trade(self, account: int, size: int, limit: int | None = None) -> Fill:
        return self._both("trade", account, size, _worst(size, limit))

    def submit(self, account: int, size: int, limit: int | None = None) -> None:
        self._both("submit", account, size, _worst(size, limit))

    def execute(
        self,
        account: int,
        executor: Actor = KEEPER,
        price: int | None = None,
        published: int | None = None,
    ) -> Fill:
        """At the push price and published now, if nothing else is said."""
        price = self.price if price is None else price
        published = self.now if published is None else published
        return self._both("execute", account, price, published, executor)

    def cancel(self, account: int, canceller: Actor = KEEPER) -> None:
        self._both("cancel", account, canceller)

    def flag(self, account: int, flagger: Actor = KEEPER) -> None:
        self._both("flag", account, flagger)

    def liquidate(self, account: int, liquidator: Actor = KEEPER) -> LiquidationFees:
        return self._both("liquidate", account, liquidator)

    def account(self, account: int) -> dict[str, Any]:
        """What the contract says of an account, by the names of the vector files."""
        return self.contract.after(ACCOUNTS)["accounts"][account]

    def price_with_equity(self, account: int, equity: int) -> int:
        """The lowest price at which the account's long position has at least that equity now."""
        position = self.model.position(account)
        return _lowest(lambda price: self.model.equity(position, price) >= equity)

    def lowest_safe_price(self, account: int) -> int:
        """The lowest price at which the account's long position cannot be liquidated now."""
        position = self.model.position(account)
        return _lowest(lambda price: not self.model.can_liquidate(position, price))

    def paid(self, actor: Actor) -> int:
        return self.contract.paid(actor)

    def _both(self, verb: str, *arguments: Any) -> Any:
        expected = _outcome(partial(getattr(self.model, verb), *arguments))
        actual = _outcome(partial(getattr(self.contract, verb), *arguments))
        assert actual == expected, f"{verb}{arguments}"
        self.check()
        if isinstance(actual, str):
            raise Refused(actual)
        return actual

    def check(self) -> None:
        """State and payments are the same."""
        assert self.contract.after(ACCOUNTS) == self.model.after(ACCOUNTS)
        for account in range(ACCOUNTS):
            assert self.contract.position(account) == self.model.position(account)
            assert self.contract.order(account) == self.model.order(account)
        paid = {actor: self.contract.paid(actor) for actor in self.actors}
        assert paid == {actor: self.model.paid[actor] for actor in self.actors}


def _lowest(holds: Callable[[int], bool]) -> int:
    """The lowest price from which on something holds."""
    low, high = 1, 2 * PRICE
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)
    return low


def _outcome(verb: Any) -> Any:
    try:
        return verb()
    except Refused as refusal:
        return refusal.name


def _worst(size: int, limit: int | None) -> int:
    return limit if limit is not None else NO_LIMIT if size > 0 else 0


@contextmanager
def refused(name: str) -> Iterator[None]:
    with pytest.raises(Refused) as caught:
        yield
    assert caught.value.name == name
