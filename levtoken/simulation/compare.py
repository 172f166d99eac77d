"""What the lab says of the rules: replays them all and writes the tables of docs/policies.md.

    python -m levtoken.simulation.compare --data ../shared/data

`--only` makes some of the tables. Takes minutes; the same on every machine.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from pathlib import Path

import click

from levtoken.markets import Config, load_config
from levtoken.simulation import funding, price_files
from levtoken.simulation.engine import Track
from levtoken.simulation.equal import Match, equal_error
from levtoken.simulation.jumps import CRASHES, MINUTES, MONTHS, ORDERS, by_minute, jumping
from levtoken.simulation.measures import Measures
from levtoken.simulation.pool import Job, run
from levtoken.simulation.setup import Setup, from_config
from levtoken.simulation.steady import steady_flows
from levtoken.simulation.tables import table, with_tables
from levtoken.simulation.window import Window

DOCUMENT = Path("docs/policies.md")
RULES = Path("config/policies.json")
PRICES, RATES, EXCHANGE = "perp_1h_binance.parquet", "funding_rates.parquet", "binance_usdm"
CAPITALS = {"BTC": 100_000, "ETH": 100_000, "SOL": 1_000}  # a slice of SOL's market was 2,000 USDC
PERIODS = {"chosen on": (None, "2022-12-31"), "checked on": ("2023-01-01", None)}
STARTS = {"BTC": None, "ETH": None, "SOL": "2021-01-01"}  # before, SOL's market is too small
MAIN = ("issuers/FTX_BULL_3L", "issuers/BYBIT_3L", "issuers/GATE_3L", "reference/REF_3L_DAILY")
MAIN_SHORT = ("issuers/FTX_BEAR_3S", "issuers/BYBIT_3S", "issuers/GATE_3S")


@dataclass(frozen=True, eq=False)
class Lab:
    """Where the numbers come from. `tell` shows what is being done."""

    config: Config
    data: Path
    tell: Callable[[str], None]

    @cache  # noqa: B019 # one lab a process
    def track(self, underlying: str, start: str | None, end: str | None) -> Track:
        """Hourly perpetual prices with their funding, 0 where none is recorded."""
        symbol = underlying + "USDT"
        window = Window.parse(start or STARTS[underlying], end)
        path = price_files.load(self.data / PRICES, [symbol], window)[0]
        payments = funding.load(self.data / RATES, symbol, EXCHANGE)
        return Track.along(path, funding.spread(payments, [bar.time for bar in path.bars]).rates)

    def job(self, underlying: str, target: Decimal, policy: str, period: str) -> Job:
        """A token that is kept at its capital."""
        plain = self.track(underlying, *PERIODS[period])
        track = Track(
            plain.times, plain.prices, plain.rates, steady_flows(plain.prices, float(target))
        )
        return Job(self.setup(underlying, target, policy), track)

    def setup(self, underlying: str, target: Decimal, policy: str) -> Setup:
        """Of any leverage at that market, with the streaming fee of the tokens."""
        return from_config(
            self.config,
            f"{underlying}3L",
            name=policy,
            target=target,
            policy=self.config.policies[policy],
            capital=Decimal(CAPITALS[underlying]),
        )

    def measures(self, job: Job, what: str) -> Measures:
        """Replays."""
        self.tell(what)
        return run(job).measures

    def match(self, job: Job, rival: Measures, what: str) -> Match | None:
        """The default of the same leverage at the tracking error of a rival."""
        self.tell(f"{what}: our rule at the same tracking error")
        policy = self.config.policies[f"{abs(job.setup.target)}x"]
        return equal_error(job, policy, rival)


def targets() -> dict[str, Decimal]:
    """Of each rule, signed, by the name of its policy."""
    rules = json.loads(RULES.read_text(), parse_float=Decimal)
    parts = {"issuers": rules["presets"], "reference": rules["reference_policies"]}
    return {
        f"{part}/{rule['id']}": Decimal(rule["target_leverage"])
        for part, found in parts.items()
        for rule in found
        if rule["target_leverage"] is not None
    }


def defaults(lab: Lab) -> str:
    """Our defaults where they were chosen and where they are checked."""
    rows = []
    for underlying in CAPITALS:
        for target in (2, -2, 3, -3, 5, -5, 10, -10):
            row = [f"{underlying} {target:+d}x"]
            for period in PERIODS:
                job = lab.job(underlying, Decimal(target), f"{abs(target)}x", period)
                row += _scores(lab.measures(job, f"{row[0]}, {period}"))
            rows.append(row)
    heads = ["token", "score", "cost", "tracking error", "rebalances a year"]
    return table([*heads, *heads[1:]], rows)


def rules(lab: Lab, underlying: str, names: list[str]) -> str:
    """Rules of others, and ours at their tracking error, over the years of both periods."""
    rows = []
    of = targets()
    for name in names:
        for period in PERIODS:
            job = lab.job(underlying, of[name], name, period)
            what = f"{underlying}, {name}, {period}"
            found = lab.measures(job, what)
            twin = None if found.liquidated else lab.match(job, found, what)
            rows.append([f"{name.rpartition('/')[2]} ({period})", *_scores(found), *_gains(twin)])
    return table(
        [
            "rule",
            "score",
            "cost",
            "tracking error",
            "rebalances a year",
            "ours: score",
            "its tracking error",
            "costs less by",
        ],
        rows,
    )


def rules_of_btc(lab: Lab) -> str:
    """Every complete rule, on BTC."""
    of = targets()
    shipped = [name for name in lab.config.policies if name in of]
    return rules(lab, "BTC", [name for name in shipped if f"{abs(of[name])}x" in _ours(lab)])


def rules_of_others(lab: Lab) -> Iterator[str]:
    """The main ones, on ETH and SOL."""
    for underlying in ("ETH", "SOL"):
        yield f"{underlying}:\n\n" + rules(lab, underlying, [*MAIN, *MAIN_SHORT])


def worst_months(lab: Lab) -> str:
    """Which of our defaults live when an hour is four jumps, for each order of them."""
    rows = []
    for underlying, month in MONTHS:
        row = [f"{underlying}, {month}"]
        for target in (2, -2, 3, -3):
            ends = []
            for order in ORDERS:
                track = jumping(lab.data / PRICES, f"{underlying}USDT", month, order)
                job = Job(lab.setup(underlying, Decimal(target), f"{abs(target)}x"), track)
                found = lab.measures(job, f"{underlying}, {target:+d}x, {month}, {order}")
                ends.append("liquidated" if found.liquidated else "lives")
            row.append(" / ".join(ends))
        rows.append(row)
    return table(["month", "+2x", "-2x", "+3x", "-3x"], rows)


PAUSES = ((60, 60), (60, 300), (900, 900), (900, 14_400))


def pauses(lab: Lab) -> str:
    """What longer cooldowns do to our 3x, long and short, in crashes."""
    rows = []
    for underlying, event in MINUTES:
        track = by_minute(lab.data / CRASHES, f"{underlying}USDT", event)
        for target in (3, -3):
            setup = lab.setup(underlying, Decimal(target), "3x")
            row = [f"{underlying} {target:+d}x, {event}"]
            for pause, up in PAUSES:
                changes = {"cooldown": pause, "cooldown_up": up}
                changed = replace(setup, policy=setup.policy.model_copy(update=changes))
                found = lab.measures(Job(changed, track), f"{row[0]}, {pause} s, {up} s")
                row.append(f"{found.over_limit or 0:.2f}, {found.tracking_error or 0:.0%}")
            rows.append(row)
    return table(["3x.yaml with", *(f"{pause} s, {up:,} s" for pause, up in PAUSES)], rows)


TABLES: dict[str, Callable[[Lab], str]] = {
    "defaults": defaults,
    "worst months": worst_months,
    "pauses": pauses,
    "rules on BTC": rules_of_btc,
    "rules on ETH and SOL": lambda lab: "\n".join(rules_of_others(lab)),
}


def _ours(lab: Lab) -> set[str]:
    return {name for name in lab.config.policies if "/" not in name}


def _scores(found: Measures) -> list[str]:
    if found.liquidated:
        return ["liquidated", "", "", ""]
    trades = sum(found.trades.values()) / found.years
    error = found.tracking_error or 0.0
    score = "none" if found.over_limit is None else f"{found.over_limit:.2f}"
    return [score, f"{found.cost:.2%}", f"{error:.1%}", f"{trades:.0f}"]


def _gains(twin: Match | None) -> list[str]:
    if twin is None:
        return ["", "", ""]
    return [f"{twin.score:.2f}", f"{twin.tracking_error:.1%}", f"{twin.saved:.0%}"]


@click.command()
@click.option("--data", type=click.Path(exists=True, path_type=Path), default="../shared/data")
@click.option("--only", type=click.Choice(list(TABLES)), multiple=True, help="May be repeated.")
def main(data: Path, only: tuple[str, ...]) -> None:
    """Replays the rules on real prices and writes the tables of docs/policies.md."""
    lab = Lab(load_config(Path("config")), data, lambda what: click.echo(what, err=True))
    for name in only or TABLES:
        found = TABLES[name](lab)
        DOCUMENT.write_text(with_tables(DOCUMENT.read_text(), {name: found}))


if __name__ == "__main__":
    main()
