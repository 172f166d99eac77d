"""One market in one in-process EVM, its actors, and its books in integers."""

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from eth_utils.crypto import keccak

from levtoken.evm import Contract, Evm, Revert, signed
from levtoken.system import NOBODY
from levtoken.units import WAD, to_fixed
from tests.property.calls import ADDRESSES, ROLES, Calls
from tests.property.market.scenarios import Scenario
from tests.property.reference import Market, Position
from tests.runtime import UNLIMITED

START = 1_750_000_000
HEARTBEAT = 7_200
TRADERS = ("trader", "arbitrageur", "depositor", "redeemer")
PROVIDERS = ("provider", "saver")
ACCOUNTS = (*TRADERS, "attacker", "stranger")
PULL_FAULTS = ("PriceStale", "PriceOutOfBounds")
FREE, ORDERED, FLAGGED = range(3)


def bound(decimals: int) -> int:
    """The answer that the oracle refuses, so that no price has more than 127 bits."""
    return int(2**127 // 10 ** (18 - decimals))


def _selector(signature: str) -> bytes:
    return keccak(text=signature)[:4]


# A source of execution prices whose words can be set: `price()` gives slots 0 to 2, `update` does
# nothing, any other selector stores three words.
PULL = bytes.fromhex(
    "6046600c60003960466000f3"  # returns the 70 bytes behind it
    "60003560e01c"
    f"8063{_selector('price()').hex()}14602c57"
    f"63{_selector('update(bytes[],address)').hex()}14604457"
    "600435600055602435600155604435600255"
    "005b60005460005260015460205260025460405260606000f35b00"
)


@dataclass(frozen=True)
class Held:
    """An account as the market has booked it."""

    margin: int
    last_price: int
    size: int
    index: int
    booked: int
    status: int


@dataclass(frozen=True)
class Books:
    """What the market says, in its own integers, at one moment."""

    time: int
    price: int
    skew: int
    open_interest: int
    rate: int
    velocity: int
    funding: int
    correction: int
    debt: int
    cash: int
    escrow: int
    fault: bytes
    settled: bool
    unit: int
    pool: int
    supply: int
    held: dict[str, Held]

    @property
    def backing(self) -> int:
        return self.cash * self.unit - self.escrow

    @cached_property
    def owed(self) -> Fraction:
        """To all accounts, as it is booked, exactly."""
        moving = Fraction(self.skew * (self.price + self.funding), WAD * WAD)
        return moving + Fraction(self.correction, WAD)

    def equity(self, name: str) -> Fraction:
        """Exact and unclipped, from the position as it is booked."""
        one = self.held[name]
        moved = one.size * (self.price - one.last_price + self.funding - one.index)
        return Fraction(one.margin * WAD + (moved if one.size else 0), WAD * WAD)

    def base(self, name: str) -> Fraction:
        """The part of it that moves with neither price nor funding."""
        one = self.held[name]
        return Fraction(one.margin * WAD - one.size * (one.last_price + one.index), WAD * WAD)

    def position(self, name: str) -> Position:
        return Position(Fraction(self.held[name].size, WAD), self.equity(name))


class World(Calls):
    def __init__(self, scenario: Scenario) -> None:
        super().__init__(Evm(timestamp=START))
        self.scenario = scenario
        self.rules = scenario.rules()
        self.times = scenario.market_params()
        self.unit = 10 ** (18 - scenario.asset_decimals)
        self.feed_unit = 10 ** (18 - scenario.feed_decimals)
        self.first_answer = self.answer = to_fixed(scenario.price, scenario.feed_decimals)
        self.contracts = self._deploy()
        self.gifts = 0
        self.highest = bound(scenario.feed_decimals) + 1
        self.bad_prices = [one for one, name in self.error_names.items() if name in PULL_FAULTS]
        rich = 10 ** (15 + scenario.asset_decimals)
        for role in ROLES:
            self.must("asset", "mint", ADDRESSES[role], rich, sender=role)
            self.must("asset", "approve", self.contracts["market"].address, UNLIMITED, sender=role)
        self.minted = rich * len(ROLES)

    def _deploy(self) -> dict[str, Contract]:
        evm, scenario = self.evm, self.scenario
        decimals = scenario.feed_decimals
        asset = evm.deploy("MockERC20", "Asset", "AST", scenario.asset_decimals)
        feed = evm.deploy("MockAggregator", decimals, "underlying / asset", self.answer)
        bounds = (HEARTBEAT, 0, bound(decimals), NOBODY, 0)
        oracle = evm.deploy("ChainlinkOracle", feed.address, *bounds)
        pull = evm.at("IPullOracle", evm.deploy_code(PULL))
        where = (asset.address, oracle.address, pull.address)
        market = evm.deploy("MockPerpMarket", *where, scenario.market_params())
        return {"asset": asset, "feed": feed, "oracle": oracle, "pull": pull, "market": market}

    # Time and prices

    def advance(self, seconds: int, answer: int) -> None:
        self.evm.next_block(self.evm.timestamp + seconds)
        self.answer = answer
        self.must("feed", "push", answer, sender="stranger")

    def sleep(self, seconds: int) -> None:
        """The feed stays as it is."""
        self.evm.next_block(self.evm.timestamp + seconds)

    def bring(self, price: int, published: int, fault: bytes = b"") -> None:
        """What the pull oracle says from now on."""
        values = (price, published)
        packed = b"".join(value.to_bytes(32, "big") for value in values) + fault.ljust(32, b"\0")
        self.evm.send(self.contracts["pull"].address, b"\0\0\0\1" + packed)

    def execute(self, account: str, sender: str) -> str:
        """With no data: the pull oracle has been told before."""
        selector = self.contracts["market"].artifact.function("execute", 2).selector
        packed = [int(ADDRESSES[account], 16), 64, 0]
        calldata = selector + b"".join(value.to_bytes(32, "big") for value in packed)
        try:
            self.evm.send(self.contracts["market"].address, calldata, ADDRESSES[sender])
        except Revert as revert:
            return revert.name
        return ""

    # Books

    def held(self, name: str) -> Held:
        values = self.read("market", "positionOf", ADDRESSES[name])
        return Held(*(signed(value) for value in values))

    def books(self) -> Books:
        values = self.read("market", "marketState")
        price, *moving, debt, cash, escrow, fault, settled = values
        skew, open_interest, rate, velocity, funding, correction = map(signed, moving)
        return Books(
            time=self.evm.timestamp,
            price=price,
            skew=skew,
            open_interest=open_interest,
            rate=rate,
            velocity=velocity,
            funding=funding,
            correction=correction,
            debt=debt,
            cash=cash,
            escrow=escrow,
            fault=fault.to_bytes(32, "big")[:4],
            settled=bool(settled),
            unit=self.unit,
            pool=signed(self.read("market", "poolEquity")[0]),
            supply=self.read("market", "liquidityShares")[0],
            held={name: self.held(name) for name in ACCOUNTS},
        )

    def market(self, books: Books) -> Market:
        """For the reference; its debt is the market's own, to the wei."""
        moving = Fraction(books.skew * (books.price + books.funding), WAD)
        correction = books.debt - moving if books.debt else min(books.correction, -moving)
        values = (books.price, books.skew, books.open_interest, books.rate, books.funding)
        values += (correction, books.backing)
        return Market(self.rules, *(Fraction(value, WAD) for value in values))

    def market_at(self, books: Books, price: int) -> Market:
        """The market at the price of an execution, since funding was written last."""
        if price == books.price:
            return self.market(books)
        rate, funding, pushed = self.read("market", "lastFunding")
        values = (price, books.skew, books.open_interest, signed(rate), signed(funding))
        values += (books.correction, books.backing)
        market = Market(self.rules, *(Fraction(value, WAD) for value in values))
        return market.later(books.time - pushed, market.price)

    def assets_of(self, role: str) -> int:
        return self.read("asset", "balanceOf", ADDRESSES[role])[0]

    def shares_of(self, role: str) -> int:
        return self.read("market", "liquidityOf", ADDRESSES[role])[0]

    def order_of(self, name: str) -> tuple[int, int, int, int]:
        """Size, limit, deposit, time; size 0: there is none."""
        size, limit, deposit, time = self.read("market", "orderOf", ADDRESSES[name])
        return signed(size), limit, deposit, time

    def flag_of(self, name: str) -> tuple[int, int]:
        flagger, time = self.read("market", "flagOf", ADDRESSES[name])
        return flagger, time
