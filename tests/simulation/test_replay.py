"""What a replay does, against sums done by hand."""

from dataclasses import replace
from decimal import Decimal

import pytest

from levtoken.errors import ChainError
from levtoken.simulation.engine import (
    DUE,
    LIQUIDATABLE,
    NEAR,
    REFUSED,
    Track,
    replay,
)
from levtoken.simulation.measures import measure
from levtoken.simulation.paths import SYNTHETIC, Shape
from levtoken.simulation.rows import Kind
from levtoken.simulation.setup import Keeper, build
from levtoken.units import WAD
from tests.simulation.desk import (
    CONFIG,
    FREE,
    HOUR,
    START,
    exact,
    market,
    policy,
    setup,
    track,
    wad,
)

RESOLUTION = 2 * 10**10  # of sizes that the venue solves for, WAD: scale / 1e24, twice
SMALL = setup(market_=market(**FREE), capital=Decimal(30))


def test_a_rebalance_by_hand():
    # 30 at 60,000: 90 of notional, 0.0015. Up 10 %: 9 more, 99 of notional are 2.54 times 39, so
    # that 117 are needed at 66,000. Back to 63,000: 3,000 less each.
    log = replay(SMALL, track([60_000, 66_000, 63_000]))
    first, up, traded, down = exact(log)
    assert list(log.kinds) == [Kind.BAR, Kind.BAR, Kind.TRADED, Kind.BAR]
    held, size = first["size"], traded["size"]
    assert 0 <= 15 * 10**14 - held <= RESOLUTION
    assert (first["equity"], first["supply"]) == (30 * WAD, 30 * WAD)
    assert (up["size"], up["equity"], up["flags"]) == (held, 30 * WAD + 6_000 * held, DUE)
    assert 0 <= 3 * up["equity"] // 66_000 - size <= RESOLUTION
    assert traded["equity"] == up["equity"]
    assert (down["size"], down["equity"]) == (size, up["equity"] - 3_000 * size)
    (trade,) = log.trades
    assert (trade.trigger, trade.size_delta) == ("lower", size - held)
    assert (trade.price, trade.fill, trade.fee, trade.reward) == (up["price"], up["price"], 0, 0)


