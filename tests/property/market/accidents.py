"""Steps of liquidators, and of a price that goes bad."""

from fractions import Fraction

from levtoken.units import WAD
from tests.property import tolerances
from tests.property.checks import require, require_between, require_close
from tests.property.market.walk import CHECK_GAP, Walk
from tests.property.market.world import ACCOUNTS, HEARTBEAT
from tests.property.reference import WEI
from tests.runtime import UNLIMITED

KEEPERS = ("keeper", "attacker")


def flag(walk: Walk, name: str = "") -> str:
    """Anyone may flag whom the rule names, and nobody else. A live order goes with its deposit."""
    due = [one for one in ACCOUNTS if is_lost(walk, one)]
    fresh = [one for one in due if one not in walk.flags]
    name = name or walk.random.choice(fresh or due or list(ACCOUNTS))
    sender = walk.random.choice(KEEPERS)
    walk.note(f"{sender} flags {name} {walk.before.position(name)}")
    fault = walk.price_fault or ("PositionFlagged" if name in walk.flags else "")
    fault = fault or ("" if name in due else "NotLiquidatable")
    had = walk.world.assets_of(sender)
    error, _ = walk.call("flag", walk.address(name), sender=sender, fault=fault)
    if error:
        return error
    walk.pushed()
    order, got = walk.orders.pop(name, None), walk.world.assets_of(sender) - had
    if order:
        walk.ledger.pay_deposit(order.deposit, got)
        walk.count("flag with an order")
    paid = int(order.deposit / walk.unit) if order else 0
    require("I-12", got == paid, f"the flagger got {got}, not {paid}")
    walk.flags[name] = (sender, walk.before.time)
    flagger, since = walk.world.flag_of(name)
    same = (flagger, since) == (int(walk.address(sender), 16), walk.before.time)
    require("reference", same, "another flag than that")
    require("reference", walk.world.order_of(name)[0] == 0, "the flag left the order")
    before, after = walk.before, walk.refresh()
    kept = before.base(name) == after.base(name)
    require("reference", kept, "the flag moved the position")
    return ""


def is_lost(walk: Walk, name: str) -> bool:
    """A settled market asks for no margin: only who has nothing left is lost."""
    position = walk.before.position(name)
    if walk.ledger.settled:
        # Profit and funding are truncated by less than a wei each.
        return position.size != 0 and position.equity < WEI
    return walk.market.is_liquidatable(position)


def liquidate(walk: Walk, name: str = "") -> str:
    """At once where size and skew are small; after the delay by anyone."""
    flagged = list(walk.flags)
    name = name or walk.random.choice(flagged or list(ACCOUNTS))
    sender = walk.random.choice(KEEPERS)
    market, position = walk.market, walk.before.position(name)
    walk.note(f"{sender} liquidates {name} {position}")
    flagger, since = walk.flags.get(name, ("", walk.before.time))
    forced = walk.before.time - since >= walk.world.times["forcedLiquidationDelay"]
    limited = market.liquidation_fault(position.size)
    hides = market.hides(position, Fraction(walk.before.held[name].last_price, WAD))
    fault = walk.price_fault or ("" if flagger else "NotFlagged")
    fault = fault or ("" if forced or hides or walk.ledger.settled else limited)
    had = {one: walk.world.assets_of(one) for one in {sender, flagger} - {""}}
    error, _ = walk.call("liquidate", walk.address(name), sender=sender, fault=fault)
    if error:
        return error
    got = {one: walk.world.assets_of(one) - had[one] for one in had}
    walk.count("forced liquidation" if limited and forced else "liquidation")
    for kind, met in {
        "liquidation of a bankrupt": position.equity < 0,
        "liquidation while insolvent": market.is_insolvent,
        "liquidation of what hides": limited and not forced and hides,
    }.items():
        if met:
            walk.count(kind)
    paid = sum(got.values())
    walk.pushed()
    walk.ledger.liquidate(name, paid)
    del walk.flags[name]
    before, after = walk.before, walk.refresh()
    pay_is_right(walk, name, (sender, flagger, got), market.liquidation_pay(position), market)
    held = after.held[name]
    gone = (held.margin, held.last_price, held.size, held.index, held.status) == (0,) * 5
    require("I-13", gone, f"{held} is left of {name}")
    require("reference", walk.world.flag_of(name) == (0, 0), "the flag stayed")
    expected = market.liquidated(position, paid * walk.unit)
    if position.equity >= 0:
        # What is owed is truncated anew.
        off = 4 * WEI / max(expected.debt, WEI)
        part = walk.market.part
        require("I-12", part >= market.part - off, "a liquidation took from the others")
    debt = Fraction(after.debt, WAD)
    require_close("I-12", "the debt that is left", debt, expected.debt, 4 * WEI)
    require("I-12", before.settled == after.settled, "settled by a liquidation")
    return ""


def pay_is_right(walk: Walk, name: str, who: tuple, pay: tuple, market) -> None:
    """To the flagger and to the liquidator, each rounded down to asset units."""
    sender, flagger, got = who
    exact = {flagger: Fraction(0), sender: Fraction(0)}
    exact[flagger] += pay[0]
    exact[sender] += pay[1]
    units = dict.fromkeys(exact, 2 if sender == flagger else 1)
    for one, amount in exact.items():
        # Notional, rate and what is left lose a few wei each.
        off = 8 * WEI + tolerances.of_part(market, amount)
        low = max(Fraction(0), amount - off - units[one] * walk.unit)
        what = f"the pay of {one} for {name}"
        require_between("I-12", what, got[one] * walk.unit, low, amount + off)


