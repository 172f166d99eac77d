"""The properties of ERC-4626 that others' suites check, by the names that they have there: those of
a16z's `erc4626-tests` and, as far as they go beyond them, of Crytic's `properties`.

Each holds in several states of a token, for assets of 6, 8 and 18 decimals and for amounts from one
unit to thousands of whole assets. There is no tolerance anywhere: a round trip never ends above its
start, and a preview is what the call does.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from levtoken.evm import Revert
from levtoken.units import WAD, to_fixed
from tests.unit.token.desk import (
    ATTACKER,
    DEPOSITOR,
    HOLDER,
    LOCKED,
    OWNER,
    RECIPIENT,
    STRANGER,
    Desk,
    market_desk,
)

FEES = {
    "streaming": to_fixed("0.02"),
    "deposit": to_fixed("0.001"),
    "redemption": to_fixed("0.002"),
}
MOVES = {"risen": "1.17", "fallen": "0.83", "nearly lost": "0.7"}
STATES = ["plain", "fees", "skewed", *MOVES]


@dataclass(frozen=True)
class Vault:
    """A token with two holders, and amounts to try on it."""

    desk: Desk

    @property
    def amounts(self) -> list[int]:
        """Asset units, odd ones too."""
        unit = self.desk.unit
        return [unit // 1000, unit // 7 + 1, unit, 123 * unit + 1, 12_345 * unit + 7]

    @property
    def shares(self) -> list[int]:
        return [WAD // 1000, WAD // 7 + 1, WAD, 123 * WAD + 1, 12_345 * WAD + 7]

    def ask(self, name: str, *arguments: object) -> int:
        return self.desk.ask(name, *arguments)

    def deposit(self, assets: int) -> int:
        return self.desk.do("deposit", assets, HOLDER, sender=HOLDER)

    def mint(self, shares: int) -> int:
        return self.desk.do("mint", shares, HOLDER, sender=HOLDER)

    def withdraw(self, assets: int) -> int:
        return self.desk.do("withdraw", assets, HOLDER, HOLDER, sender=HOLDER)

    def redeem(self, shares: int) -> int:
        return self.desk.do("redeem", shares, HOLDER, HOLDER, sender=HOLDER)


@pytest.fixture(params=STATES)
def state(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(params=[6, 8, 18])
def vault(request: pytest.FixtureRequest, state: str) -> Iterator[Vault]:
    desk = market_desk(request.param)
    with desk.evm.rolled_back():
        desk.deposit(100_000)
        desk.deposit(50_000, sender=HOLDER)
        desk.wait(3_600)
        if state == "fees":
            desk.do("setFees", FEES, sender=OWNER)
            desk.wait(86_400)
        if state == "skewed":
            desk.trade(-to_fixed(300), margin=20_000_000)
        desk.move(MOVES.get(state, "1"))
        yield Vault(desk)


def same_for_all(vault: Vault, name: str, amount: int) -> bool:
    """ERC-4626: must not vary by caller."""
    answers = {
        vault.desk.token.call(name, amount, sender=one) for one in (HOLDER, STRANGER, LOCKED)
    }
    return len(answers) == 1


def test_asset(vault: Vault) -> None:
    assert vault.ask("asset") == vault.desk.asset.address


def test_total_assets(vault: Vault) -> None:
    """Never reverts, includes what the position earned, and is the equity at the venue."""
    equity = vault.desk.state()["equity"]
    assert vault.ask("totalAssets") == equity * vault.desk.unit // WAD
    vault.desk.lose_the_price()
    assert vault.ask("totalAssets") > 0


def test_convert_to_shares(vault: Vault) -> None:
    for assets in (0, *vault.amounts):
        assert same_for_all(vault, "convertToShares", assets)
    vault.desk.lose_the_price()
    assert vault.ask("convertToShares", vault.desk.unit) > 0


def test_convert_to_assets(vault: Vault) -> None:
    for shares in (0, *vault.shares):
        assert same_for_all(vault, "convertToAssets", shares)
    vault.desk.lose_the_price()
    assert vault.ask("convertToAssets", WAD) > 0


def test_convert_round_trip(vault: Vault) -> None:
    """Both round down, so that neither way back gains, and loses less than one unit of the other
    side for each."""
    unit_worth = WAD * WAD // (vault.desk.unit * vault.ask("sharePrice")) + 2
    for assets in (0, *vault.amounts):
        back = vault.ask("convertToAssets", vault.ask("convertToShares", assets))
        share_worth = vault.ask("convertToAssets", 1)
        assert assets - share_worth - 1 <= back <= assets
    for shares in (0, *vault.shares):
        back = vault.ask("convertToShares", vault.ask("convertToAssets", shares))
        assert shares - unit_worth <= back <= shares


def test_convert_to_either_is_zero_for_zero(vault: Vault) -> None:
    assert vault.ask("convertToShares", 0) == vault.ask("convertToAssets", 0) == 0


@pytest.mark.parametrize("name", ["maxDeposit", "maxMint", "maxWithdraw", "maxRedeem"])
def test_max_never_reverts(vault: Vault, name: str) -> None:
    for owner in (HOLDER, STRANGER, LOCKED, RECIPIENT):
        assert vault.ask(name, owner) >= 0
    vault.desk.lose_the_price()
    assert vault.ask(name, HOLDER) == 0


def test_previews_do_not_depend_on_the_caller(vault: Vault) -> None:
    for name in ("previewDeposit", "previewWithdraw"):
        assert same_for_all(vault, name, vault.desk.unit)
    for name in ("previewMint", "previewRedeem"):
        assert same_for_all(vault, name, WAD)


def test_previews_are_no_better_than_the_share_price_but_for_what_the_skew_pays(
    vault: Vault, state: str
) -> None:
    """Fees and costs are in the previews and not in the conversions. Leaving always shrinks this
    token's own skew, which may pay; coming does only against somebody else's."""
    if state == "skewed":
        return
    for assets in vault.amounts:
        assert vault.ask("previewDeposit", assets) <= vault.ask("convertToShares", assets)
    for shares in vault.shares:
        assert vault.ask("previewMint", shares) >= vault.ask("convertToAssets", shares)


def test_preview_deposit_and_deposit(vault: Vault) -> None:
    for assets in vault.amounts:
        expected = vault.ask("previewDeposit", assets)
        before = vault.desk.assets_of(HOLDER), vault.desk.shares(HOLDER)
        assert vault.deposit(assets) == expected
        assert before[0] - vault.desk.assets_of(HOLDER) == assets
        assert vault.desk.shares(HOLDER) - before[1] == expected


def test_preview_mint_and_mint(vault: Vault) -> None:
    for shares in vault.shares:
        expected = vault.ask("previewMint", shares)
        before = vault.desk.assets_of(HOLDER), vault.desk.shares(HOLDER)
        assert vault.mint(shares) == expected
        assert before[0] - vault.desk.assets_of(HOLDER) == expected
        assert vault.desk.shares(HOLDER) - before[1] == shares


def test_preview_withdraw_and_withdraw(vault: Vault) -> None:
    most = vault.ask("maxWithdraw", HOLDER)
    for assets in [one for one in vault.amounts if one * 2 < most]:
        expected = vault.ask("previewWithdraw", assets)
        before = vault.desk.assets_of(HOLDER), vault.desk.shares(HOLDER)
        assert vault.withdraw(assets) == expected
        assert vault.desk.assets_of(HOLDER) - before[0] == assets
        assert before[1] - vault.desk.shares(HOLDER) == expected


def test_preview_redeem_and_redeem(vault: Vault) -> None:
    for shares in vault.shares:
        expected = vault.ask("previewRedeem", shares)
        before = vault.desk.assets_of(HOLDER), vault.desk.shares(HOLDER)
        assert vault.redeem(shares) == expected
        assert vault.desk.assets_of(HOLDER) - before[0] == expected
        assert before[1] - vault.desk.shares(HOLDER) == shares


def test_zero_amounts_are_refused(vault: Vault) -> None:
    for verb in ("deposit", "mint"):
        vault.desk.refuses("ZeroAmount", verb, 0, HOLDER)
    for verb in ("withdraw", "redeem"):
        vault.desk.refuses("ZeroAmount", verb, 0, HOLDER, HOLDER, sender=HOLDER)


@pytest.mark.parametrize("verb", ["withdraw", "redeem"])
def test_withdraw_and_redeem_zero_allowance(vault: Vault, verb: str) -> None:
    amount = vault.desk.unit if verb == "withdraw" else WAD
    call = (verb, amount, ATTACKER, HOLDER)
    vault.desk.refuses("InsufficientAllowance", *call, sender=ATTACKER)


def test_rt_deposit_redeem(vault: Vault) -> None:
    for assets in vault.amounts:
        assert vault.redeem(vault.deposit(assets)) <= assets


def test_rt_deposit_withdraw(vault: Vault) -> None:
    for assets in vault.amounts:
        shares = vault.deposit(assets)
        assert vault.withdraw(assets) >= shares


def test_rt_redeem_deposit(vault: Vault) -> None:
    for shares in vault.shares:
        assert vault.deposit(vault.redeem(shares)) <= shares


def test_rt_redeem_mint(vault: Vault) -> None:
    for shares in vault.shares:
        assets = vault.redeem(shares)
        assert vault.mint(shares) >= assets


def test_rt_mint_withdraw(vault: Vault) -> None:
    for shares in vault.shares:
        assert vault.withdraw(vault.mint(shares)) >= shares


def test_rt_mint_redeem(vault: Vault) -> None:
    for shares in vault.shares:
        assets = vault.mint(shares)
        assert vault.redeem(shares) <= assets


def test_rt_withdraw_mint(vault: Vault) -> None:
    for assets in vault.amounts:
        if assets * 2 > vault.ask("maxWithdraw", HOLDER):
            continue
        shares = vault.withdraw(assets)
        assert vault.mint(shares) >= assets


def test_rt_withdraw_deposit(vault: Vault) -> None:
    for assets in vault.amounts:
        if assets * 2 > vault.ask("maxWithdraw", HOLDER):
            continue
        shares = vault.withdraw(assets)
        assert vault.deposit(assets) <= shares


def test_the_supply_is_the_sum_of_the_balances(vault: Vault) -> None:
    """I-1."""
    vault.deposit(vault.desk.unit * 77)
    vault.redeem(3 * WAD + 1)
    vault.desk.do("accrue")
    holders = (DEPOSITOR, HOLDER, RECIPIENT, LOCKED)
    assert sum(vault.desk.shares(one) for one in holders) == vault.desk.supply()


def test_shares_have_18_decimals_whatever_the_asset_has(vault: Vault) -> None:
    assert vault.ask("decimals") == 18


def test_nothing_is_taken_from_who_did_not_ask(vault: Vault) -> None:
    before = vault.desk.shares(DEPOSITOR), vault.desk.assets_of(DEPOSITOR)
    vault.redeem(vault.deposit(vault.desk.unit * 99))
    with pytest.raises(Revert):
        vault.desk.do("withdraw", vault.desk.unit, HOLDER, DEPOSITOR, sender=HOLDER)
    assert (vault.desk.shares(DEPOSITOR), vault.desk.assets_of(DEPOSITOR)) == before
