"""Deposit with an ERC-2612 permit of the asset, in one transaction."""

import pytest
from eth_abi.abi import encode
from eth_account import Account
from eth_utils.crypto import keccak

from tests.unit.token.desk import FAR, HOLDER, STRANGER, Desk

KEY = b"\x01" * 32
SIGNER = Account.from_key(KEY).address
PERMIT = keccak(
    text="Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
)
AMOUNT = 1_000_000_000


@pytest.fixture(autouse=True)
def funded(desk: Desk) -> None:
    desk.asset.transact("mint", SIGNER, 10 * AMOUNT)


def signed(desk: Desk, deadline: int, amount: int = AMOUNT) -> tuple[int, bytes, bytes]:
    """The signer lets the token take `amount`."""
    nonce = desk.asset.call("nonces", SIGNER)
    words = (PERMIT, SIGNER, desk.token.address, amount, nonce, deadline)
    kinds = ["bytes32", "address", "address", "uint256", "uint256", "uint256"]
    separator = desk.asset.call("DOMAIN_SEPARATOR")
    digest = keccak(b"\x19\x01" + separator + keccak(encode(kinds, words)))
    made = Account.unsafe_sign_hash(digest, KEY)
    return made.v, made.r.to_bytes(32, "big"), made.s.to_bytes(32, "big")


def pay(desk: Desk, deadline: int, signature: tuple[int, bytes, bytes], least: int = 0) -> int:
    return desk.do("depositWithPermit", AMOUNT, HOLDER, least, deadline, *signature, sender=SIGNER)


def test_a_signature_is_all_that_a_depositor_needs(desk: Desk) -> None:
    deadline = desk.evm.timestamp
    expected = desk.ask("previewDeposit", AMOUNT)
    assert pay(desk, deadline, signed(desk, deadline), least=expected) == expected
    assert desk.shares(HOLDER) == expected
    assert desk.asset.call("allowance", SIGNER, desk.token.address) == 0


def test_refuses_a_deadline_that_has_passed_before_all_else(desk: Desk) -> None:
    late = desk.evm.timestamp - 1
    signature = signed(desk, late)
    desk.refuses("DeadlinePassed", "depositWithPermit", 0, HOLDER, 0, late, *signature)


def test_refuses_one_share_fewer_than_the_bound(desk: Desk) -> None:
    least = desk.ask("previewDeposit", AMOUNT) + 1
    signature = signed(desk, FAR)
    desk.refuses(
        "SharesBelowMinimum", "depositWithPermit", AMOUNT, HOLDER, least, FAR, *signature,
        sender=SIGNER,
    )  # fmt: skip


def test_a_permit_that_somebody_used_before_does_no_harm(desk: Desk) -> None:
    signature = signed(desk, FAR)
    desk.asset.transact(
        "permit", SIGNER, desk.token.address, AMOUNT, FAR, *signature, sender=STRANGER
    )
    assert pay(desk, FAR, signature) == desk.shares(HOLDER) > 0


def test_a_wrong_signature_without_allowance_fails_with_the_error_of_the_transfer(
    desk: Desk,
) -> None:
    v, r, s = signed(desk, FAR, AMOUNT - 1)
    with desk.nothing_changes():
        desk.refuses(
            "TransferFromFailed", "depositWithPermit", AMOUNT, HOLDER, 0, FAR, v, r, s,
            sender=SIGNER,
        )  # fmt: skip


def test_a_signature_for_somebody_else_takes_nothing_from_the_signer(desk: Desk) -> None:
    """Who sends the deposit pays for it."""
    signature = signed(desk, FAR)
    call = ("depositWithPermit", AMOUNT, HOLDER, 0, FAR, *signature)
    desk.refuses("TransferFromFailed", *call, sender=STRANGER)
    assert desk.assets_of(SIGNER) == 10 * AMOUNT


def test_a_wrong_signature_with_an_allowance_goes_through(desk: Desk) -> None:
    desk.asset.transact("approve", desk.token.address, AMOUNT, sender=SIGNER)
    assert pay(desk, FAR, (27, b"\x01" * 32, b"\x02" * 32)) > 0
