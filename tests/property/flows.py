"""Steps of the holders: deposit, mint, withdraw, redeem, with and without bounds, and transfers."""

from fractions import Fraction

from levtoken.units import WAD
from tests.property import checks, reference_flows
from tests.property.calls import ADDRESSES, HOLDERS
from tests.property.reference import WEI
from tests.property.verb import Verb
from tests.property.walk import Walk
from tests.property.world import FAULTS

LEAVERS = (*HOLDERS, "recipient")
# What delays a redemption: the price, the account or the cash at the venue, and the fill.
MAY_DELAY = {
    "",
    *FAULTS,
    "EquityGone",
    "Liquidatable",
    "PositionFlagged",
    "InsufficientCash",
    "InsufficientMargin",
    "FillNotPositive",
    "CostAboveValue",
    "MaxLeverageExceeded",
}


def deposit(walk: Walk, role: str = "", assets: int | None = None) -> str:
    role = role or walk.random.choice(HOLDERS)
    assets = walk.assets() if assets is None else assets
    token, before = walk.token, walk.before
    walk.note(f"{role} deposits {assets}")
    verb = Verb(walk, role, "deposit", assets)
    flow = verb.expect(reference_flows.deposit, assets * token.unit)
    error, shares = verb.call(role, ADDRESSES[role], tighter=1, refusal="SharesBelowMinimum")
    if not error:
        checks.given_as_reference(token, before, flow, shares, verb.check())
        verb.check_ledger(shares, -assets)
    return error


def mint(walk: Walk, role: str = "", shares: int | None = None) -> str:
    role = role or walk.random.choice(HOLDERS)
    token, before = walk.token, walk.before
    if shares is None:
        per_value = token.supply / before.true_equity if before.true_equity > 0 else Fraction(1)
        shares = int(walk.assets() * token.unit * (per_value or 1) * WAD)
    walk.note(f"{role} mints {shares}")
    verb = Verb(walk, role, "mint", shares)
    verb.expect(reference_flows.mint, Fraction(shares, WAD))
    flow = verb.least_of(verb.previewed[1] * token.unit)
    error, assets = verb.call(role, ADDRESSES[role], tighter=-1, refusal="AssetsAboveMaximum")
    if not error:
        checks.taken_as_reference(token, before, flow, assets, verb.check())
        verb.check_ledger(shares, -assets)
    return error


def redeem(walk: Walk, role: str = "", shares: int | None = None) -> str:
    before = walk.before
    if before.supply == 0:
        return deposit(walk, role)
    role = role or leaver(walk)
    if shares is None:
        shares = part_of(walk, owned_by(walk, role))
    walk.note(f"{role} redeems {shares}")
    verb = Verb(walk, role, "redeem", shares)
    flow = verb.expect(reference_flows.redeem, Fraction(shares, WAD))
    error, assets = leave(walk, verb, shares, tighter=1, refusal="AssetsBelowMinimum")
    if not error:
        # Of the shares the fee is rounded up.
        off = verb.check() + WEI * before.true_equity / verb.token.supply
        checks.paid_as_reference(verb.market, verb.token, flow, assets, off)
        verb.check_ledger(-shares, assets)
    return error


def withdraw(walk: Walk, role: str = "", assets: int | None = None) -> str:
    token, before = walk.token, walk.before
    if before.supply == 0:
        return deposit(walk, role)
    role = role or leaver(walk)
    owned = owned_by(walk, role)
    if assets is None:
        worth = part_of(walk, owned) * max(Fraction(0), before.worth) / before.supply
        assets = int(worth / token.unit)
    walk.note(f"{role} withdraws {assets}")
    verb = Verb(walk, role, "withdraw", assets)
    verb.expect(reference_flows.withdraw, assets * token.unit)
    if not verb.previewed[0] and verb.previewed[1] > owned:
        verb.limit("InsufficientBalance")
    expected = verb.previewed[1]
    error, shares = leave(walk, verb, expected, tighter=-1, refusal="SharesAboveMaximum")
    if not error:
        # The solution is the contract's: what is checked is what it pays.
        net = Fraction(verb.burned(), WAD)
        verb.flow = reference_flows.leave(verb.market, before.position, token, net)
        checks.withdrawn_as_reference(verb.market, token, verb.flow, assets, verb.check())
        verb.check_ledger(-shares, assets)
    return error


def leave(walk: Walk, verb: Verb, shares: int, tighter: int, refusal: str) -> tuple[str, int]:
    """By the owner, or by another one whom the owner allows `shares`."""
    owner = ADDRESSES[verb.role]
    sender = verb.role if walk.chance(0.9) else "stranger"
    if sender != verb.role:
        allow(walk, verb, sender, shares)
    error, result = verb.call(sender, owner, owner, tighter=tighter, refusal=refusal)
    if not error:
        left = walk.world.read("token", "allowance", owner, ADDRESSES[sender])
        checks.require("I-1", left == [0], "the allowance was not spent")
    return error, result


def allow(walk: Walk, verb: Verb, sender: str, shares: int) -> None:
    """Another one may burn what the owner allows, and nothing before."""
    owner, world = ADDRESSES[verb.role], walk.world
    world.must("token", "approve", ADDRESSES[sender], 0, sender=verb.role)
    error, _ = world.attempt("token", verb.name, verb.amount, owner, owner, sender=sender)
    refused = error == "InsufficientAllowance" or not shares or error in verb.flow.faults
    checks.require("I-1", refused, f"{verb.name} without allowance: {error or 'success'}")
    world.must("token", "approve", ADDRESSES[sender], shares, sender=verb.role)


def all_leave(walk: Walk) -> str:
    """Everybody redeems everything, as far as the venue lets them."""
    for role in LEAVERS:
        if shares := walk.world.shares_of(role):
            error = redeem(walk, role, shares)
            checks.require("I-10", error in MAY_DELAY, f"{role} cannot leave: {error}")
            if not error and walk.world.shares_of(role) == 0:
                walk.looked("I-10")
    walk.count("all leave")
    return ""


def transfer(walk: Walk) -> str:
    """Shares change hands and nothing else changes."""
    giver, taker = walk.random.sample(HOLDERS, 2)
    shares = part_of(walk, walk.world.shares_of(giver))
    walk.note(f"{giver} sends {shares} shares to {taker}")
    walk.world.must("token", "transfer", ADDRESSES[taker], shares, sender=giver)
    checks.require("I-9", walk.world.books() == walk.before, "a transfer of shares moved the books")
    walk.count("transfer")
    return ""


def owned_by(walk: Walk, role: str) -> int:
    """With what the streaming fee has earned by now, which is minted first."""
    owned = walk.world.shares_of(role)
    is_recipient = walk.before.recipient == ADDRESSES[role]
    return owned + (walk.before.supply - walk.before.total if is_recipient else 0)


def leaver(walk: Walk) -> str:
    """Mostly one who has shares."""
    owners = [role for role in LEAVERS if walk.world.shares_of(role)]
    return walk.random.choice(owners if owners and walk.chance(0.9) else LEAVERS)


def part_of(walk: Walk, shares: int) -> int:
    """All, a grain, or anything between."""
    if walk.chance(0.2):
        return shares
    if walk.chance(0.1):
        return min(shares, walk.random.randint(0, 10**6))
    return int(shares * walk.random.random())
