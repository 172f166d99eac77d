"""Steps of the world around the token: time, prices, funding, traders, gifts, liquidations."""

from dataclasses import replace
from fractions import Fraction

from levtoken.units import WAD
from tests.property import checks, tolerances
from tests.property.calls import ADDRESSES, HOLDERS, TRADERS
from tests.property.checks import require, require_between, require_close
from tests.property.reference import WEI, Position
from tests.property.scenarios import FORCED_DELAY
from tests.property.walk import Walk
from tests.property.world import Books, true_equity

PAUSES = (1, 12, 60, 300, 900, 3_600, 14_400, 43_200)
MOST_SHARES = 10**9  # a WAD of equity; a pool with more of them begins anew
LOCKED_LIQUIDITY = Fraction(1, 1000)
WIDEST = 30  # the price stays within this factor of the first


# Time and price


def move(walk: Walk) -> str:
    """Some time passes and the price moves, mostly a little, sometimes by a jump."""
    rng = walk.random
    leverage = abs(float(Fraction(walk.world.scenario.leverage)))
    kind = rng.random()
    spread = 0.004 if kind < 0.5 else 0.3 / leverage if kind < 0.96 else 0.8 / leverage
    change = rng.gauss(0, spread / 3)
    shift(walk, rng.choice(PAUSES), max(0.05, 1 + change))
    walk.count("move")
    return ""


def jump(walk: Walk) -> str:
    """At once, and up to beyond what the position can bear."""
    leverage = abs(float(Fraction(walk.world.scenario.leverage)))
    change = walk.random.uniform(-1.5, 1.5) / leverage
    shift(walk, 1, max(0.05, 1 + change))
    walk.count("jump")
    return ""


