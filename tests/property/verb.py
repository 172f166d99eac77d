"""One flow of a holder: its preview, its call, and what must hold afterwards."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

from levtoken.units import WAD
from tests.property import checks, reference_flows
from tests.property.calls import ADDRESSES
from tests.property.checks import require
from tests.property.reference_flows import Flow
from tests.property.reference_terms import MAX_FLOW_FEE
from tests.property.walk import Walk

BOUNDED = 0.3  # of the flows use the overload with bounds
INCOMING = ("deposit", "mint")


class Verb:
    """One of the four verbs with an amount."""

    def __init__(self, walk: Walk, role: str, name: str, amount: int) -> None:
        self.walk, self.role, self.name, self.amount = walk, role, name, amount
        self.flow = Flow()
        self.market, self.token, self.before = walk.market, walk.token, walk.before
        self.after = self.before
        self.holding = self._holding()
        self.fees_held = self._fees_held()
        preview = f"preview{name.capitalize()}"
        self.previewed = walk.world.preview("token", preview, amount)

    def expect(self, judge: Callable[..., Flow], amount: Fraction) -> Flow:
        """By the reference. A bad price comes before all that needs one, a flag before success."""
        if self.walk.fault:
            self.flow = reference_flows.refused(self.walk.fault, *["ZeroAmount"] * (not amount))
            if self.name in INCOMING:
                self.limit(*self.token.terms.closed_doors)
        else:
            self.flow = judge(self.market, self.before.position, self.token, amount)
            if self.walk.world.is_flagged("token"):
                faults = self.flow.faults | {"PositionFlagged"}
                self.flow = replace(self.flow, faults=faults)
        return self.flow

    def limit(self, *faults: str) -> None:
        """What refuses the call and not its preview."""
        self.flow = replace(self.flow, limits=self.flow.limits | frozenset(faults))

    def least_of(self, assets: Fraction) -> Flow:
        """The smallest deposit is compared with what is taken, in whole units."""
        limits = self.flow.limits - {"BelowMinimumDeposit"}
        if not self.previewed[0] and assets < self.token.terms.min_deposit:
            limits |= {"BelowMinimumDeposit"}
        self.flow = replace(self.flow, limits=limits)
        return self.flow

    def call(self, sender: str, *receivers: str, tighter: int, refusal: str) -> tuple[str, int]:
        """The verb, sometimes with bounds. I-5: it does what its preview said."""
        walk, arguments = self.walk, (self.amount, *receivers)
        error, expected = self.previewed
        limits = self.flow.limits
        if walk.chance(BOUNDED):
            now = walk.world.evm.timestamp
            late = self._attempt(sender, *arguments, expected, now - 1)
            require("I-5", late[0] == "DeadlinePassed", f"after the deadline: {late}")
            tight = self._attempt(sender, *arguments, expected + tighter, now)
            refused = tight[0] in limits or tight[0] == (error or refusal)
            require("I-5", refused, f"tighter bound: {tight}")
            arguments += (expected, now)
        result = self._attempt(sender, *arguments)
        same = result == self.previewed or result[0] in limits
        require("I-5", same, f"{result}, previewed {self.previewed}")
        checks.named_as_expected(error, self.flow.faults, f"preview of {self.name}")
        faults = self.flow.faults | limits
        checks.named_as_expected(result[0], faults, self.name)
        walk.looked("I-5", "errors")
        walk.count(self.name, result[0])
        if not result[0]:
            self.after = walk.refresh(stored=True)
            walk.streaming.charged(self.before, self.after)
        elif walk.fault:
            walk.looked("I-11")
            require("I-11", walk.world.books() == self.before, "the books changed")
        return result

    def check(self) -> Fraction:
        """I-2, I-3 and the reference; by how much truncation may move the value of the flow."""
        self._count_kinds()
        checks.share_price_kept(self.before, self.after, self.flow)
        checks.leverage_kept(self.before, self.after, self.walk.world.unit)
        checks.goal_kept(self.before, self.after, self.flow)
        checks.part_kept(self.before, self.after)
        self.walk.looked("I-2", "I-3", "I-14")
        return checks.trade_as_reference(
            self.market, self.token, self.before, self.after, self.flow
        )

    def check_ledger(self, shares: int, assets: int) -> None:
        """What the call returned is what moved, between the actor, the recipient of the fees and
        the books."""
        had, has = self.holding, self._holding()
        streaming = self.before.supply - self.before.total
        fee = self._fees_held() - self.fees_held - streaming
        is_recipient = self.before.recipient == ADDRESSES[self.role]
        if is_recipient:
            fee = self.after.supply - self.before.supply - shares - self._locked()
            had = (had[0] + streaming + fee, had[1])
        moved = (has[0] - had[0], has[1] - had[1])
        require("I-1", moved == (shares, assets), f"{moved} moved, said {shares}, {assets}")
        booked = self.after.cash - self.before.cash
        require("I-1", booked == -assets, f"the market booked {booked}")
        created = self.after.supply - self.before.supply
        expected = shares + fee + self._locked()
        require("I-1", created == expected, f"the supply changed by {created}")
        self._check_fee(abs(shares) + (fee if shares > 0 else 0), fee, shares > 0)

    def burned(self) -> int:
        """Shares that left with assets."""
        return self.before.supply - self.after.supply

    def _check_fee(self, gross: int, fee: int, comes: bool) -> None:
        """I-8: the fee is its fraction of the shares of the flow, rounded up, and below its cap."""
        rate = self.token.terms.deposit if comes else self.token.terms.redemption
        require("I-8", gross * rate <= fee < gross * rate + 1, f"a fee of {fee} on {gross}")
        require("I-8", fee <= gross * MAX_FLOW_FEE + 1, f"a fee of {fee} on {gross} above the cap")
        self.walk.looked("I-8")
        if fee:
            self.walk.count(f"fee of a {self.name}")

    def _locked(self) -> int:
        return int(self.token.locked * WAD) if self.before.supply == 0 else 0

    def _count_kinds(self) -> None:
        """That the walk went through all of them."""
        kinds = {
            f"first {self.name}": not self.before.supply,
            f"{self.name} without position": not self.before.size and self.before.supply,
            f"{self.name} to flat": self.before.size and not self.after.size,
            f"{self.name} while closing": self.before.terms.phase,
            "flow paid by the skew": self.flow.cost < 0,
            f"{self.name} a part of what is owed": self.before.part < 1,
            "flow across the flip of the skew": self.before.skew * self.after.skew < 0,
        }
        for kind, met in kinds.items():
            if met:
                self.walk.count(kind)

    def _attempt(self, sender: str, *arguments: int | str) -> tuple[str, int]:
        return self.walk.world.attempt("token", self.name, *arguments, sender=sender)

    def _holding(self) -> tuple[int, int]:
        return self.walk.world.shares_of(self.role), self.walk.world.assets_of(self.role)

    def _fees_held(self) -> int:
        return self.walk.world.read("token", "balanceOf", self.before.recipient)[0]