# The price


def spoil(walk: Walk) -> str:
    """The feed goes wrong in one of its ways, until the next good price."""
    name = walk.random.choice(sorted(WAYS))
    walk.note(f"the feed goes wrong: {name}")
    WAYS[name](walk)
    walk.see()
    walk.refresh()
    require("I-11", walk.bad == name, f"the oracle says {walk.bad!r} of {name}")
    walk.count(f"spoil: {name}")
    probe(walk)
    return ""


def push(walk: Walk, answer: int, late: int | None = 0) -> None:
    updated = 0 if late is None else walk.world.evm.timestamp - late
    walk.world.must("feed", "pushAt", answer, updated, sender="stranger")


def stop(walk: Walk) -> None:
    push(walk, walk.world.answer)
    walk.world.sleep(HEARTBEAT + 1)


WAYS = {
    "PriceStale": stop,
    "PriceNotPositive": lambda walk: push(walk, walk.random.choice((0, -1, -(2**100)))),
    "PriceOutOfBounds": lambda walk: push(walk, walk.world.highest),
    "RoundIncomplete": lambda walk: push(walk, walk.world.answer, None),
    "PriceFromFuture": lambda walk: push(walk, walk.world.answer, -1),
}


def probe(walk: Walk) -> None:
    """I-11: with a bad price no verb that prices works, and nothing changes."""
    world, before, me = walk.world, walk.before, walk.address("trader")
    name = walk.trader()
    verbs = [
        ("trade", (WAD, 0, 2**255, me)),
        ("trade", (0, -1, 0, me)),
        ("depositMargin", (10**6,)),
        ("enter", (10**6, WAD)),
        ("exit", (1, 2, UNLIMITED, me)),
        ("submit", (WAD, 2**255)),
        ("provideLiquidity", (10**6,)),
        ("removeLiquidity", (1, me)),
        ("flag", (me,)),
        ("liquidate", (me,)),
    ]
    settled = walk.ledger.settled
    for verb, arguments in verbs:
        if settled and verb in LEAVING:
            continue
        error, _ = world.attempt("market", verb, *arguments, sender="trader")
        fault = walk.fault
        require("I-11", error == fault, f"{verb}: {error or 'success'}, not {fault}")
    if not settled:
        require("I-11", walk.refresh() == before, "the books changed")
        for name in walk.orders:
            error = world.execute(name, "keeper")
            require("I-11", error == walk.fault, f"execute: {error or 'success'}")
            expired = before.time - walk.orders[name].time > world.times["maxOrderAge"]
            fault = walk.fault if expired else "OrderNotExpired"
            error, _ = world.attempt("market", "cancel", walk.address(name), sender=name)
            require("I-11", error == fault, f"own cancel: {error or 'success'}, not {fault}")
        require("I-11", walk.refresh() == before, "the books changed")
    walk.looked("I-11")


LEAVING = ("exit", "removeLiquidity", "flag", "liquidate")


def check_price(walk: Walk) -> str:
    """A good price marks the market and ends the time without one; a bad one begins it, or goes on
    with it when the last look is not long ago."""
    walk.note("keeper checks the price")
    fault = "MarketSettled" if walk.ledger.settled else ""
    error, _ = walk.call("checkPrice", sender="keeper", fault=fault)
    if error:
        return error
    if walk.bad:
        if walk.before.time - walk.checked > CHECK_GAP:
            walk.since = walk.before.time
        walk.checked = walk.before.time
        walk.count("check a bad price")
    else:
        walk.pushed()
    before, after = walk.before, walk.refresh()
    require("I-11", before == after, "looking at the price moved the books")
    return ""


def watch(walk: Walk) -> None:
    """Somebody looks again and again, sometimes too seldom or not long enough."""
    delay = walk.world.times["settlementDelay"]
    wanted = walk.before.time + delay + walk.random.choice((-1, 0, 0, 0, 60))
    gap = walk.random.choice((CHECK_GAP, CHECK_GAP, 1_800, CHECK_GAP + 1))
    check_price(walk)
    while walk.before.time < wanted and walk.bad:
        walk.sleep(min(gap, wanted - walk.before.time))
        if walk.before.time < wanted or walk.chance(0.5):
            check_price(walk)


def settle(walk: Walk) -> str:
    """Only while the price is bad, and long after somebody saw that it is."""
    if walk.chance(0.5) and walk.bad and not walk.ledger.settled:
        watch(walk)
    return settle_now(walk)


def settle_now(walk: Walk) -> str:
    walk.note("keeper settles")
    fault = "MarketSettled" if walk.ledger.settled else "" if walk.bad else "PriceIsGood"
    fault = fault or ("" if walk.is_due else "SettlementTooEarly")
    error, _ = walk.call("settle", sender="keeper", fault=fault)
    if not error:
        walk.ledger.settled = True
        walk.see()
        walk.refresh()
    return error
