"""The closed form, and the policy that is made of it."""

from dataclasses import replace
from decimal import Decimal
from math import sqrt
from pathlib import Path

import pytest

from levtoken.errors import ConfigError
from levtoken.markets import Market, load_config
from levtoken.policies import MAX_REWARD_RATE, Policy, policy_fault
from levtoken.simulation.advice import (
    Shape,
    Wish,
    best_guess,
    floor,
    guess,
    policy_of,
    reward_rate,
    to_yaml,
)
from levtoken.yamlfile import read
from tests.scripts.chains import PROJECT

WISH = Wish(Decimal(3), 0.1, 0.6, 0.0005, 100_000.0, 0.0)
SHAPE = Shape(0.4, 0.3, 0.5, 300, Decimal("0.0001"))


@pytest.fixture(scope="module")
def markets() -> dict[str, Market]:
    return load_config(PROJECT / "config").markets


def test_the_floor_is_the_one_of_the_theory() -> None:
    # 3x, 60 % volatility, 5 basis points, 10 % tracking error: 1.12 % a year, and four times that.
    assert floor(WISH) == pytest.approx(0.0112, abs=5e-5)
    assert floor(replace(WISH, leverage=Decimal(-3))) == pytest.approx(4 * floor(WISH))


@pytest.mark.parametrize(("theta", "over"), [(0.0, sqrt(2)), (0.5, 1.054), (0.95, 1.0)])
def test_a_guess_without_gas_costs_the_floor_times_its_constant(theta: float, over: float) -> None:
    assert guess(WISH, theta).cost == pytest.approx(over * floor(WISH), rel=1e-3)


def test_without_gas_the_edge_is_best_and_gas_brings_it_nearer_to_the_target() -> None:
    thetas = [best_guess(replace(WISH, gas=gas)).theta for gas in (0.0, 1.0, 20.0, 1_000.0)]
    assert thetas == sorted(thetas, reverse=True)
    assert thetas[0] == 0.95
    assert thetas[-1] <= 0.5


def test_the_reward_pays_the_gas_of_a_usual_rebalance_up_to_the_cap() -> None:
    wish = replace(WISH, gas=2.0)
    assert float(reward_rate(wish, 0.5, 0.4)) * 0.2 * 100_000 == pytest.approx(2.5, rel=1e-2)
    assert reward_rate(replace(WISH, gas=500.0), 0.5, 0.4) == MAX_REWARD_RATE


@pytest.mark.parametrize("underlying", ["BTC", "ETH", "SOL"])
@pytest.mark.parametrize("leverage", ["1.5", "2", "3", "5", "10"])
def test_the_policy_is_one_that_the_contract_takes(
    markets: dict[str, Market], underlying: str, leverage: str
) -> None:
    market, target = markets[underlying], Decimal(leverage)
    policy = policy_of(SHAPE, target, market)
    assert policy_fault(policy, target, market) is None
    assert policy.lower == target - Decimal("0.4")
    assert policy.upper == target + Decimal("0.3")


def test_the_emergency_level_gives_way_at_a_market_that_allows_less(
    markets: dict[str, Market],
) -> None:
    tight = markets["BTC"].model_copy(update={"max_leverage": Decimal(4)})
    policy = policy_of(SHAPE, Decimal(3), tight)
    assert policy.upper is not None
    assert policy.upper < policy.emergency < 4


def test_a_band_that_no_market_allows_is_an_error(markets: dict[str, Market]) -> None:
    with pytest.raises(ConfigError, match="smaller tracking error"):
        policy_of(SHAPE.scaled(100), Decimal(20), markets["SOL"])


def test_the_file_of_a_policy_is_that_policy(tmp_path: Path, markets: dict[str, Market]) -> None:
    policy = policy_of(SHAPE, Decimal(3), markets["BTC"])
    file = tmp_path / "mine.yaml"
    file.write_text(to_yaml(policy, ["one", "two"]))
    assert file.read_text().startswith("# one\n# two\nlower: 2.6\n")
    assert read(file, Policy, "mine.yaml") == policy
