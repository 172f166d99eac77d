"""The faults that were found in the other on-chain leveraged tokens, each where it would show."""

from fractions import Fraction
from typing import Any

import pytest
from eth_abi.abi import decode
from eth_utils.crypto import keccak

from levtoken.evm import Revert
from levtoken.system import PLAIN_POLICY
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
    build,
    opened,
)
from tests.world import DEEP, POLICY_3X

YEAR = 365 * 86_400
FEES = {"streaming": WAD // 50, "deposit": 0, "redemption": 0}


def event(stage: Any, signature: str, kinds: list[str]) -> tuple[Any, ...]:
    topic = "0x" + keccak(text=signature).hex()
    found = [data for _, topics, data in stage.evm.logs() if str(topics[0]).lower() == topic]
    return tuple(decode(kinds, found[-1]))


def test_tlx_events_have_assets_before_shares() -> None:
    """Naive: the two fields are swapped."""
    stage = build()
    shares = stage.deposit(HOLDER, 10_000)
    signature = "Deposit(address,address,uint256,uint256)"
    assert event(stage, signature, ["uint256"] * 2) == (10_000 * stage.unit, shares)
    paid = stage.redeem(HOLDER, WAD)
    signature = "Withdraw(address,address,address,uint256,uint256)"
    assert event(stage, signature, ["uint256"] * 2) == (paid, WAD)


@pytest.mark.parametrize("price", [0, -1])
def test_tlx_nothing_burns_at_an_invalid_price(price: int) -> None:
    """Naive: an invalid price makes 1,000 tokens worth 0, and a minimum of 0 lets them burn."""
    stage = opened()
    shares = stage.token.call("balanceOf", HOLDER)
    stage.system.feed.transact("push", price)
    for verb, *rest in (("redeem", 1_000 * WAD), ("withdraw", stage.unit)):
        assert stage.refuses(HOLDER, verb, *rest, HOLDER, HOLDER) == "PriceNotPositive"
    bounded = ("redeem", 1_000 * WAD, HOLDER, HOLDER, 0, 2**64)
    assert stage.refuses(HOLDER, *bounded) == "PriceNotPositive"
    assert stage.token.call("balanceOf", HOLDER) == shares


def test_tlx_a_mint_past_the_threshold_blocks_nobody() -> None:
    """Naive: a mint of one unit sends the rebalance on its way, and everybody waits for it."""
    stage = opened()
    stage.push(53_000)
    assert stage.token.call("assess")["reason"] == bytes(4)
    stage.act(ATTACKER, "deposit", 1_000, ATTACKER)
    stage.redeem(HOLDER, WAD)
    stage.act(ATTACKER, "mint", 10**15, ATTACKER)
    stage.redeem(HOLDER)


def test_tlx_a_minter_pays_no_fees_of_the_time_before() -> None:
    """Naive: fees are charged at the next rebalance, to whoever is there (5,454 of a million)."""
    stage = opened(market=QUIET, fees=FEES, feeRecipient=RECIPIENT)
    stage.wait(100 * 86_400)
    stage.deposit(VICTIM, 1_000_000)
    stage.act(ATTACKER, "accrue")
    # The cost of his trade: 0.06 % on a position of three times, and the impact of 50 BTC.
    assert stage.share(VICTIM) > 1_000_000 * stage.unit * (1 - Fraction("0.0028"))
    supply, whole = stage.token.call("totalSupply"), stage.token.call("balanceOf", RECIPIENT)
    assert whole < supply // 1_000


def test_tlx_a_token_is_what_its_label_says() -> None:
    """Naive: a target of 2.05 is labelled 2.5: here the target is read where it is used, and the
    position is of it."""
    stage = build()
    token = stage.system.create_token("BTC205L", 205 * WAD // 100, POLICY_3X | {"lower": WAD})
    stage.asset.transact("approve", token.address, 2**255, sender=HOLDER)
    token.transact("deposit", 10_000 * stage.unit, HOLDER, sender=HOLDER)
    state = stage.market.call("state", token.address)
    leverage = Fraction(state["size"] * state["price"], state["equity"] * WAD)
    assert abs(leverage - Fraction("2.05")) < Fraction(1, 10**9)
    assert token.call("targetLeverage") == 205 * WAD // 100


def test_tlx_all_leave_in_one_call() -> None:
    """Naive: margin leaves before the position shrinks, so that large redemptions are split."""
    stage = opened(held=2_000_000, market=QUIET)
    stage.push(53_000)
    worth = stage.share(HOLDER)
    assert stage.redeem(HOLDER) > worth * Fraction(99, 100)


def test_bounce_fees_need_no_cash() -> None:
    """Naive: idle cash below the accrued fee blocks mint and redeem."""
    stage = opened(market=QUIET, fees=FEES | {"streaming": WAD // 20}, feeRecipient=RECIPIENT)
    stage.wait(5 * YEAR)
    assert stage.asset.call("balanceOf", stage.token.address) == 0
    stage.deposit(VICTIM, 1_000)
    stage.redeem(VICTIM)
    stage.redeem(HOLDER)


@pytest.mark.parametrize("size", [1_000, 100_000, 1_000_000])
@pytest.mark.parametrize("verb", ["deposit", "mint"])
def test_bounce_the_cost_of_a_mint_is_the_minters(size: int, verb: str) -> None:
    """Naive: shares at the price before the trade, whose cost (150 at 10 bp) all holders bear."""
    stage = opened(market=QUIET)
    worth = stage.worth()
    amount = size * stage.unit if verb == "deposit" else size * WAD
    stage.act(VICTIM, verb, amount, VICTIM)
    assert stage.worth() >= worth


def test_bounce_a_redemption_pays_what_was_asked_or_nothing() -> None:
    """Naive: a queued request of 50,000 is paid 24,777 at the price that comes."""
    stage = opened(market=QUIET)
    shares = stage.token.call("maxRedeem", HOLDER) // 2
    least = stage.token.call("previewRedeem", shares)
    held = stage.token.call("balanceOf", HOLDER)
    stage.push(52_000)
    late = stage.evm.timestamp + 60
    bounded = ("redeem", shares, HOLDER, HOLDER, least, late)
    assert stage.refuses(HOLDER, *bounded) == "AssetsBelowMinimum"
    assert stage.token.call("balanceOf", HOLDER) == held
    stage.push(60_000)
    assert stage.act(HOLDER, *bounded) >= least


def test_bounce_a_share_price_of_zero_divides_nothing() -> None:
    """Naive: NAV 0 divides by zero, in views and verbs."""
    stage = opened(market=DEEP)
    stage.push(30_000)
    assert stage.token.call("sharePrice") == 0
    assert stage.token.call("totalAssets") == stage.token.call("convertToAssets", WAD) == 0
    assert stage.token.call("convertToShares", WAD) == 0
    for view in ("maxDeposit", "maxMint", "maxWithdraw", "maxRedeem"):
        assert stage.token.call(view, HOLDER) == 0
    assert stage.system.lens.call("status", [stage.token.address])[0]["ok"]
    stage.market.transact("flag", stage.token.address, sender=KEEPER)
    stage.market.transact("liquidate", stage.token.address, sender=KEEPER)
    calls = (("deposit", stage.unit * 100, VICTIM), ("mint", WAD, VICTIM))
    assert [stage.refuses(VICTIM, *call) for call in calls] == ["EquityGone"] * 2
    stage.act(ATTACKER, "close")
    assert stage.redeem(HOLDER) == 0


def test_seamless_whoever_acts_has_a_bound() -> None:
    """Naive: the auction's taker has no maximum. Here a keeper risks nothing: he pays nothing, and
    gets what the view said or a revert; flows have bounds and deadlines."""
    stage = opened()
    stage.push(53_000)
    told = stage.token.call("assess")["reward"]
    before = stage.asset.call("balanceOf", KEEPER)
    assert stage.act(KEEPER, "rebalance") == told
    assert stage.asset.call("balanceOf", KEEPER) - before == told > 0


def test_seamless_fee_caps_are_low_and_constant() -> None:
    """Naive: fee caps of 99.99 %."""
    stage = opened()
    steep = {"streaming": WAD // 20 + 1, "deposit": 0, "redemption": 0}
    assert stage.refuses(OWNER, "setFees", steep) == "FeeAboveCap"
    for fee in ("deposit", "redemption"):
        assert stage.refuses(OWNER, "setFees", FEES | {fee: WAD // 100 + 1}) == "FeeAboveCap"
    with pytest.raises(Revert, match="FeeAboveCap"):
        stage.system.create_token("STEEP", 3 * WAD, POLICY_3X, fees=steep)


def test_seamless_deposits_can_be_stopped() -> None:
    """Naive: no pause; or one that locks everybody in."""
    stage = opened(guardian=GUARDIAN)
    stage.act(GUARDIAN, "setDepositsPaused", True)
    assert stage.refuses(VICTIM, "deposit", stage.unit, VICTIM) == "DepositsPaused"
    stage.redeem(HOLDER)


def test_seamless_there_is_no_call_of_the_callers_choice() -> None:
    """Naive: a router that makes any call stole approvals (high). No verb takes a target; the data
    of an upkeep are an address to be paid, and nothing else."""
    stage = opened()
    steal = stage.asset.calldata("transferFrom", HOLDER, ATTACKER, 10**9)
    stage.push(53_000)
    before = stage.asset.call("balanceOf", HOLDER)
    with pytest.raises(Revert):
        stage.act(ATTACKER, "performUpkeep", steal)
    due = stage.token.call("assess")["reward"]
    to_rival = bytes(12) + bytes.fromhex(VICTIM[2:])
    rich = stage.asset.call("balanceOf", VICTIM)
    stage.act(ATTACKER, "performUpkeep", to_rival)
    assert stage.asset.call("balanceOf", VICTIM) - rich == due
    assert stage.asset.call("balanceOf", HOLDER) == before


def test_fli_keepers_may_be_contracts() -> None:
    """Naive: `msg.sender == tx.origin`."""
    stage = opened()
    keeper = stage.evm.deploy("MockWitness")
    stage.push(53_000)
    due = stage.token.call("assess")["reward"]
    call = stage.token.calldata("rebalance")
    keeper.transact("act", [stage.token.address], [call], sender=ATTACKER)
    assert keeper.call("answers")[0]["ok"]
    assert stage.asset.call("balanceOf", keeper.address) == due > 0


def test_fli_settings_are_not_locked_while_slices_are_left() -> None:
    """Naive: settings lock during a TWAP, when they are needed most."""
    stage = opened(held=5_000_000, market=QUIET)
    stage.push(50_000)
    stage.act(KEEPER, "rebalance")
    assert stage.token.call("progress")["unfinished"] != 0
    policy = PLAIN_POLICY | POLICY_3X | {"maxSlippage": to_fixed("0.02")}
    stage.act(OWNER, "setPolicy", stage.system.logic.transact("storePolicy", policy))
    stage.act(OWNER, "setFees", FEES)
    stage.act(OWNER, "setLimits", 2**127, 0)
    stage.wait(900)
    stage.act(KEEPER, "rebalance")


@pytest.mark.parametrize("price", [47_000, 44_500, 43_000, 42_000, 41_200])
def test_fli_an_emergency_works_down_to_liquidation(price: int) -> None:
    """Naive: the ripcord reverts when it is needed most, once account value is near 0."""
    stage = opened()
    stage.push(price)
    assert not stage.market.call("accountReport", stage.token.address)["canLiquidate"]
    before = stage.token.call("leverage")
    stage.act(KEEPER, "rebalance")
    assert stage.token.call("leverage") < before


def test_fli_after_account_value_is_zero_the_views_say_so_and_the_way_out_is_open() -> None:
    """Naive: the ripcord reverts without a name once account value is 0, and nothing else works."""
    stage = opened(market=DEEP)
    stage.push(39_000)
    assert stage.refuses(KEEPER, "rebalance") == "EquityGone"
    stage.market.transact("flag", stage.token.address, sender=KEEPER)
    stage.market.transact("liquidate", stage.token.address, sender=KEEPER)
    stage.act(KEEPER, "close")


def test_fli_quotes_are_views() -> None:
    """Naive: a quote is a call that reverts with its answer, or changes state."""
    stage = opened()
    views = (
        ("previewDeposit", 10**9),
        ("previewMint", WAD),
        ("previewWithdraw", 10**6),
        ("previewRedeem", WAD),
        ("assess",),
        ("maxDeposit", HOLDER),
        ("checkUpkeep", b""),
    )
    # A static call fails where anything is written.
    for name, *arguments in views:
        stage.token.call(name, *arguments)


def test_audits_a_management_fee_rounds_down() -> None:
    """Naive: a ceil-rounded fee is a share for each call."""
    stage = opened(fees=FEES, feeRecipient=RECIPIENT)
    for _ in range(100):
        stage.evm.next_block(stage.evm.timestamp + 1)
        stage.act(ATTACKER, "accrue")
    supply = stage.token.call("totalSupply")
    # Two percent a year for 100 seconds, compounded: at most that on the supply of now.
    assert stage.token.call("balanceOf", RECIPIENT) <= Fraction(supply * 2 * 100, 100 * YEAR)


def test_audits_the_fee_clock_does_not_start_in_1970() -> None:
    """Naive: a clock of 0 charges 50 years to the first holder."""
    stage = opened(fees=FEES, feeRecipient=RECIPIENT)
    stage.act(ATTACKER, "accrue")
    assert stage.token.call("balanceOf", RECIPIENT) == 0


@pytest.mark.parametrize("decimals", [6, 8, 18])
def test_tracer_a_reward_is_in_units_of_the_asset(decimals: int) -> None:
    """Naive: 18 decimals of reward in an asset of 6: the keeper gets everything (high)."""
    stage = opened(decimals=decimals)
    stage.push(50_000)
    worth = stage.books(stage.token.address)
    due = stage.token.call("assess")
    paid = stage.act(KEEPER, "rebalance")
    notional = Fraction(abs(due["sizeDelta"]) * 50_000 * stage.unit, WAD)
    assert 0 < paid <= min(notional / 1_000, 1_000 * stage.unit)
    assert stage.asset.call("balanceOf", KEEPER) == paid
    assert worth - stage.books(stage.token.address) < notional * Fraction("0.0117")


def test_tracer_pending_steps_do_not_change_the_price() -> None:
    """Naive: with more than one pending step a price is counted twice (critical)."""
    stage = opened(held=5_000_000, market=QUIET)
    stage.push(50_000)
    slices = 0
    while stage.token.call("assess")["trigger"]:
        books = stage.books(stage.token.address)
        stage.act(KEEPER, "rebalance")
        slices += 1
        # A slice that shrinks the skew may gain.
        assert abs(books - stage.books(stage.token.address)) < books / 100
        told = Fraction(stage.token.call("sharePrice") * stage.unit, WAD)
        assert abs(told - stage.worth()) < 1
        start = stage.wealth(TRADER)
        stage.deposit(TRADER, 10_000)
        stage.redeem(TRADER)
        assert stage.wealth(TRADER) <= start
        stage.wait(900)
    assert slices > 1
