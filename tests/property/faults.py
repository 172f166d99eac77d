"""Steps with a price that is not good."""

from tests.property.calls import ADDRESSES
from tests.property.checks import require
from tests.property.moves import elapsed, may_refuse, verbs
from tests.property.walk import Walk
from tests.property.world import HEARTBEAT
from tests.runtime import UNLIMITED


def spoil(walk: Walk) -> str:
    """The feed goes wrong in one of its ways, and stays so until the next move of the price."""
    name = bad(walk)
    probe(walk)
    walk.count(f"spoil: {name}")
    return ""


def bad(walk: Walk) -> str:
    """The feed goes wrong, and the market says how."""
    name = walk.random.choice(sorted(WAYS))
    walk.note(f"the feed goes wrong: {name}")
    WAYS[name](walk)
    elapsed(walk)
    require("I-11", walk.fault == name, f"the market says {walk.fault!r} of a price with {name}")
    require("I-11", walk.before.price == walk.stored.price, "not the last mark while it is bad")
    return name


def push(walk: Walk, answer: int, late: int | None = 0) -> None:
    updated = 0 if late is None else walk.world.evm.timestamp - late
    walk.world.must("feed", "pushAt", answer, updated, sender="stranger")


def stop(walk: Walk) -> None:
    """The last answer grows older than the heartbeat."""
    push(walk, walk.world.answer)
    walk.world.evm.next_block(walk.world.evm.timestamp + HEARTBEAT + 1)


WAYS = {
    "PriceStale": stop,
    "PriceNotPositive": lambda walk: push(walk, walk.random.choice((0, -1, -(2**100)))),
    "PriceOutOfBounds": lambda walk: push(walk, walk.world.highest),
    "RoundIncomplete": lambda walk: push(walk, walk.world.answer, None),
    "PriceFromFuture": lambda walk: push(walk, walk.world.answer, -1),
}


def probe(walk: Walk) -> None:
    """I-11: every pricing verb fails with the fault's name, no state changes, no view fails."""
    world, fault, before = walk.world, walk.fault, walk.before
    for role, verb, arguments in verbs(walk):
        error, _ = world.attempt("token", verb, *arguments, sender=role)
        require("I-11", error in may_refuse(walk, verb, fault), f"{verb}: {error or 'success'}")
    for verb in ("previewDeposit", "previewMint", "previewWithdraw", "previewRedeem"):
        error, _ = world.preview("token", verb, 10**18)
        require("I-11", error in may_refuse(walk, verb, fault), f"{verb}: {error or 'success'}")
    me = ADDRESSES["trader"]
    for verb, arguments in (
        ("trade", (10**18, 0, 2**255, me)),
        ("depositMargin", (10**6,)),
        ("enter", (10**6, 10**18)),
        ("exit", (1, 2, UNLIMITED, me)),
        ("flag", (world.addresses["token"],)),
        ("liquidate", (world.addresses["token"],)),
        ("provideLiquidity", (10**6,)),
        ("removeLiquidity", (1, me)),
    ):
        error, _ = world.attempt("market", verb, *arguments, sender="trader")
        require("I-11", error == fault, f"{verb} of the market: {error or 'success'}, not {fault}")
    for verb in ("maxDeposit", "maxMint", "maxWithdraw", "maxRedeem"):
        most = world.read("token", verb, ADDRESSES["saver"])[0]
        require("I-11", most == 0, f"{verb} is {most} with a bad price")
    require("I-11", world.books() == before, "the books changed")
    require("I-11", world.read("token", "priceValid") == [0], "the price is called valid")
    walk.looked("I-11")
