"""What a flow trades, takes and gives, in exact rational arithmetic, as the design states it.
Nothing here is taken from the contracts."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

from tests.property.reference import WEI, Market, Position, square_root
from tests.property.reference_terms import Token
from tests.property.tolerances import of_cost

RAY = Fraction(1, 10**27)
RESIDUAL = Fraction(1, 10**9)


@dataclass(frozen=True)
class Flow:
    """A flow before any rounding. Its faults are all that apply: a call may name any of them, and a
    call, but not its preview, also any of the `limits`. `shares` are those of the caller, `gross`
    with the fee that is taken of them."""

    faults: frozenset[str] = frozenset()
    delta: Fraction = Fraction(0)
    cost: Fraction = Fraction(0)
    assets: Fraction = Fraction(0)
    shares: Fraction = Fraction(0)
    gross: Fraction = Fraction(0)
    flat: bool = False
    limits: frozenset[str] = frozenset()


Judge = Callable[[Market, Position, Token, Fraction], Flow]


def refused(*faults: str) -> Flow:
    return Flow(frozenset(faults))


def _ordered(market: Market, position: Position, delta: Fraction) -> tuple[set[str], Fraction]:
    """Faults and cost of the order of a flow; what is less than a wei is no order."""
    if abs(delta) < WEI:
        return set(), Fraction(0)
    cost = market.charged(delta) if market.fill(delta) > 0 else Fraction(0)
    return market.order_faults(position, delta), cost


def _least_order(market: Market) -> Fraction:
    """What the venue can tell from no order at all: it solves to a RAY of its scale."""
    return 2 * WEI + 4 * RAY * market.rules.scale


def incoming(judge: Judge) -> Judge:
    """Nobody comes in while the market owes more than it has, or beyond what the token takes."""

    def judged(market: Market, position: Position, token: Token, amount: Fraction) -> Flow:
        flow = judge(market, position, token, amount)
        closed = {"MarketInsolvent"} if market.is_insolvent else set()
        limits = token.terms.closed_doors
        if not flow.faults or "" in flow.faults:
            limits |= _beyond(position, token, flow)
        return replace(flow, faults=flow.faults | closed, limits=frozenset(limits))

    return judged


def _beyond(position: Position, token: Token, flow: Flow) -> set[str]:
    """Which of the token's limits a flow in exceeds."""
    terms = token.terms
    supply = token.supply + flow.gross + (0 if token.supply else token.locked)
    checks = {
        "BelowMinimumDeposit": flow.assets < terms.min_deposit,
        "SupplyCapExceeded": supply > terms.supply_cap,
        "SizeLimitExceeded": abs(position.size + flow.delta) > terms.max_size,
    }
    return {name for name, exceeded in checks.items() if exceeded}


@incoming
def deposit(market: Market, position: Position, token: Token, assets: Fraction) -> Flow:
    equity = max(Fraction(0), position.equity)
    if assets == 0:
        return refused("ZeroAmount")
    if market.is_liquidatable(position):
        return refused("Liquidatable")
    flat = position.size == 0
    leverage = abs(token.target) if flat else abs(position.size) * market.price / equity
    total = equity + assets
    delta = market.size_for(position.size, total, leverage, token.direction)
    if delta is None:
        return refused("NoSolution", "CostAboveValue", *market.free_faults())
    faults, cost = _ordered(market, Position(position.size, total), delta)
    if abs(delta) < _least_order(market):
        faults |= {"", "NoSolution"}
    if token.supply > 0 and equity == 0:
        return refused("EquityGone", *faults)
    if cost >= assets:
        faults.add("CostAboveValue")
    if token.supply == 0:
        gross = total - cost - token.locked
        faults |= {"SharesBelowLocked"} if gross <= 0 else set()
    else:
        gain = min(assets, assets - cost) if flat else assets - cost
        gross = token.supply * gain / equity
    shares = gross * (1 - token.terms.deposit)
    # The fee is rounded up: of a few wei it is all.
    faults |= {"ZeroAmount"} if 0 <= shares < 2 * WEI and gross >= 0 else set()
    return Flow(frozenset(faults), delta, cost, assets, shares, gross)


@incoming
def mint(market: Market, position: Position, token: Token, shares: Fraction) -> Flow:
    equity = max(Fraction(0), position.equity)
    if shares == 0:
        return refused("ZeroAmount")
    if token.supply > 0 and equity == 0:
        return refused("EquityGone")
    gross = shares / (1 - token.terms.deposit)
    if position.size == 0:
        return replace(_mint_flat(market, equity, token, gross), shares=shares)
    part = gross / token.supply
    delta = position.size * part
    cost = market.cost(delta) if market.fill(delta) > 0 else Fraction(0)
    assets = equity * part + cost
    faults = market.order_faults(Position(position.size, equity + assets), delta)
    if fault := market.move_fault(position, assets):
        faults.add(fault)
    # Margin that comes with a flow rescues nothing, also judged at the fill as the market does.
    faults |= {"Liquidatable"} & market.order_faults(position, Fraction(0))
    if market.is_liquidatable(position):
        faults.add("Liquidatable")
    if assets <= 0:
        faults.add("CostAboveValue")
    return Flow(frozenset(faults), delta, cost, assets, shares, gross)


