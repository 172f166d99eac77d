"""Small runs of the lab, in process."""

import json
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from levtoken.artifacts import PROJECT
from levtoken.markets import Config, load_config
from levtoken.simulation.lab.asked import Actors, Asked, Inputs
from levtoken.simulation.lab.result import Result
from levtoken.simulation.lab.run import simulate
from levtoken.simulation.lab.typed import Progress
from levtoken.simulation.window import Window

CONFIG: Config = load_config(PROJECT / "config")
SILENT = Progress(tell=lambda _: None, start=lambda _: None, reach=lambda _: None)
START = 1_583_625_600  # 2020-03-08 00:00 UTC
HOUR = 3_600


def inputs(**changes: Any) -> Inputs:
    return replace(Inputs(None, (), Window(), None, None), **changes)


def actors(**changes: Any) -> Actors:
    usual = Actors(
        latency=0,
        gas_price=Decimal(20),
        ether_price=Decimal(3000),
        is_paid=False,
        flows=Decimal(0),
        flow_size=Decimal("0.1"),
        is_steady=False,
        seed=1,
    )
    return replace(usual, **changes)


def asked(out: Path, **changes: Any) -> Asked:
    usual = Asked(
        inputs=inputs(),
        tokens=("BTC3L",),
        policies=("3x", "issuers/FTX_BULL_3L"),
        capital=Decimal(100_000),
        actors=actors(),
        workers=1,
        cluster=None,
        out=out,
        overwrite=False,
        command="ape run simulate --policy 3x --policy '<b>'",
    )
    return replace(usual, **changes)


def run(out: Path, **changes: Any) -> Result:
    return simulate(asked(out, **changes), CONFIG, SILENT)


def summary(out: Path) -> dict[str, Any]:
    return json.loads((out / "summary.json").read_text())


def write_prices(file: Path, prices: Sequence[float], symbol: str = "BTCUSDT") -> Path:
    """Hourly bars."""
    rows = [f"{START + i * HOUR},{price},{symbol}" for i, price in enumerate(prices)]
    file.write_text("\n".join(["time,close,symbol", *rows]) + "\n")
    return file


def write_rates(file: Path, rates: Sequence[float], symbol: str = "BTCUSDT") -> Path:
    """A payment every eight hours, the first one eight hours after the first bar opens."""
    rows = [f"{START + (i + 1) * 8 * HOUR},{rate},{symbol},binance" for i, rate in enumerate(rates)]
    file.write_text("\n".join(["time,rate,symbol,exchange", *rows]) + "\n")
    return file
