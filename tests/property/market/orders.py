"""Steps of delayed orders: submitted, executed at a price of the window, cancelled."""

from dataclasses import replace
from fractions import Fraction

from levtoken.units import WAD
from tests.property.checks import require
from tests.property.market import rules, trading
from tests.property.market.walk import Order, Walk
from tests.property.market.world import UNLIMITED
from tests.property.reference import Market, Position

PAUSES = (0, 1, 2, 3, 29, 30, 31)
NEAR = Fraction(1, 10**6)


def submit(walk: Walk, name: str = "", delta: int | None = None) -> str:
    name = name or walk.trader()
    market, position = walk.market, walk.before.position(name)
    if delta is None:
        delta = trading.choose_delta(walk, name, position.equity)
        delta = 0 if walk.chance(0.03) else delta
    limit = UNLIMITED if delta > 0 else 0
    if delta and walk.chance(0.2) and market.fill(Fraction(delta, WAD)) > 0:
        # Off the fill of now by more than that is truncated, on either side.
        near = walk.random.choice((-NEAR, NEAR))
        limit = int(market.fill(Fraction(delta, WAD)) * (1 + near) * WAD)
    walk.note(f"{name} {position} submits {delta} at {limit}")
    deposit = walk.world.rules.min_fee
    fault = "" if delta else "EmptyOrder"
    fault = fault or walk.fault or walk.blocked(name)
    fault = fault or ("MarketInsolvent" if market.is_insolvent else "")
    fault = fault or rules.submit_fault(market, position, Fraction(delta, WAD), deposit)
    # Where the cash has gone to others, there is none to put aside.
    fault = fault or ("InsufficientCash" if deposit > market.backing else "")
    error, _ = walk.call("submit", delta, limit, sender=name, fault=fault)
    if error:
        return error
    walk.pushed()
    walk.ledger.reserve(name, deposit)
    walk.orders[name] = Order(delta, min(limit, 2**128 - 1), deposit, walk.before.time)
    found = walk.world.order_of(name)
    kept = (delta, min(limit, 2**128 - 1), int(deposit * WAD), walk.before.time)
    require("reference", found == kept, f"the order is {found}, not {kept}")
    walk.refresh()
    marked_at(walk, name, market.fill(Fraction(delta, WAD)), market.price)
    return ""


def marked_at(walk: Walk, name: str, price: Fraction, index: Fraction) -> None:
    """A position is re-marked at a fill: its premium is truncated by less than a wei of the index
    price and 2 wei."""
    held = walk.before.held[name]
    if not held.size:
        return
    off = (index + 2) * Fraction(1, WAD)
    near = abs(Fraction(held.last_price, WAD) - price) <= off
    require("reference", near, f"{name} is marked at {held.last_price}, not {float(price)}")
    index = walk.world.read("market", "lastFunding")[1]
    same = (held.index - index) % 2**256 == 0
    require("reference", same, f"{name} is marked at another funding than the newest")


def execute(walk: Walk) -> str:
    """By the owner or by another, at any price of the window and at some outside of it."""
    name = walk.random.choice(list(walk.orders)) if walk.orders else walk.trader()
    sender = name if walk.chance(0.4) else walk.random.choice(("keeper", "attacker"))
    order = walk.orders.get(name)
    submitted = order.time if order else walk.before.time
    age, most = walk.before.time - submitted, walk.world.times["maxOrderAge"]
    if order and age > most and walk.chance(0.7):
        return take_back(walk, name, name if walk.chance(0.4) else "keeper")
    inside = age < most - 3 and walk.chance(0.7)
    pause = walk.random.randint(2, most - 1 - age) if inside else walk.random.choice(PAUSES)
    walk.sleep(pause)
    now = walk.before.time
    early = (submitted, submitted + 1, submitted + 2)
    published = walk.random.choice((*early, *[now] * 9))
    window = float(walk.world.rules.max_divergence)
    off = walk.random.choice((0, 0, *[walk.random.uniform(-window, window)] * 6, window, -window))
    price = max(1, int(walk.before.price * (1 + off)))
    fault = walk.random.choice(list(walk.world.bad_prices)) if walk.chance(0.04) else b""
    said = (price, min(published, now), fault)
    walk.world.bring(*said)
    return fill(walk, name, sender, said)


