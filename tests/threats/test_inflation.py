"""First depositors, gifts and tokens that were emptied: the share that one unit buys."""

from fractions import Fraction

import pytest

from levtoken.evm import Revert
from levtoken.units import WAD
from tests.threats.stage import ATTACKER, HOLDER, PROVIDER, VICTIM, Stage, build, opened

MILLION = 1_000_000
# What a flow of 10,000 costs at most at a leverage of 3: the taker fee of 0.06 % and the impact.
COST = Fraction(3, 1000)


def smallest(stage: Stage) -> None:
    """The attacker is the first, with the least that goes."""
    least = 41
    stage.deposit(ATTACKER, least)
    shares = stage.token.call("balanceOf", ATTACKER)
    # And leaves but one wei of shares, as far as that is possible.
    stage.redeem(ATTACKER, shares - 1)


def gift(stage: Stage, where: str) -> None:
    to = {"token": stage.token, "market": stage.market}[where].address
    stage.asset.transact("transfer", to, MILLION * stage.unit, sender=ATTACKER)


@pytest.mark.parametrize("decimals", [6, 8, 18])
@pytest.mark.parametrize("where", ["token", "market"])
def test_a_first_depositor_of_a_wei_and_a_gift_take_nothing(decimals: int, where: str) -> None:
    """Naive: with a share that is worth a million, the next deposit rounds to no shares."""
    stage = build(decimals=decimals)
    start = stage.wealth(ATTACKER)
    smallest(stage)
    gift(stage, where)
    stage.deposit(VICTIM, 10_000)
    assert stage.share(VICTIM) >= 10_000 * stage.unit * (1 - COST)
    stage.redeem(ATTACKER)
    assert stage.wealth(ATTACKER) <= start - MILLION * stage.unit


@pytest.mark.parametrize("where", ["token", "market"])
def test_the_same_after_everyone_has_left(where: str) -> None:
    """Naive: what guards the first deposit is not there when the supply is small again."""
    stage = opened()
    stage.redeem(HOLDER)
    start = stage.wealth(ATTACKER)
    smallest(stage)
    gift(stage, where)
    stage.deposit(VICTIM, 10_000)
    assert stage.share(VICTIM) >= 10_000 * stage.unit * (1 - COST)
    stage.redeem(ATTACKER)
    assert stage.wealth(ATTACKER) <= start - MILLION * stage.unit


@pytest.mark.parametrize("where", ["token", "market"])
def test_a_gift_of_a_million_moves_no_price_and_no_preview(where: str) -> None:
    """Naive: `totalAssets` reads the balance, and a lender who trusts it is robbed."""
    stage = opened()
    calls = (
        ("sharePrice",),
        ("totalAssets",),
        ("leverage",),
        ("previewDeposit", 10**9),
        ("previewRedeem", WAD),
    )
    before = [stage.token.call(*call) for call in calls]
    gift(stage, where)
    assert [stage.token.call(*call) for call in calls] == before


def test_a_gift_to_the_pool_is_the_providers_and_moves_no_price() -> None:
    """Naive: provision at a price that a gift moves."""
    stage = opened()
    price = stage.token.call("sharePrice")
    stage.market.transact("provideLiquidity", MILLION * stage.unit, sender=PROVIDER)
    assert stage.token.call("sharePrice") == price


def test_a_stranger_cannot_add_margin_to_the_account_of_a_token() -> None:
    """Naive: `transferMargin(account, amount)`: a stranger lowers the leverage of a token, and
    raises it by taking the margin back."""
    stage = opened()
    before = stage.token.call("leverage"), stage.books(stage.token.address)
    names = [name for name, _ in stage.market.artifact.functions]
    stage.market.transact("depositMargin", MILLION * stage.unit, sender=ATTACKER)
    stage.market.transact("trade", 0, -MILLION * stage.unit // 2, 0, ATTACKER, sender=ATTACKER)
    assert (stage.token.call("leverage"), stage.books(stage.token.address)) == before
    # Every verb that books is the caller's: none takes an account to book for.
    by_account = {"cancel", "execute", "flag", "liquidate"}
    assert by_account < set(names)
    for name in by_account - {"execute"}:
        with pytest.raises(Revert):
            stage.market.transact(name, stage.token.address, sender=ATTACKER)


@pytest.mark.parametrize("decimals", [6, 18])
def test_shares_that_nobody_owns_are_locked_by_the_first_flow(decimals: int) -> None:
    """Naive: the supply can fall to one wei."""
    stage = build(decimals=decimals)
    smallest(stage)
    assert stage.token.call("totalSupply") >= 10**15


def test_a_gift_is_booked_by_nobody_for_nothing() -> None:
    """Naive: the market takes a gift for the deposit of the next caller, who pays nothing."""
    stage = opened()
    gift(stage, "market")
    start = stage.wealth(VICTIM)
    stage.deposit(VICTIM, 10_000)
    assert stage.wealth(VICTIM) <= start
    # Whoever claims it at the market gives up nothing that is anybody else's; a token can not,
    # since it moves what it enters with.
    held = stage.books(stage.token.address)
    stage.market.transact("enter", MILLION * stage.unit, 3 * WAD, sender=ATTACKER)
    assert stage.books(stage.token.address) == held


@pytest.mark.parametrize("rounds", [40])
def test_many_small_flows_do_not_move_the_price_against_the_others(rounds: int) -> None:
    """Naive: each tiny flow rounds for its caller, and a loop of them steals."""
    stage = opened()
    worth, start = stage.worth(), stage.wealth(ATTACKER)
    for _ in range(rounds):
        stage.act(ATTACKER, "deposit", 3, ATTACKER)
        stage.act(ATTACKER, "mint", 1, ATTACKER)
        stage.redeem(ATTACKER, 1)
        stage.redeem(ATTACKER)
    assert stage.worth() >= worth
    assert stage.wealth(ATTACKER) <= start


def test_dust_left_in_a_flat_token_makes_no_share_too_dear() -> None:
    """Naive: who re-opens a token with a wei of equity and a large supply gets a nominal share, or
    mints past every cap."""
    stage = opened()
    stage.redeem(HOLDER)
    dust = stage.books(stage.token.address)
    assert 0 < dust < stage.unit
    stage.deposit(VICTIM, 10_000)
    assert stage.share(VICTIM) >= 10_000 * stage.unit * (1 - COST)
    assert stage.token.call("totalSupply") < 2**96
