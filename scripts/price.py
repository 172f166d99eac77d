"""Moves the price of an underlying on a local chain."""

from decimal import Decimal

import click

from levtoken.cli import NUMBER, Session, command
from levtoken.local import push_price


@command
@click.argument("underlying")
@click.argument("price", type=NUMBER, required=False)
def cli(session: Session, underlying: str, price: Decimal | None) -> None:
    """Set the PRICE of UNDERLYING on a local chain; without one, publish the last one again.

    A price that is older than its feed's heartbeat stops minting, redeeming and rebalancing, as on
    a public network. The mock feeds of a local chain publish only when they are told to.

    \b
    Examples:
      ape run price BTC 54000
      ape run price BTC
    """
    session.refuse_unless_local("a price by hand")
    price = push_price(session.system(), underlying, price, session.account())
    click.echo(f"{underlying} is at {price.normalize():,f}")
