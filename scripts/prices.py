"""Downloads prices and funding rates, and checks files of them."""

import json
import time
from dataclasses import dataclass
from pathlib import Path

import click
from rich.console import Console

from levtoken.faults import one_line
from levtoken.prices.check import check
from levtoken.prices.exchanges import EXCHANGES, TIMEFRAMES
from levtoken.prices.fetch import BARS, BOTH, FUNDING, Request, fetch, plan_offline
from levtoken.prices.outliers import DEVIATIONS
from levtoken.prices.progress import shown
from levtoken.prices.report import print_checked, print_plan, rules, summary, to_plain
from levtoken.prices.tables import series
from levtoken.simulation.window import Window


@dataclass(frozen=True)
class Options:
    """The options of `fetch`, as click names them."""

    exchange: str
    symbols: tuple[str, ...]
    timeframe: str
    start: str
    end: str | None
    what: str
    out: Path

    def to_request(self) -> Request:
        """What they ask for."""
        window = Window.parse(self.start, self.end)
        exchange = EXCHANGES[self.exchange]
        return Request(exchange, self.symbols, self.timeframe, window, self.what, self.out)


@click.group(context_settings={"max_content_width": 100})
def cli() -> None:
    """Download prices and funding rates from exchanges, and check files of them.

    No chain is needed. The files are what `ape run demo --prices` replays.
    """


@cli.command("fetch")
@click.option("--exchange", type=click.Choice(list(EXCHANGES)), required=True)
@click.option(
    "--symbol",
    "symbols",
    multiple=True,
    required=True,
    help="A market, such as BTCUSDT, or as ccxt or the exchange writes it. May be repeated.",
)
@click.option(
    "--timeframe",
    type=click.Choice(list(TIMEFRAMES)),
    default="1h",
    show_default=True,
    help="Step of the bars.",
)
@click.option(
    "--from",
    "start",
    metavar="DAY",
    required=True,
    help="First bar: 2020-03-08 or 2020-03-08T05:00, UTC.",
)
@click.option(
    "--to", "end", metavar="DAY", help="Last bar; a day is included whole. Until now if left out."
)
@click.option(
    "--what",
    type=click.Choice([BARS, FUNDING, BOTH]),
    default=BARS,
    show_default=True,
    help="Open, high, low, close and volume, or funding rates.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default="out/prices",
    show_default=True,
    help="The folder of the files.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be fetched, ask nobody.")
def fetch_command(*, dry_run: bool, **options: object) -> None:
    """Download bars and funding rates into Parquet files.

    OUT/EXCHANGE-bars-TIMEFRAME.parquet has the columns date, open, high, low, close, volume, symbol
    and exchange; OUT/EXCHANGE-funding.parquet has time, funding_rate, symbol, exchange and interval
    (seconds). All symbols of an exchange share a file, and what is there is not asked for again: a
    later --to adds to it. Stop it when you like, and run it again: it goes on where it stopped. A
    bar that has not closed is left out.

    binanceusdm, bybit and okx are linear perpetuals, binance is spot, without funding.

    \b
    Examples:
      ape run prices fetch --exchange binanceusdm --symbol BTCUSDT --from 2024-01-01 --dry-run
      ape run prices fetch --exchange bybit --symbol BTCUSDT --symbol ETHUSDT --timeframe 15m \\
        --from 2024-01-01 --to 2024-03-31 --what both
      ape run demo --prices out/prices/bybit-bars-15m.parquet --symbol BTCUSDT \\
        --from 2024-03-01 --to 2024-03-05
    """
    with one_line():
        request = Options(**options).to_request()
        console = Console()
        if dry_run:
            print_plan(request, plan_offline(request, int(time.time())), console)
            return
        # ccxt takes half a second, and Ape imports every script for every command.
        from levtoken.prices.client import connect  # noqa: PLC0415
        from levtoken.prices.source import Source  # noqa: PLC0415

        with shown(console) as progress:
            source = Source(request.exchange, connect(request.exchange), time.sleep, progress.tell)
            files = fetch(request, source, progress)
        for file in files:
            checked = [check(one) for one in series(file)]
            click.echo(f"{file}: {summary(checked)}")


@cli.command("check", epilog=rules())
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--deviations",
    type=click.FloatRange(min=1),
    default=DEVIATIONS,
    show_default=True,
    help="Robust deviations beyond which a return is an outlier.",
)
@click.option("--json", "as_json", is_flag=True, help="Every finding, for programs.")
def check_command(file: Path, deviations: float, as_json: bool) -> None:
    """Say what is wrong with a FILE of bars or funding rates, Parquet or CSV.

    Looks, series by series, for gaps, times that come twice or out of order, other time zones than
    UTC, numbers that are missing or not positive, highs and lows that are not, and outliers. The
    exit code is 0 when nothing is wrong, 1 when something is or the file cannot be read, 2 when the
    command is not typed as it should.

    \b
    Examples:
      ape run prices check out/prices/binanceusdm-bars-1h.parquet
      ape run prices check bars.csv --deviations 20
      ape run prices check funding.parquet --json
    """
    with one_line():
        checked = [check(one, deviations) for one in series(file)]
    if as_json:
        click.echo(json.dumps(to_plain(file.name, checked), indent=2))
    else:
        console = Console()
        print_checked(checked, console)
        click.echo(summary(checked))
    if any(one.findings for one in checked):
        raise SystemExit(1)
