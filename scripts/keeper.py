"""Keeps tokens in their bands."""

import json
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

import click
from rich.console import Console

from levtoken.chain import statuses
from levtoken.cli import NUMBER, Session, command
from levtoken.errors import ChainError
from levtoken.keeper.decide import Settings
from levtoken.keeper.execute import Outcome, Result
from levtoken.keeper.metrics import Tally
from levtoken.keeper.report import Units, asset_units, describe, table, to_plain
from levtoken.keeper.run import BrokenPassError, keep
from levtoken.keeper.watch import watch
from levtoken.units import to_fixed


@dataclass(frozen=True)
class Options:
    """The options of the command, as click names them."""

    tokens: tuple[str, ...]
    seconds: int | None
    dry_run: bool
    least: Decimal
    as_json: bool


@command
@click.option("--token", "tokens", multiple=True, help="Only this token; may be repeated.")
@click.option(
    "--watch",
    "seconds",
    type=click.IntRange(min=1),
    is_flag=False,
    flag_value=60,
    metavar="[SECONDS]",
    help="Make passes until Ctrl-C, so many seconds apart [60].",
)
@click.option("--dry-run", is_flag=True, help="Show what is due, send nothing.")
@click.option(
    "--min-reward", "least", type=NUMBER, default="0", help="Leave what pays less, in the asset."
)
@click.option("--json", "as_json", is_flag=True, help="One line of JSON a pass, for programs.")
def cli(session: Session, **options: object) -> None:
    """Rebalance the tokens that the chain says are due, and get the rewards.

    Anyone may: trigger, size, price limit and reward are computed on chain, and a call that comes
    too late reverts. A pass reads all tokens in one call, tries each rebalance by a call that costs
    nothing, and sends it. Somebody else having been faster is not an error.

    \b
    Examples:
      ape run keeper                               # one pass
      ape run keeper --dry-run                     # what would be done, and why not
      ape run keeper --watch 30 --token BTC3L --token BTC3S
    """
    asked = Options(**options)
    system = session.system()
    account = None if asked.dry_run else session.account()
    units = asset_units(system)
    settings = Settings({one: to_fixed(asked.least, units[one][1]) for one in units})

    def make_pass() -> list[Outcome]:
        return keep(system, statuses(system, list(asked.tokens) or None), account, settings)

    def show(outcomes: list[Outcome]) -> None:
        _show(outcomes, units, as_json=asked.as_json)

    if asked.seconds is None:
        _once(make_pass, show)
    else:
        tally = _watch(make_pass, show, asked.seconds)
        click.echo(describe(tally, units), err=asked.as_json)


def _show(outcomes: list[Outcome], units: Units, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps([to_plain(one, units) for one in outcomes]))
    else:
        Console().print(table(outcomes, units))


def _once(make_pass: Callable[[], list[Outcome]], show: Callable[[list[Outcome]], None]) -> None:
    """One pass; a token that was refused is shown with the others, and then is an error."""
    try:
        outcomes = make_pass()
    except BrokenPassError as error:
        show(error.outcomes)
        raise
    show(outcomes)
    refused = [one for one in outcomes if one.result is Result.REFUSED]
    if refused:
        faults = "; ".join(f"{one.symbol}: {one.detail}" for one in refused)
        raise ChainError(f"not rebalanced: {faults}")


def _watch(
    make_pass: Callable[[], list[Outcome]], show: Callable[[list[Outcome]], None], seconds: int
) -> Tally:
    for number in (signal.SIGINT, signal.SIGTERM):
        # Ape's own handlers end the process without a word.
        signal.signal(number, signal.default_int_handler)
    return watch(
        make_pass,
        show,
        complain=lambda fault: click.echo(f"pass failed: {fault}", err=True),
        pause=lambda: time.sleep(seconds),
    )
