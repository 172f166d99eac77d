"""What holds after every step: the market's integers against the exact ledger."""

from fractions import Fraction

from levtoken.evm import Revert, signed
from levtoken.units import WAD
from tests.property import tolerances
from tests.property.calls import ADDRESSES, ROLES
from tests.property.checks import require, require_close
from tests.property.market import rules
from tests.property.market.walk import Walk
from tests.property.market.world import ACCOUNTS, FLAGGED, FREE, ORDERED, Books, Held
from tests.property.reference import WEI, Position

OFTEN = 0.35  # of the steps look at every view of one account


def look(walk: Walk) -> None:
    """After each step."""
    books, ledger = walk.before, walk.ledger
    found = walk.world.error_name(books.fault)
    require("I-11", found == walk.price_fault, f"the market says {found!r} of its price")
    require("reference", books.settled == ledger.settled, "settled, or not")
    funding_is_right(walk)
    accounts_are_right(walk)
    money_adds_up(walk)
    if walk.chance(OFTEN):
        views_answer(walk, walk.random.choice(ACCOUNTS))
    walk.looked("I-12", "reference")


def funding_is_right(walk: Walk) -> None:
    """Price, rate and index, each within what its own truncations add up to."""
    books, ledger = walk.before, walk.ledger
    require("reference", Fraction(books.price, WAD) == ledger.price, f"price {books.price}")
    market = ledger.market()
    days = Fraction(0 if ledger.settled else ledger.time - ledger.pushed, 86_400)
    off = ledger.rate_off + tolerances.of_rate(market, days)
    require_close("reference", "rate", Fraction(books.rate, WAD), ledger.rate, off)
    found = Fraction(books.funding, WAD)
    require_close("reference", "funding", found, ledger.funding, ledger.funding_now_off)
    share = max(Fraction(-1), min(Fraction(1), ledger.skew / ledger.rules.scale))
    velocity = Fraction(0) if ledger.settled else share * ledger.rules.velocity
    # The share and the product lose less than a wei each.
    off = (ledger.rules.velocity + 1) * WEI
    require_close("reference", "velocity", Fraction(books.velocity, WAD), velocity, off)


def accounts_are_right(walk: Walk) -> None:
    """Size to the wei; what does not move with price and funding, within its truncations."""
    books, ledger = walk.before, walk.ledger
    for name in ACCOUNTS:
        held, one = books.held[name], ledger.account(name)
        require("reference", held.size == one.size, f"size of {name}: {held.size}, {one.size}")
        require("I-13", held.margin >= 0, f"{name} has a margin of {held.margin}")
        off = one.off * WEI
        require_close("I-12", f"base of {name}", books.base(name), one.base, off)
        status = FLAGGED if name in walk.flags else ORDERED if name in walk.orders else FREE
        require("reference", held.status == status, f"status of {name}: {held.status}")
    require("reference", books.skew == int(ledger.skew * WAD), f"skew {books.skew}")
    interest = int(ledger.open_interest * WAD)
    require("reference", books.open_interest == interest, f"open interest {books.open_interest}")


