"""Compares rules of rebalancing along prices: the deployed bytecode, in process."""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import click
from rich.console import Console

from levtoken.faults import one_line
from levtoken.markets import load_config
from levtoken.parameters import FRACTION, NUMBER
from levtoken.simulation.lab.asked import (
    INSIDES,
    INVENTED,
    REBALANCE_GAS,
    Actors,
    Asked,
    Inputs,
    Inside,
    Invented,
)
from levtoken.simulation.lab.typed import as_typed, shown
from levtoken.simulation.window import Window


@dataclass(frozen=True)
class Options:
    """The options of the command, as click names them."""

    prices: Path | None
    symbols: tuple[str, ...]
    start: str | None
    end: str | None
    funding: Path | None
    exchange: str | None
    synthetic: str | None
    volatility: float
    years: float
    step: int
    shock: float
    outage: int
    intrabar: str | None
    intrabar_step: int
    tokens: tuple[str, ...]
    policies: tuple[str, ...]
    capital: Decimal
    latency: int
    gas_price: Decimal
    ether_price: Decimal
    paid_keeper: bool
    flows: Decimal
    flow_size: Decimal
    seed: int
    workers: int
    cluster: str | None
    out: Path
    overwrite: bool

    def to_asked(self, command: str) -> Asked:
        """What they ask for."""
        return Asked(
            inputs=self._inputs(),
            tokens=self.tokens,
            policies=self.policies,
            capital=self.capital,
            actors=Actors(
                latency=self.latency,
                gas_price=self.gas_price,
                ether_price=self.ether_price,
                is_paid=self.paid_keeper,
                flows=self.flows,
                flow_size=self.flow_size,
                seed=self.seed,
            ),
            workers=self.workers,
            cluster=self.cluster,
            out=self.out,
            overwrite=self.overwrite,
            command=command,
        )

    def _inputs(self) -> Inputs:
        shape = (self.volatility, self.years, self.step, self.shock, self.outage)
        inside = (self.intrabar, self.intrabar_step, self.seed)
        return Inputs(
            self.prices,
            self.symbols,
            Window.parse(self.start, self.end),
            self.funding,
            self.exchange,
            invented=None if self.synthetic is None else Invented(self.synthetic, *shape),
            inside=None if self.intrabar is None else Inside(*inside),
        )


FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command(context_settings={"max_content_width": 100})
@click.option(
    "--prices", type=FILE, metavar="FILE", help="Parquet or CSV; without it a built-in path."
)
@click.option("--symbol", "symbols", multiple=True, help="Series of the file, such as BTCUSDT.")
@click.option("--from", "start", metavar="DAY", help="First bar: 2020-03-08 or 2020-03-08T05:00.")
@click.option("--to", "end", metavar="DAY", help="Last bar; a day is included whole.")
@click.option(
    "--funding",
    type=FILE,
    metavar="FILE",
    help="Recorded funding rates of the same symbols; without it funding arises at the market.",
)
@click.option("--exchange", metavar="NAME", help="Whose rates, where that file has several.")
@click.option(
    "--synthetic",
    type=click.Choice(INVENTED),
    help="An invented path instead: random (gbm, jumps, regimes), or a stress in the middle of a "
    "random one (gap, flash crash and back, chain halted, oracle late).",
)
@click.option(
    "--volatility",
    type=click.FloatRange(min=0, max=10),
    default=0.6,
    show_default=True,
    help="Of an invented path, a year.",
)
@click.option(
    "--years",
    type=click.FloatRange(min=0, max=100, min_open=True),
    default=1.0,
    show_default=True,
    help="Its length.",
)
@click.option(
    "--step",
    type=click.IntRange(min=1, max=86_400),
    default=3_600,
    show_default=True,
    help="Its bars, seconds.",
)
@click.option(
    "--shock",
    type=click.FloatRange(min=-0.99, max=10),
    default=-0.15,
    show_default=True,
    help="The move of its stress, a signed fraction.",
)
@click.option(
    "--outage",
    type=click.IntRange(min=1),
    default=21_600,
    show_default=True,
    help="How long the chain halts or the oracle is late, seconds.",
)
@click.option(
    "--intrabar",
    type=click.Choice(INSIDES),
    help="Visit open, low, high and close of every bar, as jumps or along a random path.",
)
@click.option(
    "--intrabar-step",
    type=click.IntRange(min=1),
    default=300,
    show_default=True,
    help="Seconds between the prices of that path.",
)
@click.option(
    "--token",
    "tokens",
    multiple=True,
    help="Of config/tokens.yaml, repeatable. If left out, one that follows the prices.",
)
@click.option(
    "--policy",
    "policies",
    multiple=True,
    metavar="NAME|FILE",
    help="Of config/policies, such as 3x or issuers/FTX_BULL_3L, or a YAML file; repeatable. If "
    "left out, each token's own.",
)
@click.option(
    "--capital", type=NUMBER, default="100000", show_default=True, help="Paid into each token."
)
@click.option(
    "--latency",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Seconds from when a rebalance is due until the keeper acts.",
)
@click.option(
    "--gas-price",
    type=NUMBER,
    default="0",
    show_default=True,
    help=f"Gwei; a rebalance takes {REBALANCE_GAS:,} gas, as measured.",
)
@click.option("--ether-price", type=NUMBER, default="3000", show_default=True, help="In the asset.")
@click.option(
    "--paid-keeper", is_flag=True, help="The keeper waits until the reward pays for its gas."
)
@click.option(
    "--flows",
    type=NUMBER,
    default="0",
    show_default=True,
    help="Deposits and redemptions a day, at random.",
)
@click.option(
    "--flow-size",
    type=FRACTION,
    default="0.1",
    show_default=True,
    help="The largest of them, as a part of the token.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Of what is random.")
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Processes; more than the replays are of no use.",
)
@click.option("--cluster", metavar="ADDRESS", help="A Dask scheduler to run on instead.")
@click.option("--out", type=FOLDER, default="out/simulate", show_default=True, help="The results.")
@click.option("--overwrite", is_flag=True, help="Replace the results that are there.")
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
