"""From what a user asks of `ape run advise` to the advice, and to what is shown and written."""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import numpy as np
from rich.table import Table

from levtoken.errors import ConfigError, OutputError
from levtoken.markets import Config, Market
from levtoken.policies import Policy, policy_fault
from levtoken.simulation import funding, price_files
from levtoken.simulation.advice import Wish, best_guess, floor, to_yaml
from levtoken.simulation.advise import Advice, Candidate, Tell, advise, brownian
from levtoken.simulation.engine import Track
from levtoken.simulation.measures import YEAR
from levtoken.simulation.setup import Setup
from levtoken.simulation.window import Window
from levtoken.units import WAD
from levtoken.yamlfile import read

REBALANCE_GAS = 183_040  # of a rebalance at a market: tests/gas/snapshot.json
GWEI_PER_ETHER = Decimal(10**9)
SEED = 1
ENOUGH = 100  # rebalances; their count spreads by a tenth


@dataclass(frozen=True)
class Asked:
    """What the command is told. `cost` None: the market's; `volatility` instead of `prices`."""

    token: str | None
    underlying: str | None
    leverage: Decimal | None
    tracking_error: Decimal
    cost: Decimal | None
    capital: Decimal
    gas_price: Decimal
    ether_price: Decimal
    prices: Path | None
    symbol: str | None
    window: Window
    funding: Path | None
    exchange: str | None
    volatility: Decimal | None
    days: int


def find(asked: Asked, config: Config, tell: Tell) -> Advice:
    """Replays until it knows; tells of each replay."""
    leverage, market = _subject(asked, config)
    track = _track(asked)
    wish = Wish(
        leverage=leverage,
        tracking_error=float(asked.tracking_error),
        volatility=_volatility(track),
        cost_rate=float(market.taker_fee),
        capital=float(asked.capital),
        gas=float(REBALANCE_GAS * asked.gas_price / GWEI_PER_ETHER * asked.ether_price),
    )
    first = best_guess(wish)
    tell(
        f"volatility {wish.volatility:.1%} a year; no rule costs less than {floor(wish):.2%} "
        f"a year at a tracking error of {wish.tracking_error:.1%}; closed form with gas: recenter "
        f"{first.theta:g}, half-width {first.half_width:.3f}, {first.cost:.2%} a year, "
        f"{first.rebalances:.0f} rebalances"
    )
    placeholder = next(iter(config.policies.values()))
    return advise(wish, Setup("advise", leverage, placeholder, market), track, tell)


def _subject(asked: Asked, config: Config) -> tuple[Decimal, Market]:
    if asked.token is not None:
        if asked.underlying is not None or asked.leverage is not None:
            raise ConfigError("name a --token, or a --market and a --leverage, not both")
        token = config.token(asked.token)
        market, leverage = config.market_of(asked.token), token.leverage
    elif asked.underlying is None or asked.leverage is None:
        raise ConfigError("name a --token of config/, or a --market and a --leverage")
    elif asked.underlying not in config.markets:
        known = ", ".join(sorted(config.markets))
        raise ConfigError(f"there is no market {asked.underlying}: choose from {known}")
    else:
        market, leverage = config.markets[asked.underlying], asked.leverage
    if leverage in (0, 1):
        raise ConfigError("a token of leverage 1 is never rebalanced: choose another --leverage")
    if asked.cost is not None:
        fees = {"maker_fee": asked.cost, "taker_fee": asked.cost}
        market = market.model_copy(update=fees)
    return leverage, market


def _track(asked: Asked) -> Track:
    if (asked.prices is None) == (asked.volatility is None):
        raise ConfigError("name a file of --prices, or a --volatility, and not both")
    if asked.prices is None:
        return brownian(float(asked.volatility or 0), asked.days, SEED)
    symbols = () if asked.symbol is None else (asked.symbol,)
    path = price_files.load(asked.prices, symbols, asked.window)[0]
    if asked.funding is None:
        return Track.along(path, [0] * len(path.bars))
    payments = funding.load(asked.funding, path.symbol, asked.exchange)
    return Track.along(path, funding.spread(payments, [bar.time for bar in path.bars]).rates)


def _volatility(track: Track) -> float:
    """Realised, a year."""
    logs = np.diff(np.log(np.asarray(track.prices, dtype=float) / WAD))
    years = (track.times[-1] - track.times[0]) / YEAR
    return float(np.sqrt(np.sum(logs**2) / years))


def doubt(advice: Advice) -> str | None:
    """What to say when the history is too short to tell candidates apart."""
    seen = advice.best.rebalances * advice.best.measures.years
    if seen >= ENOUGH:
        return None
    return (
        f"only {seen:.0f} rebalances: costs are known to about {1 / np.sqrt(max(seen, 1)):.0%}, "
        "and so small differences say nothing; use a longer history"
    )


def shown(advice: Advice) -> Table:
    """The candidates; the best is marked."""
    table = Table(title="Candidates, a year; cost has the rewards that pay the keepers' gas")
    heads = ("", "lower", "upper", "recenter", "pause", "reward", "cost", "tracking", "score")
    for head in (*heads, "rebalances"):
        table.add_column(head, justify="right")
    for one in advice.candidates:
        row = plain(one)
        table.add_row(
            "best" if one is advice.best else "",
            *(str(row[name]) for name in ("lower", "upper", "recenter", "cooldown_up")),
            f"{one.policy.reward_rate * 10_000:.2f} bp",
            f"{one.measures.cost:.2%}",
            f"{one.tracking_error:.2%}",
            "none" if one.measures.over_limit is None else f"{one.measures.over_limit:.2f}",
            f"{one.rebalances:.0f}",
        )
    return table


def plain(one: Candidate) -> dict[str, str | float | None]:
    """As data: what is exact is text."""
    names = ("lower", "upper", "emergency", "recenter", "cooldown", "cooldown_up", "reward_rate")
    return {
        **{name: str(getattr(one.policy, name)) for name in names},
        "cost": one.measures.cost,
        "tracking_error": one.tracking_error,
        "score": one.measures.over_limit,
        "rebalances": one.rebalances,
        "liquidated": one.measures.liquidated,
    }


def write(advice: Advice, asked: Asked, config: Config, file: Path, source: str) -> None:
    """The policy's file, read back and checked as the configuration will be."""
    leverage, market = _subject(asked, config)
    best = advice.best
    head = [
        f"Policy of a token of leverage {leverage.normalize():f}, by `ape run advise`:",
        f"least cost at a tracking error of {best.tracking_error:.1%} a year, {source}:",
        f"{best.measures.cost:.2%} a year, {best.rebalances:.0f} rebalances.",
    ]
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(to_yaml(best.policy, head))
    except OSError as error:
        raise OutputError(f"{file} cannot be written: {error}") from None
    fault = policy_fault(read(file, Policy, file.name), abs(leverage), market)
    if fault is not None:
        raise ConfigError(f"{file.name}: {fault}")
