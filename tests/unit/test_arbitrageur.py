"""The funding arbitrageur's decisions, against examples computed by hand."""

import pytest

from levtoken.simulation.demo.arbitrageur import Account, Action, ArbitrageurSettings, act
from levtoken.units import WAD

SETTINGS = ArbitrageurSettings()
PRICE = 10_000 * WAD


def account(skew: int, size: int = 0, equity: int = 0) -> Account:
    """Skew and size in the underlying, equity in the asset."""
    return Account(price=PRICE, skew=skew * WAD, size=size * WAD, equity=equity * WAD)


def test_it_takes_its_share_of_the_others_skew_on_the_other_side() -> None:
    assert act(account(skew=10), SETTINGS) == Action(90_000 * WAD, -9 * WAD)
    assert act(account(skew=-10), SETTINGS) == Action(90_000 * WAD, 9 * WAD)


def test_it_does_not_count_its_own_position_as_skew() -> None:
    """The others are 10 long, it is 9 short: nothing is to be done."""
    assert act(account(skew=1, size=-9, equity=90_000), SETTINGS) == Action(0, 0)


def test_it_follows_when_the_others_turn() -> None:
    """The others went from 10 long to 5 short: from 9 short to 4.5 long."""
    action = act(account(skew=-14, size=-9, equity=90_000), SETTINGS)
    assert action == Action(0, 135 * WAD // 10)


def test_it_leaves_when_the_others_have_left() -> None:
    assert act(account(skew=-9, size=-9, equity=90_000), SETTINGS) == Action(0, 9 * WAD)


@pytest.mark.parametrize(("share", "size"), [(WAD, -10 * WAD), (WAD // 2, -5 * WAD), (0, 0)])
def test_its_share_is_configurable(share: int, size: int) -> None:
    assert act(account(skew=10), ArbitrageurSettings(share=share)).size_delta == size


def test_a_small_correction_is_not_worth_a_fee() -> None:
    """The others are 100 long, wanted are 90 short: it corrects from 4.5 on."""
    assert act(account(skew=14, size=-86, equity=10**6), SETTINGS).size_delta == 0
    assert act(account(skew=15, size=-85, equity=10**6), SETTINGS).size_delta == -5 * WAD


def test_a_small_trade_is_not_worth_a_fee() -> None:
    """1,000 of the asset are the smallest; 0.9 of a skew of 0.11 at 10,000 is worth 990."""
    skew = 11 * WAD // 100
    assert act(Account(PRICE, skew, 0, 0), SETTINGS) == Action(0, 0)
    assert act(Account(PRICE, 2 * skew, 0, 0), SETTINGS).size_delta == -198 * WAD // 1000


@pytest.mark.parametrize(("equity", "deposit"), [(45_000, 0), (44_999, 45_001), (0, 90_000)])
def test_margin_is_filled_up_long_before_liquidation(equity: int, deposit: int) -> None:
    action = act(account(skew=1, size=-9, equity=equity), SETTINGS)
    assert action == Action(deposit * WAD, 0)