def correction_of(held: Held) -> int:
    """The published `margin - mul(size, lastPrice + F)`, which truncates toward zero."""
    moving = held.size * (held.last_price + held.index)
    return held.margin - (abs(moving) // WAD) * (1 if moving > 0 else -1)


def money_adds_up(walk: Walk) -> None:
    """I-12: the cash is the pool's, the accounts' and the orders', and all of it is there."""
    world, books, ledger = walk.world, walk.before, walk.ledger
    exact = ledger.pool + ledger.owed + ledger.escrow
    require("I-12", exact == ledger.cash * ledger.unit, "the ledger itself does not add up")
    require("I-12", books.cash == ledger.cash, f"cash {books.cash}, in the ledger {ledger.cash}")
    held = world.read("asset", "balanceOf", world.contracts["market"].address)[0]
    require("I-12", held == books.cash + world.gifts, f"holds {held}, booked {books.cash}")
    deposits = sum((order.deposit for order in walk.orders.values()), Fraction(0))
    require("I-12", ledger.escrow == deposits, "the ledger holds other deposits than the orders")
    require("I-12", books.escrow == deposits * WAD, f"escrow {books.escrow}, {float(deposits)}")
    correction = sum(correction_of(one) for one in books.held.values())
    require("I-12", books.correction == correction, f"correction {books.correction}, {correction}")
    off = ledger.owed_off
    owed = sum((books.equity(name) for name in ACCOUNTS), Fraction(0))
    # Each account's part of the correction and the product of the skew are truncated.
    within = (len(ACCOUNTS) + 1) * WEI
    require_close("I-12", "what is owed", books.owed, owed, within)
    require_close("I-12", "what is owed", owed, ledger.owed, off)
    debt = Fraction(books.debt, WAD)
    require_close("I-12", "debt", debt, max(Fraction(0), ledger.owed), off + within)
    require_close("I-12", "pool", Fraction(books.pool, WAD), ledger.pool, off + within)
    provided = ledger.pool - ledger.bankrupt
    bankrupt = sum((max(Fraction(0), -books.equity(name)) for name in ACCOUNTS), Fraction(0))
    total = provided + owed + bankrupt + Fraction(books.escrow, WAD)
    # The bankrupt count by themselves, so what funding is off does not cancel among them.
    bare = ledger.open_interest * ledger.funding_now_off
    cash = Fraction(books.cash) * ledger.unit
    require_close("I-12", "cash", cash, total, 2 * (off + within) + bare)
    part_is_true(walk, debt)


def part_is_true(walk: Walk, debt: Fraction) -> None:
    """What the market pays of an equity is what there is for all that are owed something, but for
    the bankrupt whom nobody has liquidated: they hide `bankrupt / debt` of it."""
    ledger = walk.ledger
    backing = Fraction(walk.before.backing, WAD)
    require("I-12", backing >= 0, f"the deposits of orders are short by {float(-backing)}")
    if debt <= backing:
        return
    walk.looked("insolvent")
    whole = debt + ledger.bankrupt
    said, true = backing / debt, backing / whole
    require("I-12", true <= said <= true * (1 + ledger.bankrupt / debt), "the part is not true")
    if ledger.bankrupt:
        walk.looked("hidden bankrupt")


# Views


def views_answer(walk: Walk, name: str) -> None:
    """No view reverts, whatever the market is in, and each says what the reference does."""
    try:
        _views(walk, name, walk.before)
    except Revert as revert:
        require("I-13", False, f"a view of {name} reverts with {revert.name}")
    walk.looked("views")


def _views(walk: Walk, name: str, books: Books) -> None:
    read, me, market = walk.world.read, ADDRESSES[name], walk.market
    position = walk.ledger.position(name)
    off = walk.ledger.equity_off(name) + 2 * WEI
    funding, remaining, accessible, liquidatable = read("market", "accountReport", me)
    exact = max(Fraction(0), position.equity)
    require_close("reference", "remaining margin", Fraction(remaining, WAD), exact, off)
    price, size, equity, fault = read("market", "state", me)
    worth = remaining
    if books.debt > books.backing:
        worth = remaining * books.backing // books.debt
    require("I-12", equity == worth, f"state says {equity} of {name}, its part is {worth}")
    same = (price, signed(size)) == (books.price, books.held[name].size)
    require("reference", same, f"state says {price}, {signed(size)} of {name}")
    said = walk.world.error_name(fault.to_bytes(32, "big")[:4])
    require("reference", said == walk.fault, f"state says {said!r}, not {walk.fault!r}")
    require("reference", bool(liquidatable) == market.is_liquidatable(books.position(name)), name)
    held = books.held[name]
    exact = Fraction(held.size * (books.funding - held.index), WAD * WAD)
    require_close("reference", "accrued funding", Fraction(signed(funding), WAD), exact, WEI)
    _liquidation_price(walk, name, position)
    _accessible(walk, name, Fraction(remaining, WAD), Fraction(accessible, WAD))
    _quote(walk, name)
    for view in ("liquiditySharePrice", "poolEquity", "lastFunding", "limits", "report", "asset"):
        read("market", view)
    for view in ("orderOf", "flagOf"):
        read("market", view, me)
    size_for = (int(Fraction(walk.random.gauss(0, 100)) / walk.unit), 3 * WAD, 10**15)
    read("market", "sizeFor", me, *size_for)


def _liquidation_price(walk: Walk, name: str, position: Position) -> None:
    market, one = walk.market, walk.ledger.account(name)
    found = Fraction(walk.world.read("market", "liquidationPrice", ADDRESSES[name])[0], WAD)
    if position.size == 0:
        require("reference", found == 0, "a liquidation price without a position")
        return
    needed = market.liquidation_margin(position.size) + market.liquidation_premium(position.size)
    exact = max(Fraction(0), (needed - one.base) / position.size - walk.ledger.funding)
    # The margin is off as the account is and the rules by 8 wei, over the size; the quotient and
    # the funding add their own; what the premium loses is multiplied by the notional.
    lost = (8 + abs(position.size) * market.price * 4) * WEI
    off = (one.off * WEI + lost) / abs(position.size) + walk.ledger.funding_now_off + 4 * WEI
    require_close("reference", f"liquidation price of {name}", found, exact, off)


def _accessible(walk: Walk, name: str, remaining: Fraction, found: Fraction) -> None:
    """By the published formula: a little less than the rest allows."""
    milli, market = Fraction(1, 1000), walk.market
    size = Fraction(walk.before.held[name].size, WAD)
    kept = abs(size) * market.price / (market.rules.max_leverage - milli)
    # What rounds to nothing keeps nothing.
    if kept >= 2 * WEI:
        kept = max(kept, market.rules.min_margin) + milli
    exact = max(Fraction(0), remaining - kept)
    require_close("reference", f"accessible margin of {name}", found, exact, 4 * WEI)


def _quote(walk: Walk, name: str) -> None:
    """Fill, fee and fault of an order are the reference's."""
    market, scale = walk.market, walk.world.rules.scale
    delta = int(Fraction(walk.random.gauss(0, 1)) * walk.world.scenario.crowd * scale * WAD)
    size = Fraction(delta, WAD)
    words = walk.world.read("market", "quote", ADDRESSES[name], delta, 0)
    fill, fee, cost, _, fault = words
    said = walk.world.error_name(fault.to_bytes(32, "big")[:4])
    position = walk.before.position(name)
    refused = rules.atomic_fault(market, position, size) if delta else ""
    expected = walk.fault or walk.blocked(name) or refused
    if delta:
        require("errors", said == expected, f"quote: {said} instead of {expected}")
    if market.fill(size) <= 0 or not delta:
        return
    off = tolerances.of_cost(market, size)
    require_close("reference", "fill", Fraction(fill, WAD), market.fill(size), off / abs(size))
    require_close("reference", "fee", Fraction(fee, WAD), market.fee(size), off)
    charged = market.cost(size) if refused else market.charged(size)
    # The cost is the difference of two equities, each with the position's own truncations.
    off += abs(position.size) * WEI + 8 * WEI
    require_close("reference", "cost", Fraction(signed(cost), WAD), charged, off)


def nothing_minted(walk: Walk) -> None:
    """All assets that were ever there are still somewhere, and no more."""
    world = walk.world
    total = sum(world.assets_of(role) for role in ROLES)
    total += world.read("asset", "balanceOf", world.contracts["market"].address)[0]
    require("I-12", total == world.minted, f"{total} assets, {world.minted} were created")
