"""ERC-8056: what wallets show is scaled; what counts is not."""

from typing import Any

import pytest
from eth_abi.abi import encode
from eth_account import Account
from eth_utils.crypto import keccak

from levtoken.units import WAD
from tests.unit.token.desk import DEPOSITOR, FAR, HOLDER, LOCKED, OWNER, STRANGER, Desk

SPLIT = 10 * WAD
REVERSE = WAD // 10**9  # a thousand million to one
DAY = 86_400
LEAST, MOST = 10**6, 10**30
INTERFACES = {
    "01ffc9a7": ["supportsInterface(bytes4)"],
    "a60bf13d": ["uiMultiplier()"],
    "4bd27648": ["newUIMultiplier()", "effectiveAt()"],
    "57854fc3": ["toUIAmount(uint256)", "fromUIAmount(uint256)"],
    "d890fd71": ["balanceOfUI(address)", "totalSupplyUI()"],
}


def set_multiplier(desk: Desk, multiplier: int, after: int = 0) -> int:
    """Returns when it takes effect."""
    at = desk.evm.timestamp + after
    desk.do("setUIMultiplier", multiplier, at, sender=OWNER)
    return at


@pytest.mark.parametrize(("identifier", "functions"), INTERFACES.items())
def test_answers_for_the_interfaces_of_its_functions(
    empty: Desk, identifier: str, functions: list[str]
) -> None:
    """ERC-165: the exclusive or of the selectors."""
    combined = 0
    for function in functions:
        combined ^= int.from_bytes(keccak(text=function)[:4], "big")
        name, arity = function.split("(")[0], int(not function.endswith("()"))
        assert (name, arity) in empty.token.artifact.functions
    assert combined.to_bytes(4, "big").hex() == identifier
    assert empty.ask("supportsInterface", bytes.fromhex(identifier))


@pytest.mark.parametrize("identifier", ["ffffffff", "00000000", "36372b07"])
def test_answers_for_no_other_interface(empty: Desk, identifier: str) -> None:
    assert not empty.ask("supportsInterface", bytes.fromhex(identifier))


def test_shows_shares_as_they_are_until_something_is_set(desk: Desk) -> None:
    assert desk.ask("uiMultiplier") == desk.ask("newUIMultiplier") == WAD
    assert desk.ask("effectiveAt") == 0
    assert desk.ask("balanceOfUI", DEPOSITOR) == desk.shares(DEPOSITOR)
    assert desk.ask("totalSupplyUI") == desk.supply()
    assert desk.ask("assetsPerUIShare") == desk.ask("sharePrice")


def test_a_change_can_hold_at_once(desk: Desk) -> None:
    now = set_multiplier(desk, SPLIT)
    fields = {"oldMultiplier": WAD, "newMultiplier": SPLIT, "effectiveAtTimestamp": now}
    assert desk.events() == [("UIMultiplierUpdated", fields)]
    assert desk.ask("uiMultiplier") == desk.ask("newUIMultiplier") == SPLIT
    assert desk.ask("effectiveAt") == now


def test_a_change_can_hold_from_a_later_second_on(desk: Desk) -> None:
    at = set_multiplier(desk, SPLIT, after=DAY)
    assert desk.ask("newUIMultiplier") == SPLIT
    for time, shown in ((at - 1, WAD), (at, SPLIT), (at + 1, SPLIT)):
        desk.evm.next_block(time)
        assert desk.ask("uiMultiplier") == shown
        assert desk.ask("effectiveAt") == at


def test_a_change_can_hold_neither_from_the_past_nor_beyond_all_time(desk: Desk) -> None:
    past = desk.evm.timestamp - 1
    desk.refuses("InvalidParameter", "setUIMultiplier", SPLIT, past, sender=OWNER)
    desk.refuses("InvalidParameter", "setUIMultiplier", SPLIT, 2**48, sender=OWNER)
    desk.do("setUIMultiplier", SPLIT, 2**48 - 1, sender=OWNER)
    assert desk.ask("uiMultiplier") == WAD


@pytest.mark.parametrize(("bound", "beyond"), [(LEAST, -1), (MOST, 1)])
def test_a_multiplier_may_be_its_bound_and_not_a_wei_beyond(
    desk: Desk, bound: int, beyond: int
) -> None:
    now = desk.evm.timestamp
    desk.refuses("InvalidParameter", "setUIMultiplier", bound + beyond, now, sender=OWNER)
    desk.do("setUIMultiplier", bound, now, sender=OWNER)
    assert desk.ask("uiMultiplier") == bound


