"""What a keeper's pass prints: a table for people, plain data for programs."""

from collections.abc import Sequence

from rich import box
from rich.table import Table

from levtoken.chain import System
from levtoken.keeper.execute import Outcome, Result
from levtoken.keeper.metrics import Tally
from levtoken.status_tables import band_text, leverage_text
from levtoken.units import from_fixed

Units = dict[str, tuple[str, int]]  # symbol and decimals of an asset by its address


def asset_units(system: System) -> Units:
    """How to show the assets of a deployment."""
    return {one.address: (symbol, one.decimals()) for symbol, one in system.assets.items()}


def table(outcomes: Sequence[Outcome], units: Units) -> Table:
    """One line a token."""
    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    shown.add_column("token")
    for heading in ("leverage", "band", "traded", "reward"):
        shown.add_column(heading, justify="right")
    shown.add_column("what happened")
    for one in outcomes:
        shown.add_row(
            one.symbol,
            _leverage(one),
            band_text(one.status) if one.status.ok else "",
            f"{from_fixed(one.traded):+.4f}" if one.traded else "",
            money(one.status.asset, one.reward, units) if one.traded else "",
            _words(one),
        )
    return shown


def to_plain(outcome: Outcome, units: Units) -> dict[str, object]:
    """An outcome with exact decimal numbers as strings."""
    status = outcome.status
    _, decimals = units.get(status.asset, ("", 18))
    return {
        "token": status.token,
        "symbol": status.symbol,
        "result": outcome.result.name.lower(),
        "detail": outcome.detail,
        "trigger": outcome.trigger.name.lower(),
        "lower": _text(status.policy.lower),
        "upper": _text(status.policy.upper),
        "leverage_before": _text(outcome.leverage_before),
        "leverage_after": _text(outcome.leverage_after),
        "traded": _text(outcome.traded),
        "reward": _text(outcome.reward, decimals),
        "gas_cost": _text(outcome.gas_cost),
        "transaction": outcome.transaction,
    }


def describe(tally: Tally, units: Units) -> str:
    """Many passes in a line."""
    results = ", ".join(f"{count} {result}" for result, count in sorted(tally.results.items()))
    rewards = ", ".join(money(asset, amount, units) for asset, amount in tally.rewards.items())
    return (
        f"{tally.passes} passes; tokens: {results or 'none'}; rewards: {rewards or 'none'}; gas: "
        f"{from_fixed(tally.gas_cost):.6f} ETH"
    )


def money(asset: str, amount: int, units: Units) -> str:
    """An amount of an asset."""
    symbol, decimals = units.get(asset, (asset, 0))
    return f"{from_fixed(amount, decimals):,.2f} {symbol}"


def _words(outcome: Outcome) -> str:
    trigger = "" if outcome.result is Result.NOT_DUE else outcome.trigger.name.lower()
    parts = (str(outcome.result), trigger, outcome.detail)
    return ": ".join(part for part in parts if part)


def _leverage(outcome: Outcome) -> str:
    before = leverage_text(outcome.leverage_before)
    if outcome.result is Result.REBALANCED:
        return f"{before} to {leverage_text(outcome.leverage_after)}"
    return before


def _text(value: int, decimals: int = 18) -> str:
    return f"{from_fixed(value, decimals).normalize():f}"
