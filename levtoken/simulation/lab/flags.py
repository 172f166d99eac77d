"""The options of the lab, as people type them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from levtoken.parameters import FRACTION, NUMBER
from levtoken.simulation.lab.asked import INSIDES, INVENTED, REBALANCE_GAS

Script = Callable[..., Any]

FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)
FLAGS = (
    click.option(
        "--prices", type=FILE, metavar="FILE", help="Parquet or CSV; without it a built-in path."
    ),
    click.option("--symbol", "symbols", multiple=True, help="Series of the file, such as BTCUSDT."),
    click.option(
        "--from", "start", metavar="DAY", help="First bar: 2020-03-08 or 2020-03-08T05:00."
    ),
    click.option("--to", "end", metavar="DAY", help="Last bar; a day is included whole."),
    click.option(
        "--funding",
        type=FILE,
        metavar="FILE",
        help="Recorded funding rates of the same symbols; without it funding arises at the market.",
    ),
    click.option("--exchange", metavar="NAME", help="Whose rates, where that file has several."),
    click.option(
        "--synthetic",
        type=click.Choice(INVENTED),
        help="An invented path instead: random (gbm, jumps, regimes), or a stress in the middle of "
        "a random one (gap, flash crash and back, chain halted, oracle late).",
    ),
    click.option(
        "--volatility",
        type=click.FloatRange(min=0, max=10),
        default=0.6,
        show_default=True,
        help="Of an invented path, a year.",
    ),
    click.option(
        "--years",
        type=click.FloatRange(min=0, max=100, min_open=True),
        default=1.0,
        show_default=True,
        help="Its length.",
    ),
    click.option(
        "--step",
        type=click.IntRange(min=1, max=86_400),
        default=3_600,
        show_default=True,
        help="Its bars, seconds.",
    ),
    click.option(
        "--shock",
        type=click.FloatRange(min=-0.99, max=10),
        default=-0.15,
        show_default=True,
        help="The move of its stress, a signed fraction.",
    ),
    click.option(
        "--outage",
        type=click.IntRange(min=1),
        default=21_600,
        show_default=True,
        help="How long the chain halts or the oracle is late, seconds.",
    ),
    click.option(
        "--intrabar",
        type=click.Choice(INSIDES),
        help="Visit open, low, high and close of every bar, as jumps or along a random path.",
    ),
    click.option(
        "--intrabar-step",
        type=click.IntRange(min=1),
        default=300,
        show_default=True,
        help="Seconds between the prices of that path.",
    ),
    click.option(
        "--token",
        "tokens",
        multiple=True,
        help="Of config/tokens.yaml, repeatable. If left out, one that follows the prices.",
    ),
    click.option(
        "--policy",
        "policies",
        multiple=True,
        metavar="NAME|FILE",
        help="Of config/policies, such as 3x or issuers/FTX_BULL_3L, or a YAML file; repeatable. "
        "If left out, each token's own.",
    ),
    click.option(
        "--capital", type=NUMBER, default="100000", show_default=True, help="Paid into each token."
    ),
    click.option(
        "--latency",
        type=click.IntRange(min=0),
        default=0,
        show_default=True,
        help="Seconds from when a rebalance is due until the keeper acts.",
    ),
    click.option(
        "--gas-price",
        type=NUMBER,
        default="0",
        show_default=True,
        help=f"Gwei; a rebalance takes {REBALANCE_GAS:,} gas, as measured.",
    ),
    click.option(
        "--ether-price", type=NUMBER, default="3000", show_default=True, help="In the asset."
    ),
    click.option(
        "--paid-keeper", is_flag=True, help="The keeper waits until the reward pays for its gas."
    ),
    click.option(
        "--flows",
        type=NUMBER,
        default="0",
        show_default=True,
        help="Deposits and redemptions a day, at random.",
    ),
    click.option(
        "--steady",
        is_flag=True,
        help="Flows that keep each token at about its capital, so that every year weighs alike.",
    ),
    click.option(
        "--flow-size",
        type=FRACTION,
        default="0.1",
        show_default=True,
        help="The largest of them, as a part of the token.",
    ),
    click.option("--seed", type=int, default=1, show_default=True, help="Of what is random."),
    click.option(
        "--workers",
        type=click.IntRange(min=1),
        default=1,
        show_default=True,
        help="Processes; more than the replays are of no use.",
    ),
    click.option("--cluster", metavar="ADDRESS", help="A Dask scheduler to run on instead."),
    click.option(
        "--out", type=FOLDER, default="out/simulate", show_default=True, help="The results."
    ),
    click.option("--overwrite", is_flag=True, help="Replace the results that are there."),
)


def flags(function: Script) -> Script:
    """Adds them to a command, in this order."""
    for flag in reversed(FLAGS):
        function = flag(function)
    return function
