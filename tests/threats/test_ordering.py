"""Flows and trades around a rebalance, and rebalances around each other."""

from fractions import Fraction

import pytest

from levtoken.units import WAD, to_fixed
from tests.threats.stage import (
    ATTACKER,
    HOLDER,
    KEEPER,
    OWNER,
    QUIET,
    TRADER,
    VICTIM,
    Stage,
    opened,
)
from tests.world import BTC_MARKET

DAY = 86_400
DAILY = {"interval": DAY, "window": 7_200, "cooldown": 60, "cooldownUp": 60, "emergencyCooldown": 1}
# A position of 500 BTC, whose trade takes several slices of 54.
LARGE = 2_000_000


def at_the_edge(dollars: float, held: float = LARGE) -> Stage:
    """The attacker's part is as large as the others'."""
    stage = opened(held=held, market=QUIET)
    stage.deposit(ATTACKER, held)
    stage.push(dollars)
    assert stage.token.call("assess")["reason"] == bytes(4)
    return stage


def rebalance_all(stage: Stage) -> int:
    """Until nothing is due; returns what was traded, WAD."""
    traded = 0
    while stage.token.call("assess")["trigger"]:
        if stage.token.call("assess")["reason"] == bytes(4):
            traded += abs(stage.token.call("assess")["sizeDelta"])
            stage.act(KEEPER, "rebalance")
        stage.wait(900)
    return traded


@pytest.mark.parametrize("dollars", [53_500, 50_000, 69_000])
def test_leaving_before_a_rebalance_and_returning_after_it_costs_nobody_else(
    dollars: float,
) -> None:
    """Naive: the costs of a rebalance fall to those who are there, and all run from it. A reward
    above 0.1 % would make it pay at the edge of the band. (In an emergency it may: a way out that
    shrinks the skew and one back cost less than the reward of who stays. Nobody else pays it.)"""
    left, mine = [], []
    for runs in (True, False):
        stage = at_the_edge(dollars)
        if runs:
            paid = stage.redeem(ATTACKER)
        moved = stage.market.call("state", stage.token.address)["size"]
        traded = rebalance_all(stage)
        if runs:
            stage.act(ATTACKER, "deposit", paid, ATTACKER)
        left.append(stage.wealth(HOLDER))
        mine.append(stage.wealth(ATTACKER))
    # Whoever leaves takes his part of the premium with him, as any trade ahead does: what he sold
    # (as much as is still there) over the skewScale, of what the others traded in both runs.
    notional = Fraction(traded * round(dollars) * stage.unit, WAD)
    assert left[1] - left[0] <= notional * Fraction(moved, 2 * 100_000 * WAD)
    assert mine[0] <= mine[1] or dollars == 50_000


@pytest.mark.parametrize("dollars", [53_500, 50_000, 69_000])
def test_entering_before_a_rebalance_and_leaving_after_does_not_pay(dollars: float) -> None:
    """Naive: fees or rewards of a rebalance that fall to the holders."""
    stage = at_the_edge(dollars)
    start = stage.wealth(TRADER)
    stage.deposit(TRADER, LARGE)
    rebalance_all(stage)
    stage.redeem(TRADER)
    assert stage.wealth(TRADER) <= start


def sandwich(held: float, dollars: float, skew: int, size: int) -> tuple[Fraction, Fraction]:
    """What trading `size` ahead of a slice and back after it earns, and the slice's notional, at a
    market that others bring to a skew of `skew` (BTC)."""
    stage = opened(held=held, market=QUIET)
    size_now = stage.market.call("state", stage.token.address)["size"]
    stage.trade_as(VICTIM, skew * WAD - size_now, 60_000_000)
    stage.push(dollars)
    start = stage.wealth(TRADER)
    sign = 1 if stage.token.call("assess")["sizeDelta"] > 0 else -1
    stage.trade_as(TRADER, sign * size * WAD, 20_000_000)
    due = stage.token.call("assess")
    stage.act(KEEPER, "rebalance")
    stage.trade_as(TRADER, -sign * size * WAD)
    notional = Fraction(abs(due["sizeDelta"]) * round(dollars) * stage.unit, WAD)
    return stage.wealth(TRADER) - start, notional


