"""Steps of the holders: deposit, mint, redeem, with and without bounds, and transfers."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

from levtoken.units import WAD
from tests.property import checks, reference
from tests.property.calls import ADDRESSES, HOLDERS
from tests.property.reference import Flow
from tests.property.walk import Walk

BOUNDED = 0.3  # of the flows use the overload with bounds


def deposit(walk: Walk, role: str = "", assets: int | None = None) -> str:
    role = role or walk.random.choice(HOLDERS)
    assets = walk.assets() if assets is None else assets
    token, before = walk.token, walk.before
    walk.note(f"{role} deposits {assets}")
    verb = Verb(walk, role, "deposit", assets)
    flow = verb.expect(reference.deposit, assets * token.unit)
    error, shares = verb.call(role, ADDRESSES[role], tighter=1, refusal="SharesBelowMinimum")
    if not error:
        checks.given_as_reference(token, before, flow, shares, verb.check())
        verb.check_ledger(shares, -assets)
    return error


def mint(walk: Walk, role: str = "", shares: int | None = None) -> str:
    role = role or walk.random.choice(HOLDERS)
    token, before = walk.token, walk.before
    if shares is None:
        per_value = token.supply / before.true_equity if before.true_equity > 0 else Fraction(1)
        shares = int(walk.assets() * token.unit * (per_value or 1) * WAD)
    walk.note(f"{role} mints {shares}")
    verb = Verb(walk, role, "mint", shares)
    flow = verb.expect(reference.mint, Fraction(shares, WAD))
    error, assets = verb.call(role, ADDRESSES[role], tighter=-1, refusal="AssetsAboveMaximum")
    if not error:
        checks.taken_as_reference(token, before, flow, assets, verb.check())
        verb.check_ledger(shares, -assets)
    return error


def redeem(walk: Walk, role: str = "", shares: int | None = None) -> str:
    token, before = walk.token, walk.before
    if before.supply == 0:
        return deposit(walk, role)
    role = role or walk.random.choice(HOLDERS)
    if shares is None:
        shares = part_of(walk, walk.world.shares_of(role))
    walk.note(f"{role} redeems {shares}")
    verb = Verb(walk, role, "redeem", shares)
    flow = verb.expect(reference.redeem, Fraction(shares, WAD))
    owner = ADDRESSES[role]
    sender = role if walk.chance(0.9) else "stranger"
    if sender != role:
        allow(walk, verb, sender)
    error, assets = verb.call(sender, owner, owner, tighter=1, refusal="AssetsBelowMinimum")
    if not error:
        checks.paid_as_reference(verb.market, token, flow, assets, verb.check())
        verb.check_ledger(-shares, assets)
        left = walk.world.read("token", "allowance", owner, ADDRESSES[sender])
        checks.require("I-1", left == [0], "the allowance was not spent")
    return error


def allow(walk: Walk, verb: "Verb", sender: str) -> None:
    """Another one may redeem what the owner allows, and nothing before."""
    owner, world = ADDRESSES[verb.role], walk.world
    world.must("token", "approve", ADDRESSES[sender], 0, sender=verb.role)
    error, _ = world.attempt("token", "redeem", verb.amount, owner, owner, sender=sender)
    refused = error == "InsufficientAllowance" or verb.amount == 0
    checks.require("I-1", refused, f"redeemed without allowance: {error or 'success'}")
    world.must("token", "approve", ADDRESSES[sender], verb.amount, sender=verb.role)


def all_leave(walk: Walk) -> str:
    """Everybody redeems everything, as far as the venue lets them."""
    for role in HOLDERS:
        if shares := walk.world.shares_of(role):
            redeem(walk, role, shares)
    walk.count("all leave")
    return ""


def transfer(walk: Walk) -> str:
    """Shares change hands and nothing else changes."""
    giver, taker = walk.random.sample(HOLDERS, 2)
    shares = part_of(walk, walk.world.shares_of(giver))
    walk.note(f"{giver} sends {shares} shares to {taker}")
    walk.world.must("token", "transfer", ADDRESSES[taker], shares, sender=giver)
    checks.require("I-9", walk.world.books() == walk.before, "a transfer of shares moved the books")
    walk.count("transfer")
    return ""


def part_of(walk: Walk, shares: int) -> int:
    """All, a grain, or anything between."""
    if walk.chance(0.2):
        return shares
    if walk.chance(0.1):
        return min(shares, walk.random.randint(0, 10**6))
    return int(shares * walk.random.random())


class Verb:
    """One flow: its preview, its call, and what must hold afterwards."""

    def __init__(self, walk: Walk, role: str, name: str, amount: int) -> None:
        self.walk, self.role, self.name, self.amount = walk, role, name, amount
        self.flow = Flow()
        self.market, self.token, self.before = walk.market, walk.token, walk.before
        self.after = self.before
        self.holding = self._holding()
        preview = f"preview{name.capitalize()}"
        self.previewed = walk.world.preview("token", preview, amount)

    def expect(self, judge: Callable[..., Flow], amount: Fraction) -> Flow:
        """By the reference. A bad price comes before all that needs one, a flag before success."""
        if self.walk.fault:
            self.flow = reference.refused(self.walk.fault, *["ZeroAmount"] * (not self.amount))
        else:
            self.flow = judge(self.market, self.before.position, self.token, amount)
            if self.walk.world.is_flagged("token"):
                faults = self.flow.faults | {"PositionFlagged"}
                self.flow = replace(self.flow, faults=faults)
        return self.flow

    def call(self, sender: str, *receivers: str, tighter: int, refusal: str) -> tuple[str, int]:
        """The verb, sometimes with bounds. I-5: it does what its preview said."""
        walk, arguments = self.walk, (self.amount, *receivers)
        error, expected = self.previewed
        if walk.chance(BOUNDED):
            now = walk.world.evm.timestamp
            late = self._attempt(sender, *arguments, expected, now - 1)
            checks.require("I-5", late[0] == "DeadlinePassed", f"after the deadline: {late}")
            tight = self._attempt(sender, *arguments, expected + tighter, now)
            checks.require("I-5", tight[0] == (error or refusal), f"tighter bound: {tight}")
            arguments += (expected, now)
        result = self._attempt(sender, *arguments)
        checks.require("I-5", result == self.previewed, f"{result}, previewed {self.previewed}")
        checks.named_as_expected(result[0], self.flow.faults, self.name)
        walk.looked("I-5", "errors")
        walk.count(self.name, result[0])
        if not result[0]:
            self.after = walk.refresh(stored=True)
        elif walk.fault:
            walk.looked("I-11")
            checks.require("I-11", walk.world.books() == self.before, "the books changed")
        return result

    def check(self) -> Fraction:
        """I-2, I-3 and the reference; by how much truncation may move the value of the flow."""
        self._count_kinds()
        checks.share_price_kept(self.before, self.after, self.flow)
        checks.leverage_kept(self.before, self.after, self.walk.world.unit)
        checks.goal_kept(self.before, self.after, self.flow)
        checks.part_kept(self.before, self.after)
        self.walk.looked("I-2", "I-3", "reference")
        return checks.trade_as_reference(
            self.market, self.token, self.before, self.after, self.flow
        )

    def check_ledger(self, shares: int, assets: int) -> None:
        """What the call returned is what moved, between the actor and the books."""
        had = self.holding
        has = self._holding()
        moved = (has[0] - had[0], has[1] - had[1])
        checks.require("I-1", moved == (shares, assets), f"{moved} moved, said {shares}, {assets}")
        booked = self.after.cash - self.before.cash
        checks.require("I-1", booked == -assets, f"the market booked {booked}")
        locked = int(self.token.locked * WAD) if self.before.supply == 0 else 0
        created = self.after.supply - self.before.supply
        checks.require("I-1", created == shares + locked, f"the supply changed by {created}")

    def _count_kinds(self) -> None:
        """That the walk went through all of them."""
        kinds = {
            f"first {self.name}": not self.before.supply,
            f"{self.name} without position": not self.before.size and self.before.supply,
            "redeem to flat": self.before.size and not self.after.size,
            "flow paid by the skew": self.flow.cost < 0,
            "redeem a part of what is owed": self.before.part < 1,
            "flow across the flip of the skew": self.before.skew * self.after.skew < 0,
        }
        for kind, met in kinds.items():
            if met:
                self.walk.count(kind)

    def _attempt(self, sender: str, *arguments: int | str) -> tuple[str, int]:
        return self.walk.world.attempt("token", self.name, *arguments, sender=sender)

    def _holding(self) -> tuple[int, int]:
        return self.walk.world.shares_of(self.role), self.walk.world.assets_of(self.role)
