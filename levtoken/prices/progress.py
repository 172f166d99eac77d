"""How far a download is."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

STOPPED = 130  # what shells say of a program that was interrupted


@dataclass(frozen=True)
class Progress:
    """Where a download reports to."""

    tell: Callable[[str], None]
    start: Callable[[int], None]
    step: Callable[[], None]


@contextmanager
def shown(console: Console) -> Iterator[Progress]:
    """A bar while the download lasts. Who stops it is told how to go on."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Bar(*columns, TimeRemainingColumn(), console=console, transient=True) as bar:
        task = bar.add_task("connecting", total=None)
        try:
            yield Progress(
                tell=lambda text: bar.update(task, description=text),
                start=lambda pages: bar.update(task, total=pages),
                step=lambda: bar.advance(task),
            )
        except KeyboardInterrupt:
            bar.stop()
            click.echo("stopped: run the same command again, it goes on from here", err=True)
            raise SystemExit(STOPPED) from None
