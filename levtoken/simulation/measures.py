"""What a replay cost and how well it tracked. Pure; the definitions are docs/policies.md's.

r is a bar's simple return of the underlying at the index price, L the signed target leverage, E the
token's equity, l its signed leverage.
"""

from collections import Counter
from dataclasses import dataclass, field
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from levtoken.simulation.engine import Log, Trade
from levtoken.simulation.limit import LIMIT, path_factor
from levtoken.simulation.rows import SCALE, Floats, Kind, Rows, decode

YEAR = 365 * 86_400  # seconds
DAY = 86_400
QUANTILES = (0, 1, 5, 25, 50, 75, 95, 99, 100)  # percent of the time
NEAR = 4  # flag of the contract Simulator
TERMS = (
    "exposure",
    "drift",
    "funding",
    "fees",
    "impact",
    "rewards",
    "streaming",
    "flows",
    "liquidation",
)


@dataclass(frozen=True)
class Act:
    """A rebalance as a chart shows it: signed leverage before and after, signed size, money in the
    asset."""

    time: int
    trigger: str
    before: float
    after: float
    size: float
    price: float
    fee: float
    impact: float
    reward: float


@dataclass(frozen=True)
class Series:
    """The closes of the bars: what a chart shows. Times in seconds since the epoch, prices and
    share prices in the asset, `ideal` what the first share price becomes by L r each bar."""

    time: list[int]
    price: Floats
    share_price: Floats
    ideal: Floats
    leverage: Floats
    equity: Floats
    acts: list[Act] = field(default_factory=list)


@dataclass(frozen=True)
class Measures:
    """Of one replay. Fractions are not percent; `attribution` is in assets per share, by term of
    `TERMS`; rates are a year.

    `cost`: market fees, impact and rewards a year over mean equity; `cost_rate`: the same over the
    notional traded; `tracking_error` of the replay's own bars; `score`: cost x tracking error in
    cost_rate sigma^3 L^2 (L-1)^2, to compare with the limit. None where a number does not
    exist, and as the score of a token that was liquidated.
    """

    bars: int
    step: int
    years: float
    total: float
    ideal: float
    path: float
    attribution: dict[str, float]
    residual: float
    volatility: float
    tracking_error: float | None
    tracking_error_daily: float | None
    cost: float
    cost_rate: float | None
    score: float | None
    turnover: float
    trades: dict[str, int]
    leverage_quantiles: dict[str, float]
    worst_drawdown: float
    near_liquidation_bars: int
    liquidated: bool
    gas_cost: float
    refusals: dict[str, int]

    @property
    def over_limit(self) -> float | None:
        """The score as a multiple of the limit: 1 is the least possible for small bands."""
        return None if self.score is None else self.score / LIMIT


def measure(log: Log, target: float, gas_per_trade: float = 0.0) -> tuple[Measures, Series]:
    """The measures of a replay of a token of that leverage; `gas_per_trade` in the asset."""
    rows = decode(bytes(log.rows), log.times, bytes(log.kinds))
    closes = rows.closes
    prices, shares = rows.price[closes], rows.share_price[closes]
    step = log.track.step
    years = float(rows.time[-1] - rows.time[0]) / YEAR
    returns = np.diff(prices) / prices[:-1]
    ideal = np.cumprod(np.append(1.0, np.maximum(0.0, 1 + target * returns)))
    terms = attribute(rows, log.trades, target)
    spent = _spent(log.trades)
    equity = float(rows.equity[closes].mean())
    notional = sum(abs(trade.size_delta) / SCALE * trade.price / SCALE for trade in log.trades)
    volatility = sqrt(float(np.sum(np.log1p(returns) ** 2)) / years)
    error = _tracking_error(prices, shares, target, step)
    cost, cost_rate = spent / years / equity, spent / notional if notional else None
    measures = Measures(
        bars=len(closes),
        step=step,
        years=years,
        total=float(shares[-1] / shares[0] - 1),
        ideal=float(ideal[-1] - 1),
        path=float(ideal[-1] - 1 - target * (prices[-1] / prices[0] - 1)),
        attribution=terms,
        residual=float(shares[-1] - shares[0] - sum(terms.values())),
        volatility=volatility,
        tracking_error=error,
        tracking_error_daily=_daily_error(rows.time[closes], prices, shares, target),
        cost=cost,
        cost_rate=cost_rate,
        score=None if log.liquidated else score(cost, error, cost_rate, volatility, target),
        turnover=notional / years / equity,
        trades=dict(Counter(trade.trigger for trade in log.trades)),
        leverage_quantiles=_quantiles(np.abs(rows.leverage[closes])),
        worst_drawdown=_worst_drawdown(rows.share_price),
        near_liquidation_bars=int(np.count_nonzero((rows.flags & NEAR) & (rows.kind == Kind.BAR))),
        liquidated=log.liquidated,
        gas_cost=gas_per_trade * len(log.trades),
        refusals=dict(log.refusals),
    )
    series = Series(
        rows.time[closes].tolist(),
        prices,
        shares,
        ideal * shares[0],
        rows.leverage[closes],
        rows.equity[closes],
        _acts(log.trades, rows.leverage),
    )
    return measures, series


