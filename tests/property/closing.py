"""How a token ends: its position is lost, its market settled, or its owner lets it trade out. Then
it pays what it holds, pro rata, and another one takes its place."""

from dataclasses import replace
from fractions import Fraction

from levtoken.units import WAD
from tests.property import faults, tolerances
from tests.property.calls import ADDRESSES
from tests.property.checks import require, require_between
from tests.property.flows import leaver, owned_by, part_of
from tests.property.moves import may_refuse, verbs
from tests.property.reference import WEI
from tests.property.reference_terms import CLOSING, LIVE
from tests.property.walk import Walk


def start(walk: Walk) -> str:
    """The owner, and once."""
    world, phase = walk.world, walk.before.terms.phase
    error, _ = world.attempt("token", "startClosing", sender="guardian")
    require("errors", error == "NotAllowed", f"closing by the guardian: {error or 'success'}")
    walk.note("owner starts closing")
    error, _ = world.attempt("token", "startClosing", sender="owner")
    fault = "" if phase == LIVE else "TokenNotLive"
    require("errors", error == fault, f"startClosing: {error or 'success'}, not {fault}")
    before, after = walk.before, walk.refresh(stored=False)
    if not error:
        policy, _, *rest = before.progress
        same = replace(after, conditions=before.conditions, progress=before.progress) == before
        require("I-9", same, "more than was said moved")
        require("I-14", after.progress == (policy, before.time, *rest), "it does not wait")
        require("errors", after.terms.phase == CLOSING, "it is not closing")
    walk.count("start closing", error)
    return error


def close(walk: Walk) -> str:
    """Anyone, when the position is lost, the market has ended, or all was traded out."""
    world, before, market = walk.world, walk.before, walk.market
    walk.note("stranger closes")
    flat = before.size == 0
    ended = {
        # What an insolvent market does not pay today it may pay tomorrow.
        "close when lost": flat and before.equity == 0 and before.total > 0 and before.part >= WEI,
        "close when settled": before.settled,
        "close when traded out": flat and before.terms.phase == CLOSING and before.part == 1,
    }
    expected = "" if any(ended.values()) else "NothingToClose"
    if not expected and before.equity and not before.settled:
        expected = walk.fault or market.taking_fault(before.position, before.worth)
    expected = "TokenNotLive" if before.is_closed else expected
    had = world.assets_of("token")
    error, assets = world.attempt("token", "close", sender="stranger")
    require("errors", error == expected, f"close: {error or 'success'}, not {expected}")
    walk.count("close", error)
    if error:
        return error
    after = walk.refresh(stored=before.equity > 0)
    for kind, met in ended.items():
        if met:
            walk.count(kind)
    walk.streaming.charged(before, after)
    # A position that has lost all stays where it is.
    left = after.size if before.equity else 0
    require("errors", after.is_closed and not left, "it is not closed")
    require("I-1", after.held == assets, f"it holds {after.held}, said {assets}")
    paid = (assets - had) * walk.token.unit
    off = tolerances.of_part(market, before.worth) + Fraction(2, WAD)
    low = before.worth - off - walk.token.unit
    require_between("I-2", "taken out of the market", paid, low, max(before.worth, 0) + off)
    walk.looked("I-2 of closing")
    return ""


def lose(walk: Walk) -> str:
    """A token that was liquidated refuses every verb until somebody closes it."""
    before = walk.before
    if before.supply == 0 or before.true_equity > 0 or before.size != 0:
        return ""
    for role, verb, arguments in verbs(walk):
        error, _ = walk.world.attempt("token", verb, *arguments, sender=role)
        expected = error in may_refuse(walk, verb, "EquityGone") or (verb == "deposit" and error)
        require("I-13", bool(expected), f"{verb} on a dead token: {error or 'success'}")
    walk.looked("I-13")
    return close(walk)


