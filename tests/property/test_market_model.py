"""Random steps of a market on the contract and the model: every integer is the same after each.

LEVTOKEN_MARKET_STEPS sets the number of steps of each walk.
"""

import os
import random
from collections import Counter

import pytest

from levtoken.units import WAD
from tests.vectors.model import Refused
from tests.vectors.twin import ACCOUNTS, KEEPER, STRANGER, Twin, wad

STEPS = int(os.environ.get("LEVTOKEN_MARKET_STEPS", "250"))
SEEDS = (1, 2, 3)
ENOUGH = 250  # steps, by which a walk has met everything that is common
CENT = WAD // 100
COMMON = {
    "move_margin",
    "trade",
    "submit",
    "execute",
    "cancel",
    "flag",
    "liquidate",
    "trade: MaxLeverageExceeded",
    "trade: Liquidatable",
    "execute: FillBeyondLimit",
    "execute: NoOrder",
    "cancel: OrderNotExpired",
    "flag: NotLiquidatable",
    "liquidate: NotFlagged",
}
# Small markets meet their bounds, a scale of 400 is crossed by the skew.
CHANGES = (
    {},
    {"skewScale": wad(400), "maxMarketSize": wad(900), "maxLiquidationDelta": wad("0.4")},
    {"maxMarketSize": wad(60), "makerFee": wad("0.0002"), "minOrderAge": 2},
)
WEIGHTS = {
    "move_margin": 15,
    "trade": 20,
    "submit": 20,
    "execute": 25,
    "cancel": 8,
    "flag": 15,
    "liquidate": 10,
}
SOON = [1, 2, 3, 5, 12]
LATER = [29, 30, 31, 3_600, 40_000, 90_000]


class Walk:
    """One random walk; what happened is counted."""

    def __init__(self, seed: int, changes: dict[str, int]) -> None:
        self.random = random.Random(seed)
        self.twin = Twin(**changes)
        self.met: Counter[str] = Counter()
        self.published = 0

    def step(self) -> None:
        self.wait()
        verb, account = self.choose()
        try:
            getattr(self, verb)(account)
        except Refused as refusal:
            self.met[f"{verb}: {refusal.name}"] += 1
        else:
            self.met[verb] += 1

    def wait(self) -> None:
        """Not for long while an order waits, mostly."""
        is_waiting = any(self.twin.model.order(account) for account in range(ACCOUNTS))
        choice = self.random.random()
        seconds = self.random.choice(SOON if choice < (0.9 if is_waiting else 0.3) else LATER)
        deviation = 0.002 if seconds in SOON else 0.02
        price = int(self.twin.price * (1 + self.random.gauss(0, deviation)))
        self.twin.wait(seconds, min(max(price, wad(500)), wad(8_000)))

    def choose(self) -> tuple[str, int]:
        """A verb and an account that it may work on, mostly."""
        model, accounts = self.twin.model, range(ACCOUNTS)
        waiting = [one for one in accounts if model.order(one)]
        failing = [one for one in accounts if model.can_liquidate(model.position(one), model.price)]
        free = [one for one in accounts if one not in waiting and one not in model.flags]
        able = dict.fromkeys(WEIGHTS, free) | {
            "execute": waiting,
            "cancel": waiting,
            "flag": [one for one in failing if one not in model.flags],
            "liquidate": list(model.flags),
        }
        if self.random.random() < 0.1:
            return self.random.choice(list(WEIGHTS)), self.random.choice(accounts)
        verbs = [verb for verb in WEIGHTS if able[verb]]
        [verb] = self.random.choices(verbs, [WEIGHTS[verb] for verb in verbs])
        return verb, self.random.choice(able[verb])

    def move_margin(self, account: int) -> None:
        one, choice = self.twin.account(account), self.random.random()
        if choice < 0.6 or not one["remaining"]:
            delta = self.random.randrange(1, wad(20_000))
        elif choice < 0.8 and one["size"]:
            delta = -one["accessible"]
        else:
            delta = -self.random.randrange(1, one["remaining"] + WAD)
        self.twin.move_margin(account, delta or 1)

    def trade(self, account: int) -> None:
        self.twin.trade(account, self.size(account), self.limit())

    def submit(self, account: int) -> None:
        self.twin.submit(account, self.size(account), self.limit())

    def execute(self, account: int) -> None:
        self.twin.wait(4)
        price = int(self.twin.price * (1 + self.random.gauss(0, 0.003))) // CENT * CENT
        # The pull oracle takes only what is newer than what it knows.
        published = max(self.twin.now - self.random.choice([0, 0, 1, 4]), self.published + 1)
        executor = self.random.choice([KEEPER, account])
        self.twin.execute(account, executor, price, published)
        self.published = published

    def cancel(self, account: int) -> None:
        self.twin.cancel(account, self.random.choice([STRANGER, account]))

    def flag(self, account: int) -> None:
        self.twin.flag(account, STRANGER)

    def liquidate(self, account: int) -> None:
        self.twin.liquidate(account, KEEPER)

    def size(self, account: int) -> int:
        """To grow, to shrink, to close or to flip, or with a leverage around the maximum."""
        one, sign = self.twin.account(account), self.random.choice([1, -1])
        choice = self.random.random()
        if choice < 0.25 and one["size"]:
            return -one["size"]
        if choice < 0.5 and one["size"]:
            return -int(one["size"] * self.random.uniform(0.1, 1.9)) or 1
        leverage = self.random.choice([1, 5, 20, 50, 56])
        return sign * (one["remaining"] * leverage * WAD // self.twin.price + 1)

    def limit(self) -> int | None:
        """None for no limit, sometimes one that may not hold."""
        return None if self.random.random() < 0.7 else self.twin.price


@pytest.mark.slow
def test_random_walks_of_the_market_are_the_models_to_the_wei():
    met: Counter[str] = Counter()
    for seed, changes in zip(SEEDS, CHANGES, strict=True):
        walk = Walk(seed, changes)
        for number in range(STEPS):
            try:
                walk.step()
            except AssertionError as error:
                error.add_note(f"seed {seed}, step {number}, met {dict(walk.met)}")
                raise
        met += walk.met
    if STEPS >= ENOUGH:
        assert set(met) >= COMMON
