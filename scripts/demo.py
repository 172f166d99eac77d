"""Shows the whole system live: deploy, mint, a price path with a keeper, redeem."""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from levtoken.cli import FRACTION, NUMBER, Session, command
from levtoken.simulation.demo.arbitrageur import ArbitrageurSettings
from levtoken.simulation.demo.plan import Demo, Prices
from levtoken.simulation.demo.report import print_result, problems
from levtoken.simulation.demo.run import Progress, run
from levtoken.simulation.window import Window
from levtoken.units import to_fixed


@dataclass(frozen=True)
class Options:
    """The options of the command, as click names them."""

    prices: Path | None
    symbols: tuple[str, ...]
    start: str | None
    end: str | None
    tokens: tuple[str, ...]
    capital: Decimal
    share: Decimal
    no_arbitrageur: bool
    out: Path

    def to_demo(self) -> Demo:
        """What they ask for."""
        prices = Prices(self.prices, self.symbols, Window.parse(self.start, self.end))
        arbitrageur = ArbitrageurSettings(share=to_fixed(self.share))
        return Demo(
            prices=prices,
            tokens=self.tokens,
            capital=self.capital,
            arbitrageur=None if self.no_arbitrageur else arbitrageur,
            out=self.out,
        )


@command
@click.option(
    "--prices",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Parquet or CSV to replay; without it a built-in synthetic path.",
)
@click.option("--symbol", "symbols", multiple=True, help="Series of the file, such as BTCUSDT.")
@click.option("--from", "start", metavar="DAY", help="First bar: 2020-03-08 or 2020-03-08T05:00.")
@click.option("--to", "end", metavar="DAY", help="Last bar; a day is included whole.")
@click.option("--token", "tokens", multiple=True, help="Tokens, instead of the usual ones.")
@click.option(
    "--capital", type=NUMBER, default="100000", show_default=True, help="Paid into each token."
)
@click.option(
    "--arbitrageur-share",
    "share",
    type=FRACTION,
    default="0.9",
    show_default=True,
    help="Part of the others' skew that the funding arbitrageur takes.",
)
@click.option("--no-arbitrageur", is_flag=True, help="Replay without one.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default="out/demo",
    show_default=True,
    help="Where chart.png and summary.json go.",
)
def cli(session: Session, **options: object) -> None:
    """Deploy leveraged tokens on a fresh local chain and see what a price path does to them.

    A holder mints each token at the first price. Then, bar by bar, the feeds get their prices at
    the path's own time, the keeper makes a pass, and a funding arbitrageur trades against what skew
    is left. At the end the holder redeems everything. The table explains every change of a share
    price; chart.png and summary.json show the same numbers.

    A price FILE has the columns date (or time, timestamp: when the bar opens, UTC), close (or
    price) and, when it holds several series, symbol. The tokens that follow the symbols' underlying
    are replayed: BTCUSDT moves BTC3L and BTC3S.

    \b
    Examples:
      ape run demo
      ape run demo --prices bars.parquet --symbol BTCUSDT --from 2020-03-08 --to 2020-03-16
      ape run demo --token BTC2L --token ETH3L --capital 5000 --no-arbitrageur
    """
    console = Console()
    demo = Options(**options).to_demo()
    with _bar(console) as bar:
        task = bar.add_task("preparing", total=None)
        progress = Progress(
            tell=lambda text: bar.update(task, description=text),
            start=lambda steps: bar.update(task, total=steps),
            step=lambda: bar.advance(task),
        )
        result = run(demo, session.config(), session.account(), session.place, progress)
    print_result(result, console)
    console.print(f"{demo.out}: chart.png and summary.json are written", highlight=False)
    if problems(result):
        raise SystemExit(1)


def _bar(console: Console) -> Bar:
    return Bar(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    )


cli.context_settings["default_map"] = {"network": "ethereum:local:foundry"}
