"""What a token tells is enough to rebuild it: supply, balances, share price, flows, fees and
rebalances, from its logs alone and at every step of a scripted life."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from levtoken.units import WAD, to_fixed
from tests.unit.token.desk import (
    ATTACKER,
    DEPOSITOR,
    HOLDER,
    KEEPER,
    LOCKED,
    OWNER,
    RECIPIENT,
    STRANGER,
    Desk,
)

NOBODY = "0x" + "00" * 20
EVERYBODY = (DEPOSITOR, HOLDER, ATTACKER, RECIPIENT, STRANGER, LOCKED)
FEES = {
    "streaming": to_fixed("0.02"),
    "deposit": to_fixed("0.001"),
    "redemption": to_fixed("0.002"),
}
DAY = 86_400
CLOSED = 2


@dataclass
class Book:
    """A token as its logs tell it."""

    shares: Counter[str] = field(default_factory=Counter)
    supply: int = 0
    price: int = WAD
    leverage: int | None = None
    flows: Counter[str] = field(default_factory=Counter)
    charged: Counter[str] = field(default_factory=Counter)
    fees: dict[str, int] = field(default_factory=dict)
    recipient: str = ""
    limits: tuple[int, int] = (0, 0)
    rebalances: list[tuple[int, int, int]] = field(default_factory=list)
    phase: int = 0
    held: int = 0

    def read(self, events: list[tuple[str, dict[str, Any]]]) -> None:
        for name, fields in events:
            reader = getattr(self, f"_on_{name.lower()}", None)
            if reader:
                reader(**fields)

    def _on_transfer(self, amount: int, **ends: str) -> None:
        for end, sign in ((ends["from"], -1), (ends["to"], 1)):
            if end == NOBODY:
                self.supply -= sign * amount
            else:
                self.shares[end] += sign * amount

    def _on_marked(self, equity: int, supply: int, **_: int) -> None:
        assert supply == self.supply, "the mark is of the supply that the transfers lead to"
        self.price = equity * WAD // supply

    def _on_deposit(self, assets: int, **_: Any) -> None:
        self.flows["in"] += assets

    def _on_withdraw(self, assets: int, **_: Any) -> None:
        self.flows["out"] += assets
        if self.phase == CLOSED:
            self._hold(self.held - assets)

    def _on_feescharged(self, streaming: int, flow: int, **_: str) -> None:
        self.charged["streaming"] += streaming
        self.charged["flow"] += flow

    def _on_feesset(self, fees: tuple[int, int, int]) -> None:
        self.fees = dict(zip(FEES, fees, strict=True))

    def _on_feerecipientset(self, recipient: str) -> None:
        self.recipient = recipient

    def _on_limitsset(self, **limits: int) -> None:
        self.limits = (limits["supplyCap"], limits["minDeposit"])

    def _on_rebalanced(self, **fields: Any) -> None:
        self.leverage = fields["leverageAfter"]
        self.flows["reward"] += fields["reward"]
        self.rebalances.append((fields["trigger"], fields["sizeDelta"], fields["reward"]))

    def _on_closingstarted(self) -> None:
        self.phase = 1

    def _on_closed(self, assets: int, **_: str) -> None:
        self.phase = CLOSED
        self._hold(assets)

    def _hold(self, assets: int) -> None:
        self.held = assets
        self.price = assets * 10**12 * WAD // self.supply


Step = tuple[str, Callable[[], Any]]


def life(desk: Desk) -> Iterator[Step]:
    """One of everything that a token goes through, each followed by a look."""
    unit = desk.unit
    yield "limits", lambda: desk.do("setLimits", 10**25, unit, sender=OWNER)
    yield "fees", lambda: desk.do("setFees", FEES, sender=OWNER)
    yield "first deposit", lambda: desk.do("deposit", 100_000 * unit, DEPOSITOR)
    yield "mint", lambda: desk.do("mint", 20_000 * WAD, HOLDER)
    yield "transfer", lambda: desk.do("transfer", STRANGER, 500 * WAD)
    desk.wait(DAY)
    desk.move("1.03")
    yield "deposit", lambda: desk.do("deposit", 7_777_777_777, ATTACKER, sender=ATTACKER)
    desk.move("0.86")
    yield "rebalance", lambda: desk.do("rebalance", sender=KEEPER)
    desk.wait(DAY)
    yield "accrue", lambda: desk.do("accrue", sender=STRANGER)
    yield "withdraw", lambda: desk.do("withdraw", 1_234_567, STRANGER, HOLDER, sender=HOLDER)
    desk.move("1.35")
    yield "rebalance", lambda: desk.do("rebalance", sender=KEEPER)
    yield "recipient", lambda: desk.do("setFeeRecipient", STRANGER, sender=OWNER)
    yield "redeem", lambda: desk.do("redeem", 5_000 * WAD, HOLDER, HOLDER, sender=HOLDER)
    desk.wait(DAY)
    desk.move("0.8")
    yield "upkeep", lambda: desk.do("performUpkeep", b"", sender=KEEPER)
    yield "closing", lambda: desk.do("startClosing", sender=OWNER)
    desk.wait(DAY)
    yield "trading out", lambda: desk.do("rebalance", sender=KEEPER)
    yield "close", lambda: desk.do("close", sender=STRANGER)
    yield "pay out", lambda: desk.do("redeem", WAD, HOLDER, HOLDER, sender=HOLDER)


def test_a_token_is_rebuilt_from_its_logs_at_every_step(empty: Desk) -> None:
    book = Book(recipient=RECIPIENT)
    before = {one: empty.assets_of(one) for one in EVERYBODY}
    told = set()
    for name, step in life(empty):
        step()
        book.read(empty.events())
        told |= {event for event, _ in empty.events()}
        terms = empty.terms()
        assert book.supply == empty.supply() == sum(book.shares.values()), name
        assert {one: book.shares[one] for one in EVERYBODY} == {
            one: empty.shares(one) for one in EVERYBODY
        }, name
        assert book.recipient == terms["feeRecipient"], name
        assert book.limits == (terms["supplyCap"], terms["minDeposit"]), name
        assert (book.fees or terms["fees"]) == terms["fees"], name
        assert book.phase == terms["phase"], name
        if book.supply and name not in ("accrue", "recipient", "closing"):
            assert book.price == empty.ask("sharePrice"), name
        if "Rebalanced" in dict(empty.events()):
            assert book.leverage == empty.ask("leverage"), name
    assert [trigger for trigger, _, _ in book.rebalances] == [1, 2, 3, 5]
    assert book.flows["reward"] == empty.assets_of(KEEPER) > 0
    moved = sum(before.values()) - sum(empty.assets_of(one) for one in EVERYBODY)
    assert book.flows["in"] - book.flows["out"] == moved
    assert sum(book.charged.values()) == book.shares[RECIPIENT] + book.shares[STRANGER] - 500 * WAD
    expected = {
        "LimitsSet", "FeesSet", "FeeRecipientSet", "FeesCharged", "Transfer", "Marked", "Deposit",
        "Withdraw", "Rebalanced", "ClosingStarted", "Closed",
    }  # fmt: skip
    assert told == expected


@pytest.mark.parametrize("verb", ["accrue", "setFeeRecipient", "startClosing"])
def test_between_two_marks_only_what_is_charged_and_the_price_move_it(
    quiet: Desk, verb: str
) -> None:
    """Verbs that mark nothing: the last mark's equity over the supply is still the share price."""
    quiet.do("setFees", FEES, sender=OWNER)
    quiet.do("deposit", 10**11, DEPOSITOR)
    equity = quiet.event("Marked")["equity"]
    quiet.wait(DAY)
    arguments = (STRANGER,) if verb == "setFeeRecipient" else ()
    quiet.do(verb, *arguments, sender=OWNER)
    charged = sum(f["streaming"] for name, f in quiet.events() if name == "FeesCharged")
    assert (charged > 0) == (verb != "startClosing")
    assert quiet.ask("sharePrice") == equity * WAD // quiet.ask("supplyAfterFees")
