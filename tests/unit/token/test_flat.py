"""A token without position, and holders of dust."""

from fractions import Fraction

import pytest

from levtoken.units import WAD, to_fixed
from tests.unit.token.desk import (
    ATTACKER,
    DEPOSITOR,
    FIRST,
    HOLDER,
    KEEPER,
    LOCKED,
    OWNER,
    STRANGER,
    Desk,
)

FLOOR = 40  # whole assets that the venue asks of a position


@pytest.fixture
def flat(desk: Desk) -> Desk:
    """The depositor left; a holder with 20 of the 40 assets that a position needs is still in."""
    desk.do("transfer", HOLDER, 20 * WAD)
    desk.do("redeem", desk.shares(DEPOSITOR), DEPOSITOR, DEPOSITOR)
    return desk


def test_it_is_flat_from_where_the_venue_would_refuse_the_rest(desk: Desk) -> None:
    """I-10."""
    keep = -(-FLOOR * WAD * desk.supply() // desk.state()["equity"])
    most = desk.supply() - keep
    with desk.evm.rolled_back():
        desk.do("redeem", most, DEPOSITOR, DEPOSITOR)
        assert desk.state()["size"] != 0
    # A wei of shares more leaves less than the floor.
    desk.do("redeem", most + 1, DEPOSITOR, DEPOSITOR)
    assert desk.state()["size"] == 0


def test_a_flat_token_says_what_it_is(flat: Desk) -> None:
    assert flat.state()["size"] == 0
    assert flat.ask("leverage") == 0
    assert flat.ask("priceValid")
    assert flat.ask("totalAssets") > 0
    assert flat.phase() == 0
    flat.refuses("TokenFlat", "rebalance", sender=KEEPER)
    flat.refuses("NothingToClose", "close", sender=STRANGER)


def test_the_leaver_pays_for_closing_it_all(desk: Desk) -> None:
    """I-2 but for what is below the floor: nobody else pays while his part covers the cost."""
    desk.do("transfer", HOLDER, 20 * WAD)
    price = desk.ask("sharePrice")
    desk.do("redeem", desk.shares(DEPOSITOR), DEPOSITOR, DEPOSITOR)
    assert desk.ask("sharePrice") >= price


def test_the_price_no_longer_moves_it(flat: Desk) -> None:
    before = flat.ask("sharePrice")
    flat.move("0.5")
    flat.wait(86_400)
    assert flat.ask("sharePrice") == before


def test_its_holders_leave_with_all_but_what_the_locked_shares_are_worth(flat: Desk) -> None:
    """I-10."""
    equity, supply, shares = flat.state()["equity"], flat.supply(), flat.shares(HOLDER)
    paid = flat.do("redeem", shares, HOLDER, HOLDER, sender=HOLDER)
    assert paid == equity * shares // supply // (WAD // flat.unit)
    assert flat.supply() == flat.shares(LOCKED)


def test_the_next_deposit_opens_the_target_leverage_on_the_whole_equity(flat: Desk) -> None:
    price = flat.ask("sharePrice")
    expected = flat.ask("previewDeposit", 1_000 * flat.unit)
    assert flat.deposit(1_000, sender=ATTACKER) == expected
    state = flat.state()
    size = Fraction(3 * state["equity"], state["price"])
    # Equity is right to a wei, the size to a few wei of the underlying.
    assert abs(Fraction(state["size"], WAD) - size) < Fraction(10, WAD)
    assert flat.ask("sharePrice") >= price


def test_a_deposit_too_small_for_a_position_is_refused(flat: Desk) -> None:
    flat.refuses("InsufficientMargin", "deposit", flat.unit, ATTACKER)
    # What is there counts.
    assert flat.deposit(FLOOR - 19, sender=ATTACKER) > 0


def test_a_gain_of_opening_is_shared_and_mints_nothing(empty: Desk) -> None:
    """Others are short, so that opening earns a premium: it is the holders', not the payer's."""
    empty.trade(-to_fixed(500), margin=20_000_000)
    empty.deposit(FIRST)
    empty.do("transfer", HOLDER, 20 * WAD)
    empty.do("redeem", empty.shares(DEPOSITOR), DEPOSITOR, DEPOSITOR)
    assert empty.state()["size"] == 0
    equity, supply = empty.state()["equity"], empty.supply()
    shares = empty.deposit(1_000, sender=ATTACKER)
    assert shares == 1_000 * WAD * supply // equity
    assert empty.state()["equity"] > equity + 1_000 * WAD


def test_goes_flat_and_opens_again_and_again(desk: Desk) -> None:
    for _ in range(5):
        desk.do("redeem", desk.shares(DEPOSITOR), DEPOSITOR, DEPOSITOR)
        assert desk.state()["size"] == 0
        desk.deposit(FIRST)
        assert abs(desk.ask("leverage") - 3 * WAD) <= WAD // 10**9


def test_a_wei_of_shares_can_be_held_moved_and_burned(desk: Desk) -> None:
    desk.do("transfer", STRANGER, 1)
    price = desk.ask("sharePrice")
    assert desk.ask("maxRedeem", STRANGER) == 1
    assert desk.ask("maxWithdraw", STRANGER) == 0
    assert desk.ask("convertToAssets", 1) == desk.ask("previewRedeem", 1) == 0
    assert desk.do("redeem", 1, STRANGER, STRANGER, sender=STRANGER) == 0
    assert desk.shares(STRANGER) == 0
    assert desk.ask("sharePrice") >= price


def test_holders_of_a_wei_hold_nobody_up(desk: Desk) -> None:
    """Law 4: everybody else leaves, and what they leave behind is theirs."""
    dust = ["0x" + f"{number:040x}" for number in range(1, 21)]
    for one in dust:
        desk.do("transfer", one, 1)
    desk.do("redeem", desk.shares(DEPOSITOR), DEPOSITOR, DEPOSITOR)
    assert desk.state()["size"] == 0
    assert desk.supply() == WAD // 1000 + len(dust)
    for one in dust:
        desk.do("redeem", 1, one, one, sender=one)
    desk.do("startClosing", sender=OWNER)
    assert desk.do("close", sender=dust[0]) >= 0


def test_the_smallest_deposit_is_what_a_share_wei_costs(desk: Desk) -> None:
    assert desk.do("mint", 1, HOLDER) == 1
    assert desk.shares(HOLDER) == 1
    assert desk.do("deposit", 1, HOLDER) > 0


def test_the_locked_shares_keep_the_price_of_the_first_share_near_one(empty: Desk) -> None:
    """A first deposit at the floor, and a gift, do not make a share dear for the second one."""
    empty.do("deposit", 41 * empty.unit, ATTACKER, sender=ATTACKER)
    everything = empty.shares(ATTACKER)
    empty.do("redeem", everything - 1, ATTACKER, ATTACKER, sender=ATTACKER)
    for receiver in (empty.token.address, empty.market.address):
        empty.asset.transact("transfer", receiver, 10**6 * empty.unit, sender=ATTACKER)
    shares = empty.do("deposit", 1_000 * empty.unit, HOLDER, sender=HOLDER)
    paid = empty.do("redeem", shares, HOLDER, HOLDER, sender=HOLDER)
    # In and out again, at 6 basis points of three times, twice, and the premium of a small trade.
    assert paid >= 996 * empty.unit
