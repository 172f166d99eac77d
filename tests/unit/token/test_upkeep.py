"""The door of keeper networks: the same rebalance, by their names."""

import pytest
from eth_abi.abi import encode

from levtoken.evm import Revert
from tests.unit.token.desk import KEEPER, STRANGER, Desk, selector

NONE = b""
FOR_STRANGER = encode(["address"], [STRANGER])


def test_says_no_while_nothing_is_due_and_hands_the_data_on(desk: Desk) -> None:
    for data in (NONE, FOR_STRANGER, b"anything"):
        assert desk.ask("checkUpkeep", data) == (False, data)
    desk.refuses("NothingDue", "performUpkeep", NONE, sender=KEEPER)


@pytest.mark.parametrize(("factor", "needed"), [("0.9", True), ("0.95", False), ("1.2", True)])
def test_says_yes_exactly_when_a_rebalance_would_go_through(
    desk: Desk, factor: str, needed: bool
) -> None:
    desk.move(factor)
    assert desk.ask("checkUpkeep", NONE) == (needed, NONE)
    assert (desk.ask("assess")["reason"] == bytes(4)) == needed


def test_never_reverts_but_says_no(desk: Desk) -> None:
    desk.lose_the_price()
    assert desk.ask("checkUpkeep", NONE) == (False, NONE)
    desk.liquidate()
    assert desk.ask("checkUpkeep", NONE) == (False, NONE)


def test_says_no_to_a_token_without_position(empty: Desk) -> None:
    assert empty.ask("checkUpkeep", NONE) == (False, NONE)
    assert empty.ask("assess")["reason"] == selector("TokenFlat")
    empty.refuses("TokenFlat", "performUpkeep", NONE, sender=KEEPER)


@pytest.mark.parametrize(("data", "rewarded"), [(NONE, KEEPER), (FOR_STRANGER, STRANGER)])
def test_does_what_a_rebalance_does_and_rewards_whom_the_data_name(
    desk: Desk, data: bytes, rewarded: str
) -> None:
    desk.move("0.9")
    with desk.evm.rolled_back():
        reward = desk.do("rebalance", sender=KEEPER)
        assert reward == desk.assets_of(KEEPER) > 0
        told, state = desk.events(), desk.state()
    assert desk.ask("checkUpkeep", data) == (True, data)
    desk.do("performUpkeep", data, sender=KEEPER)
    assert (desk.events(), desk.state()) == (told, state)
    assert [desk.assets_of(one) for one in (KEEPER, STRANGER)] == [
        reward * (one == rewarded) for one in (KEEPER, STRANGER)
    ]


def test_a_second_network_comes_too_late(desk: Desk) -> None:
    """I-7."""
    desk.move("0.9")
    desk.do("performUpkeep", NONE, sender=KEEPER)
    desk.refuses("NothingDue", "performUpkeep", NONE, sender=STRANGER)


@pytest.mark.parametrize("data", [b"\x01", b"\xff" * 32])
def test_refuses_data_that_name_nobody(desk: Desk, data: bytes) -> None:
    desk.move("0.9")
    with desk.nothing_changes(), pytest.raises(Revert):
        desk.do("performUpkeep", data, sender=KEEPER)
