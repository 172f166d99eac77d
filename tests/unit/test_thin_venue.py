"""A token at the thin venue, on which gas is measured: every verb works and keeps the laws."""

import dataclasses
from fractions import Fraction

import pytest

from levtoken.evm import DEPLOYER, Contract, Evm, Revert
from levtoken.system import Feed, System, deploy_system
from levtoken.units import WAD, to_fixed
from tests.runtime import UNLIMITED
from tests.world import BTC_MARKET, POLICY_3X

UNIT = 10**6
PRICE = 60_000
MAX_AGE = 3_600
FEE, MAX_LEVERAGE, MIN_EQUITY = to_fixed("0.0006"), to_fixed(55), to_fixed(40)
FEES = {"streaming": to_fixed("0.02"), "deposit": WAD // 1_000, "redemption": WAD // 1_000}
HOLDER, OTHER, KEEPER = "0x" + "a1" * 20, "0x" + "a2" * 20, "0x" + "e1" * 20
EACH = 100_000_000 * UNIT


@pytest.fixture(params=[3, -3])
def world(request: pytest.FixtureRequest) -> tuple[System, Contract]:
    """A token held by HOLDER, with 100,000 in it."""
    evm = Evm(timestamp=10**9)
    system = deploy_system(evm, feed=Feed(PRICE * 10**8), market=BTC_MARKET)
    rules = (MAX_AGE, FEE, MAX_LEVERAGE, MIN_EQUITY, PRICE * WAD)
    thin = evm.deploy("ThinVenue", system.asset.address, *rules)
    system = dataclasses.replace(system, market=thin)
    token = system.create_token("BTC3", request.param * WAD, POLICY_3X, fees=FEES)
    for actor in (HOLDER, OTHER):
        system.asset.transact("mint", actor, EACH, sender=actor)
        for spender in (token.address, thin.address):
            system.asset.transact("approve", spender, UNLIMITED, sender=actor)
    thin.transact("fund", 10**6 * UNIT, sender=OTHER)
    token.transact("deposit", 100_000 * UNIT, HOLDER, sender=HOLDER)
    later(system, "60_123.456789")
    return system, token


def later(system: System, price: str, seconds: int = 1_000) -> None:
    system.evm.next_block(system.evm.timestamp + seconds)
    system.market.transact("setPrice", to_fixed(price.replace("_", "")))


def per_share(token: Contract) -> Fraction:
    return Fraction(token.call("sharePrice"))


@pytest.mark.parametrize("verb", ["deposit", "mint", "withdraw", "redeem"])
def test_a_flow_is_as_previewed_and_neutral_for_the_others(
    world: tuple[System, Contract], verb: str
) -> None:
    """I-2, I-3, I-5, law 1."""
    _, token = world
    token.transact("accrue")
    before, leverage = per_share(token), token.call("leverage")
    amount = {"mint": 9_876 * WAD, "redeem": 9_876 * WAD}.get(verb, 9_876_543_210)
    parties = (HOLDER, HOLDER) if verb in ("withdraw", "redeem") else (HOLDER,)
    previewed = token.call(f"preview{verb.capitalize()}", amount)
    assert token.transact(verb, amount, *parties, sender=HOLDER) == previewed
    assert per_share(token) >= before
    bound = Fraction(WAD, 10**9) + Fraction(2 * WAD, token.call("totalAssets"))
    assert abs(token.call("leverage") - leverage) <= bound


def test_what_is_largest_goes_through_and_one_more_does_not(
    world: tuple[System, Contract],
) -> None:
    """I-5."""
    system, token = world
    for verb in ("deposit", "mint", "withdraw", "redeem"):
        parties = (HOLDER, HOLDER) if verb in ("withdraw", "redeem") else (HOLDER,)
        most = token.call(f"max{verb.capitalize()}", HOLDER)
        with system.evm.rolled_back():
            token.transact(verb, most, *parties, sender=HOLDER)
        with pytest.raises(Revert):
            token.transact(verb, most + 1, *parties, sender=HOLDER)


@pytest.mark.parametrize("move", ["-0.1", "0.16"])
def test_a_rebalance_comes_closer_and_costs_no_more_than_fee_and_reward(
    world: tuple[System, Contract], move: str
) -> None:
    """I-6, I-7."""
    system, token = world
    later(system, str(PRICE * (1 + float(move))), seconds=40_000)
    due, equity = token.call("assess"), token.call("totalAssets")
    off = abs(token.call("leverage") - 3 * WAD)
    reward = token.transact("rebalance", sender=KEEPER)
    assert reward == due["reward"] == system.asset.call("balanceOf", KEEPER)
    assert abs(token.call("leverage") - 3 * WAD) < off
    assert abs(token.call("leverage") - due["aim"]) <= WAD // 10**9
    traded = abs(due["sizeDelta"]) * system.market.call("price")[0] // WAD
    fee = -(-traded * FEE // WAD**2 * UNIT) + 1
    assert equity - token.call("totalAssets") <= fee + reward + 1


def test_everybody_leaves_whole_and_the_token_starts_again(
    world: tuple[System, Contract],
) -> None:
    """I-10."""
    system, token = world
    token.transact("setFees", {"streaming": 0, "deposit": 0, "redemption": 0})
    for holder in (DEPLOYER, HOLDER):  # the deployer has the fees
        most = token.call("maxRedeem", holder)
        assert token.transact("redeem", most, holder, holder, sender=holder) > 0
    assert system.market.call("state", token.address)["size"] == 0
    before = per_share(token)
    token.transact("deposit", 50_000 * UNIT, OTHER, sender=OTHER)
    assert per_share(token) >= before
    assert abs(token.call("leverage") - 3 * WAD) <= WAD // 10**9


def test_a_stale_price_stops_every_verb(world: tuple[System, Contract]) -> None:
    """I-11."""
    system, token = world
    system.evm.next_block(system.evm.timestamp + MAX_AGE + 1)
    assert not token.call("priceValid")
    for verb, *arguments in (
        ("deposit", UNIT, HOLDER),
        ("mint", WAD, HOLDER),
        ("withdraw", UNIT, HOLDER, HOLDER),
        ("redeem", WAD, HOLDER, HOLDER),
        ("rebalance",),
    ):
        with pytest.raises(Revert, match="PriceStale"):
            token.transact(verb, *arguments, sender=HOLDER)


def test_a_gift_changes_nothing_and_what_never_came_is_not_booked(
    world: tuple[System, Contract],
) -> None:
    """I-9."""
    system, token = world
    before = per_share(token)
    system.asset.transact("transfer", system.market.address, 1_000 * UNIT, sender=OTHER)
    assert per_share(token) == before
    with pytest.raises(Revert, match="AssetsNotReceived"):
        system.market.transact("enter", 1_001 * UNIT, 3 * WAD, sender=OTHER)


def test_a_profit_without_cash_is_not_paid(world: tuple[System, Contract]) -> None:
    system, token = world
    later(system, "90_000" if token.call("targetLeverage") > 0 else "30_000")
    with system.evm.rolled_back():
        token.transact("redeem", 90_000 * WAD, HOLDER, HOLDER, sender=HOLDER)
    # The price may go so far that what is owed is more than all that was paid in.
    far = "10_000_000" if token.call("targetLeverage") > 0 else "1"
    later(system, far)
    if token.call("totalAssets") > 1_100_000 * UNIT:
        with pytest.raises(Revert, match="InsufficientCash"):
            token.transact("redeem", 90_000 * WAD, HOLDER, HOLDER, sender=HOLDER)


def test_where_all_is_lost_nobody_owes_anything(world: tuple[System, Contract]) -> None:
    """I-13."""
    system, token = world
    later(system, "30_000" if token.call("targetLeverage") > 0 else "90_000")
    assert token.call("totalAssets") == 0
    assert token.call("maxDeposit", HOLDER) == 0
    for verb, *arguments in (("deposit", UNIT, HOLDER), ("redeem", WAD, HOLDER, HOLDER)):
        with pytest.raises(Revert, match="EquityGone"):
            token.transact(verb, *arguments, sender=HOLDER)
