"""Steps of those who provide liquidity, and of assets that nobody booked."""

from fractions import Fraction

from levtoken.units import WAD
from tests.property.checks import require
from tests.property.market.walk import Walk
from tests.property.market.world import PROVIDERS

LOCKED = WAD // 1000  # shares of nobody, in every series
MOST_SHARES = 10**9  # a WAD of equity; a pool with more of them begins anew


def provide(walk: Walk, name: str = "", assets: int | None = None) -> str:
    """Shares at their price, down; from nothing, what is left after the hole is filled."""
    name = name or walk.random.choice(PROVIDERS)
    value = worth(walk, up=True)
    lacking = max(0, -value)
    if assets is None:
        assets = int(walk.value(1, 10**5) / walk.unit)
        if lacking and walk.chance(0.6):
            assets += lacking // walk.world.unit + 1
    walk.note(f"{name} provides {assets}")
    supply, added = walk.before.supply, assets * walk.world.unit
    anew = supply == 0 or value <= supply // MOST_SHARES
    left = added + min(value, 0) - LOCKED
    shares = left if anew else added * supply // value
    fault = walk.fault
    if not fault and shares <= 0:
        fault = "LiquidityBelowDeficit" if anew else "ZeroAmount"
    owned = 0 if anew else walk.world.shares_of(name)
    error, given = walk.call("provideLiquidity", assets, sender=name, fault=fault)
    if error:
        return error
    require("reference", given == shares, f"{given} shares, not {shares}")
    owns = walk.world.shares_of(name)
    require("reference", owns == owned + shares, f"owns {owns}, had {owned}, got {shares}")
    walk.pushed()
    walk.ledger.provide(assets)
    total = walk.refresh().supply
    # A few shares, and what a pool without providers earned, are nobody's.
    walk.nobodys = max(value, 0) + LOCKED if anew else walk.nobodys
    expected = shares + (walk.nobodys if anew else supply)
    require("reference", total == expected, f"{total} shares of all, not {expected}")
    if anew and supply:
        walk.count("a new series")
        others = [one for one in PROVIDERS if one != name and walk.world.shares_of(one)]
        require("reference", not others, f"{others} still own of the old series")
    if lacking:
        walk.count("the hole is filled")
    return ""


def worth(walk: Walk, *, up: bool) -> int:
    """What the shares stand for: the pool less what the skew pays to whoever closes it, in wei,
    rounded against whoever comes or goes."""
    books = walk.before
    if books.settled:
        return books.pool
    skew, scale = abs(books.skew), 2 * int(walk.world.rules.scale * WAD)
    if up:
        return books.pool - (skew * books.price // WAD) * skew // scale
    notional = -(-skew * books.price // WAD)
    return books.pool + -notional * skew // scale


def remove(walk: Walk, name: str = "", shares: int | None = None) -> str:
    """What the shares are worth, down, and no more than there is."""
    name = name or walk.random.choice(PROVIDERS)
    owned = walk.world.shares_of(name)
    if shares is None:
        most = walk.random.choice((1, 1, 0.5, 0.01, 0, 1.001))
        shares = owned if most == 1 else int(owned * most)
    walk.note(f"{name} removes {shares} of {owned} shares")
    fault = walk.price_fault or ("" if shares else "ZeroAmount")
    fault = fault or ("" if shares <= owned else "SharesAboveBalance")
    books = walk.before
    value = max(0, min(worth(walk, up=False), books.backing))
    due = value * shares // max(1, books.supply) // walk.world.unit
    had, me = walk.world.assets_of(name), walk.address(name)
    error, paid = walk.call("removeLiquidity", shares, me, sender=name, fault=fault)
    if error:
        return error
    got = walk.world.assets_of(name) - had
    require("reference", paid == got == due, f"said {paid}, paid {got}, due {due}")
    require("reference", walk.world.shares_of(name) == owned - shares, "other shares are gone")
    walk.pushed()
    walk.ledger.remove(paid)
    left = walk.refresh()
    require("reference", left.supply == books.supply - shares, "other shares of all are gone")
    if books.debt <= books.backing:
        # Nobody who is owed something is paid less because a provider left.
        require("I-12", left.debt <= left.backing, "a provider took what the traders own")
    if owned and left.supply == walk.nobodys:
        walk.count("the pool is drained")
    return ""


def gift(walk: Walk) -> str:
    """Assets that are only sent move nothing."""
    assets = int(walk.value(0.01, 10**5) / walk.unit)
    walk.note(f"stranger gives {assets}")
    market = walk.world.contracts["market"].address
    walk.world.must("asset", "transfer", market, assets, sender="stranger")
    walk.world.gifts += assets
    before, after = walk.before, walk.refresh()
    require("I-9", before == after, "the gift moved the books")
    walk.looked("I-9")
    walk.count("gift")
    return ""


def pretend(walk: Walk) -> str:
    """Nobody is credited what never came."""
    me, assets = walk.address("stranger"), walk.world.gifts + walk.random.randint(1, 10**12)
    walk.note(f"stranger pretends to have sent {assets}")
    fault = walk.fault or ("MarketInsolvent" if walk.market.is_insolvent else "")
    fault = fault or "AssetsNotReceived"
    for verb, arguments in (("trade", (0, assets, 0, me)), ("enter", (assets, WAD))):
        walk.call(verb, *arguments, sender="stranger", fault=fault)
    walk.looked("I-9")
    walk.count("pretend")
    return ""


def claim(walk: Walk) -> str:
    """A gift belongs to whoever books it first."""
    if not walk.world.gifts or walk.fault or walk.market.is_insolvent or walk.blocked("stranger"):
        return ""
    assets = walk.random.randint(1, walk.world.gifts)
    walk.note(f"stranger books {assets} of the gifts")
    me = walk.address("stranger")
    fault = walk.market.move_fault(walk.before.position("stranger"), Fraction(assets) * walk.unit)
    error, _ = walk.call("trade", 0, assets, 0, me, sender="stranger", fault=fault, name="claim")
    if not error:
        walk.world.gifts -= assets
        walk.pushed()
        walk.ledger.deposit("stranger", assets)
        walk.refresh()
    return error
