"""A token and its world in process, as the tests of its verbs want them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import pytest
from eth_utils.crypto import keccak

from levtoken.events import event
from levtoken.evm import DEPLOYER, Evm, Revert
from levtoken.system import Feed, deploy_system
from levtoken.units import WAD, to_fixed
from tests.stand import Stand
from tests.world import DEEP, HEARTBEAT, POLICY_3X

NOW = 1_700_000_000
PRICE = 60_000 * 10**8
FIRST = 100_000  # whole assets of the first deposit
FAR = 2**256 - 1  # a deadline, an allowance or a bound that never binds
LOCKED = "0x000000000000000000000000000000000000dead"
OWNER, GUARDIAN, RECIPIENT, DEPOSITOR, HOLDER, KEEPER, ATTACKER, TRADER, STRANGER = (
    "0x" + byte * 20 for byte in ("a0", "a1", "a2", "b1", "b2", "c1", "e1", "f1", "f2")
)
FUNDED = (DEPLOYER, DEPOSITOR, HOLDER, ATTACKER, TRADER)
ROLES = {"owner": OWNER, "guardian": GUARDIAN, "feeRecipient": RECIPIENT}
EVENTS = [
    "ClosingStarted",
    "Closed",
    "Deposit",
    "DepositsPausedSet",
    "FeeRecipientSet",
    "FeesCharged",
    "FeesSet",
    "GuardianChanged",
    "LimitsSet",
    "Marked",
    "OwnershipTransferStarted",
    "OwnershipTransferred",
    "PolicySet",
    "Rebalanced",
    "Transfer",
    "UIMultiplierUpdateCancelled",
    "UIMultiplierUpdated",
    "Withdraw",
]


@dataclass(frozen=True)
class Desk(Stand):
    """One token. What its token says is asked by `ask`, done by `do`, and refused by `refuses`."""

    logs: list[tuple[str, list[str], bytes]] = field(default_factory=list, repr=False)

    def ask(self, name: str, *arguments: Any) -> Any:
        return self.token.call(name, *arguments)

    def do(self, name: str, *arguments: Any, sender: str = DEPOSITOR) -> Any:
        result = self.token.transact(name, *arguments, sender=sender)
        self.logs[:] = self.evm.logs()
        return result

    def refuses(self, error: str, name: str, *arguments: Any, sender: str = DEPOSITOR) -> None:
        """The verb reverts with this error and no other."""
        with pytest.raises(Revert) as caught:
            self.do(name, *arguments, sender=sender)
        assert caught.value.name == error

    def cannot_tell(self, error: str, name: str, *arguments: Any) -> None:
        """The view reverts with this error and no other."""
        with pytest.raises(Revert) as caught:
            self.ask(name, *arguments)
        assert caught.value.name == error

    def deposit(self, whole: int, sender: str = DEPOSITOR) -> int:
        """Deposits whole assets; returns the shares."""
        return self.do("deposit", whole * self.unit, sender, sender=sender)

    def shares(self, holder: str) -> int:
        return self.ask("balanceOf", holder)

    def supply(self) -> int:
        return self.ask("totalSupply")

    def state(self) -> dict[str, Any]:
        return self.market.call("state", self.token.address)

    def terms(self) -> dict[str, Any]:
        return self.ask("terms")

    def assets_of(self, holder: str) -> int:
        return self.asset.call("balanceOf", holder)

    def phase(self) -> int:
        return self.terms()["phase"]

    def move(self, factor: str) -> None:
        """Multiplies the price of the feed."""
        answer = self.system.feed.call("latestRoundData")[1]
        self.system.feed.transact("push", answer * to_fixed(factor) // WAD)

    def lose_the_price(self) -> None:
        """The feed falls silent, and its last answer is too old."""
        self.evm.next_block(self.evm.timestamp + HEARTBEAT + 1)

    def settle(self) -> None:
        """The feed falls silent for days that somebody watches, and the market ends."""
        self.lose_the_price()
        for _ in range(0, DEEP["settlementDelay"], HEARTBEAT):
            self.market.transact("checkPrice", sender=KEEPER)
            self.evm.next_block(self.evm.timestamp + HEARTBEAT)
        self.market.transact("checkPrice", sender=KEEPER)
        self.market.transact("settle", sender=KEEPER)

    def liquidate(self) -> None:
        """The price falls so far that nothing is left of the position."""
        self.move("0.6")
        self.market.transact("flag", self.token.address, sender=KEEPER)
        self.market.transact("liquidate", self.token.address, sender=KEEPER)

    def trade(self, size: int, margin: int = 5_000_000) -> None:
        """Another trader of the market trades `size` (WAD) on `margin` whole assets."""
        self.trade_as(TRADER, size, margin)

    def other(self, target: int = 3, policy: dict[str, int] | None = None, **terms: Any) -> "Desk":
        """Another token on the same market."""
        changes = POLICY_3X | (policy or {})
        token = self.system.create_token("OTHER", target * WAD, changes, **{**ROLES, **terms})
        for actor in FUNDED:
            self.asset.transact("approve", token.address, FAR, sender=actor)
        return replace(self, token=token)

    def events(self) -> list[tuple[str, dict[str, Any]]]:
        """What the token told in the last `do`."""
        mine = self.token.address.lower()
        return [
            (names()[topics[0]], event("LeveragedToken", names()[topics[0]]).decode(
                [bytes.fromhex(one[2:]) for one in topics], data
            ))
            for address, topics, data in self.logs
            if address == mine and topics[0] in names()
        ]  # fmt: skip

    def event(self, name: str) -> dict[str, Any]:
        """The one event of that name in the last `do`."""
        [fields] = [fields for found, fields in self.events() if found == name]
        return fields

    @contextmanager
    def nothing_changes(self) -> Iterator[None]:
        """Supply, position and every balance that counts are afterwards as before."""
        before = self._picture()
        yield
        assert self._picture() == before

    def _picture(self) -> list[Any]:
        holders = (DEPOSITOR, HOLDER, ATTACKER, RECIPIENT, LOCKED, KEEPER)
        places = (*holders, self.token.address, self.market.address)
        return [
            self.supply(),
            self.terms(),
            self.ask("progress"),
            self.market.call("positionOf", self.token.address),
            [self.shares(one) for one in holders],
            [self.assets_of(one) for one in places],
        ]


@cache
def names() -> dict[str, str]:
    """The events of a token by their first topic."""
    return {"0x" + event("LeveragedToken", name).topic.hex(): name for name in EVENTS}


def selector(error: str) -> bytes:
    return keccak(text=f"{error}()")[:4]


@cache
def market_desk(decimals: int = 6, *, price: int = PRICE, **market: int) -> Desk:
    """Funded actors at a market with a pool, and a token without fees that nobody holds. `price`:
    the first answer of its feed; `market`: what is not as usual of `MarketParams`."""
    evm = Evm(timestamp=NOW)
    system = deploy_system(evm, feed=Feed(price), market=DEEP | market, asset_decimals=decimals)
    unit = 10**decimals
    for actor in FUNDED:
        system.asset.transact("mint", actor, 10**9 * unit, sender=actor)
        system.asset.transact("approve", system.market.address, FAR, sender=actor)
    system.market.transact("provideLiquidity", 10**8 * unit)
    token = system.create_token("BTC3L", 3 * WAD, POLICY_3X, **ROLES)
    for actor in FUNDED:
        system.asset.transact("approve", token.address, FAR, sender=actor)
    return Desk(system, token, unit)
