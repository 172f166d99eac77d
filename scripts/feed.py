"""Publishes prices on a local chain, good ones and wrong ones."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import click

from levtoken.cli import NUMBER, Session, command
from levtoken.feeds import Source, Wrong
from levtoken.publish import Publisher, Reading, read_path
from levtoken.simulation.window import Window
from levtoken.tables import reading_line, readings_json

Decorator = Callable[[Callable[..., None]], Callable[..., None]]


@dataclass(frozen=True)
class PathOptions:
    """The options of `feed path`, as click names them."""

    underlying: str
    file: Path
    symbol: str | None
    start: str | None
    end: str | None
    every: int | None
    source: str
    as_json: bool


def options(function: Callable[..., None]) -> Callable[..., None]:
    """What every command here takes."""
    source: Decorator = click.option(
        "--source",
        type=click.Choice([*map(str, Source), "both"]),
        default="both",
        show_default=True,
        help="Chainlink's feed, which is the index price, or Pyth's, at which orders execute.",
    )
    as_json: Decorator = click.option(
        "--json", "as_json", is_flag=True, help="A line of JSON for every time, for programs."
    )
    return click.argument("underlying")(source(as_json(function)))


def publisher(session: Session, underlying: str, source: str) -> Publisher:
    session.refuse_unless_local("a price by hand")
    sources = list(Source) if source == "both" else [Source(source)]
    market = session.config().markets.get(underlying)
    first = market.local.price if market else None
    return Publisher(session.system(), underlying, sources, session.account(), first)


def show(readings: Sequence[Reading], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(readings_json(readings)))
    else:
        for reading in readings:
            click.echo(reading_line(reading))


@click.group()
def cli() -> None:
    """Publish prices on a local chain, good ones and wrong ones.

    The mock feeds of a local chain publish only when they are told to. Every command shows what the
    oracles then say: a price, or the error with which minting, redeeming and rebalancing revert.

    \b
    Examples:
      ape run feed push BTC 54000
      ape run feed wrong BTC negative
      ape run feed push --help
    """


@command
@options
@click.argument("price", type=NUMBER, required=False)
def push(
    session: Session, underlying: str, price: Decimal | None, source: str, as_json: bool
) -> None:
    """Set the PRICE of UNDERLYING; without one, publish the last good one again.

    A source whose last answer is not a good price takes that of the other, or else the local price
    of the configuration.

    A price that is older than the heartbeat of Chainlink's feed, or than Pyth's greatest age, stops
    minting, redeeming and rebalancing, as on a public network. A feed that was broken is mended.

    \b
    Examples:
      ape run feed push BTC 54000
      ape run feed push BTC                        # the same again, now
      ape run feed push BTC 54000 --source pyth
    """
    show(publisher(session, underlying, source).push(price), as_json=as_json)


@command
@options
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--symbol", help="Series of the file, such as BTCUSDT, when it has several.")
@click.option("--from", "start", metavar="DAY", help="First bar: 2020-03-08 or 2020-03-08T05:00.")
@click.option("--to", "end", metavar="DAY", help="Last bar; a day is included whole.")
@click.option(
    "--every",
    type=click.IntRange(min=1),
    metavar="SECONDS",
    help="Chain time between two prices, instead of the time between two bars of the file.",
)
def path(session: Session, **arguments: object) -> None:
    """Publish the prices of FILE one after the other, and turn the clock of the chain with them.

    FILE is Parquet or CSV with the columns date (or time, timestamp: when the bar opens, UTC),
    close (or price) and, when it holds several series, symbol. The first price is published now.
    Between bars of an hour every price grows stale, unless --every is shorter than the heartbeat.

    \b
    Examples:
      ape run feed path BTC bars.parquet --symbol BTCUSDT --from 2020-03-08 --to 2020-03-16
      ape run feed path BTC bars.csv --every 60
    """
    asked = PathOptions(**arguments)
    writer = publisher(session, asked.underlying, asked.source)
    window = Window.parse(asked.start, asked.end)
    found = read_path(asked.file, asked.underlying, asked.symbol, window)
    every = asked.every or found.step
    writer.walk(found.bars, every, lambda readings: show(readings, as_json=asked.as_json))


@command
@options
@click.option(
    "--for",
    "seconds",
    type=click.IntRange(min=1),
    metavar="SECONDS",
    help="Let so much time pass, instead of as much as makes the prices stale.",
)
def stale(
    session: Session, underlying: str, seconds: int | None, source: str, as_json: bool
) -> None:
    """Let time pass in which nothing is published, until the prices of UNDERLYING are too old.

    It is the chain's time, so the prices of all others grow old too.

    \b
    Examples:
      ape run feed stale BTC
      ape run feed stale BTC --source pyth         # a minute is enough
      ape run feed stale BTC --for 900             # perhaps not yet
    """
    show(publisher(session, underlying, source).go_stale(seconds), as_json=as_json)


@command
@options
@click.argument("what", metavar="WHAT", type=click.Choice([*map(str, Wrong)]))
def wrong(session: Session, underlying: str, what: str, source: str, as_json: bool) -> None:
    """Publish an answer about UNDERLYING that is wrong, as feeds have been.

    WHAT is zero, negative, future (published ten minutes from now), bounds (far too high); of
    Chainlink only, incomplete (a round without an answer) and broken (the feed reverts); of Pyth
    only, confidence (as wide as the price) and exponent (none that is scaled). `feed push` ends it;
    after a price from the future it turns the clock, because Pyth takes only newer ones.

    \b
    Examples:
      ape run feed wrong BTC zero
      ape run feed wrong BTC broken --source chainlink
    """
    show(publisher(session, underlying, source).go_wrong(Wrong(what)), as_json=as_json)


for one in (push, path, stale, wrong):
    cli.add_command(one)
