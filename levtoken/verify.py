"""Compares what is on chain with the configuration, value by value."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import ape
from ape.exceptions import ApeException

from levtoken.chain import at
from levtoken.deployments import Deployment
from levtoken.markets import Config
from levtoken.oracles import NOBODY, Oracle, oracles_of
from levtoken.protocol import blueprint_code, token_params
from levtoken.roles import Roles, roles_of
from levtoken.steps import underlyings_of
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


def verify(
    config: Config, symbols: Sequence[str], record: Deployment, deployer: str
) -> list[Check]:
    """Every value of the tokens, their owner, markets and oracles that the chain tells; `deployer`
    must hold no role."""
    checks: list[Check] = []
    underlyings = underlyings_of(config, symbols)
    for asset in dict.fromkeys(config.markets[underlying].asset for underlying in underlyings):
        checks += _asset(config, asset, record)
    for underlying in underlyings:
        checks += _feed(config, underlying, record)
        for oracle in oracles_of(config, record.network, underlying):
            checks += _oracle(oracle, record)
        checks += _market(config, underlying, record)
    roles = roles_of(config, record.network)
    checks += [*_timelock(roles, record, deployer), *_factory(record)]
    for symbol in symbols:
        checks += _token(config, symbol, record, deployer)
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


def _timelock(roles: Roles, record: Deployment, deployer: str) -> Iterator[Check]:
    """Who holds which role, everybody named, and nobody else."""
    timelock = at("TokenTimelock", str(record.timelock))
    wanted = {
        "DEFAULT_ADMIN_ROLE": (str(record.timelock),),
        "PROPOSER_ROLE": roles.proposers,
        "EXECUTOR_ROLE": roles.executors,
        "CANCELLER_ROLE": roles.cancellers,
    }
    yield _code("timelock", "TokenTimelock", record)
    yield _same("timelock", "delay", roles.delay, timelock.getMinDelay())
    for name, accounts in wanted.items():
        role = getattr(timelock, name)()
        field = name.removesuffix("_ROLE").lower().replace("_", " ")
        found = timelock.getRoleMembers(role)
        yield _same("timelock", field, sorted(accounts), sorted(found))
        yield _same("timelock", f"deployer is {field}", False, timelock.hasRole(role, deployer))


def _factory(record: Deployment) -> Iterator[Check]:
    factory = at("LeveragedTokenFactory", str(record.factory))
    yield _same("factory", "blueprint", record.blueprint, factory.blueprint())
    yield _same("factory", "logic", record.logic, factory.logic())
    stored = bytes(ape.networks.provider.get_code(record.blueprint))
    yield _same_code("blueprint", blueprint_code(), stored)
    yield _code("logic", "TokenLogic", record)
    yield _code("lens", "LeveragedTokenLens", record)


def _token(config: Config, symbol: str, record: Deployment, deployer: str) -> Iterator[Check]:
    address = record.tokens[symbol]
    token = at("LeveragedToken", address)
    factory = at("LeveragedTokenFactory", str(record.factory))
    yield _same(symbol, "listed", True, factory.isToken(address))
    yield _same(symbol, "name", config.token(symbol).name, token.name())
    yield _same(symbol, "symbol", symbol, token.symbol())
    asset = record.assets[config.market_of(symbol).asset]
    yield _same(symbol, "asset", asset, token.asset())
    params = token_params(config, symbol, record)
    for field in ("venue", "targetLeverage", "owner", "guardian"):
        yield _same(symbol, field, params[field], getattr(token, field)())
    yield _same(symbol, "pendingOwner", NOBODY, token.pendingOwner())
    held = [role for role in ("owner", "guardian") if getattr(token, role)() == deployer]
    yield _same(symbol, "roles of the deployer", [], held)
    terms = token.terms()
    for field in ("feeRecipient", "supplyCap", "minDeposit"):
        yield _same(symbol, field, params[field], getattr(terms, field))
    for field, value in config.token(symbol).fees().items():
        yield _same(symbol, f"fees.{field}", value, getattr(terms.fees, field))
    yield from _policy(config, symbol, record, token.progress().policy)


def _policy(config: Config, symbol: str, record: Deployment, used: str) -> Iterator[Check]:
    stored = at("TokenLogic", str(record.logic)).policyAt(used)
    for field, value in config.policy_struct(symbol).items():
        yield _same(symbol, f"policy.{field}", value, getattr(stored, field))


def _code(subject: str, contract: str, record: Deployment) -> Check:
    """Whether a contract without immutables has the code that was compiled."""
    compiled = bytes(getattr(ape.project, contract).contract_type.get_runtime_bytecode())
    return _same_code(
        subject, compiled, bytes(ape.networks.provider.get_code(str(record.address(subject))))
    )


def _same_code(subject: str, compiled: bytes, stored: bytes) -> Check:
    same = "as compiled" if stored == compiled else "of other sources"
    return Check(subject, "code", "as compiled", same)


def _same(subject: str, field: str, expected: object, actual: object) -> Check:
    return Check(subject, field, _text(expected), _text(actual))


def _text(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(str(one) for one in value) or "none"
    return "0x" + bytes(value).hex() if isinstance(value, bytes) else str(value)
