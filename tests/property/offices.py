"""Steps of those who hold an office, and of those who pretend to: fees, limits, policy, pause."""

from dataclasses import replace
from fractions import Fraction

from levtoken.system import NO_CAP
from levtoken.units import WAD, to_fixed
from tests.property.calls import ADDRESSES, Argument
from tests.property.checks import require, require_between
from tests.property.moves import prices
from tests.property.reference import WEI
from tests.property.reference_terms import FEE_STEP, MAX_FLOW_FEE, MAX_STREAMING, size_limit
from tests.property.scenarios import as_policy
from tests.property.walk import Walk

RECIPIENTS = ("recipient", "saver")
INVALID = {
    "lower": "1000",
    "upper": "1",
    "emergency": "90",
    "recenter": "1.1",
    "maxSlippage": "0.051",
    "rewardRate": "0.0011",
    "emergencyMove": "1",
}


def accrue(walk: Walk) -> str:
    """Anyone may, at any price and in any phase; nothing else changes."""
    walk.note("stranger accrues")
    before = walk.before
    walk.world.must("token", "accrue", sender="stranger")
    charged(walk)
    same = replace(before, total=before.supply, conditions=walk.before.conditions)
    require("I-8", walk.before == same, "more than the fee was charged")
    walk.count("accrue")
    return ""


def charged(walk: Walk) -> None:
    before, after = walk.before, walk.refresh(stored=False)
    walk.streaming.charged(before, after)
    walk.looked("I-8 of setters")


def govern(walk: Walk) -> str:
    """One of the setters. I-2: none of them moves what a share is worth."""
    paused = walk.before.terms.paused and walk.chance(0.5)
    way = pause if paused else walk.random.choice((fees, recipient, limits, policy, pause, scale))
    before, told = walk.before, walk.world.read("token", "sharePrice")
    way(walk)
    after = walk.before
    require("I-2", walk.world.read("token", "sharePrice") == told, "a setter moved the share price")
    same = (after.equity, after.size, after.supply) == (before.equity, before.size, before.supply)
    require("I-2", same, "a setter moved the books")
    walk.count(way.__name__)
    return ""


def guarded(walk: Walk, verb: str, *arguments: Argument) -> None:
    """Nobody but the owner."""
    sender = walk.random.choice(("stranger", "guardian", "saver"))
    error, _ = walk.world.attempt("token", verb, *arguments, sender=sender)
    require("errors", error == "NotAllowed", f"{verb} of the {sender}: {error or 'success'}")