def fill(walk: Walk, name: str, sender: str, said: tuple[int, int, bytes]) -> str:
    """The order of `name` at what the pull oracle has been told: price, time, fault."""
    price, published, pull_fault = said
    world, order = walk.world, walk.orders.get(name)
    walk.note(f"{sender} executes {name} {walk.before.position(name)} at {price} of {published}")
    there = world.market_at(walk.before, price)
    own = sender == name
    fault = why_no_execution(walk, name, price, published, pull_fault)
    position = at(walk, name, there)
    if order and not fault:
        closed = "MarketInsolvent" if walk.market.is_insolvent else ""
        fault = closed or why_no_fill(there, position, order, own=own)
        fault = fault or leaves_insolvent(walk, there, position, order, own=own)
    had = world.assets_of(sender)
    error = world.execute(name, sender)
    walk.named("execute", error, fault)
    if error:
        return error
    assert order
    walk.pushed(Fraction(price, WAD))
    got, ledger = world.assets_of(sender) - had, walk.ledger
    due = 0 if own else int(order.deposit / walk.unit)
    require("I-12", got == due, f"{sender} got {got} for executing, not {due}")
    # At the ledger's own funding and price; whether the gain is lost is the market's own debt.
    ledger.order(name, order.delta, replace(there, funding=ledger.funding))
    if own:
        ledger.restore(name, order.deposit)
    else:
        ledger.pay_deposit(order.deposit, got)
    del walk.orders[name]
    walk.count("execute own" if own else "execute for another")
    if price != walk.before.price:
        walk.count("execute at another price")
    walk.refresh()
    marked_at(walk, name, there.fill(Fraction(order.delta, WAD)), there.price)
    return ""


def at(walk: Walk, name: str, there: Market) -> Position:
    """The position at another price."""
    size = Fraction(walk.before.held[name].size, WAD)
    return Position(size, walk.before.base(name) + size * (there.price + there.funding))


def why_no_execution(walk: Walk, name: str, price: int, published: int, pull_fault: bytes) -> str:
    order, index, times = walk.orders.get(name), walk.before.price, walk.world.times
    if order is None:
        return "NoOrder"
    if walk.fault or pull_fault:
        return walk.fault or walk.world.error_name(pull_fault)
    ratio = Fraction(max(price, index), min(price, index)) - 1
    age = published - order.time
    return rules.first(
        [
            ("PricesDiverge", ratio >= walk.world.rules.max_divergence),
            ("PriceNotUpdated", age <= 0),
            ("OrderTooYoung", age <= times["minOrderAge"]),
            ("OrderTooOld", walk.before.time - order.time >= times["maxOrderAge"]),
        ]
    )


def why_no_fill(there: Market, position: Position, order: Order, *, own: bool) -> str:
    size = Fraction(order.delta, WAD)
    price = there.fill(size)
    if own:
        if price <= 0:
            return "FillNotPositive"
        margin = position.equity + position.size * (price - there.price)
        marked = replace(there, price=price)
        if fault := marked.move_fault(Position(position.size, margin), order.deposit):
            return fault
        position = Position(position.size, position.equity + order.deposit)
    if fault := rules.order_fault(there, position, size):
        return fault
    limit = Fraction(order.limit, WAD)
    beyond = price > limit if size > 0 else price < limit
    return "FillBeyondLimit" if beyond else ""


def leaves_insolvent(
    walk: Walk, there: Market, position: Position, order: Order, *, own: bool
) -> str:
    """Whether the market would owe more than it has at the index price, after such a fill."""
    market, _ = there.traded(position, Fraction(order.delta, WAD))
    paid = 0 if own else order.deposit // walk.unit * walk.unit
    margin = order.deposit if own else 0
    index = Fraction(walk.before.price, WAD)
    backing = market.backing + order.deposit - paid
    correction = market.correction + margin
    market = replace(market, price=index, correction=correction, backing=backing)
    return "MarketInsolvent" if market.is_insolvent else ""


def cancel(walk: Walk) -> str:
    """By the owner or by another, once it is too old."""
    name = walk.random.choice(list(walk.orders)) if walk.orders else walk.trader()
    sender = name if walk.chance(0.4) else "keeper"
    walk.sleep(walk.random.choice((0, 10, 29, 30, 31, 60)))
    return take_back(walk, name, sender)


def take_back(walk: Walk, name: str, sender: str) -> str:
    order, own = walk.orders.get(name), sender == name
    walk.note(f"{sender} cancels {name}")
    fault = "" if order else "NoOrder"
    if order and walk.before.time - order.time <= walk.world.times["maxOrderAge"]:
        fault = "OrderNotExpired"
    if order and own:
        fault = fault or walk.price_fault
        position = walk.before.position(name)
        asked = "" if walk.ledger.settled else walk.market.move_fault(position, order.deposit)
        fault = fault or asked
    had, funding = walk.world.assets_of(sender), walk.world.read("market", "lastFunding")
    error, _ = walk.call("cancel", walk.address(name), sender=sender, fault=fault)
    if error:
        return error
    assert order
    got = walk.world.assets_of(sender) - had
    due = 0 if own else int(order.deposit / walk.unit)
    require("I-12", got == due, f"{sender} got {got} for cancelling, not {due}")
    if own:
        walk.pushed()
        walk.ledger.restore(name, order.deposit)
    else:
        walk.ledger.pay_deposit(order.deposit, got)
        same = walk.world.read("market", "lastFunding") == funding
        require("reference", same, "a cancel by another wrote the funding")
    del walk.orders[name]
    walk.count("cancel own" if own else "cancel for another")
    walk.refresh()
    if own and not walk.ledger.settled:
        marked_at(walk, name, walk.ledger.price, walk.ledger.price)
    return ""