def _mint_flat(market: Market, equity: Fraction, token: Token, gross: Fraction) -> Flow:
    """The shares are worth what comes in net of cost; a trade that the skew pays for is a gift."""
    first = token.supply == 0
    value = gross + token.locked if first else equity * gross / token.supply
    delta: Fraction | None = token.target * (equity + value) / market.price
    assert delta is not None
    if market.fill(delta) <= 0:
        return refused("FillNotPositive")
    assets = value + max(Fraction(0), market.cost(delta))
    if market.cost(delta) < 0:
        assets = -(-value // token.unit) * token.unit  # the position is carried by whole units
        total = equity + assets
        delta = market.size_for(Fraction(0), total, abs(token.target), token.direction)
        if delta is None:
            return refused("NoSolution", *market.free_faults())
    faults = market.order_faults(Position(Fraction(0), equity + assets), delta)
    cost = market.cost(delta) if market.fill(delta) > 0 else Fraction(0)
    return Flow(frozenset(faults), delta, cost, assets, gross=gross)


def redeem(market: Market, position: Position, token: Token, shares: Fraction) -> Flow:
    """All but the fee of the shares leaves; the fee stays as shares of another one."""
    if shares == 0:
        return refused("ZeroAmount")
    net = shares * (1 - token.terms.redemption)
    return replace(leave(market, position, token, net), shares=shares, gross=net)


def leave(market: Market, position: Position, token: Token, net: Fraction) -> Flow:
    """The leaver's part, less the cost, of what everybody is paid."""
    if position.equity <= 0:
        return refused("EquityGone")
    part = net / token.supply
    flat = position.equity * (1 - part) < market.rules.min_margin
    delta = -position.size if flat else -position.size * part
    faults, cost = _ordered(market, position, delta)
    if flat:
        taken = max(Fraction(0), position.equity * part - max(cost, part * cost))
    else:
        taken = position.equity * part - cost
        faults |= {"CostAboveValue"} if taken < 0 else set()
    assets = taken * market.part
    left = Position(position.size + delta, position.equity - cost)
    if assets >= token.unit and (fault := market.taking_fault(left, assets)):
        faults.add(fault)
    return Flow(frozenset(faults), delta, cost, assets, gross=net, flat=flat)


def withdraw(market: Market, position: Position, token: Token, assets: Fraction) -> Flow:
    """The least that pays `assets`, by the inverse of `leave`: where the venue refuses that flow,
    or none pays so much, the call fails."""
    if assets == 0:
        return refused("ZeroAmount")
    if position.equity <= 0:
        return refused("EquityGone")
    flows = [leave(market, position, token, net) for net in _parts(market, position, token, assets)]
    if not flows:
        # Each of the faults of leaving altogether also keeps the solution from being found.
        return refused("NoSolution", *leave(market, position, token, token.supply).faults)
    flow = flows[0]
    faults = flow.faults
    # A payment is in whole units: between two, and where leaving flat begins, none may be near.
    coarse = assets * RESIDUAL + 2 * token.unit < _grain(market, flow)
    if coarse or len(flows) > 1 or _is_near_floor(market, position, token, flow):
        faults |= frozenset({"", "NoSolution"}).union(*(one.faults for one in flows))
    return replace(flow, faults=faults, shares=flow.gross / (1 - token.terms.redemption))


def _grain(market: Market, flow: Flow) -> Fraction:
    """What one more wei of the order changes of its cost, and what is truncated of that."""
    if not flow.delta:
        return 4 * WEI
    return 2 * abs(market.marginal(flow.delta)) * WEI + of_cost(market, flow.delta)


def _is_near_floor(market: Market, position: Position, token: Token, flow: Flow) -> bool:
    """Whether a little more or less decides whether the leaver closes all."""
    left = position.equity * (1 - flow.gross / token.supply)
    return abs(left - market.rules.min_margin) <= position.equity * RESIDUAL + 4 * token.unit


def _parts(market: Market, position: Position, token: Token, assets: Fraction) -> list[Fraction]:
    """The shares that pay `assets`, once by a part of the position and once by all of it."""
    wanted, equity, size = assets / market.part, position.equity, abs(position.size)
    kept = 1 - market.rules.min_margin / equity
    found = [] if not size else [p for p in _by_part(market, position, wanted) if p <= kept]
    if not size and wanted / equity <= kept:
        found.append(wanted / equity)
    cost = _ordered(market, position, -position.size)[1]
    whole = (wanted + cost) / equity if cost > 0 else wanted / (equity - cost)
    if kept < whole <= 1:
        found.append(whole)
    return [part * token.supply for part in found]


def _by_part(market: Market, position: Position, wanted: Fraction) -> list[Fraction]:
    """The smallest part p with `E * p - cost(Q * p) = wanted`, the cost being a quadratic up to the
    flip of the skew and another beyond."""
    size, equity = abs(position.size), position.equity
    flip, near, far = market.pieces(-1 if position.size > 0 else 1)
    free = wanted / equity  # where the market cannot pay, the skew pays nobody
    if market.is_insolvent and market.cost(-position.size * min(free, Fraction(1))) < 0:
        return [free]
    found = []
    for piece, low, high in (
        (near, Fraction(0), flip),
        (far, flip, None),
    ):
        if low is None:
            continue
        a, b, c = piece.square * size**2, piece.linear * size - equity, piece.constant + wanted
        discriminant = b * b - 4 * a * c
        if discriminant < 0 or b >= 0:
            continue
        part = 2 * c / (-b + square_root(discriminant))
        if low <= part * size and (high is None or part * size <= high) and part > 0:
            found.append(part)
    return found[:1]
