"""Compares what is on chain with the configuration, value by value."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import ape
from ape.exceptions import ApeException

from levtoken.chain import at
from levtoken.deployments import Deployment
from levtoken.markets import Config
from levtoken.oracles import NOBODY, Oracle, oracles_of
from levtoken.steps import blueprint_code, underlyings_of
from levtoken.units import to_fixed


@dataclass(frozen=True)
class Check:
    """One value on chain beside the one that it should be."""

    subject: str
    field: str
    expected: str
    actual: str

    @property
    def ok(self) -> bool:
        return self.expected == self.actual

    def __str__(self) -> str:
        return f"{self.subject} {self.field}: {self.actual} instead of {self.expected}"


def verify(config: Config, symbols: Sequence[str], record: Deployment) -> list[Check]:
    """Every value of the tokens, their markets and oracles that the chain tells."""
    checks: list[Check] = []
    underlyings = underlyings_of(config, symbols)
    for asset in dict.fromkeys(config.markets[underlying].asset for underlying in underlyings):
        checks += _asset(config, asset, record)
    for underlying in underlyings:
        checks += _feed(config, underlying, record)
        for oracle in oracles_of(config, record.network, underlying):
            checks += _oracle(oracle, record)
        checks += _market(config, underlying, record)
    checks += _factory(record)
    for symbol in symbols:
        checks += _token(config, symbol, record)
    return checks


def verify_market(config: Config, underlying: str, record: Deployment) -> list[Check]:
    """What must hold of a market, its asset and its feed before a token is created there."""
    asset = _asset(config, config.markets[underlying].asset, record)
    return [*asset, *_feed(config, underlying, record), *_market(config, underlying, record)]


def _asset(config: Config, symbol: str, record: Deployment) -> Iterator[Check]:
    contract = at("MockERC20", record.assets[symbol])
    yield _same(symbol, "decimals", config.assets[symbol].decimals, contract.decimals())


def _oracle(oracle: Oracle, record: Deployment) -> Iterator[Check]:
    contract = at(oracle.contract, str(record.address(oracle.key)))
    for field, value in oracle.arguments(record).items():
        try:
            told = getattr(contract, field)()
        except ApeException:  # it has no such view
            yield Check(oracle.key, "contract", oracle.contract, "another one")
            return
        yield _same(oracle.key, field, value, told)


def _feed(config: Config, underlying: str, record: Deployment) -> Iterator[Check]:
    if underlying not in record.feeds:
        return
    wanted = config.markets[underlying].feed
    feed = at("MockAggregator", record.feeds[underlying])
    yield _same(f"{underlying} feed", "decimals", wanted.decimals, feed.decimals())
    yield _same(f"{underlying} feed", "description", wanted.description, feed.description())


def _market(config: Config, underlying: str, record: Deployment) -> Iterator[Check]:
    market = config.markets[underlying]
    subject = f"{underlying} market"
    venue = at("MockPerpMarket", record.markets[underlying])
    limits = venue.limits()
    yield _same(subject, "asset", record.assets[market.asset], venue.asset())
    yield _same(subject, "maxLeverage", to_fixed(market.max_leverage), limits.maxLeverage)
    yield _same(subject, "minEquity", to_fixed(market.min_initial_margin), limits.minEquity)
    yield _same(subject, "feeRate", to_fixed(market.taker_fee), limits.feeRate)
    buffer = to_fixed(market.liquidation_buffer)
    yield _same(subject, "liquidationBuffer", buffer, limits.liquidationBuffer)
    if f"markets.{underlying}" in record.transactions:  # a mock of ours, which tells its oracle
        yield _same(subject, "oracle", record.oracles[underlying], venue.oracle())
        pull = record.pull_oracles.get(underlying, NOBODY)
        yield _same(subject, "pullOracle", pull, venue.pullOracle())


def _factory(record: Deployment) -> Iterator[Check]:
    factory = at("LeveragedTokenFactory", str(record.factory))
    yield _same("factory", "blueprint", record.blueprint, factory.blueprint())
    stored = bytes(ape.networks.provider.get_code(record.blueprint))
    same = "as compiled" if stored == blueprint_code() else "of other sources"
    yield _same("blueprint", "code", "as compiled", same)


def _token(config: Config, symbol: str, record: Deployment) -> Iterator[Check]:
    wanted = config.token(symbol)
    market = record.markets[wanted.underlying]
    address = record.tokens[symbol]
    token = at("LeveragedToken", address)
    factory = at("LeveragedTokenFactory", str(record.factory))
    yield _same(symbol, "listed", True, factory.isToken(address))
    yield _same(symbol, "name", wanted.name, token.name())
    yield _same(symbol, "symbol", symbol, token.symbol())
    yield _same(symbol, "venue", market, token.venue())
    asset = record.assets[config.market_of(symbol).asset]
    yield _same(symbol, "asset", asset, token.asset())
    yield _same(symbol, "targetLeverage", to_fixed(wanted.leverage), token.targetLeverage())
    policy = token.policy()
    for field, value in config.policy_struct(symbol).items():
        yield _same(symbol, f"policy.{field}", value, getattr(policy, field))


def _same(subject: str, field: str, expected: object, actual: object) -> Check:
    return Check(subject, field, _text(expected), _text(actual))


def _text(value: object) -> str:
    return "0x" + bytes(value).hex() if isinstance(value, bytes) else str(value)
