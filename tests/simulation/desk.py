"""Small simulations: a market, a policy and a track, plain but for what a test names."""

from decimal import Decimal

from levtoken.artifacts import PROJECT
from levtoken.evm import words
from levtoken.markets import load_config
from levtoken.policies import Policy
from levtoken.simulation.engine import Log, Track, _Replay, silent
from levtoken.simulation.rows import ROW_BYTES
from levtoken.simulation.setup import Setup, build
from levtoken.units import WAD

START = 1_704_067_200
HOUR = 3_600
CONFIG = load_config(PROJECT / "config")
PLAIN = {
    "lower": Decimal("2.6"),
    "upper": Decimal("3.5"),
    "emergency": Decimal("4.5"),
    "recenter": Decimal(0),
    "max_slippage": Decimal("0.01"),
    "cooldown": 1,
    "cooldown_up": 0,
    "emergency_cooldown": 1,
    "reward_rate": Decimal(0),
    "reward_ramp": Decimal(1),
    "reward_delay": 1,
    "reward_cap": Decimal(0),
}
# No impact for orders of a few thousandths, no fee, no funding of its own.
FREE = {
    "skew_scale": Decimal(10) ** 16,
    "max_market_size": Decimal(10) ** 11,
    "max_funding_velocity": Decimal(0),
    "maker_fee": Decimal(0),
    "taker_fee": Decimal(0),
    "min_initial_margin": Decimal(1),
}


def policy(**changes):
    return Policy.model_validate(PLAIN | changes)


def market(**changes):
    return CONFIG.markets["BTC"].model_copy(update=changes)


def setup(target=3, policy_=None, market_=None, **changes):
    return Setup("token", Decimal(target), policy_ or policy(), market_ or market(), **changes)


def track(prices, step=HOUR, rates=None, flows=None):
    """Prices in the asset."""
    numbers = [round(price * 10**8) * 10**10 for price in prices]
    return Track(range(START, START + step * len(numbers), step), numbers, rates, flows or {})


def replay_asking(setup, track):
    """A replay in which the token is asked at every bar."""
    answers = [price // 10**10 for price in track.prices]
    imposes = track.rates is not None
    stage = build(setup, track.times[0], answers[0], imposes=imposes, thorough=True)
    return _Replay(setup, stage, track).run(answers, silent)


def exact(log: Log) -> list[dict[str, int]]:
    """The rows of a log, WAD, without floats."""
    names = ("flags", "price", "size", "equity", "supply", "funding", "reward")
    rows = []
    for at in range(0, len(log.rows), ROW_BYTES):
        numbers = words(bytes(log.rows[at : at + ROW_BYTES]))
        row = dict(zip(names, numbers, strict=True))
        for name in ("size", "funding"):
            row[name] -= 2**256 if row[name] >> 255 else 0
        rows.append(row)
    return rows


def wad(number) -> int:
    return int(Decimal(str(number)) * WAD)