def fees(walk: Walk) -> None:
    """Within the caps; what was earned before is charged by what held before."""
    caps = [int(one * WAD) for one in (MAX_STREAMING, MAX_FLOW_FEE, MAX_FLOW_FEE)]
    step = int(FEE_STEP * WAD)
    shares = [walk.random.choice((0, 1, walk.random.random())) for _ in caps]
    wanted = tuple(int(cap // step * share) * step for cap, share in zip(caps, shares, strict=True))
    guarded(walk, "setFees", wanted)
    beyond = walk.random.randrange(3)
    above = tuple(cap + 1 if i == beyond else 0 for i, cap in enumerate(caps))
    walk.note(f"owner sets the fees {wanted}")
    error, _ = walk.world.attempt("token", "setFees", above, sender="owner")
    require("I-8", error == "FeeAboveCap", f"fees of {above}: {error or 'success'}")
    walk.world.must("token", "setFees", wanted, sender="owner")
    charged(walk)
    require("errors", walk.before.conditions[2:5] == wanted, "not the fees that were set")


def recipient(walk: Walk) -> None:
    """What was earned goes to the one before."""
    to = ADDRESSES[walk.random.choice(RECIPIENTS)]
    guarded(walk, "setFeeRecipient", to)
    walk.note(f"owner sets the recipient {to}")
    was = walk.before.recipient
    held, earned = walk.world.read("token", "balanceOf", was)[0], walk.before.supply
    earned -= walk.before.total
    walk.world.must("token", "setFeeRecipient", to, sender="owner")
    charged(walk)
    got = walk.world.read("token", "balanceOf", was)[0] - held
    require("I-8", got == earned, f"the recipient got {got} of {earned}")
    require("errors", walk.before.recipient == to, "not the recipient that was set")


def limits(walk: Walk) -> None:
    """A supply cap below the supply stops deposits and nothing else."""
    least = int(walk.value(1, 1000) / walk.token.unit) if walk.chance(0.3) else 0
    cap = NO_CAP if walk.chance(0.5) else int(walk.before.supply * walk.random.uniform(0.5, 3))
    guarded(walk, "setLimits", cap, least)
    walk.note(f"owner sets the cap {cap} and the least deposit {least}")
    walk.world.must("token", "setLimits", cap, least, sender="owner")
    after = walk.refresh(stored=False)
    require("errors", after.conditions[5:7] == (cap, least), "not the limits that were set")


def policy(walk: Walk) -> None:
    """Another policy within the bounds, which forgets what is left; one beyond them is refused."""
    world = walk.world
    params = world.scenario.policy_params()
    name = walk.random.choice(sorted(INVALID))
    worse = world.store({**params, name: to_fixed(INVALID[name])})
    error, _ = world.attempt("token", "setPolicy", worse, sender="owner")
    require("errors", error == "InvalidPolicy", f"{name} = {INVALID[name]}: {error or 'success'}")
    target = abs(world.target)
    for edge in ("lower", "upper", "emergency"):
        params[edge] = target + int((params[edge] - target) * walk.random.uniform(0.5, 1))
    params["upper"] = min(params["upper"], params["emergency"])
    params["recenter"] = walk.random.choice((0, WAD // 2, WAD, params["recenter"]))
    at = world.store(params)
    guarded(walk, "setPolicy", at)
    walk.note(f"owner sets the policy {params}")
    before = walk.before
    world.must("token", "setPolicy", at, sender="owner")
    world.policy = as_policy(params)
    after = walk.refresh(stored=False)
    _, time, _, _, slot, _, *known = before.progress
    tracks = world.policy.tracks_prices
    known = known if tracks else [0, 0]
    expected = (int(at, 16), time, 0, 0, slot, int(tracks), *known)
    require("I-14", after.progress == expected, f"{before.progress} became {after.progress}")
    sized(walk)


def sized(walk: Walk) -> None:
    """The size limit is the design's, rounded down."""
    rules, held = walk.world.policy, walk.before.terms.max_size
    numbers = (rules.emergency, rules.emergency_slices, rules.max_trade)
    exact = size_limit(walk.world.rules, Fraction(walk.world.target, WAD), *numbers)
    # The room under the liquidation margin loses two wei, of which the scale is a multiple.
    off = 2 * WEI * (1 + walk.world.rules.scale)
    require_between("I-14", "size limit", held, exact - off, exact)


def pause(walk: Walk) -> None:
    """The guardian stops deposits, only the owner lets them go on, nobody else does either."""
    paused = not walk.before.terms.paused
    who = "guardian" if paused and walk.chance(0.5) else "owner"
    attempts: list[tuple[str, bool]] = [("stranger", paused), ("guardian", False)]
    for sender, wanted in attempts:
        error, _ = walk.world.attempt("token", "setDepositsPaused", wanted, sender=sender)
        require("errors", error == "NotAllowed", f"pause {wanted} by {sender}: {error or 'done'}")
    walk.note(f"{who} sets paused {paused}")
    walk.world.must("token", "setDepositsPaused", int(paused), sender=who)
    require("errors", walk.refresh(stored=False).terms.paused == paused, "not paused as told")


def scale(walk: Walk) -> None:
    """What wallets show changes nothing that counts."""
    multiplier = int(walk.value(0.001, 1000) * WAD)
    said, now = prices(walk), walk.world.evm.timestamp
    guarded(walk, "setUIMultiplier", multiplier, now)
    walk.note(f"owner shows {multiplier} times")
    before = walk.before
    walk.world.must("token", "setUIMultiplier", multiplier, now, sender="owner")
    require("I-9", prices(walk) == said, "the multiplier moved a price")
    require("I-9", walk.refresh(stored=False) == before, "the multiplier moved the books")
    shown = walk.world.read("token", "assetsPerUIShare")[0]
    price = walk.world.read("token", "sharePrice")[0]
    require("I-9", shown == price * WAD // multiplier, "not the price of what is shown")
