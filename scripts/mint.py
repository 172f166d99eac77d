"""Mints a leveraged token."""

from decimal import Decimal

import click

from levtoken.cli import NUMBER, Session, Terms, command, terms
from levtoken.flows import check_bound, check_mint, deadline_in, mint, preview_mint
from levtoken.local import give_missing
from levtoken.tables import preview_line


@command
@click.argument("token")
@click.argument("amount", type=NUMBER)
@terms("shares")
@click.option("--faucet", is_flag=True, help="On a local chain: create the assets that you lack.")
def cli(
    session: Session,
    token: str,
    amount: Decimal,
    terms: Terms,
    faucet: bool,
) -> None:
    """Put AMOUNT of the asset into TOKEN and get its shares.

    The shares are a fraction of the token's position, which grows by that fraction: you pay what
    that trade costs, nobody else does. The preview is shown first; the transaction reverts when it
    would give less than the bound.

    \b
    Examples:
      ape run mint BTC3L 1000 --faucet             # on the local chain, with assets for nothing
      ape run mint BTC3L 1000 --dry-run            # only the preview
      ape run mint BTC3L 1000 --min-shares 990 --deadline 60
    """
    flow = preview_mint(session.system(), token, amount, terms.slippage, terms.least)
    click.echo(preview_line(flow, flow.asset, flow.share))
    if terms.dry_run:
        return
    check_bound(flow, flow.share, "--min-shares")
    account = session.account()
    if faucet:
        session.refuse_unless_local("--faucet")
        give_missing(flow, account)
    check_mint(flow, account)
    done = mint(flow, account, terms.receiver or account.address, deadline_in(terms.deadline))
    click.echo(f"minted {flow.share.text(done.received)} in {done.hash}")
