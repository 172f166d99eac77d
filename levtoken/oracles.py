"""Which oracles an underlying gets on a network: their contracts, and the arguments that they are
deployed with, which their views tell again."""

from collections.abc import Callable
from dataclasses import dataclass

from levtoken.chain import is_local
from levtoken.deployments import Deployment
from levtoken.markets import Config, PythPrice
from levtoken.units import to_fixed

NOBODY = "0x" + "00" * 20
Arguments = dict[str, object]


@dataclass(frozen=True)
class Oracle:
    """One oracle: its step in the record, its contract, the steps that it stands on, and the
    constructor's arguments in order, by the names of the views."""

    key: str
    contract: str
    needs: tuple[str, ...]
    arguments: Callable[[Deployment], Arguments]


def oracles_of(config: Config, network: str, underlying: str) -> list[Oracle]:
    """In the order of their deployment; the step `oracles.UNDERLYING` is the index price. On local
    chains that is Chainlink's, and Pyth's is what markets are given as their pull oracle."""
    pyth = config.markets[underlying].pyth
    if is_local(network):
        pull = [_pyth(f"pull_oracles.{underlying}", pyth)] if pyth else []
        return [_chainlink(config, network, underlying, f"oracles.{underlying}"), *pull]
    there = config.existing(network, underlying)
    if there.oracle == "dual" and pyth is not None:
        return [
            _chainlink(config, network, underlying, f"chainlink_oracles.{underlying}"),
            _pyth(f"pull_oracles.{underlying}", pyth),
            _dual(config, underlying),
        ]
    if there.oracle == "pyth" and pyth is not None:
        return [_pyth(f"oracles.{underlying}", pyth)]
    if there.feed is None:
        return []
    return [_chainlink(config, network, underlying, f"oracles.{underlying}")]


def _chainlink(config: Config, network: str, underlying: str, key: str) -> Oracle:
    feed = config.feed(network, underlying)

    def arguments(record: Deployment) -> Arguments:
        return {
            "feed": record.feeds[underlying],
            "heartbeat": feed.heartbeat,
            "minAnswer": feed.to_answer(feed.min_answer),
            "maxAnswer": feed.to_answer(feed.max_answer),
            "sequencer": record.sequencer or NOBODY,
            "gracePeriod": feed.grace if record.sequencer else 0,
        }

    return Oracle(key, "ChainlinkOracle", (f"feeds.{underlying}",), arguments)


def _pyth(key: str, price: PythPrice) -> Oracle:
    def arguments(record: Deployment) -> Arguments:
        return {
            "pyth": str(record.pyth),
            "priceId": bytes.fromhex(price.price_id.removeprefix("0x")),
            "maxAge": price.max_age,
            "maxConfidence": to_fixed(price.max_confidence),
            "minPrice": to_fixed(price.min_price),
            "maxPrice": to_fixed(price.max_price),
        }

    return Oracle(key, "PythOracle", ("pyth",), arguments)


def _dual(config: Config, underlying: str) -> Oracle:
    dual = config.markets[underlying].dual

    def arguments(record: Deployment) -> Arguments:
        return {
            "primary": record.chainlink_oracles[underlying],
            "secondary": record.pull_oracles[underlying],
            "maxDeviation": to_fixed(dual.max_deviation) if dual else 0,
        }

    return Oracle(f"oracles.{underlying}", "DualOracle", (), arguments)
