"""Supply cap, minimum deposit and size limit: what comes in is bounded, what goes out is not."""

import pytest

from levtoken.units import WAD, to_fixed
from tests.unit.token.desk import DEPOSITOR, HOLDER, KEEPER, OWNER, Desk

AMOUNT = 1_000_000_000
NO_CAP = 2**128 - 1


def leaves(desk: Desk) -> None:
    """The depositor can take out whatever he has, both ways."""
    assert desk.do("redeem", WAD, DEPOSITOR, DEPOSITOR) > 0
    assert desk.do("withdraw", AMOUNT, DEPOSITOR, DEPOSITOR) > 0
    everything = desk.shares(DEPOSITOR)
    assert desk.ask("maxRedeem", DEPOSITOR) == everything
    assert desk.do("redeem", everything, DEPOSITOR, DEPOSITOR) > 0


def test_the_supply_may_reach_its_cap_and_not_pass_it_by_a_wei(desk: Desk) -> None:
    _, after, _ = desk.ask("depositOrder", AMOUNT)
    desk.do("setLimits", after - 1, 0, sender=OWNER)
    with desk.nothing_changes():
        desk.refuses("SupplyCapExceeded", "deposit", AMOUNT, HOLDER)
    desk.do("setLimits", after, 0, sender=OWNER)
    desk.do("deposit", AMOUNT, HOLDER)
    assert desk.supply() == after


def test_a_mint_may_reach_the_cap_and_not_pass_it_by_a_wei(desk: Desk) -> None:
    cap = desk.supply() + 10 * WAD
    desk.do("setLimits", cap, 0, sender=OWNER)
    desk.refuses("SupplyCapExceeded", "mint", 10 * WAD + 1, HOLDER)
    desk.do("mint", 10 * WAD, HOLDER)
    assert desk.supply() == cap


def test_fee_shares_of_a_flow_count_against_the_cap(desk: Desk) -> None:
    fee = {"streaming": 0, "deposit": to_fixed("0.01"), "redemption": 0}
    desk.do("setFees", fee, sender=OWNER)
    cap = desk.supply() + 100 * WAD
    desk.do("setLimits", cap, 0, sender=OWNER)
    desk.refuses("SupplyCapExceeded", "mint", 99 * WAD + 1, HOLDER)
    desk.do("mint", 99 * WAD, HOLDER)
    assert desk.supply() == cap


def test_the_locked_shares_count_against_the_cap(empty: Desk) -> None:
    other = empty.other(supplyCap=1_000 * WAD)
    locked = WAD // 1000
    other.refuses("SupplyCapExceeded", "mint", 1_000 * WAD - locked + 1, HOLDER)
    other.do("mint", 1_000 * WAD - locked, HOLDER)


def test_shares_of_the_streaming_fee_may_pass_the_cap(quiet: Desk) -> None:
    other = quiet.other(
        fees={"streaming": to_fixed("0.05"), "deposit": 0, "redemption": 0}, supplyCap=10_000 * WAD
    )
    other.do("mint", 9_999 * WAD, DEPOSITOR)
    other.wait(365 * 86_400)
    assert other.ask("supplyAfterFees") > 10_000 * WAD
    assert (other.ask("maxDeposit", HOLDER), other.ask("maxMint", HOLDER)) == (0, 0)
    other.refuses("SupplyCapExceeded", "deposit", other.unit, HOLDER)
    other.do("accrue")
    leaves(other)


@pytest.mark.parametrize("cap", [0, 1, WAD])
def test_below_a_cap_under_the_supply_deposits_stop_and_redemptions_go_on(
    desk: Desk, cap: int
) -> None:
    """Law 4."""
    desk.do("setLimits", cap, 0, sender=OWNER)
    desk.refuses("SupplyCapExceeded", "deposit", AMOUNT, HOLDER)
    desk.refuses("SupplyCapExceeded", "mint", WAD, HOLDER)
    assert (desk.ask("maxDeposit", HOLDER), desk.ask("maxMint", HOLDER)) == (0, 0)
    desk.move("0.9")
    desk.do("rebalance", sender=KEEPER)
    leaves(desk)


def test_a_deposit_may_be_the_minimum_and_not_a_unit_less(desk: Desk) -> None:
    desk.do("setLimits", NO_CAP, AMOUNT, sender=OWNER)
    with desk.nothing_changes():
        desk.refuses("BelowMinimumDeposit", "deposit", AMOUNT - 1, HOLDER)
    assert desk.do("deposit", AMOUNT, HOLDER) > 0


