"""What every command that schedules a change shares: its options, and what it does and says."""

import functools
import json
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import click

from levtoken.chain import System, now
from levtoken.changes import Call
from levtoken.cli import Session
from levtoken.flows import check_gas
from levtoken.proposals import describe, to_json, when
from levtoken.timelock import Timelock

GOVERN_GAS = 1_000_000  # more than any verb here takes, storing a policy included
Script = Callable[..., None]


@dataclass(frozen=True)
class How:
    """How a change is scheduled."""

    delay: int | None
    anyway: bool
    dry_run: bool
    as_json: bool


as_json = click.option("--json", "as_json", is_flag=True, help="For programs.")
dry_run = click.option("--dry-run", is_flag=True, help="Show the call and its id, send nothing.")


def proposal(function: Script) -> Script:
    """Adds the options of a change, and passes them as one `How`."""

    @functools.wraps(function)
    def run(session: Session, **arguments: object) -> None:
        asked: dict[str, Any] = {field.name: arguments.pop(field.name) for field in fields(How)}
        function(session, How(**asked), **arguments)

    seconds = click.option(
        "--delay",
        type=click.IntRange(min=0),
        metavar="SECONDS",
        help="Wait longer than the timelock asks for.",
    )
    anyway = click.option("--anyway", is_flag=True, help="Also when the call would revert now.")
    return seconds(anyway(dry_run(as_json(run))))


def propose(session: Session, system: System, how: How, call: Call, *, check: bool = True) -> None:
    """Schedules the call, or shows what that would be."""
    timelock = Timelock(system)
    delay = timelock.delay if how.delay is None else timelock.checked(how.delay)
    operation = timelock.proposed(call)
    waits = operation.is_pending
    if check and not waits and not how.anyway:
        timelock.simulate(call)
    if not how.dry_run:
        account = session.account()
        check_gas(account, GOVERN_GAS)
        operation = timelock.schedule(call, delay, account)
    due = operation.ready_at or now() + delay
    if how.as_json:
        click.echo(json.dumps(to_json(system, operation) | {"ready_at": due}, indent=2))
        return
    said = "scheduled already" if waits else "not scheduled" if how.dry_run else "scheduled"
    click.echo(f"{describe(system, operation)}\n{said}; earliest {when(due, now())}")
