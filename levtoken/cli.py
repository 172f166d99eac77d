"""What the scripts share: their options, the choice of an account, and errors as one line."""

import functools
import os
from collections.abc import Callable
from dataclasses import dataclass, fields
from decimal import Decimal
from pathlib import Path
from typing import Any

import ape
import click
from ape.api import AccountAPI
from ape.cli import ConnectedProviderCommand, network_option, verbosity_option

from levtoken.chain import Place, System, connected, load_deployment, system
from levtoken.errors import ChainError
from levtoken.faults import no_call_trees, one_line
from levtoken.markets import Config, load_config
from levtoken.parameters import ADDRESS, FRACTION, NUMBER

__all__ = ["NUMBER", "Command", "Session", "Terms", "command", "terms"]

Script = Callable[..., None]
DEFAULT_NETWORK = "ethereum:devnet:node"
DEFAULT_ACCOUNT = "TEST::0"  # Anvil's first; its key is public, so on local chains only
TEST_ACCOUNT = "TEST::"
PASSWORD = "APE_ACCOUNTS_{}_PASSPHRASE"  # Ape's own name for it


@dataclass(frozen=True)
class Terms:
    """What the caller of a flow asks for: its bounds, its receiver, and whether to send it."""

    least: Decimal | None
    slippage: Decimal
    receiver: str | None
    deadline: int
    dry_run: bool


@dataclass(frozen=True)
class Session:
    """One command on a connected network."""

    place: Place
    account_name: str | None
    config_folder: Path
    records: Path

    def config(self) -> Config:
        """The configuration."""
        return load_config(self.config_folder)

    def system(self) -> System:
        """What is deployed on the network."""
        return system(load_deployment(self.records, self.place))

    def refuse_unless_local(self, what: str) -> None:
        """Raises a `ChainError` on public networks."""
        if not self.place.local:
            raise ChainError(f"{what} is for local chains: this is {self.place.name}")

    def account(self) -> AccountAPI:
        """The account that signs: the one asked for, and Anvil's first on local chains only."""
        name = self.account_name
        if name is None and self.place.local:
            name = DEFAULT_ACCOUNT
        if name is None:
            raise ChainError(
                "name the account that signs: --account ALIAS (`ape accounts list` shows yours)"
            )
        return _test_account(name, self.place) if name.startswith(TEST_ACCOUNT) else _own(name)


class Command(ConnectedProviderCommand):  # type: ignore[misc] # Ape ships no types
    """A command that connects first, and ends with one line when something is wrong."""

    def invoke(self, ctx: click.Context) -> object:
        with one_line(), no_call_trees():
            return super().invoke(ctx)


def command(function: Script) -> click.Command:
    """Makes a click command of a function that takes a `Session` first."""

    @functools.wraps(function)
    def run(account: str | None, config: Path, records: Path, **arguments: object) -> None:
        function(Session(connected(), account, config, records), **arguments)

    return click.command(cls=Command, context_settings={"max_content_width": 100})(
        _with_options(run, _options())
    )


def _with_options(function: Script, options: list[Callable[[Script], Script]]) -> Script:
    for option in reversed(options):
        function = option(function)
    return function


def terms(received: str) -> Callable[[Script], Script]:
    """Adds the options of a flow that gives `received`, and passes them as one `Terms`."""

    def decorate(function: Script) -> Script:
        @functools.wraps(function)
        def run(session: Session, **arguments: object) -> None:
            asked: dict[str, Any] = {
                field.name: arguments.pop(field.name) for field in fields(Terms)
            }
            function(session, terms=Terms(**asked), **arguments)

        return _with_options(run, _terms(received))

    return decorate


def _terms(received: str) -> list[Callable[[Script], Script]]:
    return [
        click.option(
            f"--min-{received}", "least", type=NUMBER, help=f"Revert below so many {received}."
        ),
        click.option(
            "--slippage",
            type=FRACTION,
            default="0.005",
            show_default=True,
            help="Or: revert below the preview less this fraction.",
        ),
        click.option(
            "--receiver", metavar="ADDRESS", type=ADDRESS, help=f"Who gets the {received}."
        ),
        click.option(
            "--deadline",
            type=click.IntRange(min=0),
            default=300,
            show_default=True,
            help="Revert after so many seconds.",
        ),
        click.option("--dry-run", is_flag=True, help="Show the preview, send nothing."),
    ]


def _options() -> list[Callable[[Script], Script]]:
    folder = click.Path(file_okay=False, path_type=Path)
    return [
        network_option(
            default=DEFAULT_NETWORK,
            show_default=True,
            help="The chain, as `ape networks list` names it, or ethereum:devnet:URL.",
        ),
        click.option(
            "--account",
            metavar="ALIAS",
            help="The account that signs, from `ape accounts list`; asks each time, unless "
            f"{PASSWORD.format('ALIAS')} is set. {DEFAULT_ACCOUNT} on local chains if left out.",
        ),
        click.option(
            "--config", type=folder, default="config", help="The configuration [default: config]."
        ),
        click.option(
            "--records",
            type=folder,
            default="deployments",
            help="Where deployments are recorded [default: deployments].",
        ),
        verbosity_option(default="ERROR"),
    ]


def _test_account(name: str, place: Place) -> AccountAPI:
    if not place.local:
        raise ChainError(f"the key of {name} is public: use an account of yours with --account")
    number = name.removeprefix(TEST_ACCOUNT)
    if not number.isdecimal() or int(number) >= len(ape.accounts.test_accounts):
        raise ChainError(f"{name} is not a test account: use one such as {DEFAULT_ACCOUNT}")
    return ape.accounts.test_accounts[int(number)]


def _own(alias: str) -> AccountAPI:
    if alias not in ape.accounts.aliases:
        raise ChainError(
            f"no account {alias}: `ape accounts list` shows yours, `ape accounts import {alias}` "
            "adds it"
        )
    account = ape.accounts.load(alias)
    # Who puts the password into the environment has decided to sign without being asked.
    if os.environ.get(PASSWORD.format(alias)):
        account.set_autosign(True)
    return account
