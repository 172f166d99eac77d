"""Tables on a screen."""

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

WIDEST = 500


def print_whole(table: Table, console: Console) -> None:
    """Prints the table whole: a number that is cut to fit a narrow terminal is a wrong number."""
    width = Measurement.get(console, console.options.update(width=WIDEST), table).maximum
    Console(file=console.file, width=max(console.width, width)).print(table)
