"""The whole command on a short Brownian path."""

import importlib.util
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from levtoken.markets import load_config
from levtoken.policies import Policy, policy_fault
from levtoken.simulation.advise import brownian
from levtoken.yamlfile import read
from tests.scripts.chains import PROJECT

CONFIG = str(PROJECT / "config")
SHORT = ("--tracking-error", "0.1", "--volatility", "0.9", "--days", "20", "--config", CONFIG)


def advise(*arguments: str) -> Result:
    spec = importlib.util.spec_from_file_location("advise", PROJECT / "scripts" / "advise.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return CliRunner(mix_stderr=False).invoke(module.cli, arguments)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Path]:
    out = tmp_path_factory.mktemp("advice") / "mine.yaml"
    arguments = ("--market", "BTC", "--leverage", "-3", "--gas-price", "0.1", "--json")
    return advise(*arguments, *SHORT, "--out", str(out)), out


def found(done: tuple[Result, Path]) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(done[0].stdout)
    return result


def test_the_best_tracks_as_was_asked_and_nothing_that_does_costs_less(
    done: tuple[Result, Path],
) -> None:
    assert done[0].exit_code == 0, done[0].stderr
    candidates = found(done)["candidates"]
    best = candidates[found(done)["best"]]
    assert best["tracking_error"] == pytest.approx(0.1, rel=0.15)
    least = min(one["cost"] * one["tracking_error"] for one in candidates)
    assert best["cost"] * best["tracking_error"] <= 1.03 * least  # 1 % a stage, three of them
    assert {one["cooldown_up"] for one in candidates} == {"60", "300", "3600"}
    assert len({one["recenter"] for one in candidates}) >= 4
    assert len({one["reward_rate"] for one in candidates}) > 1


def test_the_file_holds_the_best_and_fits_its_market(done: tuple[Result, Path]) -> None:
    policy = read(done[1], Policy, "mine.yaml")
    best = found(done)["candidates"][found(done)["best"]]
    names = ("lower", "upper", "emergency", "recenter", "reward_rate")
    assert [getattr(policy, name) for name in names] == [Decimal(best[name]) for name in names]
    market = load_config(Path(CONFIG)).markets["BTC"]
    assert policy_fault(policy, Decimal(3), market) is None


def test_a_path_is_the_same_for_a_volatility_and_a_seed() -> None:
    one, again, other = brownian(0.6, 3, 1), brownian(0.6, 3, 1), brownian(0.6, 3, 2)
    assert list(one.prices) == list(again.prices) != list(other.prices)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--token", "BTC3L", "--tracking-error", "0.1"), "a file of --prices, or a --volatility"),
        (("--token", "BTC3L", "--market", "BTC", *SHORT), "not both"),
        (("--market", "BTC", *SHORT), "a --market and a --leverage"),
        (("--market", "XYZ", "--leverage", "3", *SHORT), "choose from BTC, ETH, SOL"),
        (("--market", "BTC", "--leverage", "1", *SHORT), "never rebalanced"),
    ],
)
def test_what_cannot_be_answered_says_why(arguments: tuple[str, ...], message: str) -> None:
    result = advise(*arguments, "--config", CONFIG)
    assert result.exit_code != 0
    assert message in result.stderr
