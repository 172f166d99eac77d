"""Shows how the deployed tokens are."""

import json

import click

from levtoken.chain import now, statuses
from levtoken.cli import Session, command
from levtoken.status_tables import print_status
from levtoken.tables import to_json


@command
@click.argument("tokens", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Everything the chain tells, for programs.")
def cli(session: Session, tokens: tuple[str, ...], as_json: bool) -> None:
    """Show how TOKENS are, by default all that are deployed.

    The position: leverage is notional over equity at the index price; the prices are those at which
    the next rebalance falls due if nothing else changes; the last column says whether one is due
    now and what it would trade, or the error with which it would revert. The shares: the exit value
    is what redeeming everything now would pay. The market: longs pay funding while it is positive;
    room is by how much the venue lets the token's side grow. With --json every number is an exact
    decimal in a string, or null for none; times are seconds.

    \b
    Examples:
      ape run status
      ape run status BTC3L ETH2L --json
    """
    system = session.system()
    found = statuses(system, list(tokens) or None)
    decimals = {asset.address: asset.decimals() for asset in system.assets.values()}
    if as_json:
        data = [to_json(status, decimals.get(status.asset, 18)) for status in found]
        click.echo(json.dumps(data, indent=2))
    else:
        print_status(found, decimals, now())
