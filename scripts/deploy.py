"""Deploys leveraged tokens and what they need; run again, it continues where it stopped."""

import click

from levtoken.cli import Session, command
from levtoken.deploy import Plan, deploy, record_path, survey
from levtoken.tables import print_checks
from levtoken.units import from_fixed


@command
@click.argument("tokens", nargs=-1)
@click.option("--yes", is_flag=True, help="Spend without asking.")
@click.option("--dry-run", is_flag=True, help="Show what would be sent, send nothing.")
def cli(session: Session, tokens: tuple[str, ...], yes: bool, dry_run: bool) -> None:
    """Deploy TOKENS, by default every token of the configuration.

    On a local chain the mocks that they need come first: assets, feeds, oracles and markets with
    their pools. On any other network those must exist: their addresses are read from
    networks/NETWORK.yaml in the configuration, and nothing is deployed when one is missing.

    The tokens belong to a timelock, whose roles the configuration names; the account that deploys
    gets none.

    What is deployed is recorded in deployments/NETWORK.json after every transaction. A deployment
    that was interrupted continues when it is run again, and nothing is deployed twice. At the end
    the chain is compared with the configuration.

    \b
    Examples:
      make chain                                   # in another terminal, then:
      ape run deploy                               # every token, on the local chain
      ape run deploy BTC3L ETH2L                   # these two
      ape run deploy --dry-run                     # what is missing, and what it costs
      ape run deploy --network ethereum:sepolia:URL --account ALIAS
    """

    def cost(plan: Plan) -> str:
        return (
            f"transactions to send on {session.place.name}: {len(plan.steps)}, at most "
            f"{plan.gas:,} gas, {from_fixed(plan.cost):.6f} ETH at the present price"
        )

    def confirm(plan: Plan) -> bool:
        click.echo(cost(plan))
        return yes or session.place.local or click.confirm("Send them?")

    record = record_path(session.records, session.place)
    if dry_run:
        plan = survey(session.config(), tokens, record=record, echo=click.echo)
        for step in plan.steps:
            click.echo(f"{step.key}: at most {step.gas:,} gas")
        click.echo(cost(plan))
        return
    deploy(
        session.config(),
        tokens,
        session.account(),
        record=record,
        confirm=confirm,
        echo=click.echo,
        report=print_checks,
    )
    click.echo(f"recorded in {record}" if record else "not recorded: this chain ends here")
