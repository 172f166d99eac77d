"""The commands that schedule a change at the timelock: `ape run govern schedule`."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import click

from levtoken import changes
from levtoken.chain import now
from levtoken.cli import NUMBER, Session, command
from levtoken.errors import GovernanceError
from levtoken.flows import coins
from levtoken.parameters import ADDRESS, FRACTION
from levtoken.proposals import when
from levtoken.scheduling import How, proposal, propose
from levtoken.timelock import Timelock

token = click.argument("token")


@click.group()
def schedule() -> None:
    """Schedule a change: a proposer may.

    Refused is what the timelock, or now the token, would refuse. With --dry-run nothing is sent.

    \b
    Examples:
      ape run govern schedule limits BTC3L --cap 1000000 --dry-run
      ape run govern schedule policy BTC3L config/policies/3x.yaml --account ALIAS
    """


@command
@proposal
@token
@click.option("--streaming", type=FRACTION, help="A year.")
@click.option("--deposit", type=FRACTION, help="Of a deposit.")
@click.option("--redemption", type=FRACTION, help="Of a redemption.")
def fees(session: Session, how: How, token: str, **parts: Decimal | None) -> None:
    """Set the fees of TOKEN, as fractions; one that is left out stays."""
    system = session.system()
    propose(session, system, how, changes.fees(changes.owned(system, token), **parts))


@command
@proposal
@token
@click.option("--cap", type=NUMBER, help="Largest supply, shares; 0 stops deposits.")
@click.option("--no-cap", is_flag=True, help="No largest supply.")
@click.option("--min-deposit", "least", type=NUMBER, help="Least deposit, asset.")
def limits(session: Session, how: How, token: str, no_cap: bool, **asked: Decimal | None) -> None:
    """Set what TOKEN takes in; what is left out stays."""
    if no_cap and asked["cap"] is not None:
        raise click.UsageError("--cap or --no-cap, not both")
    system = session.system()
    contract, asset = changes.owned(system, token), coins(system, token)[1]
    call = changes.limits(contract, asset.decimals, no_cap=no_cap, **asked)
    propose(session, system, how, call)


@command
@proposal
@token
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
def policy(session: Session, how: How, token: str, file: Path) -> None:
    """Let TOKEN follow the policy of FILE, one like those of config/policies/.

    A policy that nobody has stored is stored first, by a transaction of its own. The largest slice
    is that of the token's market in the configuration.
    """
    system = session.system()
    contract = changes.owned(system, token)
    stored = changes.policy_from(file, session.config(), system, token)
    if not how.dry_run and not stored.is_stored:
        account = session.account()
        Timelock(system).check_role("proposer", account.address)
        stored.store(account)
    call = changes.call(contract, "setPolicy", stored.address)
    propose(session, system, how, call, check=stored.is_stored)


@command
@proposal
@token
@click.argument("state", type=click.Choice(["stop", "resume"]))
def deposits(session: Session, how: How, token: str, state: str) -> None:
    """Stop deposits into TOKEN, or resume them. The guardian stops them at once."""
    system = session.system()
    contract = changes.owned(system, token)
    propose(session, system, how, changes.call(contract, "setDepositsPaused", state == "stop"))


@command
@proposal
@token
@click.argument("number", type=NUMBER)
@click.option(
    "--start",
    type=click.DateTime(["%Y-%m-%dT%H:%M", "%Y-%m-%d"]),
    metavar="DAY",
    required=True,
    help="From when on, UTC: 2027-03-08 or 2027-03-08T05:00. Must be executed before.",
)
def multiplier(session: Session, how: How, token: str, number: Decimal, start: datetime) -> None:
    """Let wallets show NUMBER shares of TOKEN for one, from --start on."""
    system = session.system()
    starts = int(start.replace(tzinfo=UTC).timestamp())
    call = changes.multiplier(changes.owned(system, token), number, starts)
    timelock = Timelock(system)
    first = now() + (how.delay or timelock.delay)
    if starts < first and not timelock.proposed(call).is_pending:
        raise GovernanceError(
            f"it would start before it can be executed: --start after {when(first, now())}"
        )
    propose(session, system, how, call)


@command
@proposal
@click.argument("verb", type=click.Choice(["grant", "revoke"]))
@click.argument("name", type=click.Choice(changes.ROLES))
@click.argument("address", type=ADDRESS)
def role(session: Session, how: How, verb: str, name: str, address: str) -> None:
    """Grant ADDRESS a role of the timelock, or revoke it.

    Proposers of the deployment are cancellers too; those that are granted here are not. The zero
    address as an executor is everybody.
    """
    system = session.system()
    granted = verb == "grant"
    call = changes.role(Timelock(system).contract, name, address, granted=granted)
    propose(session, system, how, call)


@command
@proposal
@click.argument("seconds", type=click.IntRange(min=0))
def delay(session: Session, how: How, seconds: int) -> None:
    """Set the least delay of the timelock to SECONDS; it holds within an hour and thirty days."""
    system = session.system()
    propose(session, system, how, changes.call(Timelock(system).contract, "updateDelay", seconds))


def to_address(setter: str, words: str) -> click.Command:
    """The command of a setter of an address."""

    @proposal
    @token
    @click.argument("address", type=ADDRESS)
    def run(session: Session, how: How, token: str, address: str) -> None:
        system = session.system()
        propose(session, system, how, changes.call(changes.owned(system, token), setter, address))

    run.__doc__ = words
    return command(run)


@command
@proposal
@token
def accept(session: Session, how: How, token: str) -> None:
    """Accept TOKEN, which its owner offered to the timelock."""
    system = session.system()
    propose(session, system, how, changes.call(system.token(token), "acceptOwnership"))


@command
@proposal
@token
def closing(session: Session, how: How, token: str) -> None:
    """Let TOKEN trade out, for good; `ape run close` then closes it."""
    system = session.system()
    propose(session, system, how, changes.call(changes.owned(system, token), "startClosing"))


for name, setter, words in (
    ("recipient", "setFeeRecipient", "Give what TOKEN earns from then on to ADDRESS."),
    ("guardian", "setGuardian", "Let ADDRESS, and nobody else, stop deposits into TOKEN at once."),
    ("ownership", "transferOwnership", "Offer TOKEN to ADDRESS, which then has to accept it."),
):
    schedule.add_command(to_address(setter, words), name)
for change in (fees, limits, policy, deposits, multiplier, closing, accept, role, delay):
    schedule.add_command(change)
