"""Compares rules of rebalancing along prices: the deployed bytecode, in process."""

from pathlib import Path

import click
from rich.console import Console

from levtoken.faults import one_line
from levtoken.markets import load_config
from levtoken.simulation.lab.flags import FOLDER, flags
from levtoken.simulation.lab.options import Options
from levtoken.simulation.lab.typed import as_typed, shown


@click.command(context_settings={"max_content_width": 100})
@flags
@click.option(
    "--config", type=FOLDER, default="config", help="The configuration [default: config]."
)
@click.option("--dry-run", is_flag=True, help="Say what would be run, and for how long.")
@click.pass_context
def cli(context: click.Context, *, config: Path, dry_run: bool, **options: object) -> None:
    """Compare rules of rebalancing along prices and funding rates.

    Replays the very bytecode that is deployed, in process: no chain is needed. Every --policy is
    tried with every --token: the capital is deposited at the first bar, the feed gets the price of
    each bar when it ends, and a keeper rebalances when the token says that it is due. Trades meet a
    market that the others keep balanced.

    What each rule cost, how well it tracked, and how far it is from the least possible: tables
    here, and in OUT summary.json (every number with its unit), report.html (the charts), series/
    and trades/ (Parquet, a file a replay).

    A price FILE has the columns date (or time, timestamp: when the bar opens, UTC), close (or
    price) and, when it holds several series, symbol; a file of rates has date, rate (what longs pay
    at that time, fraction) and, where there are several, symbol and exchange. `ape run prices
    fetch` makes both. A bar that no recorded rate covers pays none, and is counted.

    The target leverage is the token's: a policy may be used for a long or a short. A token that is
    liquidated is a result; the exit code is 1 when a replay cannot be explained or run.

    \b
    Examples:
      ape run simulate --policy 3x --policy issuers/FTX_BULL_3L
      ape run simulate --prices bars.parquet --symbol BTCUSDT --funding rates.parquet \\
        --token BTC3L --token BTC3S --policy 3x --policy my.yaml --workers 2 --out out/btc
      ape run simulate --prices bars.parquet --symbol ETHUSDT --latency 60 --gas-price 20 \\
        --ether-price 2500 --flows 5 --seed 7 --dry-run
      ape run simulate --synthetic flash --shock -0.3 --policy 3x --policy issuers/BYBIT_3L
    """
    with one_line():
        asked = Options(**options).to_asked(as_typed("ape run simulate", context))
        console = Console()
        # NumPy, pandas and the charts take seconds, and Ape imports every script for every command.
        from levtoken.simulation.lab.run import rehearse, simulate  # noqa: PLC0415
        from levtoken.simulation.lab.screen import print_plan, print_result  # noqa: PLC0415

        with shown(console) as progress:
            if dry_run:
                plan, seconds = rehearse(asked, load_config(config), progress)
            else:
                result = simulate(asked, load_config(config), progress)
        if dry_run:
            print_plan(plan, seconds, console)
            return
        print_result(result, console)
        files = "summary.json, report.html, series/ and trades/ are written"
        console.print(f"{asked.out}: {files}", highlight=False, markup=False, soft_wrap=True)
        if not all(one.is_explained for one in result.replays):
            raise SystemExit(1)