@pytest.mark.parametrize("size", [1, 10, 54, 150])
@pytest.mark.parametrize(("dollars", "skew"), [(53_500, 350), (50_000, 350), (69_000, 200)])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_sandwich_of_one_slice_loses(dollars: float, skew: int, size: int, sign: int) -> None:
    """Naive: the whole rebalance at once; beyond a slice of 0.9 * skewScale * (maker + taker) its
    impact is worth more than the fees of the sandwich."""
    earned, _ = sandwich(5_000_000, dollars, sign * skew, size)
    assert earned < 0


@pytest.mark.parametrize("size", [20, 54, 110])
@pytest.mark.parametrize("skew", [-54, 0, 30, 54, 110])
def test_a_sandwich_over_a_turn_of_the_skew_earns_no_more_than_the_impact_of_a_slice(
    skew: int, size: int
) -> None:
    """Naive: no slices, and the impact is that of all. Where the skew turns, both ways of the
    sandwich pay the maker's fee, and it may pay: at most slice / skewScale of the slice."""
    earned, notional = sandwich(10_000_000, 53_500, skew, size)
    assert earned <= notional * 54 / 100_000


@pytest.mark.parametrize("size", [50, 250])
def test_trading_ahead_of_a_rebalance_costs_the_holders_no_more_than_the_slippage(
    size: int,
) -> None:
    """Naive: a rebalance without a limit pays whatever the skew was bent to."""
    losses = []
    for ahead in (False, True):
        stage = at_the_edge(50_000)
        if ahead:
            stage.trade_as(TRADER, -size * WAD, 10_000_000)
        worth = stage.books(stage.token.address)
        due = stage.token.call("assess")
        assert due["reason"] == bytes(4)
        stage.act(KEEPER, "rebalance")
        losses.append(worth - stage.books(stage.token.address))
        notional = Fraction(abs(due["sizeDelta"]) * 50_000 * stage.unit, WAD)
        # Slippage of 1 %, fee of 0.06 % (of the fill), reward of 0.1 %.
        assert losses[-1] <= notional * (Fraction("0.01") + Fraction("0.0006") + Fraction("0.001"))
    assert losses[0] < losses[1]


def test_a_fill_that_was_bent_beyond_the_slippage_is_refused() -> None:
    """Naive: sold at any price. (The griefer holds the skew at his own cost.)"""
    skewed = {**QUIET, "skewScale": to_fixed(10_000)}
    stage = opened(held=100_000, market=skewed)
    stage.push(53_000)
    stage.trade_as(TRADER, -150 * WAD, 10_000_000)
    assert stage.refuses(KEEPER, "rebalance") == "FillBeyondLimit"


@pytest.mark.parametrize("dollars", [53_500, 49_000, 69_000])
def test_no_two_rebalances_in_a_block(dollars: float) -> None:
    """Naive: each of two calls in a block is a trade and a reward."""
    stage = at_the_edge(dollars)
    stage.act(KEEPER, "rebalance")
    assert stage.refuses(KEEPER, "rebalance") in ("CooldownActive", "NothingDue")


