"""The record of a deployment, `deployments/<network>.json`: written around every transaction, so
that a deployment that was killed continues where it stopped and deploys nothing twice."""

import os
from pathlib import Path

from pydantic import Field, ValidationError

from levtoken.errors import DeploymentError
from levtoken.fields import Address
from levtoken.yamlfile import Model, explain

SINGLE = ("sequencer", "pyth", "timelock", "logic", "blueprint", "factory", "lens")
GROUPS = (
    "assets",
    "feeds",
    "oracles",
    "chainlink_oracles",
    "pull_oracles",
    "markets",
    "policies",
    "tokens",
)


class Pending(Model):
    """A signed transaction that was about to be sent when the record was written."""

    step: str
    hash: str
    sender: Address
    nonce: int


class Deployment(Model):
    """What is deployed on one chain: assets and tokens by symbol, policies by name and market, the
    rest by underlying."""

    network: str
    chain_id: int
    genesis: str  # hash of block 0: tells a local chain from its successor on the same port
    assets: dict[str, Address] = Field(default={})
    feeds: dict[str, Address] = Field(default={})
    sequencer: Address | None = None  # the feed of its uptime
    pyth: Address | None = None
    oracles: dict[str, Address] = Field(default={})  # of the index price
    chainlink_oracles: dict[str, Address] = Field(default={})  # halves of an index price
    pull_oracles: dict[str, Address] = Field(default={})  # of Pyth
    markets: dict[str, Address] = Field(default={})
    timelock: Address | None = None  # which owns the tokens
    logic: Address | None = None
    policies: dict[str, Address] = Field(default={})
    blueprint: Address | None = None
    factory: Address | None = None
    lens: Address | None = None
    tokens: dict[str, Address] = Field(default={})
    transactions: dict[str, str] = Field(default={})  # hash by step
    pending: Pending | None = None

    def address(self, step: str) -> str | None:
        """The address that a step such as `markets.BTC` or `factory` left, or None."""
        if step in SINGLE:
            value: str | None = getattr(self, step)
            return value
        group, _, name = step.partition(".")
        addresses: dict[str, str] = getattr(self, group, {})
        return addresses.get(name)

    def has(self, step: str) -> bool:
        """Whether a step is done: it left an address or, as those of a pool, a transaction only."""
        if step.startswith("pool."):
            return step in self.transactions
        return self.address(step) is not None

    def addresses(self) -> list[str]:
        """Every address of the record."""
        found = [address for group in GROUPS for address in getattr(self, group).values()]
        return found + [address for step in SINGLE if (address := self.address(step))]

    def with_address(self, step: str, address: str) -> "Deployment":
        """A copy that holds the address of a step."""
        if step in SINGLE:
            return self.model_copy(update={step: address})
        group, _, name = step.partition(".")
        return self.model_copy(update={group: {**getattr(self, group), name: address}})

    def with_transaction(self, step: str, hash_: str) -> "Deployment":
        """A copy in which the step is done and nothing is pending."""
        done = {**self.transactions, step: hash_}
        return self.model_copy(update={"transactions": done, "pending": None})


def load_record(path: Path) -> Deployment:
    """The record, or a `DeploymentError` that says how to get one."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise DeploymentError(
            f"nothing is deployed on {path.stem}: run `ape run deploy`, with the same --network"
        ) from None
    except OSError as error:
        raise DeploymentError(f"{path.name} cannot be read: {error.strerror}") from None
    try:
        return Deployment.model_validate_json(text)
    except ValidationError as error:
        raise DeploymentError(
            f"{path.name} is not a record ({explain(error)}): restore it from git or remove it"
        ) from None


def save_record(path: Path, record: Deployment) -> None:
    """Writes the record so that whoever reads it finds the old or the new one, nothing between."""
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("w", encoding="utf-8") as file:
            file.write(record.model_dump_json(indent=2, exclude_none=True) + "\n")
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise DeploymentError(
            f"cannot write {path} ({error.strerror}): free space or make it writable, then run "
            "the same command again"
        ) from None
