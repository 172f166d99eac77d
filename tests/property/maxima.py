"""The largest flows: a call at the largest succeeds, one above fails."""

from tests.property.calls import ADDRESSES
from tests.property.checks import require
from tests.property.flows import leaver
from tests.property.walk import Walk

VERBS = ("deposit", "mint", "withdraw", "redeem")
SOME = 10**6  # beyond the largest by up to as much, in its own units


def at_most(walk: Walk) -> str:
    """I-5: of all four, for one who may own shares; nothing that was tried stays."""
    role = leaver(walk)
    walk.note(f"{role} tries what is the most")
    for verb in VERBS:
        name = f"max{verb.capitalize()}"
        most = walk.world.read("token", name, ADDRESSES[role])[0]
        beyond = (1, walk.random.randint(1, 1 + most // 10 + SOME))
        if most:
            error = attempt(walk, role, verb, most)
            require("I-5", not error, f"{verb} of {most}, which is {name}: {error}")
            walk.count(f"most of {verb}")
        for more in beyond:
            error = attempt(walk, role, verb, most + more)
            text = f"{verb} of {most} + {more} succeeds, {name} is {most}"
            require("I-5", bool(error) or (more > 1 and is_stepped(walk, verb)), text)
        if walk.fault and not walk.before.is_closed:
            require("I-11", most == 0, f"{name} is {most} with a bad price")
    walk.looked("I-5 at most")
    walk.count("at most")
    return ""


def is_stepped(walk: Walk, verb: str) -> bool:
    """Whether larger ones may succeed where smaller ones fail: who leaves altogether closes all,
    and where a flip of the skew pays, a larger order is accepted."""
    return verb in ("withdraw", "redeem") or bool(walk.before.skew)


def attempt(walk: Walk, role: str, verb: str, amount: int) -> str:
    me = ADDRESSES[role]
    receivers = (me, me) if verb in ("withdraw", "redeem") else (me,)
    with walk.world.evm.rolled_back():
        error, _ = walk.world.attempt("token", verb, amount, *receivers, sender=role)
    return error
