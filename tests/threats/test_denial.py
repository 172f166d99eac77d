"""Pauses, caps and griefers: what stops whom."""

from typing import Any

import pytest

from levtoken.evm import Revert
from levtoken.units import WAD, to_fixed
from tests.threats.stage import (
    ATTACKER,
    GUARDIAN,
    HOLDER,
    KEEPER,
    OWNER,
    QUIET,
    RECIPIENT,
    TRADER,
    VICTIM,
    Stage,
    build,
    opened,
)

DAY = 86_400
EXITS = (
    ("redeem", WAD, HOLDER, HOLDER),
    ("redeem", WAD, HOLDER, HOLDER, 0, 2**64),
    ("withdraw", 10**6, HOLDER, HOLDER),
    ("withdraw", 10**6, HOLDER, HOLDER, 2**255, 2**64),
    ("transfer", VICTIM, WAD),
    ("approve", VICTIM, WAD),
)
ENTRIES = (
    ("deposit", 10**9, VICTIM),
    ("deposit", 10**9, VICTIM, 0, 2**64),
    ("depositWithPermit", 10**9, VICTIM, 0, 2**64, 0, bytes(32), bytes(32)),
    ("mint", WAD * 1_000, VICTIM),
    ("mint", WAD * 1_000, VICTIM, 2**255, 2**64),
)
Call = tuple[Any, ...]


@pytest.mark.parametrize("who", [OWNER, GUARDIAN])
def test_a_pause_stops_every_way_in_and_no_way_out(who: str) -> None:
    """Naive: a pause on half of the overloads, or on the exit, too."""
    stage = opened(guardian=GUARDIAN)
    stage.act(who, "setDepositsPaused", True)
    assert [stage.refuses(VICTIM, *entry) for entry in ENTRIES] == ["DepositsPaused"] * 5
    assert stage.token.call("maxDeposit", VICTIM) == stage.token.call("maxMint", VICTIM) == 0
    for call in EXITS:
        stage.act(HOLDER, *call)
    stage.push(53_000)
    stage.act(KEEPER, "rebalance")
    stage.act(ATTACKER, "accrue")


def test_a_closing_token_takes_nothing_in_and_lets_everybody_out() -> None:
    """Naive: delisting locks the holders in until it is done."""
    stage = opened()
    stage.act(OWNER, "startClosing")
    assert [stage.refuses(VICTIM, *entry) for entry in ENTRIES] == ["TokenNotLive"] * 5
    for call in EXITS:
        stage.act(HOLDER, *call)


def test_the_guardian_stops_deposits_and_nothing_else() -> None:
    """Naive: a stolen hot key starts them again, or sets a fee."""
    stage = opened(guardian=GUARDIAN)
    stage.act(GUARDIAN, "setDepositsPaused", True)
    assert stage.refuses(GUARDIAN, "setDepositsPaused", False) == "NotAllowed"
    for who in (ATTACKER, HOLDER):
        for paused in (True, False):
            assert stage.refuses(who, "setDepositsPaused", paused) == "NotAllowed"
    stage.act(OWNER, "setDepositsPaused", False)
    stage.deposit(VICTIM, 1_000)


def test_without_a_guardian_the_zero_address_is_nobody() -> None:
    """Naive: an unset role is the role of whoever recovers to address 0."""
    stage = opened()
    assert stage.refuses(ATTACKER, "setDepositsPaused", True) == "NotAllowed"
    assert stage.refuses(ATTACKER, "acceptOwnership") == "NotAllowed"


@pytest.mark.parametrize("limits", [(0, 0), (1, 2**128 - 1)])
def test_no_cap_and_no_minimum_stops_a_redemption(limits: tuple[int, int]) -> None:
    """Naive: the cap is checked in a hook of every transfer of shares."""
    stage = opened()
    stage.act(OWNER, "setLimits", *limits)
    for call in EXITS:
        stage.act(HOLDER, *call)
    stage.redeem(HOLDER)


def test_a_size_limit_below_the_position_stops_growth_only() -> None:
    """Naive: a policy that lowers the limit locks everybody in."""
    stage = opened(held=2_000_000)
    strict = {**stage.system.logic.call("policyAt", stage.token.call("progress")["policy"])}
    strict["maxTrade"] = to_fixed(2)
    stage.act(OWNER, "setPolicy", stage.system.logic.transact("storePolicy", strict))
    assert stage.token.call("maxDeposit", VICTIM) == 0
    assert stage.refuses(VICTIM, "deposit", 10**9, VICTIM) == "SizeLimitExceeded"
    stage.push(53_000)
    stage.act(KEEPER, "rebalance")
    stage.redeem(HOLDER)


def griefs(stage: Stage) -> list[Call]:
    """What anybody can do for next to nothing."""
    one = stage.token.call("balanceOf", ATTACKER) // 10
    return [
        ("deposit", 1, ATTACKER),
        ("mint", 1, ATTACKER),
        ("redeem", 1, ATTACKER, ATTACKER),
        ("withdraw", 1, ATTACKER, ATTACKER),
        ("redeem", one, HOLDER, ATTACKER),
        ("transfer", VICTIM, 1),
        ("accrue",),
    ]


