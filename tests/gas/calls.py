"""The calls that are measured, each in its own transaction. Time passes and the price moves before
each, so that a streaming fee accrues and the position is marked anew."""

from collections.abc import Callable
from dataclasses import dataclass

from levtoken.units import WAD
from tests.gas.chain import GasContract, Json
from tests.gas.stage import (
    HEARTBEAT,
    HOLDER,
    KEEPER,
    LATE_KEEPER,
    NEWCOMER,
    PRICE,
    UNIT,
    Stage,
)

VIEW = "share_price_view"
NAMES = (
    "deposit_new_holder",
    "deposit_existing_holder",
    "redeem",
    "rebalance",
    "late_keeper",
    "transfer",
    VIEW,
    "create_token",
)
BASE = 21_000  # what every transaction costs; a view within another has none
HOLDING = 100_000 * UNIT
DEPOSIT = 10_000 * UNIT
# Each move stays within the band but the one before the rebalance.
PRICES = {
    "accrue": 60_100,
    "deposit_new_holder": 60_300,
    "deposit_existing_holder": 60_200,
    "redeem": 60_400,
    "transfer": 60_350,
    VIEW: 60_250,
    "rebalance": 53_900,
}


@dataclass(frozen=True)
class Measured:
    """Gas by call, and the transactions to look into."""

    gas: dict[str, int]
    transactions: dict[str, str]
    stage: Stage
    token: GasContract


def measure(build: Callable[[], Stage]) -> Measured:
    """Every call once, on a stage of its own."""
    stage = build()
    stage.create(stage.params("FIRST", 3 * WAD))
    token, created = stage.create(stage.params("BTC3L", 3 * WAD))
    for account in (HOLDER, NEWCOMER):
        stage.give(account, 10**6 * UNIT, token)
    for account in (KEEPER, LATE_KEEPER):
        stage.give(account, UNIT)
    stage.set_price(PRICE)
    token.send(HOLDER, "deposit", HOLDING, HOLDER)
    _move(stage, "accrue")
    token.send(HOLDER, "accrue")
    receipts = dict(_calls(stage, token))
    gas = {name: int(receipt["gasUsed"], 16) for name, receipt in receipts.items()}
    gas[VIEW] -= BASE
    gas["create_token"] = created
    hashes = {name: receipt["transactionHash"] for name, receipt in receipts.items()}
    return Measured({name: gas[name] for name in NAMES}, hashes, stage, token)


def _calls(stage: Stage, token: GasContract) -> list[tuple[str, Json]]:
    done: list[tuple[str, Json]] = []

    def call(name: str, sender: str, verb: str, *arguments: object) -> None:
        _move(stage, name)
        done.append((name, token.send(sender, verb, *arguments)))

    call("deposit_new_holder", NEWCOMER, "deposit", DEPOSIT, NEWCOMER)
    call("deposit_existing_holder", NEWCOMER, "deposit", DEPOSIT, NEWCOMER)
    shares = token.call("balanceOf", NEWCOMER)
    call("redeem", NEWCOMER, "redeem", shares // 2, NEWCOMER, NEWCOMER)
    call("transfer", NEWCOMER, "transfer", HOLDER, shares // 8)
    call(VIEW, NEWCOMER, "sharePrice")
    call("rebalance", KEEPER, "rebalance")
    # The next block, at the same price: the first keeper was faster.
    done.append(("late_keeper", token.send(LATE_KEEPER, "rebalance", fails=True)))
    return done


def _move(stage: Stage, name: str) -> None:
    stage.chain.wait(HEARTBEAT)
    stage.set_price(PRICES[name])
