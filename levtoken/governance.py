"""Who may change what: the timelock that owns the tokens, the guardian, who gets the fees.

On local chains the roles are test accounts, from `config/governance.yaml`; on a public network they
are addresses in the network's own file."""

from typing import Annotated

from pydantic import Field

from levtoken.fields import Address, TestAccount
from levtoken.yamlfile import Model, Whole

MIN_DELAY, MAX_DELAY = 3_600, 30 * 86_400  # TokenTimelock
Delay = Annotated[Whole, Field(ge=MIN_DELAY, le=MAX_DELAY)]


class Governance(Model):
    """The roles on a public network."""

    delay: Delay = Field(description="Time between scheduling and executing a change, seconds")
    proposers: tuple[Address, ...] = Field(
        default=(), description="Who schedules changes at the timelock, and cancels them"
    )
    executors: tuple[Address, ...] = Field(
        default=(), description="Who executes what is due; none: everybody"
    )
    cancellers: tuple[Address, ...] = Field(
        default=(), description="Who cancels scheduled changes, beside the proposers"
    )
    guardian: Address | None = Field(
        default=None, description="Who may stop deposits; null: nobody but the timelock"
    )
    fee_recipient: Address | None = Field(
        default=None, description="Who gets the fees, as shares; null: to be filled in"
    )


class LocalGovernance(Model):
    """The roles on local chains, as Ape names its test accounts."""

    delay: Delay
    proposers: tuple[TestAccount, ...] = Field(min_length=1)
    executors: tuple[TestAccount, ...] = ()
    cancellers: tuple[TestAccount, ...] = ()
    guardian: TestAccount | None = None
    fee_recipient: TestAccount
