"""What an owner can change, each as the one call of the timelock that changes it.

Fractions, leverage and multipliers come as `Decimal`, times as seconds since the epoch."""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import ape
from ape.api import AccountAPI
from ape.contracts import ContractInstance

from levtoken.chain import System, at, send
from levtoken.errors import ConfigError, NotOwnedError
from levtoken.markets import NO_CAP, Config
from levtoken.policies import Policy, policy_fault
from levtoken.units import to_fixed
from levtoken.yamlfile import read

ROLES = ("proposer", "executor", "canceller")


@dataclass(frozen=True)
class Call:
    """A call that the timelock makes; `data` with its selector, `value` in wei."""

    target: str
    data: bytes
    value: int = 0


def call(contract: ContractInstance, method: str, *arguments: object) -> Call:
    """The call of a method of that contract."""
    return Call(contract.address, bytes(getattr(contract, method).encode_input(*arguments)))


def owned(system: System, symbol: str) -> ContractInstance:
    """The token, or a `NotOwnedError` when its owner is not the timelock of the record."""
    token = system.token(symbol)
    owner, timelock = token.owner(), system.deployment.timelock
    if owner != timelock:
        raise NotOwnedError(
            f"{symbol} belongs to {owner} and not to the timelock {timelock}: change it from there"
        )
    return token


def fees(
    token: ContractInstance,
    streaming: Decimal | None,
    deposit: Decimal | None,
    redemption: Decimal | None,
) -> Call:
    """Fractions, a year and of a flow; None: as it is now."""
    held = token.terms().fees
    wanted = (streaming, deposit, redemption)
    present = (held.streaming, held.deposit, held.redemption)
    pairs = zip(wanted, present, strict=True)
    return call(token, "setFees", tuple(_or(new, 18, old) for new, old in pairs))


def limits(
    token: ContractInstance,
    decimals: int,
    *,
    cap: Decimal | None,
    least: Decimal | None,
    no_cap: bool,
) -> Call:
    """Supply cap in shares, least deposit in the asset, which has `decimals`; None: as now."""
    held = token.terms()
    supply_cap = NO_CAP if no_cap else _or(cap, 18, held.supplyCap)
    return call(token, "setLimits", supply_cap, _or(least, decimals, held.minDeposit))


def multiplier(token: ContractInstance, number: Decimal, start: int) -> Call:
    """How many shares wallets show for one, from `start` on, when it must be executed already."""
    return call(token, "setUIMultiplier", to_fixed(number), start)


def role(timelock: ContractInstance, name: str, account: str, *, granted: bool) -> Call:
    """One of `ROLES` for an account, or no longer."""
    identity = getattr(timelock, f"{name.upper()}_ROLE")()
    return call(timelock, "grantRole" if granted else "revokeRole", identity, account)


@dataclass(frozen=True)
class StoredPolicy:
    """A policy of a file as tokens follow it: at the address that its content has."""

    logic: ContractInstance
    struct: dict[str, int]

    @property
    def address(self) -> str:
        """Where it is, or would be when stored."""
        return str(self.logic.storePolicy.call(self.struct))

    @property
    def is_stored(self) -> bool:
        """Whether anybody has stored it."""
        return bool(ape.networks.provider.get_code(self.address))

    def store(self, sender: AccountAPI) -> None:
        """Anyone may; a second time changes nothing."""
        send(self.logic.storePolicy, self.struct, sender=sender)


def policy_from(file: Path, config: Config, system: System, symbol: str) -> StoredPolicy:
    """The policy of a YAML file such as those of `config/policies/`, for a configured token, or a
    `ConfigError` that says why the token would refuse it."""
    policy, market = read(file, Policy, str(file)), config.market_of(symbol)
    if fault := policy_fault(policy, abs(config.token(symbol).leverage), market):
        raise ConfigError(f"{file}: {symbol} cannot follow it: {fault}")
    logic = at("TokenLogic", str(system.deployment.logic))
    return StoredPolicy(logic, policy.struct(market.max_trade))


def _or(new: Decimal | None, decimals: int, present: int) -> int:
    return present if new is None else to_fixed(new, decimals)
