"""Every rule of `config/policies.json` is shipped as a policy, number by number, or left out
because a number that a policy needs is not documented."""

from decimal import Decimal
from typing import Any

import pytest

from levtoken.artifacts import PROJECT
from levtoken.evm import Evm
from levtoken.markets import Market, load_config
from levtoken.policies import Policy, policy_fault
from levtoken.system import Feed, System, deploy_system
from levtoken.units import WAD, to_fixed
from tests.rules import BY_MOVE, LEFT_OUT, RULES, Rule, after_move, limit_of_move, seconds

DAY = 86_400
HOUR = 3_600
CHECKED_DAILY = "outside_band_or_daily_move_gt"

CONFIG = load_config(PROJECT / "config")
SHIPPED = [name for name in CONFIG.policies if "/" in name]


@pytest.fixture(scope="module")
def btc() -> Market:
    return CONFIG.markets["BTC"]


@pytest.fixture(scope="module")
def system(btc: Market) -> System:
    feed = Feed(btc.feed.to_answer(btc.local.price))
    return deploy_system(Evm(timestamp=1_700_000_000), feed=feed, market=btc.struct())


@pytest.fixture(params=SHIPPED)
def pair(request: pytest.FixtureRequest) -> tuple[Rule, Policy]:
    return RULES[request.param], CONFIG.policies[request.param]


def test_every_rule_is_shipped_or_left_out_for_a_null() -> None:
    left_out = {f"issuers/{name}" for name in LEFT_OUT}
    assert not left_out & set(SHIPPED)
    assert left_out | set(SHIPPED) == set(RULES)
    for name, path in LEFT_OUT.items():
        found: Any = RULES[f"issuers/{name}"]
        for key in path.split("."):
            found = found[key]
        assert found is None, f"{name} has a {path} now: ship it"


def test_the_band_is_the_rules(pair: tuple[Rule, Policy]) -> None:
    rule, policy = pair
    if rule["id"] not in BY_MOVE:
        assert policy.lower == rule["lower_band"]
    if rule["upper_band"] is not None:
        assert (policy.upper or policy.emergency) == rule["upper_band"]


def test_a_favourable_move_is_the_lower_edge_where_it_comes_first(btc: Market) -> None:
    for name in BY_MOVE:
        rule = RULES[f"issuers/{name}"]
        edge = after_move(rule["target_leverage"], limit_of_move(rule))
        lower = CONFIG.policies[f"issuers/{name}"].lower
        assert lower is not None
        assert to_fixed(lower) == int(edge * WAD)
        assert lower > rule["lower_band"]


def test_an_emergency_is_the_rules_or_above_what_the_rule_can_reach(
    pair: tuple[Rule, Policy],
) -> None:
    rule, policy = pair
    move = limit_of_move(rule)
    assert policy.emergency_move == move
    if rule["upper_band"] is None:
        reached = Decimal(0)
        if move > 0:
            against = -move if rule["target_leverage"] > 0 else move
            reached = abs(after_move(rule["target_leverage"], against))
        assert policy.upper is None
        assert policy.emergency > max(reached, abs(rule["target_leverage"]))


def test_the_schedule_is_the_rules(pair: tuple[Rule, Policy]) -> None:
    rule, policy = pair
    plan, schedule = rule["schedule"], policy.schedule
    if plan["type"] == "none":
        assert schedule is None
        return
    assert plan["type"] == "daily"
    assert schedule is not None
    assert (schedule.interval, schedule.offset) == (DAY, seconds(plan["time_utc"]))
    checked = plan["condition"] == CHECKED_DAILY
    assert checked or plan["condition"] == "always"
    assert schedule.min_drift == 0
    assert schedule.min_move == (plan["daily_move_threshold_pct"] / 100 if checked else 0)
    # Of the undocumented windows an hour meets hourly prices; a check is at its time.
    documented = plan.get("window_minutes")
    assert schedule.window == (documented * 60 if documented else HOUR // 4 if checked else HOUR)


def test_a_rebalance_goes_where_the_rule_says(pair: tuple[Rule, Policy]) -> None:
    rule, policy = pair
    assert rule["rebalance_to"] == rule["target_leverage"]
    halfway = rule.get("rebalance_rule") == "lambda_new = L + 0.5*(lambda - L)"
    assert policy.recenter == (Decimal("0.5") if halfway else 0)


def test_nobody_waits_and_nobody_is_paid(pair: tuple[Rule, Policy]) -> None:
    _, policy = pair
    assert (policy.cooldown, policy.cooldown_up, policy.emergency_cooldown) == (1, 0, 1)
    assert (policy.reward_rate, policy.reward_cap) == (0, 0)


def test_the_contract_takes_it(pair: tuple[Rule, Policy], system: System, btc: Market) -> None:
    rule, policy = pair
    target = abs(rule["target_leverage"])
    stored = system.logic.transact("storePolicy", policy.struct(btc.max_trade))
    max_size, tracks_prices = system.logic.call(
        "judge", stored, to_fixed(target), system.market.address
    )
    moves = [policy.emergency_move, policy.schedule.min_move if policy.schedule else 0]
    assert max_size > to_fixed(100)
    assert tracks_prices == any(moves)
    assert policy_fault(policy, target, btc) is None
