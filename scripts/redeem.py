"""Redeems a leveraged token."""

from decimal import Decimal

import click

from levtoken.cli import NUMBER, Session, Terms, command, terms
from levtoken.flows import (
    FLOW_GAS,
    check_bound,
    check_gas,
    deadline_in,
    preview_redeem,
    redeem,
    shares_to_redeem,
)
from levtoken.tables import preview_line


@command
@click.argument("token")
@click.argument("shares", type=NUMBER, required=False)
@click.option("--all", "everything", is_flag=True, help="Redeem every share of the account.")
@terms("assets")
def cli(
    session: Session,
    token: str,
    shares: Decimal | None,
    everything: bool,
    terms: Terms,
) -> None:
    """Give SHARES of TOKEN back, or --all of them, and get their part of the equity in the asset.

    The token's position shrinks by the same fraction: you pay what that trade costs, nobody else
    does. A closed token pays its part of what it holds, without a trade. The preview is shown
    first; the transaction reverts when it would pay less than the bound.

    \b
    Examples:
      ape run redeem BTC3L 100
      ape run redeem BTC3L --all --dry-run         # only the preview
      ape run redeem BTC3L --all --slippage 0.01
    """
    if (shares is None) != everything:
        raise click.UsageError("give either SHARES or --all")
    account = session.account()
    system = session.system()
    amount = shares_to_redeem(system, token, shares, account)
    flow = preview_redeem(system, token, amount, terms.slippage, terms.least)
    click.echo(preview_line(flow, flow.share, flow.asset))
    if terms.dry_run:
        return
    check_bound(flow, flow.asset, "--min-assets")
    check_gas(account, FLOW_GAS)
    done = redeem(flow, account, terms.receiver or account.address, deadline_in(terms.deadline))
    click.echo(f"redeemed for {flow.asset.text(done.received)} in {done.hash}")
