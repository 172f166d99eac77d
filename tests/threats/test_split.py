"""A reverse split: nothing moves but the display (ERC-8056)."""

import pytest

from levtoken.units import WAD
from tests.threats.stage import ATTACKER, HOLDER, OWNER, TRADER, VICTIM, Stage, opened

FACTORS = (WAD // 10**9, WAD // 10, 10 * WAD, 10**9 * WAD)


def everything(stage: Stage) -> tuple[object, ...]:
    token = stage.token
    calls = (
        ("balanceOf", HOLDER),
        ("balanceOf", VICTIM),
        ("totalSupply",),
        ("allowance", HOLDER, TRADER),
        ("nonces", HOLDER),
        ("DOMAIN_SEPARATOR",),
        ("sharePrice",),
        ("totalAssets",),
        ("convertToAssets", WAD),
        ("previewRedeem", WAD),
        ("previewDeposit", 10**9),
        ("maxRedeem", HOLDER),
        ("leverage",),
        ("assess",),
    )
    return tuple(str(token.call(*call)) for call in calls)


@pytest.mark.parametrize("factor", FACTORS)
def test_a_split_changes_nothing_that_counts(factor: int) -> None:
    """Naive: a rebase of balances: pools, allowances and permits break, 1-wei holders vanish."""
    stage = opened()
    stage.act(HOLDER, "approve", TRADER, 7 * WAD)
    stage.act(HOLDER, "transfer", VICTIM, 1)
    before = everything(stage)
    stage.act(OWNER, "setUIMultiplier", factor, stage.evm.timestamp)
    assert everything(stage) == before
    assert stage.token.call("uiMultiplier") == factor
    shown = stage.token.call("balanceOfUI", HOLDER)
    assert shown == stage.token.call("balanceOf", HOLDER) * factor // WAD
    # What wallets show, at the price of what wallets show, is worth what it was.
    price = stage.token.call("assetsPerUIShare")
    assert (
        abs(shown * price // WAD - stage.share(HOLDER) * WAD // stage.unit) <= shown // WAD + price
    )
    stage.act(TRADER, "transferFrom", HOLDER, TRADER, 7 * WAD)
    stage.act(VICTIM, "transfer", HOLDER, 1)
    stage.redeem(HOLDER)


def test_a_split_waits_for_its_time_and_can_be_replaced_before() -> None:
    """Naive: a change that takes effect at once, between two blocks of an integration."""
    stage = opened()
    at = stage.evm.timestamp + 1_000
    stage.act(OWNER, "setUIMultiplier", 10 * WAD, at)
    assert stage.token.call("uiMultiplier") == WAD
    assert (stage.token.call("newUIMultiplier"), stage.token.call("effectiveAt")) == (10 * WAD, at)
    stage.act(OWNER, "setUIMultiplier", 5 * WAD, at + 1_000)
    stage.evm.next_block(at)
    assert stage.token.call("uiMultiplier") == WAD
    stage.evm.next_block(at + 999)
    assert stage.token.call("uiMultiplier") == WAD
    stage.evm.next_block(at + 1_000)
    assert stage.token.call("uiMultiplier") == 5 * WAD


def test_no_split_in_the_past_and_none_by_a_stranger() -> None:
    """Naive: an effective time in the past rewrites what was shown."""
    stage = opened()
    now = stage.evm.timestamp
    for arguments in ((2 * WAD, now - 1), (2 * WAD, 2**48), (0, now), (10**30 + 1, now)):
        assert stage.refuses(OWNER, "setUIMultiplier", *arguments) == "InvalidParameter"
    assert stage.refuses(ATTACKER, "setUIMultiplier", 2 * WAD, now) == "NotAllowed"
    assert stage.token.call("uiMultiplier") == WAD


def test_amounts_that_are_shown_round_down_both_ways() -> None:
    """Naive: a wallet shows one more than there is."""
    stage = opened()
    stage.act(OWNER, "setUIMultiplier", WAD // 3, stage.evm.timestamp)
    for raw in (1, 2, 3, WAD + 1):
        shown = stage.token.call("toUIAmount", raw)
        assert shown == raw * (WAD // 3) // WAD
        assert stage.token.call("fromUIAmount", shown) <= raw