def test_replacing_a_change_that_did_not_hold_yet_cancels_it_first(desk: Desk) -> None:
    first = set_multiplier(desk, SPLIT, after=DAY)
    second = set_multiplier(desk, REVERSE, after=2 * DAY)
    cancelled = {"cancelledMultiplier": SPLIT, "cancelledEffectiveAt": first}
    updated = {"oldMultiplier": WAD, "newMultiplier": REVERSE, "effectiveAtTimestamp": second}
    assert desk.events() == [
        ("UIMultiplierUpdateCancelled", cancelled), ("UIMultiplierUpdated", updated),
    ]  # fmt: skip
    desk.evm.next_block(first)
    assert desk.ask("uiMultiplier") == WAD
    desk.evm.next_block(second)
    assert desk.ask("uiMultiplier") == REVERSE


def test_replacing_a_change_that_holds_cancels_nothing(desk: Desk) -> None:
    at = set_multiplier(desk, SPLIT, after=DAY)
    desk.evm.next_block(at)
    set_multiplier(desk, 2 * SPLIT)
    [(name, fields)] = desk.events()
    assert name == "UIMultiplierUpdated"
    assert fields["oldMultiplier"] == SPLIT


def raw(desk: Desk) -> dict[str, Any]:
    """Everything that counts in shares or assets."""
    return {
        "balances": [desk.shares(one) for one in (DEPOSITOR, HOLDER, LOCKED)],
        "allowance": desk.ask("allowance", DEPOSITOR, STRANGER),
        "supply": desk.supply(),
        "assets": desk.ask("totalAssets"),
        "price": desk.ask("sharePrice"),
        "convert": [desk.ask("convertToShares", 10**9), desk.ask("convertToAssets", WAD)],
        "in": [desk.ask("previewDeposit", 10**9), desk.ask("previewMint", WAD)],
        "out": [desk.ask("previewWithdraw", 10**6), desk.ask("previewRedeem", WAD)],
        "most": [desk.ask(f"max{one}", DEPOSITOR) for one in ("Deposit", "Redeem")],
        "domain": desk.ask("DOMAIN_SEPARATOR"),
        "nonce": desk.ask("nonces", DEPOSITOR),
    }


@pytest.mark.parametrize("multiplier", [LEAST, REVERSE, SPLIT, MOST])
def test_nothing_that_counts_changes(desk: Desk, multiplier: int) -> None:
    desk.do("approve", STRANGER, 5 * WAD)
    desk.do("transfer", HOLDER, 7 * WAD)
    before = raw(desk)
    set_multiplier(desk, multiplier)
    assert raw(desk) == before
    assert desk.do("redeem", WAD, HOLDER, HOLDER, sender=HOLDER) == before["out"][1]


@pytest.mark.parametrize("multiplier", [LEAST, REVERSE, SPLIT + 1, MOST])
def test_what_is_shown_is_rounded_down(desk: Desk, multiplier: int) -> None:
    desk.do("transfer", HOLDER, 7 * WAD + 3)
    set_multiplier(desk, multiplier)
    for amount in (1, WAD - 1, 7 * WAD + 3, 2**128):
        assert desk.ask("toUIAmount", amount) == amount * multiplier // WAD
        assert desk.ask("fromUIAmount", amount) == amount * WAD // multiplier
    assert desk.ask("balanceOfUI", HOLDER) == (7 * WAD + 3) * multiplier // WAD
    assert desk.ask("totalSupplyUI") == desk.supply() * multiplier // WAD
    assert desk.ask("assetsPerUIShare") == desk.ask("sharePrice") * WAD // multiplier


def test_a_reverse_split_makes_a_fallen_share_price_readable(desk: Desk) -> None:
    """A share at a millionth of an asset and less shows as hundreds of assets."""
    before = desk.ask("sharePrice")
    set_multiplier(desk, REVERSE)
    assert desk.ask("assetsPerUIShare") == before * 10**9
    assert desk.ask("balanceOfUI", DEPOSITOR) == desk.shares(DEPOSITOR) // 10**9


def test_a_permit_signs_shares_as_they_are(desk: Desk) -> None:
    """One that was signed before a split holds after it, for as many shares."""
    key = b"\x02" * 32
    signer = Account.from_key(key).address
    kinds = ["bytes32", "address", "address", "uint256", "uint256", "uint256"]
    fields = "address owner,address spender,uint256 value,uint256 nonce,uint256 deadline"
    words = (keccak(text=f"Permit({fields})"), signer, STRANGER, 3 * WAD, 0, FAR)
    digest = keccak(b"\x19\x01" + desk.ask("DOMAIN_SEPARATOR") + keccak(encode(kinds, words)))
    made = Account.unsafe_sign_hash(digest, key)
    set_multiplier(desk, REVERSE)
    r, s = made.r.to_bytes(32, "big"), made.s.to_bytes(32, "big")
    desk.do("permit", signer, STRANGER, 3 * WAD, FAR, made.v, r, s, sender=HOLDER)
    assert desk.ask("allowance", signer, STRANGER) == 3 * WAD