def test_a_mint_must_cost_the_minimum(desk: Desk) -> None:
    cost = desk.ask("previewMint", 1_000 * WAD)
    desk.do("setLimits", NO_CAP, cost + 1, sender=OWNER)
    desk.refuses("BelowMinimumDeposit", "mint", 1_000 * WAD, HOLDER)
    desk.do("setLimits", NO_CAP, cost, sender=OWNER)
    assert desk.do("mint", 1_000 * WAD, HOLDER) == cost


def test_the_minimum_stops_nobody_who_leaves(desk: Desk) -> None:
    desk.do("setLimits", NO_CAP, NO_CAP, sender=OWNER)
    assert (desk.ask("maxDeposit", HOLDER), desk.ask("maxMint", HOLDER)) == (0, 0)
    leaves(desk)


def test_the_minimum_is_checked_before_the_cap_and_the_cap_before_the_size(desk: Desk) -> None:
    huge = 200_000_000 * desk.unit
    small = desk.other(policy={"maxTrade": to_fixed("0.2")})
    small.do("setLimits", 1, huge + 1, sender=OWNER)
    small.refuses("BelowMinimumDeposit", "deposit", 1_000_000 * desk.unit, HOLDER)
    small.do("setLimits", 1, 0, sender=OWNER)
    small.refuses("SupplyCapExceeded", "deposit", 1_000_000 * desk.unit, HOLDER)
    small.do("setLimits", NO_CAP, 0, sender=OWNER)
    small.refuses("SizeLimitExceeded", "deposit", 1_000_000 * desk.unit, HOLDER)


def test_the_size_limit_is_that_of_the_slices_of_an_emergency(empty: Desk) -> None:
    """Four slices of 54 are 216, and u / (u - L) of that is 648 with u = 4.5 and L = 3."""
    assert empty.terms()["maxSize"] == 648 * WAD
    assert empty.other(policy={"emergencySlices": 1}).terms()["maxSize"] == 162 * WAD


def test_the_size_limit_is_that_of_the_liquidation_margin_when_that_is_less(empty: Desk) -> None:
    """`scale * (1 / (2 * 4.5) - 0.0075 - 0.0035) / 1.5625`, in whole wei at each step."""
    other = empty.other(policy={"maxTrade": 10_000 * WAD})
    room = WAD * WAD // (2 * to_fixed("4.5")) - to_fixed("0.011")
    assert other.terms()["maxSize"] == 100_000 * WAD * room // to_fixed("1.5625")


def test_a_size_may_reach_its_limit_and_not_pass_it_by_a_wei(empty: Desk) -> None:
    """In the wei of size that a unit of assets more brings."""
    small = empty.other(policy={"maxTrade": to_fixed("0.2")})
    limit = small.terms()["maxSize"]
    assert limit == to_fixed("2.4")
    most = small.ask("maxDeposit", HOLDER)
    assert small.ask("depositOrder", most)[2] <= limit < small.ask("depositOrder", most + 1)[2]
    small.refuses("SizeLimitExceeded", "deposit", most + 1, HOLDER)
    with small.evm.rolled_back():
        small.do("deposit", most, HOLDER)
        assert small.ask("maxDeposit", HOLDER) == 0
        small.refuses("SizeLimitExceeded", "deposit", 1_000 * small.unit, DEPOSITOR)
    shares = small.ask("maxMint", HOLDER)
    small.refuses("SizeLimitExceeded", "mint", shares + 1, HOLDER)
    small.do("mint", shares, HOLDER)


def test_a_smaller_limit_stops_deposits_and_enlarging_trades_and_nothing_else(desk: Desk) -> None:
    tight = desk.other(policy={"maxTrade": to_fixed("0.2"), "emergencySlices": 1})
    address = tight.ask("progress")["policy"]
    desk.do("setPolicy", address, sender=OWNER)
    assert desk.state()["size"] > desk.terms()["maxSize"]
    desk.refuses("SizeLimitExceeded", "deposit", AMOUNT, HOLDER)
    desk.refuses("SizeLimitExceeded", "mint", WAD, HOLDER)
    with desk.evm.rolled_back():
        desk.move("1.3")
        desk.refuses("SizeLimitExceeded", "rebalance", sender=KEEPER)
    with desk.evm.rolled_back():
        desk.move("0.9")
        desk.do("rebalance", sender=KEEPER)
    leaves(desk)
