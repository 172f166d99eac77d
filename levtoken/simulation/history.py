"""What issuers' tokens traded at, against the replay of their rule, into docs/policies.md:

python -m levtoken.simulation.history --data ../shared/data
"""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import click
import numpy as np
import pandas as pd

from levtoken.markets import Config, load_config
from levtoken.simulation import funding
from levtoken.simulation.agreement import Agreement, Implied, Pair, agree, implied, returns
from levtoken.simulation.engine import Track, replay
from levtoken.simulation.measures import Series, measure
from levtoken.simulation.setup import Setup, from_config
from levtoken.simulation.tables import table, with_tables
from levtoken.units import to_fixed

DOCUMENT = Path("docs/policies.md")
MINUTE, HOUR, DAY, YEAR = 60, 3_600, 86_400, 365 * 86_400
BEAR = "leveraged_token_ftx_bear_5m_2020.parquet"
FROM, TO = "2020-02-10 12:00", "2020-03-31 18:00"  # BEAR's file, without its first hours of trading
PARTS = {
    "all": (FROM, TO),
    "until the crash": (FROM, "2020-03-12 00:00"),
    "12 and 13 March": ("2020-03-12 00:00", "2020-03-14 00:00"),
    "after it": ("2020-03-14 00:00", TO),
}
RULE, TARGET = "issuers/FTX_BEAR_3S", -3
FEE = 0.0003 * 365  # a year: FTX's 0.03 % a day
CAP = Decimal("0.05")  # a year: the contract's; the rest of the fee is taken off afterwards
# Whose price of BTC the replay follows: file, symbol. Spot lacks the hours that Binance halted.
SOURCES = {
    "perpetual, Binance": ("perp_1h_binance.parquet", "BTCUSDT"),
    "spot in USDT, Binance": ("spot_1h_binance.parquet", "BTCUSDT"),
    "spot in USD, Bitstamp": ("spot_1h_bitstamp_btcusd.parquet", "BTCUSD"),
}
RANGE = (1.25, 4.0)  # of Binance's hidden targets
UPDOWN = "leveraged_tokens_binance_updown_1d.parquet"
UNDERLYINGS = ("BTC", "ETH", "BNB", "LINK")  # SOURCES.md calls the others' series low quality


def bear(config: Config, data: Path, source: str = "perpetual, Binance") -> Pair:
    """FTX's BEAR in February and March 2020, at the hours at which both prices are known."""
    rate = _closes(data, *SOURCES[source], HOUR)
    times = [int(time) for time in rate.index]
    prices = [to_fixed(f"{price:.2f}") for price in rate]
    payments = funding.load(data / "funding_rates.parquet", "BTCUSDT", "binance_usdm")
    track = Track(times, prices, funding.spread(payments, times).rates)
    series = _replayed(_ftx(config), track)
    traded = _closes(data, BEAR, None, 5 * MINUTE)
    both = [i for i, time in enumerate(times) if time in traded.index]
    known = np.asarray(times)[both]
    rest = np.exp(-(FEE - float(CAP)) * (known - known[0]) / YEAR)
    bought = traded.loc[known].to_numpy(dtype=float)
    return Pair(known, series.price[both], bought, series.share_price[both] * rest)


def _ftx(config: Config) -> Setup:
    policy = config.policies[RULE]
    if policy.schedule is None:
        raise ValueError(f"{RULE} has no schedule")
    # The hours known here end at 00:00; the next would be 58 minutes late for 00:02.
    early = policy.schedule.model_copy(update={"offset": 0})
    ours = policy.model_copy(update={"schedule": early})
    return from_config(
        config,
        "BTC3S",
        name=RULE,
        target=Decimal(TARGET),
        policy=ours,
        fees={"streaming": CAP},
        capital=Decimal(10_000),
    )


def _replayed(setup: Setup, track: Track) -> Series:
    return measure(replay(setup, track), setup.leverage)[1]


