"""How the lab meets the terminal: what was typed, and how far it is."""

import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import click
from click.core import ParameterSource
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

STOPPED = 130  # what shells say of a program that was interrupted


@dataclass(frozen=True)
class Progress:
    """Whom to tell what goes on: `tell` in words, `start` with the number of bars, `reach` with how
    many of them are done."""

    tell: Callable[[str], None]
    start: Callable[[int], None]
    reach: Callable[[int], None]


@contextmanager
def shown(console: Console) -> Iterator[Progress]:
    """A bar while it lasts."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Bar(*columns, TimeRemainingColumn(), console=console, transient=True) as bar:
        task = bar.add_task("starting", total=None)
        try:
            yield Progress(
                tell=lambda text: bar.update(task, description=text),
                start=lambda bars: bar.update(task, total=bars),
                reach=lambda bars: bar.update(task, completed=bars),
            )
        except (KeyboardInterrupt, SystemExit) as stop:
            # Ape may have replaced the signal's handler by one that exits.
            if isinstance(stop, SystemExit) and stop.code != STOPPED:
                raise
            bar.stop()
            click.echo("stopped: nothing was written", err=True)
            raise SystemExit(STOPPED) from None


def as_typed(name: str, context: click.Context) -> str:
    """The command with the options that were given, for a shell."""
    words = name.split()
    for option in context.command.params:
        if option.name is None or not isinstance(option, click.Option):
            continue
        if context.get_parameter_source(option.name) is not ParameterSource.COMMANDLINE:
            continue
        value = context.params[option.name]
        for one in value if option.multiple else [value]:
            words += [option.opts[0]] if option.is_flag else [option.opts[0], str(one)]
    return shlex.join(words)
