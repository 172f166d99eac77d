"""Assets that are not what an ERC-20 should be: refused, or harmless to everybody else."""

from fractions import Fraction
from typing import Any

import pytest

from levtoken.evm import Revert
from levtoken.units import WAD
from tests.threats.stage import (
    ATTACKER,
    HOLDER,
    KEEPER,
    OWNER,
    PROVIDER,
    RECIPIENT,
    VICTIM,
    Stage,
    build,
    opened,
)

NONE, FEE, FALSE, SILENT, NARROW = range(5)
# A flow's cost at a leverage of 3, both ways.
COST = Fraction(8, 1000)


def quirky(quirk: int = NONE, decimals: int = 6, **changes: Any) -> Stage:
    stage = opened(asset="MockQuirkyERC20", asset_arguments=(decimals,), **changes)
    stage.asset.transact("setQuirk", quirk)
    return stage


def state(stage: Stage) -> tuple[Any, ...]:
    supply = stage.token.call("totalSupply")
    return supply, stage.books(stage.token.address), stage.market.call("marketState")


def test_a_fee_on_transfer_is_refused_on_the_way_in() -> None:
    """Naive: the token books what it asked for, and the holders pay the fee."""
    stage = quirky(FEE)
    before = state(stage)
    for verb, amount in (("deposit", 1_000 * stage.unit), ("mint", 1_000 * WAD)):
        assert stage.refuses(VICTIM, verb, amount, VICTIM) == "AssetsNotReceived"
    assert state(stage) == before


def test_a_fee_that_a_gift_makes_up_for_costs_nobody_anything() -> None:
    """Naive: "balance less booked" is credited to whoever comes, and the fee to nobody."""
    stage = quirky(FEE)
    stage.asset.transact("mint", stage.market.address, 1_000 * stage.unit)
    worth = stage.worth()
    stage.deposit(VICTIM, 10_000)
    assert stage.worth() >= worth
    booked = stage.market.call("marketState")["cash"]
    assert stage.asset.call("balanceOf", stage.market.address) >= booked


def test_a_fee_that_comes_later_is_the_leavers_own() -> None:
    """Naive: those who stay pay it."""
    stage = quirky()
    stage.deposit(VICTIM, 50_000)
    stage.asset.transact("setQuirk", FEE)
    worth = stage.worth()
    stage.redeem(VICTIM)
    assert stage.worth() >= worth


def test_an_asset_that_answers_false_moves_nothing_and_neither_do_the_shares() -> None:
    """Naive: the answer is not looked at: shares for nothing, or nothing for shares."""
    stage = quirky(FALSE)
    before = state(stage)
    calls = (
        ("deposit", 1_000 * stage.unit, VICTIM),
        ("mint", 1_000 * WAD, VICTIM),
        ("redeem", WAD, HOLDER, HOLDER),
        ("withdraw", stage.unit, HOLDER, HOLDER),
    )
    for verb, *arguments in calls:
        who = VICTIM if arguments[-1] == VICTIM else HOLDER
        with pytest.raises(Revert):
            stage.act(who, verb, *arguments)
    assert state(stage) == before


def test_a_closed_token_does_not_burn_for_an_answer_of_false() -> None:
    """Naive: `transfer` without a look at its answer."""
    stage = trade_out(quirky())
    stage.asset.transact("setQuirk", FALSE)
    with pytest.raises(Revert):
        stage.redeem(HOLDER)
    stage.asset.transact("setQuirk", NONE)
    assert stage.redeem(HOLDER) > 0


def trade_out(stage: Stage) -> Stage:
    stage.act(OWNER, "startClosing")
    while stage.market.call("state", stage.token.address)["size"] != 0:
        stage.wait(1_000)
        stage.act(KEEPER, "rebalance")
    stage.act(KEEPER, "close")
    return stage


def test_an_asset_that_answers_nothing_works() -> None:
    """Naive: the missing answer reverts (USDT), and what is in stays in."""
    stage = quirky(SILENT)
    start = stage.wealth(VICTIM)
    stage.deposit(VICTIM, 10_000)
    stage.act(VICTIM, "mint", 1_000 * WAD, VICTIM)
    stage.act(VICTIM, "withdraw", 1_000 * stage.unit, VICTIM, VICTIM)
    stage.redeem(VICTIM)
    assert start >= stage.wealth(VICTIM) >= start - 12_000 * stage.unit * COST
    stage.push(53_000)
    assert stage.act(KEEPER, "rebalance") == stage.asset.call("balanceOf", KEEPER)
    trade_out(stage)
    stage.redeem(HOLDER)