def test_funding_by_hand():
    # 1 % a day for an hour at 60,000, each division truncated.
    log = replay(SMALL, track([60_000, 60_000, 60_000], rates=[WAD // 100, 0, 0]))
    first, second, third = exact(log)
    hour = HOUR * WAD // 86_400
    index = -(10**16 * hour // WAD * 60_000)
    assert [row["funding"] for row in (first, second, third)] == [0, index, index]
    assert second["equity"] == third["equity"] == 30 * WAD - first["size"] * -index // WAD


def test_the_fee_of_a_trade_is_paid_out_of_equity():
    costly = market(**FREE | {"maker_fee": Decimal("0.001"), "taker_fee": Decimal("0.001")})
    log = replay(replace(SMALL, market=costly), track([60_000, 66_000]))
    _, up, traded = exact(log)
    (trade,) = log.trades
    # (size + d) * price = 3 * (equity - d * price / 1000)
    size = (3 * up["equity"] - up["size"] * 66_000) * 1000 // (66_000 * 1003)
    assert 0 <= size - trade.size_delta <= RESOLUTION
    assert trade.fee == trade.size_delta * 66
    assert traded["equity"] == up["equity"] - trade.fee


def test_imposed_funding_is_the_integral_of_its_rates():
    rates = [(bar * 7 % 11 - 5) * 10**14 for bar in range(48)]
    log = replay(setup(), track([60_000] * 48, rates=rates))
    paid = -sum(rates[:-1]) * HOUR * 60_000 // 86_400
    # A bar truncates a rate times a time to a wei, at 60,000 times that.
    assert exact(log)[-1]["funding"] == pytest.approx(paid, abs=48 * 60_000)


def test_funding_is_paid_at_the_price_at_which_its_rate_ends():
    log = replay(setup(), track([60_000, 60_600, 61_200, 61_200], rates=[10**15, 10**15, 0, 0]))
    paid = -(2 * HOUR * 10**15 * 61_200 // 86_400)
    assert exact(log)[-1]["funding"] == pytest.approx(paid, abs=3 * 61_200)


def test_without_rates_funding_arises_from_the_skew():
    prices = [60_000] * 48
    alone = exact(replay(setup(balanced=False), track(prices)))
    balanced = exact(replay(setup(), track(prices)))
    assert alone[-1]["funding"] < alone[10]["funding"] < 0
    assert {row["funding"] for row in balanced} == {0}


def test_the_same_twice_is_the_same():
    path = SYNTHETIC["jumps"](Shape(years=0.1, seed=9))
    one, other = (replay(setup(), path) for _ in range(2))
    assert one.rows == other.rows
    assert one.trades == other.trades


@pytest.mark.parametrize("latency", [0, 600])
def test_a_keeper_acts_after_its_latency_at_the_price_of_the_bar(latency):
    log = replay(replace(SMALL, keeper=Keeper(latency)), track([60_000, 66_000, 66_000]))
    (trade,) = log.trades
    assert trade.time == START + HOUR + latency
    assert trade.price == 66_000 * WAD
    late = [Kind.LATE] if latency else []
    assert list(log.kinds) == [Kind.BAR, Kind.BAR, *late, Kind.TRADED, Kind.BAR]


@pytest.mark.parametrize("latency", [0, 30])
def test_slices_follow_each_other_inside_a_bar(latency):
    """Each after its cooldown and the keeper's latency, until nothing is left."""
    slicing = setup(
        policy_=policy(emergency_cooldown=60, cooldown=60),
        market_=market(max_trade=Decimal("0.5")),
        keeper=Keeper(latency),
    )
    log = replay(slicing, track([60_000, 51_000, 51_000]))
    first = START + HOUR + latency
    assert [trade.time - first for trade in log.trades] == [
        number * (60 + latency) for number in range(4)
    ]
    assert {trade.trigger for trade in log.trades} == {"emergency"}
    assert [abs(trade.size_delta) for trade in log.trades[:-1]] == [WAD // 2] * 3
    last = measure(log, 3.0)[1].leverage[-1]
    assert last == pytest.approx(3, abs=1e-6)


def test_a_keeper_that_is_slower_than_the_bars_acts_at_a_later_price():
    slow = replace(SMALL, keeper=Keeper(latency=HOUR + 1800))
    log = replay(slow, track([60_000, 66_000, 66_600, 67_000]))
    (trade,) = log.trades
    assert trade.time == START + 2 * HOUR + 1800
    assert trade.price == 66_600 * WAD


def test_a_slow_keeper_finds_that_nothing_is_due_any_more_and_starts_anew():
    slow = replace(SMALL, keeper=Keeper(latency=HOUR + 1800))
    back = replay(slow, track([60_000, 66_000, 60_000, 66_000, 66_000, 66_000]))
    assert [trade.time for trade in back.trades] == [START + 4 * HOUR + 1800]
    assert not replay(slow, track([60_000, 66_000, 60_000, 60_000])).trades


def test_a_keeper_waits_until_the_reward_pays_its_cost():
    rewarding = policy(
        upper=Decimal("3.2"),
        reward_rate=Decimal("0.001"),
        reward_ramp=Decimal("0.3"),
        reward_cap=Decimal(1000),
    )
    prices = [60_000, 58_500, 57_500, 56_500, 55_500, 54_500]
    times = set()
    for cost in (0.0, 10.0, 30.0):
        log = replay(setup(policy_=rewarding, keeper=Keeper(cost=cost)), track(prices))
        first = log.trades[0]
        offers = [row["reward"] for row in exact(log)[: first.row] if row["flags"] & DUE]
        assert offers[-1] * 10**12 == first.reward >= cost * WAD
        assert all(offer < cost * 10**6 for offer in offers[:-1])
        times.add(first.time)
    assert len(times) == 3


TEN = CONFIG.policies["10x"]


@pytest.mark.parametrize(("target", "move"), [(10, -0.1), (-10, 0.1)])
def test_a_token_is_liquidated(target, move):
    path = track([60_000, 60_000 * (1 + move), 60_000, 60_000])
    log = replay(setup(target, TEN), path)
    assert log.liquidated
    assert measure(log, float(target))[0].score is None
    assert Kind.LIQUIDATED in log.kinds
    assert not log.trades
    assert exact(log)[-1]["size"] == 0
    found, _ = measure(log, target)
    assert found.liquidated
    assert abs(found.residual) < 1e-9
    assert found.total <= -0.9


@pytest.mark.parametrize("target", [3, 10, -10])
def test_flags_say_what_the_market_says(target):
    chosen = TEN if abs(target) == 10 else policy()
    stage = build(setup(target, chosen), START, 60_000 * 10**8, imposes=False)
    sign = -1 if target > 0 else 1
    seen = set()
    for step in range(1, 100):
        price = 60_000 * 10**8 * (10_000 + sign * step * 40) // 10_000
        flags = stage.simulator.transact("step", price, False, 0)["flags"]
        report = stage.market.call("accountReport", stage.token.address)
        edge = stage.market.call("liquidationPrice", stage.token.address)
        index = price * 10**10
        near = abs(index - edge) * 20 <= index or report["canLiquidate"]
        assert bool(flags & LIQUIDATABLE) == report["canLiquidate"]
        assert bool(flags & NEAR) == near
        seen.add(flags & (NEAR | LIQUIDATABLE))
        if report["canLiquidate"]:
            break
    assert seen == {0, NEAR, NEAR | LIQUIDATABLE}


def test_an_oracle_without_a_price_stops_the_keeper_but_not_the_replay():
    path = SYNTHETIC["late"](Shape(years=10 / 365, seed=1))
    changing = Track(path.times, path.prices, [bar * 10**13 for bar in range(len(path.times))])
    log = replay(setup(), changing)
    refused = [row["flags"] & REFUSED for row in exact(log)]
    # An answer is good for an hour: the first bar without one is still priced.
    assert sum(1 for flag in refused if flag) == 5
    gone = [time for time, price in zip(path.times, path.prices, strict=True) if price == 0]
    assert not [trade for trade in log.trades if gone[0] < trade.time <= gone[-1]]
    assert [trade for trade in log.trades if trade.time == gone[-1] + HOUR]
    assert abs(measure(log, 3)[0].residual) < 1e-9


def test_tracks_that_cannot_be_replayed_are_refused():
    with pytest.raises(ChainError, match="two at least"):
        replay(SMALL, track([60_000]))
    with pytest.raises(ChainError, match="as many prices as times"):
        replay(SMALL, Track([START, START + 1, START + 2], [wad(60_000)] * 2))
    with pytest.raises(ChainError, match="starts with a price"):
        replay(SMALL, track([0, 60_000]))
