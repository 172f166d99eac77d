"""The end of a life: everybody gets out, and nothing is left that somebody owns."""

from fractions import Fraction

from levtoken.units import WAD
from tests.property.checks import require
from tests.property.market import accidents, orders, pool, trading
from tests.property.market.looking import look, nothing_minted
from tests.property.market.walk import Walk
from tests.property.market.world import ACCOUNTS, PROVIDERS
from tests.property.reference import WEI

ROUNDS = 120
RESCUE = 10  # rounds after which somebody with money takes the other side
DAY = 86_400


def end(walk: Walk) -> None:
    if not walk.ledger.settled:
        walk.advance(60)
        if walk.chance(0.3):
            let_settle(walk)
    out(walk)
    walk.looked("everybody out")


def let_settle(walk: Walk) -> None:
    """The price never comes back."""
    accidents.spoil(walk)
    if not walk.bad:
        return
    accidents.watch(walk)
    while walk.bad and not walk.is_due:
        accidents.check_price(walk)
        walk.sleep(1_800)
    if walk.bad:
        accidents.check_price(walk)
        require("reference", not accidents.settle_now(walk), "does not settle")
        look(walk)


def out(walk: Walk) -> None:
    """As often as it takes: orders go, who is due is liquidated, the others close."""
    for number in range(ROUNDS):
        names = [name for name in ACCOUNTS if is_in(walk, name)]
        if not names and not walk.orders and not walk.flags:
            break
        walk.random.shuffle(names)
        for name in names:
            bring_out(walk, name)
            look(walk)
        if number % RESCUE == RESCUE - 1 and walk.before.skew and not walk.ledger.settled:
            rescue(walk)
        if not walk.ledger.settled:
            walk.advance(walk.random.choice((31, 3_600, DAY, DAY)), walk.random.uniform(0.9, 1.1))
            look(walk)
    left = [f"{one} {walk.before.position(one)}" for one in ACCOUNTS if is_in(walk, one)]
    require("I-10", not left, f"still in after {ROUNDS} rounds: {left}")
    closed(walk)


def rescue(walk: Walk) -> None:
    """Where the skew exceeds the scale no small order fills. Somebody takes the whole other side;
    the pool must have what the skew pays for that."""
    notional = abs(walk.before.skew) * walk.before.price // WAD
    lacking = max(0, -walk.before.pool)
    pool.provide(walk, "provider", (lacking + 3 * notional) // walk.world.unit + 1)
    look(walk)
    if walk.blocked("stranger") or walk.market.is_insolvent:
        return
    trading.deposit(walk, "stranger", 3 * notional // walk.world.unit + 10**8)
    look(walk)
    trading.order(walk, "stranger", -walk.before.skew)
    look(walk)
    walk.count("rescue")


def is_in(walk: Walk, name: str) -> bool:
    """Has a position, an order, a flag, or margin of which something would be paid."""
    held = walk.before.held[name]
    if held.size or walk.blocked(name):
        return True
    return int(held.margin * walk.market.part) >= walk.world.unit


def bring_out(walk: Walk, name: str) -> None:
    if name in walk.orders:
        walk.sleep(walk.world.times["maxOrderAge"] + 1)
        if walk.bad and not walk.ledger.settled:
            walk.advance(0)
        orders.take_back(walk, name, walk.random.choice((name, "keeper", "keeper")))
    if name in walk.flags:
        accidents.liquidate(walk, name)
    elif accidents.is_lost(walk, name):
        accidents.flag(walk, name)
        accidents.liquidate(walk, name)
    elif name not in walk.orders:
        close(walk, name)


def close(walk: Walk, name: str) -> None:
    """All at once, or in parts where all at once would cost too much."""
    if not trading.leave(walk, name, (1, 1)) or walk.ledger.settled:
        return
    for part in (2, 4, 8):
        size = walk.before.held[name].size
        if size and not trading.order(walk, name, -(size // part or size)):
            break


def closed(walk: Walk) -> None:
    """Nothing is open, nothing is owed but dust, and the pool takes all the rest."""
    books = walk.before
    flat = (books.open_interest, books.skew, books.escrow) == (0, 0, 0)
    require("I-12", flat, f"{books.open_interest}, {books.skew}, {books.escrow} are left")
    # Below one asset unit each, unless nothing is paid because there is nothing.
    dust = len(ACCOUNTS) * walk.unit / max(walk.market.part, WEI)
    empty = books.backing == 0
    owed = Fraction(books.debt, WAD)
    require("I-12", empty or owed <= dust, f"{float(owed)} are still owed")
    correction = Fraction(abs(books.correction), WAD)
    require("I-12", empty or correction <= dust, f"a correction of {float(correction)}")
    value, supply = pool.worth(walk, up=True), books.supply
    for name in (*PROVIDERS, "attacker"):
        if shares := walk.world.shares_of(name):
            pool.remove(walk, name, shares)
            look(walk)
    cash, left = walk.before.cash, walk.before.supply
    require("I-12", left == walk.nobodys, f"{left} shares, {walk.nobodys} are nobody's")
    if supply:
        # What each share leaves is below a unit, beside the dust of the accounts and what is
        # nobody's.
        most = (
            len(PROVIDERS)
            + 1
            + len(ACCOUNTS)
            + Fraction(max(0, value) * left, supply) * WEI / walk.unit
        )
        require("I-12", empty or cash <= most, f"{cash} are left, at most {float(most)} may")
        walk.looked("all taken")
    nothing_minted(walk)
