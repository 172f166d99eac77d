"""A replay's result as tables for people."""

from collections.abc import Callable

from rich import box
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from levtoken.simulation.demo.results import ArbitrageurResult, ReplayResult, TokenResult
from levtoken.simulation.words import CAUSES, describe, money, per_share, percent, plain_percent

RARE = {"streaming", "liquidation"}  # shown when there is any
Row = tuple[str, Callable[[TokenResult], str]]
ArbitrageurRow = tuple[str, Callable[[ArbitrageurResult], str]]


def problems(result: ReplayResult) -> list[str]:
    """What makes the replay a failure."""
    lines = []
    for one in result.tokens:
        symbol = one.holding.symbol
        if one.is_liquidated:
            lines.append(f"{symbol} WAS LIQUIDATED: its holders lost everything")
            continue
        if one.holding.refusal:
            lines.append(f"{symbol} WAS NOT REDEEMED: {one.holding.refusal}")
        if not one.is_explained:
            lines.append(f"{symbol}: the attribution leaves {one.residual:.1e} unexplained")
    return lines


def print_result(result: ReplayResult, console: Console) -> None:
    """The tables: tokens, then arbitrageurs and keeper."""
    console.print(Text(describe(result), style="bold"))
    console.print(_token_table(result))
    if result.arbitrageurs:
        console.print(_arbitrageur_table(result))
    console.print(_keeper_line(result))
    if result.offset:
        console.print(f"the chain's clock was {result.offset} s ahead of the path's")
    for line in problems(result):
        console.print(Text(line, style="bold red"))


def token_rows(result: ReplayResult) -> list[list[Row]]:
    """The rows of the token table, in sections."""
    used = [
        term
        for term in CAUSES
        if term not in RARE or any(getattr(one.attribution, term) for one in result.tokens)
    ]

    def term_row(term: str) -> Row:
        return CAUSES[term], lambda one: per_share(getattr(one.attribution, term))

    return [
        [
            ("total", lambda one: percent(one.total)),
            ("ideal, bar by bar", lambda one: percent(one.ideal)),
            ("path, in the ideal", lambda one: percent(one.path)),
            ("worst drawdown", lambda one: percent(-one.worst_drawdown)),
            ("tracking error a year", lambda one: plain_percent(one.tracking_error)),
        ],
        [
            ("share price, start", lambda one: f"{one.share_price_start:.6f}"),
            *map(term_row, used),
            ("residual", lambda one: f"{one.residual:+.1e}"),
            ("share price, end", lambda one: f"{one.share_price_end:.6f}"),
        ],
        [
            ("rebalances", lambda one: _counts(one.rebalances)),
            ("leverage", lambda one: f"{one.leverage_low:.2f} to {one.leverage_high:.2f}"),
            ("band", lambda one: f"{one.holding.lower:.2f} to {one.holding.upper:.2f}"),
            ("in band after a pass", lambda one: f"{one.inside} of {one.passes}"),
            ("nearest liquidation", lambda one: plain_percent(one.nearest_liquidation)),
        ],
        [
            ("paid in", lambda one: money(one.holding.paid)),
            ("redeemed", lambda one: money(one.holding.received)),
        ],
    ]


def _token_table(result: ReplayResult) -> Group:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(f"money in {result.asset}")
    for one in result.tokens:
        table.add_column(one.holding.symbol, justify="right")
    for section in token_rows(result):
        for label, show in section:
            table.add_row(label, *map(show, result.tokens))
        table.add_section()
    reasons = [
        Text(f"{one.holding.symbol} outside its band {count} times: {reason}")
        for one in result.tokens
        for reason, count in one.outside.items()
    ]
    return Group(table, *reasons)


def _counts(rebalances: dict[str, int]) -> str:
    if not rebalances:
        return "0"
    parts = "\n".join(f"{count} {trigger}" for trigger, count in sorted(rebalances.items()))
    return f"{sum(rebalances.values())}\n{parts}"


def _arbitrageur_table(result: ReplayResult) -> Table:
    rows: list[ArbitrageurRow] = [
        ("largest size", lambda one: f"{one.largest_size:+.4f}"),
        ("last size", lambda one: f"{one.last_size:+.4f}"),
        ("trades", lambda one: str(one.trades)),
        ("margin paid in", lambda one: money(one.deposited)),
        ("price profit", lambda one: money(one.price_profit)),
        ("funding received", lambda one: money(one.funding)),
        ("market fees", lambda one: money(one.fees)),
        ("price impact", lambda one: money(one.impact)),
        ("residual", lambda one: f"{one.residual:+.1e}"),
    ]
    if any(one.refusals for one in result.arbitrageurs):
        rows.append(("refused trades", lambda one: str(one.refusals)))
    if any(one.liquidation for one in result.arbitrageurs):
        rows.append(("liquidation", lambda one: money(one.liquidation)))
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(f"arbitrageur, money in {result.asset}")
    for one in result.arbitrageurs:
        table.add_column(one.underlying, justify="right")
    for label, show in rows:
        table.add_row(label, *map(show, result.arbitrageurs))
    return table


def _keeper_line(result: ReplayResult) -> Text:
    tally = result.keeper
    results = ", ".join(f"{count} {name}" for name, count in sorted(tally.results.items()))
    gas = f"{tally.gas_cost / 10**18:.6f} ETH of gas"
    return Text(f"keeper: {tally.passes} passes; tokens {results}; {gas}")
