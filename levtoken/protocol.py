"""The steps that deploy the protocol itself: the owner of the tokens, what judges for them, their
policies, their factory, and the tokens."""

from collections.abc import Iterator, Sequence

import ape
from ape.api import AccountAPI, TransactionAPI

from levtoken.chain import at
from levtoken.deployments import Deployment
from levtoken.markets import Config
from levtoken.roles import Roles, roles_of
from levtoken.step import Step, create, creation_gas, init_code

PREAMBLE = bytes.fromhex("fe7100")  # of a blueprint, ERC-5202 version 0
# Init code that stores what follows it:
# PUSH2 length, DUP1, PUSH1 10, PUSH0, CODECOPY, PUSH0, RETURN
LOADER = "61{:04x}80600a5f395ff3"
POLICY_GAS = 400_000  # more than storing one takes


def protocol_steps(
    config: Config, symbols: Sequence[str], account: AccountAPI | None, network: str
) -> Iterator[Step]:
    """In the order of their deployment."""
    roles = roles_of(config, network)
    yield create("timelock", "TokenTimelock", lambda _: timelock_arguments(roles))
    yield create("logic", "TokenLogic", lambda _: ())
    for key, symbol in policies_of(config, symbols).items():
        yield _policy(config, key, symbol, account)
    yield Step("blueprint", lambda _: _blueprint(account), creation_gas("LeveragedToken"))
    yield create(
        "factory", "LeveragedTokenFactory", lambda record: (record.blueprint, record.logic)
    )
    yield create("lens", "LeveragedTokenLens", lambda _: ())
    for symbol in symbols:
        yield _token(config, symbol, account)


def timelock_arguments(roles: Roles) -> tuple[object, ...]:
    """What the timelock is deployed with; proposers are cancellers anyway."""
    others = [one for one in roles.cancellers if one not in roles.proposers]
    return roles.delay, list(roles.proposers), list(roles.executors), others


def policies_of(config: Config, symbols: Sequence[str]) -> dict[str, str]:
    """The policies of the tokens by what the record calls them, each with one of its tokens."""
    return {config.policy_key(symbol): symbol for symbol in symbols}


def token_params(config: Config, symbol: str, record: Deployment) -> dict[str, object]:
    """`TokenParams` of a token."""
    roles = roles_of(config, record.network)
    return {
        **config.terms(symbol),
        "venue": record.markets[config.token(symbol).underlying],
        "owner": str(record.timelock),
        "guardian": roles.guardian,
        "feeRecipient": roles.fee_recipient,
        "policy": record.policies[config.policy_key(symbol)],
    }


def blueprint_code() -> bytes:
    """The blueprint of the tokens as it is stored."""
    return PREAMBLE + init_code("LeveragedToken")


def _policy(config: Config, key: str, symbol: str, account: AccountAPI | None) -> Step:
    policy = config.policy_struct(symbol)

    def build(record: Deployment) -> TransactionAPI:
        logic = at("TokenLogic", str(record.logic))
        return logic.storePolicy.as_transaction(policy, sender=account)

    def find(record: Deployment) -> str | None:
        """The policy, when anybody stored the same content before."""
        if record.logic is None:
            return None
        address = str(at("TokenLogic", record.logic).storePolicy.call(policy))
        return address if ape.networks.provider.get_code(address) else None

    return Step(f"policies.{key}", build, POLICY_GAS, find)


def _token(config: Config, symbol: str, account: AccountAPI | None) -> Step:
    key = config.policy_key(symbol)

    def build(record: Deployment) -> TransactionAPI:
        factory = at("LeveragedTokenFactory", str(record.factory))
        params = token_params(config, symbol, record)
        return factory.create.as_transaction(params, sender=account)

    def find(record: Deployment) -> str | None:
        """The token, when an earlier run or anybody else created it at the factory."""
        underlying = config.token(symbol).underlying
        if not record.factory or key not in record.policies or underlying not in record.markets:
            return None
        factory = at("LeveragedTokenFactory", record.factory)
        address = str(factory.addressOf(token_params(config, symbol, record)))
        return address if factory.isToken(address) else None

    return Step(f"tokens.{symbol}", build, creation_gas("LeveragedToken"), find)


def _blueprint(account: AccountAPI | None) -> TransactionAPI:
    code = blueprint_code()
    loader = bytes.fromhex(LOADER.format(len(code)))
    ecosystem = ape.networks.provider.network.ecosystem
    sender = account.address if account else None
    return ecosystem.create_transaction(data=loader + code, sender=sender)
