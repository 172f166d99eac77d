"""The simulator asks the token only when something may be due. Nothing may be missed by that."""

from dataclasses import replace
from decimal import Decimal

import pytest

from levtoken.policies import Schedule
from levtoken.simulation.engine import Track, replay
from levtoken.simulation.paths import SYNTHETIC, Shape
from levtoken.simulation.setup import Keeper
from tests.simulation.desk import CONFIG, HOUR, market, policy, replay_asking, setup

SHAPE = Shape(volatility=1.0, years=40 / 365)
DAILY = {"interval": 24 * HOUR, "offset": 7200}
SLICED = market(max_trade=Decimal("0.3"))  # of about 5
SETUPS = {
    "band": setup(),
    "band to halfway, slowly": setup(
        policy_=policy(recenter=Decimal("0.5"), cooldown=3 * HOUR, cooldown_up=8 * HOUR)
    ),
    "reward": setup(
        policy_=policy(reward_rate=Decimal("0.001"), reward_ramp=Decimal("0.2"), reward_cap=99),
        keeper=Keeper(latency=600, cost=3.0),
    ),
    "late keeper": setup(keeper=Keeper(latency=2 * HOUR + 60)),
    "schedule": setup(policy_=policy(lower=None, upper=None, schedule=Schedule(**DAILY))),
    "schedule at times": setup(
        policy_=policy(schedule=Schedule(window=2 * HOUR, min_drift=Decimal("0.1"), **DAILY)),
        keeper=Keeper(latency=1000),
    ),
    "schedule after moves": setup(
        policy_=policy(schedule=Schedule(min_move=Decimal("0.03"), **DAILY))
    ),
    "emergency move": setup(-3, policy_=policy(emergency_move=Decimal("0.04"))),
    "slices": setup(market_=SLICED, policy_=policy(emergency_slices=20)),
    "slices of an emergency": setup(
        market_=SLICED, policy_=policy(lower=None, upper=None, emergency=4, emergency_slices=20)
    ),
    "slices of a schedule": setup(
        -3,
        market_=SLICED,
        policy_=policy(
            schedule=Schedule(window=6 * HOUR, **DAILY), cooldown=HOUR, emergency_slices=20
        ),
    ),
    "issuer": setup(
        policy_=CONFIG.policies["issuers/FTX_BULL_3L"], fees={"streaming": Decimal("0.05")}
    ),
    "alone in the market": setup(balanced=False),
}


@pytest.mark.parametrize("name", SETUPS)
@pytest.mark.parametrize("path", ["gbm", "jumps", "late"])
def test_asking_when_something_may_be_due_is_asking_always(name, path):
    plain = SYNTHETIC[path](replace(SHAPE, seed=len(name)))
    rates = [(bar // 8 % 5 - 2) * 10**15 for bar in range(len(plain.times))]
    flows = {100: 0.4, 300: -0.5, 301: 0.1, 700: -0.3}
    track = Track(plain.times, plain.prices, rates, flows)
    seldom, always = replay(SETUPS[name], track), replay_asking(SETUPS[name], track)
    assert seldom.trades == always.trades
    assert seldom.rows == always.rows
    assert (seldom.times, seldom.kinds) == (always.times, always.kinds)
    assert seldom.refusals == always.refusals
    assert len(seldom.trades) >= 3


def test_slices_are_several_trades_of_one_rebalance():
    track = SYNTHETIC["gap"](replace(SHAPE, seed=2))
    sizes = [abs(trade.size_delta) for trade in replay(SETUPS["slices"], track).trades]
    assert max(sizes) <= SLICED.max_trade * 10**18
    assert sizes.count(int(SLICED.max_trade * 10**18)) >= 2
