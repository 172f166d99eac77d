"""What must hold after a step. Checks only look: they compare books with books and with the
reference, and raise a Violation that carries the id of the invariant."""

from fractions import Fraction

from levtoken.units import WAD
from tests.property import tolerances
from tests.property.reference import DAY, WEI, Market
from tests.property.reference_flows import RESIDUAL, Flow
from tests.property.reference_policy import EMERGENCY
from tests.property.reference_sizing import Due
from tests.property.reference_terms import Token
from tests.property.world import Books

DRIFT = Fraction(1, 10**9)
PAST_TARGET = Fraction(1, 10_000)


class Violation(AssertionError):  # noqa: N818  # a finding, not a fault of the test
    """The invariant `identity` does not hold."""

    def __init__(self, identity: str, text: str) -> None:
        super().__init__(f"{identity}: {text}")
        self.identity, self.text = identity, text

    def __reduce__(self) -> tuple[type["Violation"], tuple[str, str]]:
        """For the way from one process to another."""
        return Violation, (self.identity, self.text)


def require(identity: str, holds: bool, text: str) -> None:
    if not holds:
        raise Violation(identity, text)


def require_between(
    identity: str, what: str, found: Fraction, low: Fraction, high: Fraction
) -> None:
    if not low <= found <= high:
        beyond = found - high if found > high else found - low
        text = f"{what} is {float(found):.18g}, beyond its bound by {float(beyond):.3g} "
        raise Violation(identity, text + f"of [{float(low):.18g}, {float(high):.18g}]")


def require_close(
    identity: str, what: str, found: Fraction, exact: Fraction, tolerance: Fraction
) -> None:
    require_between(identity, what, found, exact - tolerance, exact + tolerance)


def named_as_expected(error: str, faults: frozenset[str], verb: str) -> None:
    """A call fails by one of the faults that the reference finds, and only then."""
    expected = ", ".join(sorted(faults)) or "success"
    if error not in (faults or {""}):
        raise Violation("errors", f"{verb}: {error or 'success'} instead of {expected}")


# Flows


def share_price_kept(before: Books, after: Books, flow: Flow) -> None:
    """I-2, in the market's own integers and without any tolerance, but where everybody is paid a
    part, which is rounded down to a wei. The one exception: closing a token flat costs more than
    the leaver's part."""
    if before.supply == 0:
        return
    part = Fraction(before.supply - after.supply, before.supply)
    if flow.flat and flow.cost > part * before.true_equity:
        return
    rounded = 1 if after.part < 1 else 0
    kept = (after.equity + rounded) * before.supply >= before.equity * after.supply
    change = f"equity {before.equity} to {after.equity}, supply {before.supply} to {after.supply}"
    require("I-2", kept, change)


def leverage_kept(before: Books, after: Books, unit: int) -> None:
    """I-3, but for flat. Where not everybody is paid in full, a leaver's cost raises the part of
    all: what is kept is leverage by the whole equity, and the part never falls (`part_kept`)."""
    if before.size == 0 or after.size == 0:
        return
    tolerance = DRIFT + 2 * Fraction(unit, WAD) / after.worth
    kept = after.leverage * after.part / (before.leverage * before.part)
    drift = abs(kept - 1)
    require("I-3", drift <= tolerance, f"leverage drifts by {float(drift):.3g} of itself")


def part_kept(before: Books, after: Books) -> None:
    """Once not everybody is paid in full, nobody lowers the part of the others."""
    if before.part == 1:
        return
    # Losses are truncated toward zero, so the debt afterwards may be too large: by a wei each for
    # price and funding where the position is marked, for the price at the fill and at the mark
    # after it, for the position that is booked anew, and for the whole, now and before. It is no
    # smaller than what backs it.
    off = 7 * WEI / max(after.backing, WEI)
    text = f"paid of the equity: {float(before.part)} to {float(after.part)}"
    require("I-12", after.part >= before.part * (1 - off), text)


def goal_kept(before: Books, after: Books, flow: Flow) -> None:
    """What is left of a rebalance stays as it is, but for flat: then nothing is left. Moves of the
    price count from where a position was opened."""
    policy, time, unfinished, enlarges, slot, tracks, price, slot_price = before.progress
    (unfinished, enlarges) = (0, 0) if flow.flat else (unfinished, enlarges)
    price = before.price if tracks and not before.size and after.size else price
    goal = (policy, time, unfinished, enlarges, slot, tracks, price, slot_price)
    require("I-14", after.progress == goal, f"goal {before.progress} to {after.progress}")