@pytest.mark.parametrize("grief", range(7))
def test_a_tiny_call_before_it_stops_nobodys(grief: int) -> None:
    """Naive: a deposit of one unit moves the clock, the order or the balance on which the victim's
    call relies (TLX: it blocks everybody's redemption)."""
    fees = {"streaming": WAD // 50, "deposit": 0, "redemption": WAD // 1000}
    stage = opened(fees=fees, feeRecipient=RECIPIENT)
    stage.deposit(ATTACKER, 100)
    stage.wait(1_000)
    asked = stage.token.call("maxWithdraw", HOLDER)
    shares = stage.token.call("maxRedeem", HOLDER)
    stage.act(ATTACKER, *griefs(stage)[grief])
    victims: tuple[Call, ...] = (
        ("redeem", shares, HOLDER, HOLDER),
        # What a grief costs the victim is what it moves the skew: two units of the asset.
        ("withdraw", asked - 10 * stage.unit, HOLDER, HOLDER),
        ("deposit", 1_000 * stage.unit, HOLDER),
        ("mint", 1_000 * WAD, HOLDER),
        ("redeem", WAD, HOLDER, HOLDER),
    )
    for call in victims:
        with stage.evm.rolled_back():
            stage.act(HOLDER, *call)
    with stage.evm.rolled_back():
        stage.push(53_000)
        stage.act(KEEPER, "rebalance")


def test_a_policys_first_rebalance_is_not_put_off_by_flows() -> None:
    """Naive: each flow restarts the cooldown, and a griefer keeps a token above its band."""
    stage = opened()
    stage.push(53_000)
    for _ in range(3):
        stage.deposit(ATTACKER, 100)
        stage.redeem(ATTACKER)
    stage.act(KEEPER, "rebalance")


@pytest.mark.parametrize("skew", [0, 700, -700])
@pytest.mark.parametrize("decimals", [6, 18])
def test_no_skew_of_a_griefer_makes_the_views_of_a_page_too_dear(decimals: int, skew: int) -> None:
    """Naive: views that search have no bound, and a bent market takes the page with it."""
    stage = opened(decimals=decimals, market=QUIET)
    if skew:
        stage.trade_as(TRADER, skew * WAD, 60_000_000)
    assert stage.system.lens.call("status", [stage.token.address])[0]["ok"]
    # A block has 30 million.
    for name in ("maxDeposit", "maxMint", "maxRedeem", "maxWithdraw"):
        data = stage.token.calldata(name, HOLDER)
        stage.evm.view(stage.token.address, data, gas=20_000_000)


@pytest.mark.parametrize("price", [0, 40_500, 40_000, 70_000])
def test_the_views_of_a_page_stay_cheap_whatever_the_account_is_like(price: int) -> None:
    """Naive: where everything fails, a search for what does not tries everything."""
    stage = opened(decimals=18)
    stage.push(price)
    page = stage.system.lens.call("status", [stage.token.address, ATTACKER, stage.token.address])
    assert [one["ok"] for one in page] == [True, False, True]


def test_a_refused_deposit_leaves_everything_where_it_was() -> None:
    """Naive: the limits are checked after the assets have moved, without a revert."""
    stage = opened(minDeposit=1_000 * 10**6, supplyCap=101_000 * WAD)
    whole = stage.wealth(VICTIM)
    stored = stage.market.call("marketState")
    assert stage.refuses(VICTIM, "deposit", 999 * stage.unit, VICTIM) == "BelowMinimumDeposit"
    assert stage.refuses(VICTIM, "deposit", 5_000 * stage.unit, VICTIM) == "SupplyCapExceeded"
    assert stage.refuses(VICTIM, "mint", 5_000 * WAD, VICTIM) == "SupplyCapExceeded"
    bound = ("deposit", 1_100 * stage.unit, VICTIM, 1_100 * WAD, 2**64)
    assert stage.refuses(VICTIM, *bound) == "SharesBelowMinimum"
    assert stage.wealth(VICTIM) == whole
    assert stage.market.call("marketState") == stored
    assert stage.asset.call("balanceOf", stage.token.address) == 0


def test_amounts_beyond_all_bounds_are_refused_and_break_no_view() -> None:
    """Naive: an amount that wraps around."""
    stage = build()
    stage.deposit(HOLDER, 100_000)
    huge = 2**256 - 1
    for verb, *rest in (("deposit", VICTIM), ("mint", VICTIM), ("redeem", HOLDER, HOLDER)):
        for amount in (huge, 2**255, 2**128):
            with pytest.raises(Revert):
                stage.act(HOLDER, verb, amount, *rest)
    with pytest.raises(Revert):
        stage.act(HOLDER, "withdraw", huge, HOLDER, HOLDER)
