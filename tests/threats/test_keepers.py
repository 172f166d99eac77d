"""What a keeper can get out of a token, on the chain's side."""

import random
from fractions import Fraction

import pytest

from levtoken.evm import Revert
from levtoken.system import NOBODY
from levtoken.units import WAD, to_fixed
from tests.threats.stage import ATTACKER, HOLDER, KEEPER, OWNER, QUIET, VICTIM, Stage, build, opened
from tests.world import POLICY_3X

DAY = 86_400
CAP = Fraction(1_000)  # whole assets a rebalance
RATE = Fraction(1, 1_000)  # of what is traded
# Slippage and the market's fee; the reward comes on top.
COST = Fraction("0.01") + Fraction("0.0006") + RATE


def traded(stage: Stage) -> Fraction:
    """Notional of what is due, asset units."""
    state = stage.market.call("state", stage.token.address)
    size = abs(stage.token.call("assess")["sizeDelta"])
    return Fraction(size * state["price"] * stage.unit, WAD**2)


@pytest.mark.parametrize("seed", [3, 4])
def test_a_malicious_keeper_of_a_thousand_steps_is_bounded_by_policy(seed: int) -> None:
    """Naive: a reward a call, whenever the keeper likes. He chooses the moment of each call, knows
    the next price, and waits for the full reward: bounded by the pace, the rates and the caps."""
    stage = opened(held=1_000_000, market=QUIET)
    rng = random.Random(seed)
    price, rewards, notional, calls, start = 60_000.0, 0, Fraction(0), 0, stage.evm.timestamp
    for _ in range(1_000):
        price = min(max(price * (1 + rng.gauss(0, 0.015)), 45_000), 75_000)
        stage.wait(300)
        stage.push(round(price, 2))
        due = stage.token.call("assess")
        coming = rng.random() < 0.5
        if due["reason"] != bytes(4) or (due["left"] == 0 and coming):
            continue
        worth, due_notional = stage.books(stage.token.address), traded(stage)
        rewards += stage.act(KEEPER, "rebalance")
        # What one call costs the holders.
        assert worth - stage.books(stage.token.address) <= due_notional * COST + 1
        notional, calls = notional + due_notional, calls + 1
    elapsed = stage.evm.timestamp - start
    assert calls > 5
    assert calls <= elapsed / POLICY_3X["emergencyCooldown"]
    assert rewards <= notional * RATE
    assert rewards <= calls * CAP * stage.unit
    assert stage.asset.call("balanceOf", KEEPER) == rewards


def test_a_loop_in_one_transaction_is_paid_once() -> None:
    """Naive: reward by a loop."""
    stage = opened(held=1_000_000)
    stage.push(50_000)
    due = stage.token.call("assess")["reward"]
    farmer = stage.evm.deploy("MockWitness")
    call = stage.token.calldata("rebalance")
    farmer.transact("act", [stage.token.address] * 10, [call] * 10)
    assert [one["ok"] for one in farmer.call("answers")] == [True] + [False] * 9
    assert stage.asset.call("balanceOf", farmer.address) == due


@pytest.mark.parametrize("dollars", [60_000, 58_000, 63_000])
def test_nothing_is_paid_where_nothing_is_due(dollars: float) -> None:
    """Naive: paid without effect."""
    stage = opened()
    stage.push(dollars)
    for call in (("rebalance",), ("performUpkeep", b"")):
        assert stage.refuses(KEEPER, *call) == "NothingDue"
    assert stage.asset.call("balanceOf", KEEPER) == 0


@pytest.mark.parametrize("dollars", [53_500, 50_000, 45_000, 70_000])
@pytest.mark.parametrize("held", [1_000, 100_000, 2_000_000])
def test_every_reward_has_its_effect_and_its_caps(dollars: float, held: float) -> None:
    """Naive: a reward for a rebalance that moved away from the target, or past it."""
    stage = opened(held=held, market=QUIET)
    stage.push(dollars)
    before, notional = stage.token.call("leverage"), traded(stage)
    paid = stage.act(KEEPER, "rebalance")
    after = stage.token.call("leverage")
    assert abs(after - 3 * WAD) < abs(before - 3 * WAD)
    assert (after - 3 * WAD) * (before - 3 * WAD) >= -(10**14) * 3 * abs(before - 3 * WAD)
    assert paid <= min(notional * RATE, CAP * stage.unit)


