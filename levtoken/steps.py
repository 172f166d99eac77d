"""The transactions of a deployment, in order, each with the name that it has in the record."""

from collections.abc import Iterator, Sequence

from ape.api import AccountAPI, TransactionAPI

from levtoken.chain import at
from levtoken.deployments import Deployment
from levtoken.markets import Config
from levtoken.oracles import NOBODY, Oracle, oracles_of
from levtoken.protocol import protocol_steps
from levtoken.step import CALL_GAS, Step, create
from levtoken.units import to_fixed

PYTH_FEE = 1  # wei an update, as real ones ask
PYTH_VALID_TIME = 60  # seconds; only calls that are not made here look at it


def local_steps(
    config: Config, symbols: Sequence[str], account: AccountAPI | None, network: str
) -> list[Step]:
    """Everything, mocks included."""
    underlyings = underlyings_of(config, symbols)
    assets = dict.fromkeys(config.markets[underlying].asset for underlying in underlyings)
    steps = [_asset(config, symbol) for symbol in assets]
    if any(config.markets[underlying].pyth for underlying in underlyings):
        steps.append(create("pyth", "MockPythFeed", lambda _: (PYTH_VALID_TIME, PYTH_FEE)))
    for underlying in underlyings:
        steps += [*_market(config, network, underlying), *_pool(config, underlying, account)]
    return steps + list(protocol_steps(config, symbols, account, network))


def public_steps(
    config: Config, symbols: Sequence[str], account: AccountAPI | None, network: str
) -> list[Step]:
    """The protocol alone, and the oracles that the network's file asks for."""
    steps = [
        _oracle(oracle)
        for underlying in underlyings_of(config, symbols)
        for oracle in oracles_of(config, network, underlying)
    ]
    return steps + list(protocol_steps(config, symbols, account, network))


def underlyings_of(config: Config, symbols: Sequence[str]) -> list[str]:
    """What the tokens track, each once."""
    return list(dict.fromkeys(config.token(symbol).underlying for symbol in symbols))


def _asset(config: Config, symbol: str) -> Step:
    asset = config.assets[symbol]
    arguments = (asset.name, symbol, asset.decimals)
    return create(f"assets.{symbol}", "MockERC20", lambda _: arguments)


def _oracle(oracle: Oracle) -> Step:
    def arguments(record: Deployment) -> tuple[object, ...]:
        return tuple(oracle.arguments(record).values())

    return create(oracle.key, oracle.contract, arguments)


def _market(config: Config, network: str, underlying: str) -> Iterator[Step]:
    """Feed, oracles and market."""
    market = config.markets[underlying]
    feed = market.feed
    answer = feed.to_answer(market.local.price)
    yield create(
        f"feeds.{underlying}", "MockAggregator", lambda _: (feed.decimals, feed.description, answer)
    )
    for oracle in oracles_of(config, network, underlying):
        yield _oracle(oracle)
    yield create(
        f"markets.{underlying}",
        "MockPerpMarket",
        lambda record: (
            record.assets[market.asset],
            record.oracles[underlying],
            record.pull_oracles.get(underlying, NOBODY),
            market.struct(),
        ),
    )


def _pool(config: Config, underlying: str, account: AccountAPI | None) -> Iterator[Step]:
    """The liquidity that pays the profits of a market's traders."""
    market = config.markets[underlying]
    amount = to_fixed(market.local.liquidity, config.assets[market.asset].decimals)

    def mint(record: Deployment) -> TransactionAPI:
        asset = at("MockERC20", record.assets[market.asset])
        return asset.mint.as_transaction(account, amount, sender=account)

    def approve(record: Deployment) -> TransactionAPI:
        asset = at("MockERC20", record.assets[market.asset])
        return asset.approve.as_transaction(record.markets[underlying], amount, sender=account)

    def provide(record: Deployment) -> TransactionAPI:
        venue = at("MockPerpMarket", record.markets[underlying])
        return venue.provideLiquidity.as_transaction(amount, sender=account)

    for build in (mint, approve, provide):
        yield Step(f"pool.{underlying}.{build.__name__}", build, CALL_GAS)