def trade_as_reference(
    market: Market, token: Token, before: Books, after: Books, flow: Flow
) -> Fraction:
    """The size traded and the equity that is left are the reference's within the truncations of
    the market. Returns by how much those may move the value of the flow."""
    leverage = before.leverage if before.size else abs(token.target)
    size_off = tolerances.of_size(market, flow.delta, leverage) if flow.delta else Fraction(0)
    # Shares net of a fee are whole.
    size_off += WEI * abs(before.position.size) / token.supply if before.supply else 0
    if not before.size and flow.cost < 0:
        # A mint that the skew pays for is sized by whole units, of which it may be one more, and
        # by what the skew pays for that.
        size_off += 2 * token.unit * abs(token.target) / market.price
    delta = Fraction(after.size - before.size, WAD)
    require_close("I-14", "size", delta, flow.delta, size_off)
    equity_as_reference(market, token, before, after)
    return tolerances.of_value(market, flow.delta, size_off) if flow.delta else 4 * WEI


def equity_as_reference(market: Market, token: Token, before: Books, after: Books) -> None:
    """Equity changed by what came in or went out and by the cost of the order. Where everybody is
    paid a part, what goes out takes as much as it is the part of."""
    delta = Fraction(after.size - before.size, WAD)
    moved = (after.cash - before.cash) * token.unit
    taken = moved / market.part if moved else moved
    exact = before.true_equity + taken - (market.charged(delta) if delta else 0)
    off = tolerances.of_cost(market, delta) + tolerances.of_taken(market, moved)
    require_close("I-14", "equity", after.true_equity, exact, off)


def given_as_reference(token: Token, before: Books, flow: Flow, shares: int, off: Fraction) -> None:
    """A deposit gives shares, rounded down; its value is off by `off`."""
    found = Fraction(shares, WAD)
    if before.supply == 0:
        require_close("I-14", "shares", found, flow.shares, off + 2 * WEI)
        return
    per_value = token.supply / before.true_equity
    off = (off + 4 * WEI * flow.assets / before.true_equity) * per_value
    low = flow.shares - off - 2 * WEI  # of the shares and of their fee
    require_between("I-14", "shares", found, low, flow.shares + off)


def taken_as_reference(token: Token, before: Books, flow: Flow, assets: int, off: Fraction) -> None:
    """A mint takes assets, rounded up; its value is off by `off`."""
    if before.supply:
        # Equity is truncated, and shares with their fee are whole.
        off += (4 * flow.gross + before.true_equity + abs(flow.delta)) * WEI / token.supply
    off += WEI
    high = flow.assets + off + token.unit
    require_between("I-14", "taken", assets * token.unit, flow.assets - off, high)


def paid_as_reference(market: Market, token: Token, flow: Flow, assets: int, off: Fraction) -> None:
    """A redemption pays assets, rounded down; its value is off by `off`."""
    off += tolerances.of_part(market, flow.assets)
    low = flow.assets - off - token.unit
    require_between("I-14", "paid", assets * token.unit, low, flow.assets + off)


def withdrawn_as_reference(
    market: Market, token: Token, flow: Flow, assets: int, off: Fraction
) -> None:
    """What the burned shares are worth is at least what is paid, and more by at most a billionth of
    it and two units; the rest stays with the holders."""
    off += tolerances.of_part(market, flow.assets)
    paid = assets * token.unit
    high = paid * (1 + RESIDUAL) + 3 * token.unit + off
    require_between("I-14", "worth of a withdrawal", flow.assets, paid - off, high)


# Rebalancing


def rebalance_improved(before: Books, after: Books, due: Due, target: Fraction) -> None:
    """I-6: strictly closer to the target, past it by at most 1e-4 of it; an emergency reduces."""
    was, now = before.leverage, after.leverage
    require("I-6", abs(now - target) < abs(was - target), f"from {float(was)} to {float(now)}")
    past = target - now if was > target else now - target
    require("I-6", past <= target * PAST_TARGET + WEI, f"past the target by {float(past)}")
    if due.trigger == EMERGENCY:
        reduced = abs(after.size) < abs(before.size) and now < was
        require("I-6", reduced, "an emergency that does not reduce")


def rebalance_paid_for(
    market: Market, before: Books, after: Books, limit: Fraction, reward: Fraction
) -> None:
    """I-6: equity fell by no more than fee, slippage limit and reward."""
    delta = Fraction(after.size - before.size, WAD)
    allowed = market.fee(delta) + abs(delta * (limit - market.price)) + reward
    fallen = before.worth - after.worth
    most = allowed + tolerances.of_cost(market, delta) + tolerances.of_part(market, before.worth)
    require("I-6", fallen <= most, f"equity fell by {float(fallen)}, allowed {float(most)}")


# Books


def funding_as_reference(market: Market, seconds: int, after: Books) -> None:
    """Nothing but time and price has passed since `market`: funding has run, the rest stands."""
    expected = market.later(seconds, Fraction(after.price, WAD))
    found = after.market(market.rules)
    days = Fraction(seconds, DAY)
    off = tolerances.of_rate(expected, days)
    require_close("I-14", "funding rate", found.rate, expected.rate, off)
    off = tolerances.of_funding(expected, days)
    require_close("I-14", "funding", found.funding, expected.funding, off)
    same = (found.skew, found.open_interest) == (market.skew, market.open_interest)
    require("I-14", same, "skew or open interest moved by themselves")