def test_a_rival_in_the_block_reverts_by_name() -> None:
    """Naive: the second keeper trades again, or pays for a whole judgement."""
    stage = opened()
    stage.push(53_000)
    stage.act(KEEPER, "rebalance")
    assert stage.refuses(ATTACKER, "rebalance") in ("NothingDue", "CooldownActive")


@pytest.mark.parametrize("size", [0, 31, 33, 4_096])
def test_the_data_of_an_upkeep_are_an_address_or_nothing(size: int) -> None:
    """Naive: data that a keeper sends are called, or decoded into sizes and limits."""
    stage = opened()
    stage.push(53_000)
    books = stage.books(stage.token.address)
    if size == 0:
        stage.act(ATTACKER, "performUpkeep", b"")
        return
    if size < 32:
        with pytest.raises(Revert):
            stage.act(ATTACKER, "performUpkeep", b"\xff" * size)
    else:
        with pytest.raises(Revert):
            stage.act(ATTACKER, "performUpkeep", b"\xff" * size)
    assert stage.books(stage.token.address) == books


@pytest.mark.parametrize("receiver", ["token", "market", "zero"])
def test_a_reward_sent_to_nowhere_harms_only_who_sent_it(receiver: str) -> None:
    """Naive: a reward to the venue or the token itself is booked as somebody's."""
    stage = opened()
    stage.push(53_000)
    places = {"token": stage.token.address, "market": stage.market.address, "zero": NOBODY}
    with stage.evm.rolled_back():
        stage.act(KEEPER, "rebalance")
        expected, cash = stage.books(stage.token.address), stage.market.call("marketState")["cash"]
    stage.act(ATTACKER, "performUpkeep", bytes(12) + bytes.fromhex(places[receiver][2:]))
    assert stage.books(stage.token.address) == expected
    assert stage.market.call("marketState")["cash"] == cash
    assert stage.asset.call("balanceOf", ATTACKER) == 10**12 * stage.unit


def test_the_reward_comes_out_of_equity_and_never_out_of_the_free_margin() -> None:
    """Naive: a reward that makes the account liquidatable."""
    for dollars in (43_000, 42_000, 41_500, 41_300):
        stage = opened(held=1_000)
        stage.push(dollars)
        stage.act(KEEPER, "rebalance")
        assert not stage.market.call("accountReport", stage.token.address)["canLiquidate"]


def test_a_schedule_is_paid_by_delay_and_once_a_slot() -> None:
    """Naive: a keeper who waits to the end of the window is paid without end."""
    daily = {"interval": DAY, "window": 7_200, "cooldown": 60, "cooldownUp": 60}
    stage = opened(policy=daily, market=QUIET, held=1_000_000)
    stage.evm.next_block(stage.evm.timestamp // DAY * DAY + DAY)
    stage.push(61_500)
    rewards = []
    for _ in range(5):
        rewards.append(stage.token.call("assess")["reward"])
        stage.wait(450)
    assert rewards[0] == 0
    assert rewards == sorted(rewards)
    assert rewards[2] == rewards[4] <= traded(stage) * RATE


def test_closing_is_paid_within_the_same_caps() -> None:
    """Naive: delisting pays the whole position to whoever trades it out."""
    stage = opened(held=2_000_000, market=QUIET)
    stage.deposit(VICTIM, 10_000)
    stage.act(OWNER, "startClosing")
    stage.wait(DAY)
    while stage.market.call("state", stage.token.address)["size"] != 0:
        worth, notional = stage.books(stage.token.address), traded(stage)
        paid = stage.act(KEEPER, "rebalance")
        assert paid <= min(notional * RATE, CAP * stage.unit)
        assert worth - stage.books(stage.token.address) <= notional * COST + 1
        stage.wait(1_000)


def test_no_reward_is_above_the_constant_rate() -> None:
    """Naive: an owner who is the keeper."""
    with pytest.raises(Revert, match="InvalidPolicy"):
        build(policy={"rewardRate": to_fixed("0.001") + 1})
    stage = opened()
    assert stage.refuses(HOLDER, "setPolicy", NOBODY) == "NotAllowed"