def _acts(trades: list[Trade], leverage: Floats) -> list[Act]:
    return [_act(trade, leverage) for trade in trades]


def _act(trade: Trade, leverage: Floats) -> Act:
    return Act(
        time=trade.time,
        trigger=trade.trigger,
        before=float(leverage[trade.row - 1]),
        after=float(leverage[trade.row]),
        size=trade.size_delta / SCALE,
        price=trade.price / SCALE,
        fee=trade.fee / SCALE,
        impact=trade.size_delta * (trade.fill - trade.price) / SCALE**2,
        reward=trade.reward / SCALE,
    )


def score(
    cost: float, error: float | None, cost_rate: float | None, volatility: float, target: float
) -> float | None:
    """Cost x tracking error in c sigma^3 L^2 (L-1)^2; None without trades or spread."""
    if not error or not cost_rate or not volatility:
        return None
    return cost * error / (cost_rate * volatility**3 * path_factor(target) ** 2)


def attribute(rows: Rows, trades: list[Trade], target: float) -> dict[str, float]:
    """The change of the share price by its causes, each from what it is caused by; what they leave
    out stays out. From row to row the price, the funding index and the supply after fees move; a
    trade stands between its row and the one before."""
    price, index, supply = rows.price, rows.funding_index, rows.supply
    size, equity = rows.size[:-1], rows.equity[:-1]
    moved = rows.kind[1:] <= Kind.LATE
    change = np.where(moved, np.diff(price) / price[:-1], 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        per_share = np.where(supply[:-1] > 0, 1 / supply[:-1], 0.0)
        dilution = rows.equity[1:] / supply[1:] - rows.equity[1:] / supply[:-1]
        flows = np.diff(rows.share_price)
    aimed = target * equity
    terms = dict.fromkeys(TERMS, 0.0)
    terms["exposure"] = float(np.sum(aimed * change * per_share))
    terms["drift"] = float(np.sum((size * price[:-1] - aimed) * change * per_share))
    terms["funding"] = float(np.sum(np.where(moved, size * np.diff(index) * per_share, 0.0)))
    terms["streaming"] = float(np.sum(np.where(moved, dilution, 0.0)))
    terms["flows"] = float(np.sum(flows[rows.kind[1:] == Kind.FLOWED]))
    taken = float(np.sum(flows[rows.kind[1:] == Kind.LIQUIDATED]))
    terms["liquidation"] = taken + _forgiven(rows)
    for trade in trades:
        shares = supply[trade.row] * SCALE
        terms["fees"] -= trade.fee / shares
        terms["impact"] -= trade.size_delta * (trade.fill - trade.price) / SCALE / shares
        terms["rewards"] -= trade.reward / shares
    return terms


def _forgiven(rows: Rows) -> float:
    """What a position lost beyond its equity, which nobody owes: a market counts less than nothing
    as nothing, until the position is liquidated or worth something again. Assets per share."""
    equity, size = rows.equity, rows.size[:-1]
    gone = (rows.kind[1:] <= Kind.LATE) & ((equity[:-1] == 0) | (equity[1:] == 0)) & (size != 0)
    moved = size[gone] * (np.diff(rows.price) + np.diff(rows.funding_index))[gone]
    return float(np.sum((np.diff(equity)[gone] - moved) / rows.supply[:-1][gone]))


def _spent(trades: list[Trade]) -> float:
    """Market fees, impact and rewards, in the asset."""
    impacts = (trade.size_delta * (trade.fill - trade.price) / SCALE for trade in trades)
    return sum((t.fee + t.reward + i) / SCALE for t, i in zip(trades, impacts, strict=True))


def _tracking_error(prices: Floats, shares: Floats, target: float, step: int) -> float | None:
    """Standard deviation of (token bar return - L r), times the root of bars a year."""
    alive = shares[:-1] > 0
    if np.count_nonzero(alive) < 2:  # noqa: PLR2004 # a deviation needs two
        return None
    own = np.diff(shares)[alive] / shares[:-1][alive]
    errors = own - target * (np.diff(prices) / prices[:-1])[alive]
    return float(np.std(errors, ddof=1)) * sqrt(YEAR / step)


def _daily_error(
    times: NDArray[np.int64], prices: Floats, shares: Floats, target: float
) -> float | None:
    """The tracking error of the closes of days, UTC."""
    days = times // DAY
    last = np.flatnonzero(np.append(days[1:] != days[:-1], True))
    return _tracking_error(prices[last], shares[last], target, DAY)


def _worst_drawdown(values: Floats) -> float:
    highs = np.maximum.accumulate(values)
    return float(np.max(1 - values / highs))


def _quantiles(leverage: Floats) -> dict[str, float]:
    return {
        str(q): float(v) for q, v in zip(QUANTILES, np.percentile(leverage, QUANTILES), strict=True)
    }
