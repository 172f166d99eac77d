"""The same rule at another tracking error: its band is made wider or narrower."""

from dataclasses import dataclass, replace
from decimal import Decimal

from levtoken.policies import Policy
from levtoken.simulation.measures import Measures
from levtoken.simulation.pool import Job, run

CLOSE = 0.02  # of the tracking error that is asked for
TRIES = 5
NARROWEST = Decimal("0.006")  # of the leverage; the contract asks for 0.5 %
ROUNDED = Decimal("0.0001")
SPARE = Decimal("1.05")  # from the upper edge to the emergency level, at least


@dataclass(frozen=True)
class Match:
    """A rule at about the tracking error of a rival. `saved`: the fraction of the rival's cost that
    it does without, at equal tracking error and cost per notional."""

    policy: Policy
    score: float
    tracking_error: float
    saved: float


def scaled(policy: Policy, leverage: Decimal, width: float) -> Policy:
    """The policy with a band that is `width` times as wide around `leverage` (magnitude). The
    emergency level gives way where it must."""
    lower, upper = policy.band
    factor, least = Decimal(str(width)), leverage * NARROWEST
    below = min(max((leverage - lower) * factor, least), leverage * Decimal("0.99"))
    above = max((upper - leverage) * factor, least)
    edge = (leverage + above).quantize(ROUNDED)
    changes = {
        "lower": (leverage - below).quantize(ROUNDED),
        "upper": edge,
        "emergency": max(policy.emergency, (edge * SPARE).quantize(ROUNDED)),
        "reward_ramp": (above / 2).quantize(ROUNDED),
    }
    return policy.model_copy(update=changes)


def equal_error(job: Job, policy: Policy, rival: Measures) -> Match | None:
    """Where a replay of the job under the policy, scaled, tracks as the rival did; None where that
    is not possible."""
    wanted = rival.tracking_error
    if not wanted or rival.over_limit is None:
        return None
    width, best = 1.0, None
    for _ in range(TRIES):
        mine = scaled(policy, abs(job.setup.target), width)
        found = run(replace(job, setup=replace(job.setup, policy=mine))).measures
        error = found.tracking_error
        if found.liquidated or not error or found.over_limit is None:
            return best
        # Cost falls as tracking error rises: at equal ones costs compare as the products do.
        saved = 1 - found.over_limit / rival.over_limit
        best = Match(mine, found.over_limit, error, saved)
        if abs(error / wanted - 1) < CLOSE:
            return best
        width *= wanted / error
    return best
