"""Shows how the deployed tokens are."""

import json

import click

from levtoken.chain import statuses
from levtoken.cli import Session, command
from levtoken.tables import print_status, to_json


@command
@click.argument("tokens", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Everything the chain tells, for programs.")
def cli(session: Session, tokens: tuple[str, ...], as_json: bool) -> None:
    """Show how TOKENS are, by default all that are deployed.

    Leverage is notional over equity at the index price; the last column says whether a rebalance is
    due and what it would trade, or the error with which it would revert. With --json every number
    is an exact decimal in a string; times are seconds.

    \b
    Examples:
      ape run status
      ape run status BTC3L ETH2L --json
    """
    system = session.system()
    found = statuses(system, list(tokens) or None)
    if as_json:
        decimals = {asset.address: asset.decimals() for asset in system.assets.values()}
        data = [to_json(status, decimals.get(status.asset, 18)) for status in found]
        click.echo(json.dumps(data, indent=2))
    else:
        print_status(found)
