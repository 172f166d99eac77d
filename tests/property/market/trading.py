"""Steps of the traders: margin in and out, atomic orders, flows."""

from fractions import Fraction

from levtoken.units import WAD
from tests.property import tolerances
from tests.property.checks import require, require_between
from tests.property.market import rules
from tests.property.market.walk import Walk
from tests.property.market.world import Books
from tests.property.reference import WEI, Position
from tests.runtime import UNLIMITED


def deposit(walk: Walk, name: str = "", assets: int | None = None) -> str:
    name = name or walk.trader()
    if assets is None:
        # A real amount, or next to nothing.
        dust = walk.chance(0.05)
        assets = walk.random.randint(0, 9) if dust else int(walk.value(45, 10**5) / walk.unit)
    walk.note(f"{name} deposits {assets}")
    fault = why_not_in(walk, name, assets)
    error, _ = walk.call("depositMargin", assets, sender=name, fault=fault)
    if not error:
        walk.pushed()
        walk.ledger.deposit(name, assets)
        walk.refresh()
    return error


def why_not_in(walk: Walk, name: str, assets: int) -> str:
    fault = walk.fault or walk.blocked(name) or ("" if assets else "ZeroAmount")
    fault = fault or ("MarketInsolvent" if walk.market.is_insolvent else "")
    return fault or walk.market.move_fault(walk.before.position(name), assets * walk.unit)


def withdraw(walk: Walk, name: str = "", assets: int | None = None) -> str:
    """Some of what could go, or a little more."""
    name = name or walk.trader()
    market, position = walk.market, walk.before.position(name)
    if assets is None and walk.chance(0.15) and not walk.fault and not walk.blocked(name):
        return withdraw_all(walk, name)
    if assets is None:
        free = max(Fraction(0), position.equity - market.needed(position.size)) * market.part
        assets = int(free * Fraction(walk.random.choice((0.3, 0.9, 0.999, 1.02))) / walk.unit)
    walk.note(f"{name} withdraws {assets}")
    fault = "" if assets else "EmptyOrder"
    fault = fault or walk.fault or walk.blocked(name)
    fault = fault or market.taking_fault(position, assets * walk.unit)
    me, had = walk.address(name), walk.world.assets_of(name)
    error, _ = walk.call("trade", 0, -assets, 0, me, sender=name, fault=fault, name="withdraw")
    if not error:
        got = walk.world.assets_of(name) - had
        require("I-12", got == assets, f"{got} came out, {assets} were asked for")
        part = market.part
        walk.pushed()
        walk.ledger.withdraw(name, assets, part)
        before, after = walk.before, walk.refresh()
        kept_by_others(walk, before, after, position.equity)
        if not position.size:
            taken_up(walk, name, assets, before, after)
    return error


def withdraw_all(walk: Walk, name: str) -> str:
    """What the quote says that the market lets go, to the unit: the market does."""
    assets = walk.world.read("market", "quote", walk.address(name), 0, 0)[3]
    market, position = walk.market, walk.before.position(name)
    free = max(Fraction(0), position.equity - market.needed(position.size))
    free = min(free * market.part, market.backing)
    # The needed margin is rounded up in three places and the equity loses 2 wei; the share of the
    # scale loses one, times notional and multiplier; see `of_part`.
    notional = abs(position.size) * market.price * (market.rules.premium + 1)
    off = (6 + notional) * WEI + tolerances.of_part(market, free)
    require_between(
        "reference", "releasable", assets * walk.unit, free - off - walk.unit, free + off
    )
    if not assets:
        return ""
    walk.note(f"{name} withdraws all that goes, {assets}")
    with walk.world.evm.rolled_back():
        me = walk.address(name)
        walk.call("trade", 0, -assets, 0, me, sender=name, fault="", name="withdraw all")
    return ""


