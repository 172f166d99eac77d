"""Closes a token that can be closed."""

import click

from levtoken.chain import send
from levtoken.cli import Session, command
from levtoken.flows import FLOW_GAS, check_gas, coins


@command
@click.argument("token")
@click.option("--dry-run", is_flag=True, help="Show what it would hold, send nothing.")
def cli(session: Session, token: str, dry_run: bool) -> None:
    """Close TOKEN for ever: what is left at its venue comes to it, for its holders to redeem.

    Anyone may, once its position was liquidated, its market has ended, or its owner let it trade
    out and it did. A closed token takes nothing in, charges nothing, and needs no price.

    \b
    Examples:
      ape run close BTC3L --dry-run                # whether it can be closed
      ape run close BTC3L
    """
    share, asset = coins(session.system(), token)
    click.echo(f"{token} would hold {asset.text(share.contract.close.call())} for its holders")
    if dry_run:
        return
    account = session.account()
    check_gas(account, FLOW_GAS)
    done = send(share.contract.close, sender=account)
    click.echo(f"closed {token} in {done.txn_hash}")