def test_no_flow_makes_a_reward_due() -> None:
    """I-7. Naive: flows that leave cash idle move leverage to the edge, and pay who moved it."""
    stage = opened(market=QUIET)
    stage.push(55_000)
    assert stage.token.call("assess")["reason"] != bytes(4)
    for size in (1_000, 100_000, 1_000_000):
        stage.deposit(ATTACKER, size)
        assert stage.token.call("assess")["trigger"] == 0
        stage.redeem(ATTACKER)
        assert stage.token.call("assess")["trigger"] == 0
    stage.redeem(HOLDER, stage.token.call("balanceOf", HOLDER) * 99 // 100)
    assert stage.token.call("assess")["trigger"] == 0


def test_a_slot_of_the_schedule_is_used_once() -> None:
    """Naive: "once a day" is "since the last one", or each call in the window is one."""
    stage = opened(policy=DAILY, market=QUIET)
    stage.evm.next_block(stage.evm.timestamp // DAY * DAY + DAY + 10)
    stage.push(61_000)
    stage.act(KEEPER, "rebalance")
    stage.wait(120)
    stage.push(60_000)
    assert stage.refuses(KEEPER, "rebalance") == "NothingDue"
    stage.wait(DAY)
    stage.act(KEEPER, "rebalance")
    stage.wait(7_000)
    assert stage.token.call("assess")["trigger"] == 0


def test_nothing_is_due_on_schedule_outside_of_its_window() -> None:
    """Naive: a keeper who waits chooses his moment of the whole day."""
    stage = opened(policy=DAILY, market=QUIET)
    stage.evm.next_block(stage.evm.timestamp // DAY * DAY + DAY + 7_200)
    stage.push(61_000)
    assert stage.refuses(KEEPER, "rebalance") == "NothingDue"


def test_a_new_policy_does_not_open_the_slot_again_for_who_is_not_the_owner() -> None:
    """Naive: anyone resets what is remembered."""
    stage = opened(policy=DAILY, market=QUIET)
    policy = stage.token.call("progress")["policy"]
    assert stage.refuses(ATTACKER, "setPolicy", policy) == "NotAllowed"
    stage.act(OWNER, "setPolicy", policy)
    assert stage.token.call("progress")["unfinished"] == 0


@pytest.mark.parametrize("verb", ["deposit", "mint"])
def test_the_reference_of_an_adverse_move_is_not_moved_by_flows(verb: str) -> None:
    """Naive: any flow marks the price, and a griefer's unit keeps the emergency from ever coming;
    or a new deposit at the top makes one due."""
    policy = {"emergencyMove": to_fixed("0.1"), "emergency": to_fixed("4.5")}
    stage = opened(policy=policy, market=QUIET)
    stage.push(56_000)
    amount = stage.unit * 1_000 if verb == "deposit" else 1_000 * WAD
    stage.act(ATTACKER, verb, amount, ATTACKER)
    stage.redeem(ATTACKER)
    assert stage.token.call("prices")["last"] == 60_000 * WAD
    stage.push(53_990)
    assert stage.token.call("assess")["trigger"] == 3
    stage.act(KEEPER, "rebalance")
    assert stage.token.call("prices")["last"] == 53_990 * WAD


def test_the_reference_moves_when_a_position_is_opened_again() -> None:
    """Naive: the old price makes an emergency of a position that is seconds old."""
    policy = {"emergencyMove": to_fixed("0.1")}
    stage = opened(policy=policy, market=QUIET)
    stage.redeem(HOLDER)
    stage.push(40_000)
    stage.deposit(VICTIM, 10_000)
    assert stage.token.call("prices")["last"] == 40_000 * WAD
    assert stage.token.call("assess")["trigger"] == 0


def test_funding_is_paid_by_who_holds_and_not_by_who_comes_after() -> None:
    """Naive: funding is booked at the next trade, and who enters before it pays or is paid for the
    time before."""
    stage = opened(held=LARGE, market=BTC_MARKET)
    stage.trade_as(TRADER, 300 * WAD, 20_000_000)
    stage.wait(DAY)
    start, worth = stage.wealth(ATTACKER), stage.worth()
    before = stage.market.call("state", stage.token.address)["size"]
    with stage.evm.rolled_back():
        stage.deposit(ATTACKER, 100_000)
        grown = stage.market.call("state", stage.token.address)["size"] - before
    cost = Fraction(stage.market.call("quote", stage.token.address, grown, 0)["cost"], 10**12)
    stage.deposit(ATTACKER, 100_000)
    assert stage.worth() >= worth
    entered = stage.wealth(ATTACKER)
    # Its own fill and no funding; sizes and shares are rounded.
    assert abs(start - entered - cost) <= 2
    stage.redeem(ATTACKER)
    assert stage.wealth(ATTACKER) <= start


def test_a_bound_is_on_what_arrives_and_not_on_what_was_quoted() -> None:
    """Naive: minimum and deadline are checked before the fee, or on the preview."""
    fees = {"streaming": 0, "deposit": WAD // 100, "redemption": WAD // 100}
    stage = opened(market=QUIET, fees=fees, feeRecipient=OWNER)
    stage.deposit(VICTIM, 10_000)
    late = stage.evm.timestamp + 60
    for verb, amount, bounds, error in (
        ("deposit", 10**9, 1, "SharesBelowMinimum"),
        ("mint", 10**21, -1, "AssetsAboveMaximum"),
        ("redeem", 10**21, 1, "AssetsBelowMinimum"),
        ("withdraw", 10**9, -1, "SharesAboveMaximum"),
    ):
        who = (VICTIM,) if verb in ("deposit", "mint") else (VICTIM, VICTIM)
        told = stage.token.call("preview" + verb.capitalize(), amount)
        with stage.evm.rolled_back():
            assert stage.act(VICTIM, verb, amount, *who, told, late) == told
        assert stage.refuses(VICTIM, verb, amount, *who, told + bounds, late) == error
        early = stage.evm.timestamp - 1
        assert stage.refuses(VICTIM, verb, amount, *who, told, early) == "DeadlinePassed"