def _closes(data: Path, file: str, symbol: str | None, step: int) -> "pd.Series[float]":
    """By the time at which they are known."""
    frame = pd.read_parquet(data / file)
    if symbol is not None:
        frame = frame[frame["symbol"] == symbol]
    times = [int(one.timestamp()) + step for one in frame["date"]]
    closes = pd.Series(frame["close"].to_numpy(dtype=float), index=times).sort_index()
    return closes[(closes.index >= _stamp(FROM)) & (closes.index <= _stamp(TO))]


def _stamp(text: str) -> int:
    return int(pd.Timestamp(text, tz="UTC").timestamp())


def bear_rows(config: Config, data: Path) -> Iterator[list[str]]:
    """Of the table: each source over all, and the first one in parts and by days."""
    for source in SOURCES:
        pair = bear(config, data, source)
        if source != next(iter(SOURCES)):
            yield [f"{source}, all, hours", *_agreement(agree(pair))]
            continue
        for name, (start, end) in PARTS.items():
            part = pair.within(_stamp(start), _stamp(end))
            yield [f"{source}, {name}, hours", *_agreement(agree(part))]
        yield [f"{source}, all, 4 hours", *_agreement(agree(pair.every(4 * HOUR)))]
        yield [f"{source}, all, days", *_agreement(agree(pair.every(DAY)))]


def _agreement(found: Agreement) -> list[str]:
    return [
        str(found.bars),
        f"{found.correlation:.3f}",
        f"{found.beta:.2f}",
        f"{found.traded:+.1%}",
        f"{found.replayed:+.1%}",
        f"{found.difference:+.1%}",
        f"{found.premium:+.1%} ({found.low_premium:+.1%} to {found.high_premium:+.1%})",
    ]


def updown(data: Path, token: str, underlying: str) -> Implied:
    """What days of a token of Binance say of its leverage; days at which it may have been
    redenominated are left out."""
    frame = pd.read_parquet(data / UPDOWN)
    own = frame[frame["token"] == token].set_index("date").sort_index()
    spot = pd.read_parquet(data / "spot_1d_binance.parquet")
    rate = spot[spot["symbol"] == underlying + "USDT"].set_index("date")["close"]
    rate = rate.reindex(own.index)
    next_day = np.diff(own.index.to_numpy()) == np.timedelta64(1, "D")
    known = rate.notna().to_numpy(dtype=bool)
    good = next_day & ~own["suspect_rebase"].to_numpy(dtype=bool)[1:] & known[1:] & known[:-1]
    moves = returns(rate.to_numpy(dtype=float))[good]
    own_moves = returns(own["close"].to_numpy(dtype=float))[good]
    side = 1 if token.endswith("UPUSDT") else -1
    return implied(moves, own_moves, side * RANGE[0], side * RANGE[1])


def updown_rows(data: Path) -> Iterator[list[str]]:
    """Of the table, one a token."""
    for underlying in UNDERLYINGS:
        for side in ("UP", "DOWN"):
            found = updown(data, f"{underlying}{side}USDT", underlying)
            yield [
                underlying + side,
                str(found.days),
                f"{found.correlation:.3f}",
                f"{found.slope:+.2f}",
                str(found.moving_days),
                f"{found.median:+.2f} ({found.low:+.2f} to {found.high:+.2f})",
                f"{found.inside:.0%}",
            ]


@click.command()
@click.option("--data", type=click.Path(exists=True, path_type=Path), default="../shared/data")
def main(data: Path) -> None:
    """Compares issuers' rules with what their tokens traded at; writes into docs/policies.md."""
    heads = ["replayed on", "bars", "correlation", "beta", "traded", "replayed", "difference"]
    tables = {
        "FTX's BEAR": table(
            [*heads, "premium, median (90 %)"], list(bear_rows(load_config(Path("config")), data))
        ),
        "Binance's tokens": table(
            ["token", "days", "correlation", "slope", "moving days", "leverage (90 %)", "in range"],
            list(updown_rows(data)),
        ),
    }
    DOCUMENT.write_text(with_tables(DOCUMENT.read_text(), tables))


if __name__ == "__main__":
    main()
