"""Finds the policy that costs least at a tracking error."""

import json
from decimal import Decimal
from pathlib import Path

import click
from rich.console import Console

from levtoken.faults import one_line
from levtoken.markets import load_config
from levtoken.parameters import FRACTION, NUMBER
from levtoken.screen import print_whole
from levtoken.simulation.window import Window

HELP = """Find the policy that costs least at a tracking error.

A narrow band tracks well and trades much; a wide one is cheap and strays. How well is well enough
is your choice, --tracking-error: by how much the token's return may differ from leverage times the
underlying's, as a standard deviation a year. 0.1 is usual at 3x; a daily reset has 0.09 on BTC.

The closed form of docs/policies.md gives a first band; replays of the deployed bytecode along your
prices correct it, and choose where a rebalance stops (recenter), the pause before the position
grows, and the reward that a keeper needs for its gas. No chain is needed.

\b
ape run advise --token BTC3L --tracking-error 0.1 \\
    --prices out/prices/binanceusdm-bars-1h.parquet --symbol BTCUSDT --out config/policies/mine.yaml
ape run advise --market ETH --leverage -2 --tracking-error 0.08 --volatility 0.7
"""
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(help=HELP, context_settings={"max_content_width": 100})
@click.option("--token", help="A token of config/tokens.yaml: its market and leverage.")
@click.option("--market", "underlying", help="Or: a market of config/markets, such as BTC ...")
@click.option("--leverage", type=click.FLOAT, help="... and a signed leverage, such as -3.")
@click.option("--tracking-error", type=FRACTION, required=True, help="A year, such as 0.1.")
@click.option("--cost", type=FRACTION, help="Fee a notional traded [default: the market's].")
@click.option("--capital", type=NUMBER, default="100000", show_default=True, help="In the asset.")
@click.option("--gas-price", type=NUMBER, default="0", show_default=True, help="Gwei.")
@click.option(
    "--ether-price", type=NUMBER, default="3000", show_default=True, help="Ether, in the asset."
)
@click.option("--prices", type=FILE, help="Parquet or CSV, as `ape run demo` takes it.")
@click.option("--symbol", help="Which series of the file, such as BTCUSDT.")
@click.option("--from", "start", metavar="TIME", help="First bar, UTC: 2020-03-08.")
@click.option("--to", "end", metavar="TIME", help="Last bar, UTC; a day is included whole.")
@click.option("--funding", type=FILE, help="Funding rates; without it there is no funding.")
@click.option("--exchange", help="Which exchange of the file of rates.")
@click.option(
    "--volatility", type=NUMBER, help="Instead of prices: a Brownian path of so much a year, 0.6."
)
@click.option(
    "--days", type=click.IntRange(2), default=365, show_default=True, help="Of that path."
)
@click.option("--out", type=click.Path(path_type=Path), help="Where to write the policy, .yaml.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@click.option(
    "--config",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default="config",
    show_default=True,
    help="The configuration.",
)
def cli(  # noqa: PLR0913 # click's options
    *,
    start: str | None,
    end: str | None,
    leverage: float | None,
    out: Path | None,
    as_json: bool,
    folder: Path,
    **options: object,
) -> None:
    with one_line():
        # Ape imports every script for every command, and these load pandas.
        from levtoken.simulation import advise_run  # noqa: PLC0415

        exact = None if leverage is None else Decimal(str(leverage))
        window = Window.parse(start, end)
        asked = advise_run.Asked(leverage=exact, window=window, **options)  # type: ignore[arg-type]
        config = load_config(folder)
        advice = advise_run.find(asked, config, lambda what: click.echo(what, err=True))
        if as_json:
            rows = [advise_run.plain(one) for one in advice.candidates]
            best = advice.candidates.index(advice.best)
            click.echo(json.dumps({"candidates": rows, "best": best}, indent=1))
        else:
            print_whole(advise_run.shown(advice), Console())
        if (doubt := advise_run.doubt(advice)) is not None:
            click.echo(doubt, err=True)
        if out is not None:
            source = f"on {asked.prices.name}" if asked.prices else "on a Brownian path"
            advise_run.write(advice, asked, config, out, source)
            click.echo(f"wrote {out}", err=True)