def redeem(walk: Walk, role: str = "", shares: int | None = None) -> str:
    """I-10: closed needs no price, no venue and no keeper."""
    before, world = walk.before, walk.world
    role = role or leaver(walk)
    shares = part_of(walk, owned_by(walk, role)) if shares is None else shares
    walk.note(f"{role} redeems {shares} of what is closed")
    me = ADDRESSES[role]
    previewed = world.preview("token", "previewRedeem", shares)
    had = world.assets_of(role)
    found = world.attempt("token", "redeem", shares, me, me, sender=role)
    require("I-5", found == previewed, f"{found}, previewed {previewed}")
    expected = ("", before.held * shares // before.supply) if shares else ("ZeroAmount", 0)
    require("I-10", found == expected, f"redeem of what is closed: {found}, not {expected}")
    paid_out(walk, role, had, -found[1], 0 if found[0] else -shares)
    walk.count("redeem of what is closed", found[0])
    return found[0]


def withdraw(walk: Walk) -> str:
    if not walk.before.supply:
        return ""
    before, world, role = walk.before, walk.world, leaver(walk)
    worth = before.held * part_of(walk, owned_by(walk, role)) // before.supply
    assets = max(1, worth)
    walk.note(f"{role} withdraws {assets} of what is closed")
    me = ADDRESSES[role]
    previewed = world.preview("token", "previewWithdraw", assets)
    had, owned = world.assets_of(role), owned_by(walk, role)
    found = world.attempt("token", "withdraw", assets, me, me, sender=role)
    burned = -(-assets * before.supply // before.held) if before.held else 0
    expected = ("", burned) if before.held else ("EquityGone", 0)
    require("I-5", previewed == expected, f"previewed {previewed}, not {expected}")
    expected = expected if burned <= owned else ("InsufficientBalance", 0)
    require("I-10", found == expected, f"withdraw of what is closed: {found}, not {expected}")
    paid_out(walk, role, had, 0 if found[0] else -assets, -found[1])
    walk.count("withdraw of what is closed", found[0])
    return found[0]


def paid_out(walk: Walk, role: str, had: int, held: int, supply: int) -> None:
    """What moved, and nothing but it; what the others can get did not shrink."""
    before, after = walk.before, walk.refresh(stored=False)
    moved = (after.held - before.held, after.supply - before.supply)
    require("I-1", moved == (held, supply), f"{moved} moved, said {held}, {supply}")
    require("I-1", walk.world.assets_of(role) - had == -held, "paid to somebody else")
    kept = after.held * before.supply >= before.held * after.supply
    require("I-2", kept, f"{before.held} of {before.supply} to {after.held} of {after.supply}")
    walk.looked("I-10", "I-2 of closing")


def refuse(walk: Walk) -> str:
    """Nothing else is left to do with it, for ever."""
    world, before, me = walk.world, walk.before, ADDRESSES["saver"]
    walk.note("verbs of what is closed")
    attempts = (
        ("deposit", (10**9, me), "saver"),
        ("mint", (WAD, me), "saver"),
        ("rebalance", (), "keeper"),
        ("close", (), "stranger"),
        ("startClosing", (), "owner"),
    )
    for verb, arguments, sender in attempts:
        error, _ = world.attempt("token", verb, *arguments, sender=sender)
        allowed = {"TokenNotLive", *before.terms.closed_doors}
        require("errors", error in allowed, f"{verb} of what is closed: {error or 'success'}")
    for verb in ("maxDeposit", "maxMint"):
        require("I-5", world.read("token", verb, me) == [0], f"{verb} of what is closed")
    require("I-11", world.read("token", "priceValid") == [1], "it needs no price")
    require("I-9", world.books() == before, "the books changed")
    return ""


def renew(walk: Walk) -> str:
    """Everybody leaves, and another token takes its place."""
    all_leave(walk)
    walk.note("a new token")
    walk.world.create_token()
    walk.begin_token()
    walk.count("new token")
    return ""


def settle(walk: Walk) -> str:
    """The price does not come back, and the market ends at the last good one: then redemptions go
    on without cost, the token closes, and everybody leaves. Undone, for the sake of the walk."""
    if "token" in walk.flagged_at or not walk.before.total or walk.fault:
        return ""
    kept = (walk.before, walk.stored, walk.world.answer, walk.streaming.kept())
    with walk.world.evm.rolled_back():
        _settle(walk)
    walk.before, walk.stored, walk.world.answer, values = kept
    walk.streaming.restore(values)
    return ""


def _settle(walk: Walk) -> None:
    world = walk.world
    walk.note("the market settles")
    world.must("market", "checkPrice", sender="keeper")
    faults.push(walk, 0)
    for _ in range(74):
        world.must("market", "checkPrice", sender="keeper")
        world.evm.next_block(world.evm.timestamp + 3_600)
    world.must("market", "checkPrice", sender="keeper")
    world.must("market", "settle", sender="keeper")
    after = walk.refresh(stored=False)
    require("I-11", after.settled, "the market did not settle")
    for verb, arguments, sender in (
        ("deposit", (10**9, ADDRESSES["saver"]), "saver"),
        ("mint", (10**21, ADDRESSES["saver"]), "saver"),
        ("rebalance", (), "keeper"),
    ):
        error, _ = world.attempt("token", verb, *arguments, sender=sender)
        named = error in {"MarketSettled", "TokenNotLive", "DepositsPaused"}
        lost = verb == "rebalance" and error in {"EquityGone", "TokenFlat"}
        require("errors", named or lost, f"{verb} of a settled market: {error or 'success'}")
    if walk.chance(0.5):
        leave_settled(walk, leaver(walk))
    if not close(walk):
        refuse(walk)
        all_leave(walk)
    walk.count("settle")


def leave_settled(walk: Walk, role: str) -> None:
    """At the mark and without cost."""
    before, me = walk.before, ADDRESSES[role]
    shares = part_of(walk, walk.world.shares_of(role))
    if not shares or not before.equity:
        return
    previewed = walk.world.preview("token", "previewRedeem", shares)
    found = walk.world.attempt("token", "redeem", shares, me, me, sender=role)
    require("I-5", found == previewed, f"{found}, previewed {previewed}")
    after = walk.refresh(stored=False)
    if found[0]:
        require("I-10", found[0] == "InsufficientCash", f"a settled market refuses: {found[0]}")
        return
    net = shares * (1 - before.terms.redemption)
    exact = before.worth * net / before.supply
    off = tolerances.of_part(walk.market, exact) + Fraction(4, WAD)
    off += Fraction(1, WAD) * before.true_equity * WAD / before.supply
    low = exact - off - walk.token.unit
    require_between("I-14", "paid at the mark", found[1] * walk.token.unit, low, exact + off)
    walk.streaming.charged(before, after)
    walk.looked("I-10 settled")


def all_leave(walk: Walk) -> None:
    """Nobody but the owner of the locked shares is left."""
    for role in ("depositor", "redeemer", "saver", "recipient", "attacker"):
        if shares := walk.world.shares_of(role):
            redeem(walk, role, shares)
    require("I-10", walk.before.supply <= walk.token.locked * WAD, "somebody is still in")
