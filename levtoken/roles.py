"""The roles of a network as addresses."""

from collections.abc import Iterable
from dataclasses import dataclass

import ape

from levtoken.chain import is_local
from levtoken.errors import ConfigError
from levtoken.markets import Config
from levtoken.oracles import NOBODY

EVERYBODY = NOBODY  # as an executor


@dataclass(frozen=True)
class Roles:
    """Who may do what; `delay` in seconds. Proposers are among the cancellers."""

    delay: int
    proposers: tuple[str, ...]
    executors: tuple[str, ...]
    cancellers: tuple[str, ...]
    guardian: str
    fee_recipient: str

    def of(self, account: str) -> list[str]:
        """What an account may do, in words."""
        powers = {
            "proposers": self.proposers,
            "executors": self.executors,
            "cancellers": self.cancellers,
            "guardian": (self.guardian,),
        }
        return [power for power, accounts in powers.items() if account in accounts]


def roles_of(config: Config, network: str) -> Roles:
    """The roles of the network, or a `ConfigError` that names what is not filled in."""
    if is_local(network):
        local = config.governance
        return _roles(
            local.delay,
            proposers=_test_accounts(local.proposers),
            executors=_test_accounts(local.executors),
            cancellers=_test_accounts(local.cancellers),
            guardian=_test_accounts([local.guardian] if local.guardian else []),
            fee_recipient=_test_accounts([local.fee_recipient])[0],
        )
    there = config.networks[network].governance
    where = f"config/networks/{network}.yaml: governance"
    if there is None:
        raise ConfigError(f"{where} is missing: it says who owns the tokens, see config/README.md")
    if not there.proposers:
        raise ConfigError(f"{where}.proposers is not filled in: nobody could change a token")
    if there.fee_recipient is None:
        raise ConfigError(f"{where}.fee_recipient is not filled in")
    return _roles(
        there.delay,
        proposers=there.proposers,
        executors=there.executors,
        cancellers=there.cancellers,
        guardian=(there.guardian,) if there.guardian else (),
        fee_recipient=there.fee_recipient,
    )


def _roles(  # noqa: PLR0913 one keyword a role
    delay: int,
    *,
    proposers: tuple[str, ...],
    executors: tuple[str, ...],
    cancellers: tuple[str, ...],
    guardian: tuple[str, ...],
    fee_recipient: str,
) -> Roles:
    return Roles(
        delay=delay,
        proposers=proposers,
        executors=executors or (EVERYBODY,),
        cancellers=tuple(dict.fromkeys(proposers + cancellers)),
        guardian=guardian[0] if guardian else NOBODY,
        fee_recipient=fee_recipient,
    )


def _test_accounts(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(
        str(ape.accounts.test_accounts[int(name.removeprefix("TEST::"))].address) for name in names
    )