def shift(walk: Walk, seconds: int, factor: float) -> None:
    world = walk.world
    first = world.first_answer
    answer = round(world.answer * factor)
    answer = max(first // WIDEST, min(first * WIDEST, answer))
    walk.note(f"{seconds} s pass, answer {world.answer} becomes {answer}")
    world.advance(seconds, answer)
    elapsed(walk)


def elapsed(walk: Walk) -> None:
    """Funding has run since the market last wrote its books."""
    since = walk.stored
    after = walk.refresh(stored=False)
    checks.funding_as_reference(since.market(walk.world.rules), after.time - since.time, after)
    walk.looked("I-14")


# Other traders


def trade(walk: Walk) -> str:
    """A trader pushes the skew or takes it back, sometimes with too little margin."""
    role = walk.random.choice(TRADERS)
    crowd = walk.world.scenario.crowd
    wanted = Fraction(walk.random.gauss(0, 1)) * crowd if walk.chance(0.6) else Fraction(0)
    delta = int((wanted * walk.world.rules.scale - walk.market.skew) * WAD)
    if walk.chance(0.1):
        delta = -walk.world.position(role)[2]
    return order(walk, role, delta, walk.chance(0.8))


def order(walk: Walk, role: str, delta: int, with_margin: bool) -> str:
    world, market = walk.world, walk.market
    size = Fraction(delta, WAD)
    if with_margin and not walk.fault and delta:
        worth = abs(size) * market.price * 2 + market.rules.min_margin
        if error := add_margin(walk, role, int(worth / walk.token.unit)):
            return error
    position, held = trader(walk, role), world.position(role)
    market = walk.market
    walk.note(f"{role} {held} trades {delta}")
    limit = 2**256 - 1 if delta > 0 else 0
    faults = {"EmptyOrder"} if delta == 0 else market.order_faults(position, size)
    if world.is_flagged(role):
        faults |= {"PositionFlagged"}
    if walk.fault:
        faults = {walk.fault} if delta else {walk.fault, "EmptyOrder"}
    if not faults and walk.chance(0.2):
        refuse_worse_fill(walk, role, delta)
    error, _ = world.attempt("market", "trade", delta, 0, limit, ADDRESSES[role], sender=role)
    checks.named_as_expected(error, frozenset(faults), "trade")
    walk.count("trade", error)
    if error:
        return error
    before, after = walk.before, walk.refresh(stored=True)
    expected, later = market.traded(position, size)
    found = after.market(market.rules)
    same = (found.skew, found.open_interest) == (expected.skew, expected.open_interest)
    require("I-14", same, "skew or open interest is not what was traded")
    off = tolerances.of_cost(market, abs(size) + abs(position.size))
    equity = trader(walk, role).equity
    require_close("I-14", "equity of a trader", equity, later.equity, off)
    require("I-9", after.cash == before.cash, "a trade moved the cash")
    not_touched(walk, before)
    # The order and its cost move what is owed by their own truncations.
    off = (off + 4 * WEI) / max(expected.debt, WEI)
    require_close("I-12", "the part that is paid", found.part, expected.part, off)
    return ""


def not_touched(walk: Walk, before: Books) -> None:
    """What another account did leaves the token's position alone, and the part of it that is paid,
    unless the skew paid the other more than the pool has."""
    after = walk.before
    same = (after.size, after.true_equity) == (before.size, before.true_equity)
    require("I-9", same, "another account moved the position of the token")
    checks.part_kept(before, after)


def refuse_worse_fill(walk: Walk, role: str, delta: int) -> None:
    """A limit one wei better than the fill is not met."""
    me = ADDRESSES[role]
    fill = walk.world.read("market", "quote", me, delta, 0)[0]
    limit = fill - 1 if delta > 0 else fill + 1
    error, _ = walk.world.attempt("market", "trade", delta, 0, limit, me, sender=role)
    require("errors", error == "FillBeyondLimit", f"a limit of {limit}: {error or 'success'}")


def trader(walk: Walk, role: str) -> Position:
    held = walk.world.position(role)
    equity = true_equity(held, walk.before.price, walk.before.funding)
    return Position(Fraction(held[2], WAD), equity)


def add_margin(walk: Walk, role: str, assets: int) -> str:
    world, market = walk.world, walk.market
    walk.note(f"{role} adds {assets} of margin")
    worth = assets * walk.token.unit
    fault = blocked(walk, role) or ("MarketInsolvent" if market.is_insolvent else "")
    fault = fault or market.move_fault(trader(walk, role), worth)
    error, _ = world.attempt("market", "depositMargin", assets, sender=role)
    require("errors", error == fault, f"depositMargin: {error or 'success'}, not {fault}")
    walk.count("add margin", error)
    if not error:
        before, after = walk.before, walk.refresh(stored=True)
        require("I-14", after.cash - before.cash == assets, "the cash did not grow by it")
        not_touched(walk, before)
    return error


def blocked(walk: Walk, role: str) -> str:
    """What comes before all that is asked of a margin."""
    return walk.fault or ("PositionFlagged" if walk.world.is_flagged(role) else "")


def take_margin(walk: Walk) -> str:
    """A trader takes some of what the market lets go, or a little more."""
    world, market = walk.world, walk.market
    role = walk.random.choice(TRADERS)
    position = trader(walk, role)
    free = max(Fraction(0), position.equity - market.needed(position.size)) * market.part
    assets = int(free * Fraction(walk.random.uniform(0, 1.05)) / walk.token.unit)
    walk.note(f"{role} {position} takes {assets} of margin")
    worth = assets * walk.token.unit
    fault = "" if assets else "EmptyOrder"
    fault = fault or blocked(walk, role) or market.taking_fault(position, worth)
    error, _ = world.attempt("market", "trade", 0, -assets, 0, ADDRESSES[role], sender=role)
    require("errors", error == fault, f"taking margin: {error or 'success'}, not {fault}")
    walk.count("take margin", error)
    if not error:
        before, after = walk.before, walk.refresh(stored=True)
        require("I-14", before.cash - after.cash == assets, "the cash did not shrink by it")
        not_touched(walk, before)
    return error


def provide(walk: Walk) -> str:
    """Liquidity comes in, and only the cash knows; or it fills what the pool lacks."""
    world, before, unit = walk.world, walk.before, walk.token.unit
    assets = int(walk.value(1, 10**6 if world.scenario.pool else 10**3) / unit)
    lacking = -min(Fraction(0), walk.market.lent)
    if lacking and walk.chance(0.4):
        assets += int(lacking / unit)
    walk.note(f"provider brings {assets}")
    supply = Fraction(world.read("market", "liquidityShares")[0], WAD)
    anew = supply == 0 or walk.market.lent <= supply / MOST_SHARES
    enough = not anew or assets * unit > lacking + LOCKED_LIQUIDITY
    fault = walk.fault or ("" if enough else "LiquidityBelowDeficit")
    error, _ = world.attempt("market", "provideLiquidity", assets, sender="provider")
    require("errors", error == fault, f"provideLiquidity: {error or 'success'}, not {fault}")
    walk.count("provide", error)
    if not error:
        after = walk.refresh(stored=True)
        same = replace(before, cash=before.cash + assets) == replace(after, equity=before.equity)
        require("I-9", same, "more than the cash moved")
        require("I-9", after.part >= before.part, "less is paid than before")
    return error


def remove(walk: Walk) -> str:
    """Liquidity leaves a poor pool, down to nothing."""
    world = walk.world
    shares = world.read("market", "liquidityOf", ADDRESSES["provider"])[0]
    if world.scenario.pool or not shares:
        return ""
    shares = shares if walk.chance(0.5) else 1 + int(shares * walk.random.random())
    walk.note(f"provider takes {shares} shares of the liquidity")
    me = ADDRESSES["provider"]
    error, assets = world.attempt("market", "removeLiquidity", shares, me, sender="provider")
    require("errors", error == walk.fault, f"removeLiquidity: {error or 'success'}")
    walk.count("remove", error)
    if not error:
        before, after = walk.before, walk.refresh(stored=True)
        require("I-9", replace(before, cash=before.cash - assets) == after, "only the cash moves")
        require("I-12", before.part < 1 or after.part == 1, "a provider left too little")
    return error


def gift(walk: Walk) -> str:
    """I-9: assets sent to the token or the market change no price and no preview."""
    world = walk.world
    # What is given to a closed token is its holders'.
    contract = "market" if walk.before.is_closed else walk.random.choice(("token", "market"))
    assets = int(walk.value(0.01, 10**7) / walk.token.unit)
    walk.note(f"stranger gives {assets} to the {contract}")
    said = prices(walk)
    world.must("asset", "transfer", world.addresses[contract], assets, sender="stranger")
    if contract == "market":
        world.gifts += assets
    require("I-9", world.books() == walk.before, "the gift moved the books")
    require("I-9", prices(walk) == said, f"the gift moved a price: {said} to {prices(walk)}")
    walk.looked("I-9")
    walk.count("gift")
    return ""


def pretend(walk: Walk) -> str:
    """An account at the market calls in assets that it never sent, beyond all that was given."""
    world, me = walk.world, ADDRESSES["stranger"]
    assets = world.gifts + walk.random.randint(1, 10**12)
    walk.note(f"stranger pretends to have sent {assets}")
    for verb, arguments in (("trade", (0, assets, 0, me)), ("enter", (assets, WAD))):
        error, _ = world.attempt("market", verb, *arguments, sender="stranger")
        closed = "MarketInsolvent" if walk.market.is_insolvent else "AssetsNotReceived"
        refused = error == (walk.fault or closed)
        require("I-9", refused, f"{verb} without assets: {error or 'success'}")
    walk.count("pretend")
    return ""


def prices(walk: Walk) -> list[object]:
    """Everything that a holder, a newcomer and a keeper can be told."""
    read, preview = walk.world.read, walk.world.preview
    views = [read("token", view)[0] for view in ("sharePrice", "totalAssets", "leverage")]
    amounts = (
        ("previewDeposit", 10**9),
        ("previewMint", 10**21),
        ("previewRedeem", 10**18),
        ("previewWithdraw", 10**9),
    )
    previews = [preview("token", view, amount) for view, amount in amounts]
    return [*views, *previews, read("token", "assess")]


# Accidents


def flag(walk: Walk) -> str:
    """Anyone may flag whom the market's rule names, and nobody else. Only the books notice."""
    world, market = walk.world, walk.market
    roles = [*TRADERS, "token"]
    due = [role for role in roles if market.is_liquidatable(trader(walk, role))]
    role = walk.random.choice(due or roles)
    walk.note(f"keeper flags {role} {trader(walk, role)}")
    fault = blocked(walk, role) or ("" if role in due else "NotLiquidatable")
    error, _ = world.attempt("market", "flag", world.account(role), sender="keeper")
    require("errors", error == fault, f"flag: {error or 'success'}, not {fault}")
    walk.count(f"flag {role}", error)
    if not error:
        walk.flagged_at[role] = walk.before.time
        before = walk.before
        require("I-9", walk.refresh(stored=True) == before, "a flag moved more than itself")
        require("errors", world.is_flagged(role), "flagged, and not")
    return error


def liquidate(walk: Walk) -> str:
    """Anyone may liquidate whom somebody has flagged: at once where size and skew are small, or
    after the delay."""
    world, market = walk.world, walk.market
    roles = [*TRADERS, "token"]
    flagged = [role for role in roles if world.is_flagged(role)]
    role = walk.random.choice(flagged or roles)
    position = trader(walk, role)
    walk.note(f"keeper liquidates {role} {position}")
    fault = walk.fault or ("" if role in flagged else "NotFlagged")
    waited = role in flagged and walk.before.time - walk.flagged_at[role] >= FORCED_DELAY
    limited = market.liquidation_fault(position.size)
    marked = Fraction(world.position(role)[1], WAD)
    fault = fault or ("" if waited or market.hides(position, marked) else limited)
    held = world.assets_of("keeper")
    error, _ = world.attempt("market", "liquidate", world.account(role), sender="keeper")
    require("errors", error == fault, f"liquidate: {error or 'success'}, not {fault}")
    walk.count(f"liquidate {role}", error)
    walk.count("liquidate", error)
    if error:
        return error
    del walk.flagged_at[role]
    walk.count("forced liquidation" if limited else "liquidation")
    before, after = walk.before, walk.refresh(stored=True)
    found = after.market(market.rules)
    gone = world.position(role) == (0, 0, 0, 0) and not world.is_flagged(role)
    require("I-13", gone, "something is left of it")
    paid = world.assets_of("keeper") - held
    expected = market.liquidated(position, paid * walk.token.unit)
    same = (found.skew, found.open_interest) == (expected.skew, expected.open_interest)
    require("I-14", same, "skew or open interest kept the position")
    require("I-14", before.cash - after.cash == paid, "the cash did not shrink by the pay")
    # Each is rounded down to asset units; notional, rate and what is left lose a few wei.
    exact, unit = sum(market.liquidation_pay(position)), walk.token.unit
    off = 8 * WEI + tolerances.of_part(market, exact)
    low = exact - off - 2 * unit
    require_between("I-14", "the pay of the keepers", paid * unit, low, exact + off)
    # The position was booked with a truncation, and so is what is owed now.
    off = 4 * WEI / max(expected.debt, WEI)
    require_close("I-12", "the part that is paid", found.part, expected.part, off)
    if position.equity >= 0:
        require("I-12", found.part >= market.part - off, "a liquidation took from the others")
    return ""


def may_refuse(walk: Walk, verb: str, fault: str) -> set[str]:
    """Names of what a verb fails by where `fault`, or the price, would be enough."""
    found = {walk.fault or fault}
    if verb in ("deposit", "mint", "previewDeposit", "previewMint"):
        found |= walk.before.terms.closed_doors
    # Without equity there is nothing to solve for.
    return found | ({"EquityGone"} if "ithdraw" in verb and not walk.before.equity else set())


def verbs(walk: Walk) -> list[tuple[str, str, tuple[int | str, ...]]]:
    """Sender, name and arguments of every pricing verb of the token, with and without bounds."""
    me, now = ADDRESSES["saver"], walk.world.evm.timestamp
    assets = int(1000 / walk.token.unit)
    found = [
        ("saver", "deposit", (assets, me)),
        ("saver", "deposit", (assets, me, 0, now)),
        ("saver", "mint", (1000 * WAD, me)),
        ("saver", "mint", (1000 * WAD, me, 2**255, now)),
        ("keeper", "rebalance", ()),
    ]
    for role in HOLDERS:
        if shares := walk.world.shares_of(role):
            owner = ADDRESSES[role]
            found.append((role, "withdraw", (1, owner, owner)))
            found.append((role, "withdraw", (1, owner, owner, 2**255, now)))
            found.append((role, "redeem", (shares, owner, owner)))
            found.append((role, "redeem", (shares, owner, owner, 0, now)))
    return found
