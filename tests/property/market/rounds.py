"""What one actor could win at one price, and who leaves first: played and undone."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from fractions import Fraction

from levtoken.units import WAD
from tests.property import tolerances
from tests.property.checks import require, require_close
from tests.property.market import orders, pool, trading
from tests.property.market.walk import Walk
from tests.property.market.world import TRADERS
from tests.property.reference import WEI

MOVES = 6
ATTACKER, ACCOMPLICE = "attacker", "saver"


@contextmanager
def undone(walk: Walk) -> Iterator[None]:
    """What happens inside leaves no trace."""
    ledger, before, since = deepcopy(walk.ledger), walk.before, (walk.since, walk.checked)
    kept, flags, bad, gifts = dict(walk.orders), dict(walk.flags), walk.bad, walk.world.gifts
    answer, nobodys = walk.world.answer, walk.nobodys
    with walk.world.evm.rolled_back():
        yield
    walk.ledger, walk.before, (walk.since, walk.checked) = ledger, before, since
    walk.orders, walk.flags, walk.bad, walk.world.gifts = kept, flags, bad, gifts
    walk.world.answer, walk.nobodys = answer, nobodys


def at_one_price(walk: Walk) -> str:
    """Any sequence of atomic verbs of one actor at one price and time ends at or below its start;
    so does one with a delayed order that is filled at the same price, its deposit counted."""
    if walk.fault or walk.blocked(ATTACKER):
        return ""
    with undone(walk):
        start = wealth(walk)
        equity, off = worth(walk), Fraction(0)
        delayed = walk.chance(0.3)
        if delayed:
            off += one_delayed(walk)
        else:
            for _ in range(walk.random.randint(1, MOVES)):
                off += one_move(walk)
        off += get_out(walk)
        if walk.before.held[ATTACKER].size or walk.world.shares_of(ATTACKER):
            walk.count("round trip", "cannot leave")
            return ""
        gain = (wealth(walk) - start) * walk.unit + worth(walk) - equity
        text = f"the attacker gains {float(gain):.6g}, rounding {float(off):.3g}"
        require("I-4", gain <= off, text)
        walk.looked("I-4 delayed" if delayed else "I-4")
    walk.count("round trip")
    return ""


def wealth(walk: Walk) -> int:
    return sum(walk.world.assets_of(one) for one in (ATTACKER, "keeper"))


def worth(walk: Walk) -> Fraction:
    """What would be paid of the margin that is left."""
    return max(Fraction(0), walk.before.equity(ATTACKER)) * walk.market.part


def one_move(walk: Walk) -> Fraction:
    """A verb of the attacker, and what its truncations may give."""
    held = Fraction(abs(walk.before.held[ATTACKER].size), WAD)
    skew = walk.before.skew
    moves: list[Callable[[], str]] = [
        lambda: trading.deposit(walk, ATTACKER),
        lambda: trading.withdraw(walk, ATTACKER),
        lambda: trading.trade(walk, ATTACKER),
        lambda: trading.trade(walk, ATTACKER),
        lambda: trading.trade(walk, ATTACKER),
        lambda: trading.enter(walk, ATTACKER),
        lambda: trading.leave(walk, ATTACKER),
        lambda: pool.provide(walk, ATTACKER),
        lambda: pool.remove(walk, ATTACKER),
    ]
    walk.random.choice(moves)()
    traded = Fraction(abs(walk.before.skew - skew), WAD)
    return tolerances.of_cost(walk.market, traded + held)


def get_out(walk: Walk) -> Fraction:
    """Out of position, margin and liquidity, in any order."""
    off = Fraction(0)
    ways = [close, take_liquidity]
    walk.random.shuffle(ways)
    for way in ways * 2:
        held = Fraction(abs(walk.before.held[ATTACKER].size), WAD)
        way(walk)
        off += tolerances.of_cost(walk.market, held)
    return off


def close(walk: Walk) -> None:
    if size := walk.before.held[ATTACKER].size:
        trading.order(walk, ATTACKER, -size)
    free = walk.before.held[ATTACKER].margin if not walk.before.held[ATTACKER].size else 0
    if assets := int(free * walk.market.part / walk.world.unit):
        trading.withdraw(walk, ATTACKER, assets)


def take_liquidity(walk: Walk) -> None:
    if shares := walk.world.shares_of(ATTACKER):
        pool.remove(walk, ATTACKER, shares)


def one_delayed(walk: Walk) -> Fraction:
    """In at once and out by a delayed order, or the other way round; the price stands still."""
    trading.deposit(walk, ATTACKER, int(walk.value(200, 10**5) / walk.unit))
    off = one_move(walk) if walk.chance(0.5) else Fraction(0)
    if orders.submit(walk, ATTACKER):
        return off
    size = abs(walk.before.held[ATTACKER].size) + abs(walk.orders[ATTACKER].delta)
    funding = walk.before.funding
    walk.sleep(walk.world.times["minOrderAge"] + 1)
    said = (walk.before.price, walk.before.time, b"")
    walk.world.bring(*said)
    sender = walk.random.choice((ATTACKER, "keeper"))
    orders.fill(walk, ATTACKER, sender, said)
    # Funding of those two seconds is not a gain at one price.
    earned = abs(Fraction((walk.before.funding - funding) * size, WAD * WAD))
    off += 2 * earned + tolerances.of_cost(walk.market, Fraction(size, WAD))
    if ATTACKER in walk.orders:
        walk.advance(walk.world.times["maxOrderAge"] + 1)
        # The deposit is worth having back, funding of half a minute is not a gain here.
        orders.take_back(walk, ATTACKER, sender)
        earned = abs(Fraction((walk.before.funding - funding) * size, WAD * WAD))
        off += 2 * earned
    return off


def leavers(walk: Walk) -> str:
    """When the market cannot pay everybody, two who leave are paid alike, whoever is first."""
    market = walk.market
    if walk.price_fault or not market.is_insolvent or market.part == 0:
        return ""
    free = [one for one in TRADERS if not walk.blocked(one) and walk.before.equity(one) > 0]
    if len(free) < 2:
        return ""
    pair = walk.random.sample(free, 2)
    paid = [leave_in_turn(walk, names) for names in (pair, pair[::-1])]
    if any(None in one.values() for one in paid):
        return ""
    for name in pair:
        # The second has what the cost of the first added to the part, and nobody has less.
        first = paid[0][name] if pair[0] == name else paid[1][name]
        second = paid[1][name] if pair[0] == name else paid[0][name]
        assert first is not None
        assert second is not None
        if not any(walk.before.held[one].size for one in pair):
            off = walk.unit + 8 * WEI + 4 * WEI * first / max(market.debt, WEI)
            require_close("I-12", f"paid to {name} as the second", second, first, off)
            walk.looked("leavers alike")
        whole = walk.before.equity(name)
        most = whole * market.part
        off = tolerances.of_cost(market, walk.before.position(name).size)
        require("I-12", first <= most + off + walk.unit, f"{name} gets more than the part")
    walk.looked("leavers")
    walk.count("leavers")
    return ""


def leave_in_turn(walk: Walk, names: list[str]) -> dict[str, Fraction | None]:
    """What each is paid; None: could not leave."""
    paid: dict[str, Fraction | None] = {}
    with undone(walk):
        for name in names:
            had, part = walk.world.assets_of(name), walk.market.part
            error = trading.leave(walk, name, (1, 1))
            got = (walk.world.assets_of(name) - had) * walk.unit
            paid[name] = None if error else got
            if not error:
                off = 4 * WEI / max(walk.market.debt, WEI)
                require("I-12", walk.market.part >= part - off, "who leaves lowers the part")
    return paid
