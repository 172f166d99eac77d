"""The transactions of a deployment, in order, each with the name that it has in the record."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import ape
from ape.api import AccountAPI, TransactionAPI

from levtoken.chain import at
from levtoken.deployments import Deployment
from levtoken.markets import Config
from levtoken.oracles import NOBODY, Oracle, oracles_of
from levtoken.units import to_fixed

PREAMBLE = bytes.fromhex("fe7100")  # of a blueprint, ERC-5202 version 0
# Init code that stores what follows it:
# PUSH2 length, DUP1, PUSH1 10, PUSH0, CODECOPY, PUSH0, RETURN
LOADER = "61{:04x}80600a5f395ff3"
PYTH_FEE = 1  # wei an update, as real ones ask
PYTH_VALID_TIME = 60  # seconds; only calls that are not made here look at it
CALL_GAS = 120_000  # more than any of the calls takes
CREATE_GAS = 500_000  # base, constructor and storage, more than any of the contracts takes
BYTE_GAS = 216  # a byte of code: 200 stored, 16 sent


def _nowhere(_: Deployment) -> str | None:
    """Finds nothing: what the step creates cannot be there without it."""
    return None


@dataclass(frozen=True)
class Step:
    """One transaction: its name in the record, how to build it, gas that is enough for it, and
    where what it creates is already, although the record lacks it."""

    key: str
    build: Callable[[Deployment], TransactionAPI]
    gas: int
    find: Callable[[Deployment], str | None] = _nowhere


def local_steps(
    config: Config, symbols: Sequence[str], account: AccountAPI, network: str
) -> list[Step]:
    """Everything, mocks included."""
    underlyings = underlyings_of(config, symbols)
    assets = dict.fromkeys(config.markets[underlying].asset for underlying in underlyings)
    steps = [_asset(config, symbol) for symbol in assets]
    if any(config.markets[underlying].pyth for underlying in underlyings):
        steps.append(_create("pyth", "MockPythFeed", lambda _: (PYTH_VALID_TIME, PYTH_FEE)))
    for underlying in underlyings:
        steps += [*_market(config, network, underlying), *_pool(config, underlying, account)]
    return steps + list(_protocol(config, symbols, account))


def public_steps(
    config: Config, symbols: Sequence[str], account: AccountAPI, network: str
) -> list[Step]:
    """The protocol alone, and the oracles that the network's file asks for."""
    steps = [
        _oracle(oracle)
        for underlying in underlyings_of(config, symbols)
        for oracle in oracles_of(config, network, underlying)
    ]
    return steps + list(_protocol(config, symbols, account))


def underlyings_of(config: Config, symbols: Sequence[str]) -> list[str]:
    """What the tokens track, each once."""
    return list(dict.fromkeys(config.token(symbol).underlying for symbol in symbols))


def blueprint_code() -> bytes:
    """The blueprint of the tokens as it is stored."""
    return PREAMBLE + _init_code("LeveragedToken")


def _asset(config: Config, symbol: str) -> Step:
    asset = config.assets[symbol]
    arguments = (asset.name, symbol, asset.decimals)
    return _create(f"assets.{symbol}", "MockERC20", lambda _: arguments)


def _oracle(oracle: Oracle) -> Step:
    def arguments(record: Deployment) -> tuple[object, ...]:
        return tuple(oracle.arguments(record).values())

    return _create(oracle.key, oracle.contract, arguments)


def _market(config: Config, network: str, underlying: str) -> Iterator[Step]:
    """Feed, oracles and market."""
    market = config.markets[underlying]
    feed = market.feed
    answer = feed.to_answer(market.local.price)
    yield _create(
        f"feeds.{underlying}", "MockAggregator", lambda _: (feed.decimals, feed.description, answer)
    )
    for oracle in oracles_of(config, network, underlying):
        yield _oracle(oracle)
    yield _create(
        f"markets.{underlying}",
        "MockPerpMarket",
        lambda record: (
            record.assets[market.asset],
            record.oracles[underlying],
            record.pull_oracles.get(underlying, NOBODY),
            market.struct(),
        ),
    )


def _pool(config: Config, underlying: str, account: AccountAPI) -> Iterator[Step]:
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


def _protocol(config: Config, symbols: Sequence[str], account: AccountAPI) -> Iterator[Step]:
    yield Step("blueprint", lambda _: _blueprint(account), _creation_gas("LeveragedToken"))
    yield _create("factory", "LeveragedTokenFactory", lambda record: (record.blueprint,))
    yield _create("lens", "LeveragedTokenLens", lambda _: ())
    for symbol in symbols:
        yield _token(config, symbol, account)


def _token(config: Config, symbol: str, account: AccountAPI) -> Step:
    underlying = config.token(symbol).underlying

    def build(record: Deployment) -> TransactionAPI:
        factory = at("LeveragedTokenFactory", str(record.factory))
        params = config.token_params(symbol, record.markets[underlying])
        return factory.create.as_transaction(params, sender=account)

    def find(record: Deployment) -> str | None:
        """The token, when an earlier run or anybody else created it at the factory."""
        if record.factory is None or underlying not in record.markets:
            return None
        factory = at("LeveragedTokenFactory", record.factory)
        params = config.token_params(symbol, record.markets[underlying])
        address = str(factory.addressOf(params))
        return address if factory.isToken(address) else None

    return Step(f"tokens.{symbol}", build, _creation_gas("LeveragedToken"), find)


def _blueprint(account: AccountAPI) -> TransactionAPI:
    code = blueprint_code()
    loader = bytes.fromhex(LOADER.format(len(code)))
    ecosystem = ape.networks.provider.network.ecosystem
    return ecosystem.create_transaction(data=loader + code, sender=account.address)


def _create(key: str, contract: str, arguments: Callable[[Deployment], tuple[object, ...]]) -> Step:
    def build(record: Deployment) -> TransactionAPI:
        container = getattr(ape.project, contract)
        return container.constructor.serialize_transaction(*arguments(record))

    return Step(key, build, _creation_gas(contract))


def _creation_gas(contract: str) -> int:
    return CREATE_GAS + BYTE_GAS * len(_init_code(contract))


def _init_code(contract: str) -> bytes:
    container = getattr(ape.project, contract)
    return bytes(container.contract_type.get_deployment_bytecode())
