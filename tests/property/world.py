"""One token on one market in one in-process EVM, its actors, and its books in integers."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from levtoken.evm import Evm, signed
from levtoken.system import Feed, deploy_system
from levtoken.units import WAD, to_fixed
from tests.property.calls import ADDRESSES, ROLES, Calls
from tests.property.reference import Market, Position, Rules
from tests.property.reference_policy import Progress
from tests.property.reference_terms import CLOSED, Terms, Token
from tests.property.scenarios import Scenario, as_policy
from tests.runtime import UNLIMITED

START = 1_750_000_000
HEARTBEAT = 7_200
LOCKED_OWNER = "0x" + "00" * 18 + "dead"
FAULTS = [
    "PriceStale",
    "PriceNotPositive",
    "PriceOutOfBounds",
    "RoundIncomplete",
    "PriceFromFuture",
]


@dataclass(frozen=True)
class Books:
    """What the market and the token say, in their own integers, at one moment."""

    time: int
    price: int
    skew: int
    open_interest: int
    rate: int
    funding: int
    correction: int
    debt: int
    cash: int
    escrow: int
    unit: int
    fault: bytes
    margin: int
    last_price: int
    size: int
    index: int
    equity: int
    supply: int
    total: int
    held: int
    progress: tuple[int, ...]
    conditions: tuple[int, ...]
    settled: bool

    def market(self, rules: Rules) -> Market:
        values = (self.price, self.skew, self.open_interest, self.rate, self.funding)
        # So that the debt is the market's own, to the wei.
        moving = Fraction(self.skew * (self.price + self.funding), WAD)
        correction = self.debt - moving if self.debt else min(self.correction, -moving)
        values += (correction, self.cash * self.unit - self.escrow)
        return Market(rules, *(Fraction(value, WAD) for value in values))

    @property
    def backing(self) -> Fraction:
        """Cash that is not in escrow."""
        return Fraction(self.cash * self.unit - self.escrow, WAD)

    @cached_property
    def part(self) -> Fraction:
        """Of what the market owes everybody is paid the same part."""
        debt = Fraction(self.debt, WAD)
        return self.backing / debt if debt > self.backing else Fraction(1)

    @cached_property
    def owed(self) -> Fraction:
        """To all accounts, as it is booked, exactly."""
        moving = Fraction(self.skew * (self.price + self.funding), WAD * WAD)
        return moving + Fraction(self.correction, WAD)

    @cached_property
    def worth(self) -> Fraction:
        """What would be paid of the equity."""
        return self.true_equity * self.part

    @cached_property
    def true_equity(self) -> Fraction:
        """Exact and unclipped, from the position as it is booked."""
        return true_equity(
            (self.margin, self.last_price, self.size, self.index), self.price, self.funding
        )

    @cached_property
    def position(self) -> Position:
        return Position(Fraction(self.size, WAD), self.true_equity)

    @cached_property
    def leverage(self) -> Fraction:
        """At the index price; only with an equity above zero."""
        return abs(self.position.size) * Fraction(self.price, WAD) / self.worth

    @property
    def last(self) -> Progress:
        _, time, unfinished, enlarges, slot, _, *prices = self.progress
        price, slot_price = (Fraction(one, WAD) for one in prices)
        return Progress(time, unfinished, bool(enlarges), slot, slot_price, price)

    @cached_property
    def terms(self) -> Terms:
        _, _, *fees, cap, least, largest, paused, phase = self.conditions
        exact = [Fraction(one, WAD) for one in (*fees, cap, least * self.unit, largest)]
        return Terms(*exact, bool(paused), phase)

    @property
    def recipient(self) -> str:
        return f"0x{self.conditions[0]:040x}"

    @property
    def accrued_at(self) -> int:
        return self.conditions[1]

    @property
    def is_closed(self) -> bool:
        return self.terms.phase == CLOSED


def true_equity(position: tuple[int, int, int, int], price: int, funding: int) -> Fraction:
    margin, last_price, size, index = position
    moved = size * (price - last_price + funding - index) if size else 0
    return Fraction(margin * WAD + moved, WAD * WAD)


class World(Calls):
    """The contracts of a scenario. Calls are packed by hand: most of the time is the EVM's."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.rules = scenario.rules()
        self.target = to_fixed(scenario.leverage)
        self.unit = 10 ** (18 - scenario.asset_decimals)
        super().__init__(Evm(timestamp=START))
        self.answer = to_fixed(scenario.price, scenario.feed_decimals)
        self.first_answer = self.answer
        self.highest = 1000 * self.answer
        feed = Feed(self.answer, scenario.feed_decimals, HEARTBEAT, 0, self.highest)
        self.system = deploy_system(
            self.evm,
            feed=feed,
            market=scenario.market_params(),
            asset_decimals=scenario.asset_decimals,
        )
        self.tokens = 0
        self.gifts = 0
        self.create_token()
        rich = 10 ** (13 + scenario.asset_decimals)
        for role in (*ROLES, "recipient"):
            self.must("asset", "mint", ADDRESSES[role], rich, sender=role)
            self.must("asset", "approve", self.addresses["market"], UNLIMITED, sender=role)
        if scenario.pool:
            assets = scenario.pool * 10**scenario.asset_decimals
            self.must("market", "provideLiquidity", assets, sender="provider")

    def create_token(self) -> None:
        """A new token, for the first time or when the old one is dead."""
        self.tokens += 1
        params = self.scenario.policy_params()
        self.policy = as_policy(params)
        roles = {name: ADDRESSES[name] for name in ("owner", "guardian")}
        terms = {**self.scenario.terms(), **roles, "feeRecipient": ADDRESSES["recipient"]}
        self.token = self.system.create_token(f"T{self.tokens}", self.target, params, **terms)
        self.contracts = {
            "asset": self.system.asset,
            "feed": self.system.feed,
            "market": self.system.market,
            "logic": self.system.logic,
            "token": self.token,
        }
        for role in (*ROLES, "recipient"):
            self.must("asset", "approve", self.addresses["token"], UNLIMITED, sender=role)

    def store(self, policy: Mapping[str, int]) -> str:
        """Where the policy is stored."""
        address: str = self.system.logic.transact("storePolicy", dict(policy))
        return address

    # Time and price

    def advance(self, seconds: int, answer: int) -> None:
        self.evm.next_block(self.evm.timestamp + seconds)
        self.answer = answer
        self.must("feed", "push", answer, sender="stranger")

    # Books

    def books(self) -> Books:
        market = self.read("market", "marketState")
        position = self.position("token")
        state = self.read("market", "state", self.addresses["token"])
        price, skew, open_interest, rate, _, funding, correction, *owed, fault, settled = market
        conditions = tuple(self.read("token", "terms"))
        closed = conditions[-1] == CLOSED
        debt, cash, escrow = owed
        return Books(
            time=self.evm.timestamp,
            price=price,
            skew=signed(skew),
            open_interest=open_interest,
            rate=signed(rate),
            funding=signed(funding),
            correction=signed(correction),
            debt=debt,
            cash=cash,
            escrow=escrow,
            unit=self.unit,
            fault=fault.to_bytes(32, "big")[:4],
            margin=position[0],
            last_price=position[1],
            size=position[2],
            index=position[3],
            equity=state[2],
            supply=self.read("token", "supplyAfterFees")[0],
            total=self.read("token", "totalSupply")[0],
            held=self.assets_of("token") if closed else 0,
            progress=(*self.read("token", "progress"), *self.read("token", "prices")),
            conditions=conditions,
            settled=bool(settled),
        )

    def account(self, name: str) -> str:
        """Address of a role, or of the token."""
        return ADDRESSES.get(name) or self.addresses[name]

    def position(self, name: str) -> tuple[int, int, int, int]:
        """Margin, price of the last mark, size, funding of the last mark."""
        values = self.read("market", "positionOf", self.account(name))
        margin, last_price, size, index, _, _ = values
        return signed(margin), signed(last_price), signed(size), signed(index)

    def is_flagged(self, name: str) -> bool:
        return self.read("market", "flagOf", self.account(name))[0] != 0

    def assets_of(self, role: str) -> int:
        return self.read("asset", "balanceOf", self.account(role))[0]

    def shares_of(self, role: str) -> int:
        return self.read("token", "balanceOf", ADDRESSES[role])[0]

    def reference_token(self, books: Books) -> Token:
        supply = Fraction(books.supply, WAD)
        return Token(Fraction(self.target, WAD), supply, Fraction(self.unit, WAD), books.terms)
