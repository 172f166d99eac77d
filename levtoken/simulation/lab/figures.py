"""The figures of a replay in words, in the order in which people read them."""

from collections.abc import Callable

from levtoken.simulation.lab.result import Replayed, Result
from levtoken.simulation.measures import TERMS
from levtoken.simulation.words import CAUSES, percent, plain_percent

Row = tuple[str, Callable[[Replayed], str]]

LABELS = CAUSES | {"flows": "holders' flows"}
RARE = {"flows", "liquidation"}  # shown when there is any
TRIGGERS = {
    "upper": "upper edge",
    "lower": "lower edge",
    "emergency": "emergency",
    "schedule": "schedule",
    "closing": "closing",
}
NONE = "-"


def sections(result: Result) -> list[tuple[str, list[Row]]]:
    """The rows below each heading."""
    return [
        ("return", _returns()),
        ("attribution, assets a share", _attribution(result)),
        ("tracking and cost, a year", _costs()),
        ("rebalances", _rebalances(result)),
        ("leverage, part of the bars", _leverage()),
        ("risk", _risks()),
    ]


def warnings(one: Replayed) -> str:
    """What is wrong with a replay, in a word for its column."""
    if one.measures.liquidated:
        return "LIQUIDATED"
    return "" if one.is_explained else "NOT EXPLAINED"


def number(value: float | None, form: str = ".3f") -> str:
    return NONE if value is None else format(value, form)


def share(value: float | None) -> str:
    """A fraction in percent, and a dash where there is none."""
    return NONE if value is None else plain_percent(value)


def basis_points(value: float | None) -> str:
    return NONE if value is None else f"{value * 1e4:.2f} bp"


def _returns() -> list[Row]:
    return [
        ("total", lambda one: percent(one.measures.total)),
        ("ideal, bar by bar", lambda one: percent(one.measures.ideal)),
        ("path, in the ideal", lambda one: percent(one.measures.path)),
    ]


def _attribution(result: Result) -> list[Row]:
    def row(term: str) -> Row:
        return LABELS[term], lambda one: f"{one.measures.attribution[term]:+.4f}"

    used = [
        term
        for term in TERMS
        if term not in RARE or any(one.measures.attribution[term] for one in result.replays)
    ]
    return [
        ("share price, start", lambda one: f"{one.series.share_price[0]:.4f}"),
        *map(row, used),
        ("residual", lambda one: f"{one.measures.residual:+.1e}"),
        ("share price, end", lambda one: f"{one.series.share_price[-1]:.4f}"),
    ]


def _costs() -> list[Row]:
    return [
        ("tracking error, of bars", lambda one: share(one.measures.tracking_error)),
        ("tracking error, of days", lambda one: share(one.measures.tracking_error_daily)),
        ("cost, part of equity", lambda one: share(one.measures.cost)),
        ("cost, part of notional", lambda one: basis_points(one.measures.cost_rate)),
        ("turnover, times equity", lambda one: number(one.measures.turnover, ".1f")),
        ("volatility of the price", lambda one: share(one.measures.volatility)),
        ("score, cost x error", lambda one: number(one.measures.score)),
        ("multiple of the limit", lambda one: number(one.multiple, ".2f")),
        ("gas, whole run", lambda one: f"{one.measures.gas_cost:,.2f}"),
        ("gas, part of equity", lambda one: share(one.gas_a_year)),
    ]


def _rebalances(result: Result) -> list[Row]:
    def row(trigger: str) -> Row:
        return TRIGGERS[trigger], lambda one: f"{one.measures.trades.get(trigger, 0):,}"

    used = [
        name for name in TRIGGERS if any(one.measures.trades.get(name) for one in result.replays)
    ]
    rows = [("all", lambda one: f"{sum(one.measures.trades.values()):,}"), *map(row, used)]
    if any(one.measures.refusals for one in result.replays):
        rows.append(("refused by the chain", lambda one: _counts(one.measures.refusals)))
    return rows


def _leverage() -> list[Row]:
    def row(words: str, key: str) -> Row:
        return words, lambda one: f"{one.measures.leverage_quantiles[key]:.2f}"

    words = {"0": "lowest", "5": "5 %", "50": "half", "95": "95 %", "100": "highest"}
    return [row(name, key) for key, name in words.items()]


def _risks() -> list[Row]:
    return [
        ("worst drawdown", lambda one: percent(-one.measures.worst_drawdown)),
        ("bars near liquidation", lambda one: f"{one.measures.near_liquidation_bars:,}"),
        ("liquidated", lambda one: "YES" if one.measures.liquidated else "no"),
    ]


def _counts(refusals: dict[str, int]) -> str:
    return "\n".join(f"{count} {name}" for name, count in sorted(refusals.items())) or "0"