def test_an_asset_of_96_bits_refuses_by_itself_and_hurts_nobody() -> None:
    """Naive: an allowance or an amount "without end" is truncated."""
    stage = quirky(NARROW, decimals=18)
    before = state(stage)
    with pytest.raises(Revert):
        stage.act(VICTIM, "deposit", 2**96, VICTIM)
    assert state(stage) == before
    shares = stage.deposit(VICTIM, 10_000)
    # To somebody whose balance fits.
    stage.act(VICTIM, "redeem", shares, KEEPER, VICTIM)


@pytest.mark.parametrize("blocked", [HOLDER, RECIPIENT, KEEPER])
def test_whoever_is_blocked_by_the_asset_stops_nobody_else(blocked: str) -> None:
    """Naive: fees or rewards are pushed in assets, and one blocked address stops every verb."""
    fees = {"streaming": WAD // 20, "deposit": WAD // 100, "redemption": WAD // 100}
    stage = quirky(fees=fees, feeRecipient=RECIPIENT)
    stage.asset.transact("setBlocked", blocked, True)
    stage.wait(10_000)
    stage.deposit(VICTIM, 10_000)
    stage.act(ATTACKER, "accrue")
    stage.redeem(VICTIM)
    stage.push(53_000)
    stage.act(ATTACKER, "rebalance")


def test_a_blocked_holder_leaves_to_another_address() -> None:
    """Naive: a redemption pays its owner, who cannot receive."""
    stage = quirky()
    stage.asset.transact("setBlocked", HOLDER, True)
    with pytest.raises(Revert):
        stage.redeem(HOLDER)
    shares = stage.token.call("balanceOf", HOLDER)
    assert stage.act(HOLDER, "redeem", shares, VICTIM, HOLDER) > 0


def test_a_blocked_token_still_pays_since_assets_never_pass_through_it() -> None:
    """Naive: assets go from the venue to the token and on to the leaver."""
    stage = quirky()
    stage.asset.transact("setBlocked", stage.token.address, True)
    stage.redeem(HOLDER, 10 * WAD)
    stage.push(53_000)
    stage.act(KEEPER, "rebalance")
    # Only closing needs it; the holders do not.
    stage.redeem(HOLDER)


def test_a_blocked_market_holds_everybody_and_loses_nothing() -> None:
    """Naive: shares are burned although nothing is paid. The risk itself is the asset's."""
    stage = quirky()
    before = state(stage)
    stage.asset.transact("setBlocked", stage.market.address, True)
    with pytest.raises(Revert, match="TransferFailed"):
        stage.redeem(HOLDER)
    assert state(stage) == before
    stage.asset.transact("setBlocked", stage.market.address, False)
    stage.redeem(HOLDER)


@pytest.mark.parametrize("up", [True, False])
def test_a_rebase_moves_no_share_price(up: bool) -> None:
    """Naive: equity is a balance, and who calls around the rebase takes it."""
    stage = quirky()
    stage.deposit(VICTIM, 50_000)
    worth, start = stage.worth(), stage.asset.call("balanceOf", ATTACKER)
    stage.asset.transact("rebase", *((11, 10) if up else (10, 11)))
    assert stage.worth() == worth
    grown = Fraction(stage.asset.call("balanceOf", ATTACKER), start)
    if up:
        stage.deposit(ATTACKER, 10_000)
        stage.redeem(ATTACKER)
    assert stage.asset.call("balanceOf", ATTACKER) <= start * grown
    # What the market booked is paid as long as there is any; the lack is the pool's.
    stage.redeem(HOLDER)
    stage.redeem(VICTIM)


def test_a_market_that_has_shrunk_takes_nobody_in() -> None:
    """Naive: a newcomer's deposit fills the hole that a rebase left."""
    stage = quirky()
    stage.asset.transact("rebase", 10, 11)
    assert stage.refuses(VICTIM, "deposit", 1_000 * stage.unit, VICTIM) == "AssetsNotReceived"
    with pytest.raises(Revert, match="AssetsNotReceived"):
        stage.market.transact("provideLiquidity", stage.unit, sender=PROVIDER)


def test_a_rebase_of_a_closed_token_is_shared() -> None:
    """Naive: a stored amount is paid, and the last one gets what is left of it."""
    stage = quirky()
    stage.deposit(VICTIM, 100_000)
    trade_out(stage)
    stage.asset.transact("rebase", 1, 2)
    held = stage.asset.call("balanceOf", stage.token.address)
    supply = stage.token.call("totalSupply")
    for who in (HOLDER, VICTIM):
        shares = stage.token.call("balanceOf", who)
        # Rounded down to a unit, which halving doubles.
        assert abs(stage.redeem(who) - Fraction(held * shares, supply)) <= 4


@pytest.mark.parametrize("decimals", [5, 19])
def test_decimals_that_shares_cannot_carry_are_refused(decimals: int) -> None:
    """Naive: 10 ** (18 - decimals) wraps, or a unit is worth more than a share."""
    with pytest.raises(Revert, match="InvalidParameter"):
        build(decimals=decimals)