def taken_up(walk: Walk, name: str, assets: int, before: Books, after: Books) -> None:
    """To the wei: what a payment takes from a margin is rounded up."""
    paid = assets * walk.world.unit
    taken = before.held[name].margin - after.held[name].margin
    due = paid
    if before.debt > before.backing:
        due = -(-paid * before.debt // before.backing)
        walk.looked("taken up")
    require("I-12", taken == due, f"{taken} of margin for {paid}, not {due}")


def choose_delta(walk: Walk, name: str, equity: Fraction) -> int:
    """Close, reduce, flip, aim at a leverage, or push the skew."""
    size, scale = walk.before.held[name].size, walk.world.rules.scale
    kind = walk.random.random()
    if size and kind < 0.2:
        return -size
    if size and kind < 0.4:
        return -int(size * walk.random.uniform(0, 1.5))
    crowd = walk.world.scenario.crowd * scale * WAD
    if kind < 0.6:
        return int(Fraction(walk.random.gauss(0, 1)) * crowd)
    if kind < 0.7 or not walk.before.price:
        return -walk.before.skew
    leverage = Fraction(walk.random.uniform(-12, 12))
    wanted = leverage * max(equity, Fraction(50)) / walk.market.price * WAD - size
    return int(max(-4 * crowd, min(4 * crowd, wanted)))


def trade(walk: Walk, name: str = "") -> str:
    """An atomic order, sometimes with margin in or out in the same call."""
    name = name or walk.trader()
    assets = 0
    if walk.chance(0.3 if walk.before.equity(name) > walk.world.rules.min_margin else 0.8):
        assets = int(walk.value(45, 10**5) / walk.unit)
    elif walk.chance(0.15):
        # A part of what there is, or a little more than the market has.
        most = min(max(walk.before.equity(name), Fraction(0)), walk.market.backing)
        assets = -int(most * Fraction(walk.random.uniform(0.2, 1.05)) / walk.unit)
    delta = choose_delta(walk, name, walk.before.equity(name) + max(0, assets) * walk.unit)
    return order(walk, name, delta, assets)


def order(walk: Walk, name: str, delta: int, assets: int = 0) -> str:
    market, position = walk.market, walk.before.position(name)
    me, world = walk.address(name), walk.world
    walk.note(f"{name} {position} trades {delta} with {assets}")
    fault = why_no_trade(walk, name, position, delta, assets)
    limit = UNLIMITED if delta > 0 else 0
    if not fault and delta and walk.chance(0.15):
        tight = world.read("market", "quote", me, delta, max(0, assets))[0]
        tight += -1 if delta > 0 else 1
        if assets <= 0:
            walk.call("trade", delta, 0, tight, me, sender=name, fault="FillBeyondLimit")
    if assets > 0 and fault:
        with world.evm.rolled_back():
            world.must("asset", "transfer", world.contracts["market"].address, assets, sender=name)
            walk.call("trade", delta, assets, limit, me, sender=name, fault=fault)
        return fault
    if assets > 0:
        world.must("asset", "transfer", world.contracts["market"].address, assets, sender=name)
    error, _ = walk.call("trade", delta, assets, limit, me, sender=name, fault=fault)
    if error:
        return error
    walk.pushed()
    if assets > 0:
        walk.ledger.deposit(name, assets)
    if delta:
        walk.ledger.order(name, delta, market)
    if assets < 0:
        walk.ledger.withdraw(name, -assets, market.part)
    count_kinds(walk, position, delta)
    kept_by_others(walk, walk.before, walk.refresh(), position.equity)
    return ""


def count_kinds(walk: Walk, position: Position, delta: int) -> None:
    size = Fraction(delta, WAD)
    kinds = {
        "open": not position.size and delta,
        "close": position.size and position.size == -size,
        "flip": position.size * (position.size + size) < 0,
        "paid by the skew": delta and walk.market.cost(size) < 0,
        "forfeited": delta and walk.market.cost(size) < 0 and walk.market.overdraws(size),
        "beyond the scale": abs(walk.market.skew) > walk.market.rules.scale,
    }
    for kind, met in kinds.items():
        if met:
            walk.count(kind)


def why_no_trade(walk: Walk, name: str, position: Position, delta: int, assets: int) -> str:
    market, size = walk.market, Fraction(delta, WAD)
    fault = "" if delta or assets else "EmptyOrder"
    fault = fault or walk.fault or walk.blocked(name)
    if not fault and assets > 0:
        fault = why_not_in(walk, name, assets)
    if fault:
        return fault
    position = Position(position.size, position.equity + max(0, assets) * walk.unit)
    if delta:
        if fault := rules.atomic_fault(market, position, size):
            return fault
        position = rules.after(market, position, size)
    return market.taking_fault(position, -assets * walk.unit) if assets < 0 else ""


def kept_by_others(walk: Walk, before: Books, after: Books, equity: Fraction) -> None:
    """Nobody lowers the part that is paid to the others by what he does. An account below zero that
    grows may: it is worth less than it counts."""
    if equity < 0:
        return
    was = min(1, Fraction(before.backing, max(1, before.debt)))
    now = Fraction(after.backing, max(1, after.debt))
    # Everything that is owed is truncated once for the account and once for the whole.
    off = Fraction(4, max(1, after.debt))
    require("I-12", min(now, 1) >= was - off, f"the part falls from {float(was)} to {float(now)}")
    if was < 1:
        walk.looked("part kept")


def enter(walk: Walk, name: str = "") -> str:
    """A flow in, by the account itself; its size is the market's own solution."""
    name, world = name or walk.trader(), walk.world
    assets = int(walk.value(45, 10**5) / walk.unit)
    leverage = int(walk.random.uniform(-9, 9) * WAD)
    walk.note(f"{name} enters with {assets} at {leverage}")
    error, _ = world.preview("market", "previewEnter", walk.address(name), assets, leverage)
    closed = "MarketInsolvent" if walk.market.is_insolvent else ""
    known = walk.fault or walk.blocked(name) or closed
    require("I-5", not known or error == known, f"previewEnter: {error}, not {known}")
    market, size = walk.market, walk.before.held[name].size
    if error:
        with world.evm.rolled_back():
            world.must("asset", "transfer", world.contracts["market"].address, assets, sender=name)
            walk.call("enter", assets, leverage, sender=name, fault=error)
        return error
    world.must("asset", "transfer", world.contracts["market"].address, assets, sender=name)
    walk.call("enter", assets, leverage, sender=name, fault="")
    walk.pushed()
    walk.ledger.deposit(name, assets)
    delta = world.held(name).size - size
    if delta:
        walk.ledger.order(name, delta, market)
    walk.refresh()
    return ""


def leave(walk: Walk, name: str = "", part: tuple[int, int] | None = None) -> str:
    """A flow out: everybody is paid the same part of what is theirs, less the cost."""
    name = name or walk.trader()
    part = part or walk.random.choice(((1, 1), (1, 2), (1, 3), (9, 10), (0, 1), (2, 1), (1, 10**6)))
    market, position, world = walk.market, walk.before.position(name), walk.world
    walk.note(f"{name} {position} leaves with {part}")
    settled = walk.ledger.settled
    left = rules.leaving(market, position, part, walk.unit, settled=settled)
    fault = walk.price_fault or walk.blocked(name) or left.fault
    me = walk.address(name)
    said = world.preview("market", "previewExit", me, *part)
    error, paid = walk.call("exit", *part, UNLIMITED, me, sender=name, fault=fault)
    require("I-5", said == (error, paid), f"exit: {error or paid}, previewed {said}")
    if error:
        return error
    size = Fraction(left.delta, WAD)
    # The order's truncations, those of the debt in proportion, and the asset unit.
    off = tolerances.of_cost(market, size) + tolerances.of_part(market, left.paid)
    low = max(Fraction(0), left.paid - off - walk.unit)
    require_between("I-12", "paid to a leaver", paid * walk.unit, low, left.paid + off)
    walk.pushed()
    if left.delta:
        walk.ledger.order(name, left.delta, market, free=settled)
    walk.ledger.withdraw(name, paid, market.part)
    if market.is_insolvent and paid:
        walk.count("leave with a part")
    if settled:
        walk.count("leave a settled market")
    kept_by_others(walk, walk.before, walk.refresh(), position.equity)
    return ""
