"""Schedules, executes, cancels and lists changes at the timelock that owns the tokens."""

import json

import click

from levtoken.chain import now
from levtoken.change_commands import schedule
from levtoken.cli import Session, command
from levtoken.flows import check_gas
from levtoken.proposals import describe, print_operations, to_json, when
from levtoken.scheduling import GOVERN_GAS, as_json, dry_run
from levtoken.timelock import Timelock


@click.group()
def cli() -> None:
    """Change what an owner can change, through the timelock that owns the tokens.

    A change is scheduled by a proposer, waits, and is then executed by an executor: as shipped by
    anybody. Until then a canceller can cancel it, and holders can leave. What is scheduled is read
    from the chain: a command that was interrupted is run again, and schedules nothing twice.

    \b
    Examples:
      ape run govern schedule fees BTC3L --streaming 0.01 --account TEST::9
      ape run govern list
      ape run govern execute 0x1234
      ape run govern schedule --help               # every change
    """


def finish(session: Session, start: str, how: tuple[bool, bool], verb: str) -> None:
    """Executes or cancels the operation whose id begins with `start`."""
    dry, for_programs = how
    system = session.system()
    timelock = Timelock(system)
    operation = timelock.operation(start)
    if not for_programs:
        click.echo(describe(system, operation))
    done = ""
    if not dry:
        account = session.account()
        check_gas(account, GOVERN_GAS)
        done = (timelock.execute if verb == "execute" else timelock.cancel)(operation, account)
        operation = timelock.operation(operation.id)
    if for_programs:
        data = to_json(system, operation) | {"transaction": done or None}
        click.echo(json.dumps(data, indent=2))
    else:
        due = when(operation.ready_at, now()) if operation.ready_at else "never again"
        click.echo(f"{operation.state.name.lower()} in {done}" if done else f"due {due}")


@command
@click.argument("operation")
@dry_run
@as_json
def execute(session: Session, operation: str, dry_run: bool, as_json: bool) -> None:
    """Execute OPERATION, given by its id or by how that begins, once it is due."""
    finish(session, operation, (dry_run, as_json), "execute")


@command
@click.argument("operation")
@dry_run
@as_json
def cancel(session: Session, operation: str, dry_run: bool, as_json: bool) -> None:
    """Cancel OPERATION, given by its id or by how that begins: a canceller may."""
    finish(session, operation, (dry_run, as_json), "cancel")


@command
@click.option("--all", "everything", is_flag=True, help="Also what is done or cancelled.")
@as_json
def listed(session: Session, everything: bool, as_json: bool) -> None:
    """List what waits at the timelock, and since when it is due."""
    system = session.system()
    found = Timelock(system).operations()
    shown = found if everything else [one for one in found if one.is_pending]
    if as_json:
        click.echo(json.dumps([to_json(system, one) for one in shown], indent=2))
    else:
        print_operations(system, shown, now())


for one in (schedule, execute, cancel):
    cli.add_command(one)
cli.add_command(listed, "list")
