"""What the lab makes of what it is asked for, and how it refuses."""

import json
import re
from decimal import Decimal
from pathlib import Path

import pytest

from levtoken.artifacts import PROJECT
from levtoken.errors import ChainError, ConfigError, EmptyWindowError, PriceError, PriceFileError
from levtoken.simulation.lab.asked import INVENTED, REBALANCE_GAS, Inside, Invented
from levtoken.simulation.lab.flows import random_flows
from levtoken.simulation.lab.plan import check_start, choose
from levtoken.simulation.paths import SYNTHETIC
from levtoken.simulation.steady import steady_flows
from tests.simulation.runs import (
    CONFIG,
    HOUR,
    START,
    actors,
    asked,
    inputs,
    write_prices,
    write_rates,
)

PRICES = [60_000 + 100 * (i % 7) for i in range(49)]


def test_every_policy_is_tried_with_every_token(tmp_path: Path) -> None:
    plan = choose(asked(tmp_path, tokens=("BTC3L", "BTC3S", "ETH3L")), CONFIG)
    names = [case.name for case in plan.cases]
    assert names == [
        "BTC3L.3x", "BTC3L.FTX_BULL_3L", "BTC3S.3x",
        "BTC3S.FTX_BULL_3L", "ETH3L.3x", "ETH3L.FTX_BULL_3L",
    ]  # fmt: skip
    assert [str(case.setup.target) for case in plan.cases] == ["3", "3", "-3", "-3", "3", "3"]
    assert set(plan.sources) == {"BTC", "ETH"}


def test_a_token_has_its_own_policy_unless_others_are_named(tmp_path: Path) -> None:
    plan = choose(asked(tmp_path, tokens=("BTC2L", "BTC3S"), policies=()), CONFIG)
    assert [case.label for case in plan.cases] == ["2x", "3x"]
    assert [case.setup.policy for case in plan.cases] == [
        CONFIG.policies["2x"],
        CONFIG.policies["3x"],
    ]


def test_a_policy_may_be_a_file_and_names_that_are_alike_are_told_apart(tmp_path: Path) -> None:
    source = (PROJECT / "config" / "policies" / "3x.yaml").read_text()
    file = tmp_path / "3x.yaml"
    file.write_text(re.sub(r"^upper: .*$", "upper: 3.61", source, flags=re.MULTILINE))
    plan = choose(asked(tmp_path, policies=("3x", str(file), "BYBIT_3L")), CONFIG)
    assert [case.label for case in plan.cases] == ["3x", str(file), "BYBIT_3L"]
    assert [str(case.setup.policy.upper) for case in plan.cases] == [
        str(CONFIG.policies["3x"].upper),
        "3.61",
        "None",
    ]
    assert "/" not in plan.cases[1].name


@pytest.mark.parametrize(
    ("policy", "says"),
    [
        ("FTX_BUL_3L", "no policy FTX_BUL_3L: choose from issuers/FTX_BULL_3L"),
        ("none.yaml", "there is no file none.yaml: check --policy"),
        ("10x", "10x cannot be the policy of BTC3L, whose leverage is +3: expected lower < 3"),
        ("FTX_HEDGE_1S", "choose another --policy or --token"),
    ],
)
def test_a_policy_that_cannot_be_is_refused_by_name(policy: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        choose(asked(tmp_path, policies=(policy,)), CONFIG)
    assert says in str(refused.value)


def test_a_policy_of_a_long_may_be_that_of_a_short(tmp_path: Path) -> None:
    plan = choose(asked(tmp_path, tokens=("BTC3S",)), CONFIG)
    for case in plan.cases:
        check_start(case)


@pytest.mark.parametrize(
    ("tokens", "says"),
    [(("BTC9L",), "no token BTC9L: choose from BTC2L"), (("SOL3L",), "SOL3L follows SOL")],
)
def test_a_token_that_cannot_be_is_refused_by_name(
    tokens: tuple[str, ...], says: str, tmp_path: Path
) -> None:
    with pytest.raises((ConfigError, PriceError), match=says):
        choose(asked(tmp_path, tokens=tokens), CONFIG)


def test_a_capital_beyond_the_market_is_refused_before_anything_is_replayed(
    tmp_path: Path,
) -> None:
    [case, _] = choose(asked(tmp_path, capital=Decimal(90_000_000)), CONFIG).cases
    with pytest.raises(ChainError, match=r"does not take 90,000,000 .* use a smaller --capital"):
        check_start(case)


def test_funding_is_read_for_the_symbol_and_its_holes_are_counted(tmp_path: Path) -> None:
    prices = write_prices(tmp_path / "bars.csv", PRICES)
    rates = write_rates(tmp_path / "rates.csv", [0.0001, 0.0002, 0.0003])
    given = inputs(prices=prices, funding=rates, exchange="binance")
    [source] = choose(asked(tmp_path, inputs=given), CONFIG).sources.values()
    # The first bar ends an hour after it opens; payments cover 24 of the 49 hours from there on.
    assert (source.payments, source.holes) == (3, 48 - 23)
    assert source.track.rates is not None
    assert source.track.rates[0] == 3 * 10**14
    assert source.track.rates[-1] == 0
    assert "3 payments; 25 bars have none recorded, and pay 0" in source.funding


@pytest.mark.parametrize(
    ("exchange", "fault", "says"),
    [
        ("mtgox", PriceFileError, "has no exchange mtgox: choose by --exchange from binance"),
        ("binance", EmptyWindowError, "no rate of BTCUSDT between the first and the last bar"),
    ],
)
def test_funding_that_does_not_fit_is_refused(
    exchange: str, fault: type[Exception], says: str, tmp_path: Path
) -> None:
    prices = write_prices(tmp_path / "bars.csv", PRICES)
    rates = write_rates(tmp_path / "rates.csv", [0.0001])
    rates.write_text(rates.read_text().replace("1583654400", "1483654400"))
    given = inputs(prices=prices, funding=rates, exchange=exchange)
    with pytest.raises(fault, match=says):
        choose(asked(tmp_path, inputs=given), CONFIG)


@pytest.mark.parametrize("name", INVENTED)
def test_every_invented_path_can_be_asked_for(name: str, tmp_path: Path) -> None:
    invented = Invented(name, 0.5, 0.05, 3_600, -0.1, 7_200)
    asked_for = asked(tmp_path, tokens=("ETH3L", "BTC3L"), inputs=inputs(invented=invented))
    plan = choose(asked_for, CONFIG)
    assert set(plan.sources) == {"ETH", "BTC"}
    assert plan.sources["ETH"].track.prices[0] == CONFIG.markets["ETH"].local.price * 10**18
    assert plan.sources["BTC"].is_synthetic
    mixed = asked(tmp_path, inputs=inputs(invented=invented, prices=tmp_path / "bars.csv"))
    with pytest.raises(PriceFileError, match="--synthetic invents its own"):
        choose(mixed, CONFIG)


def test_no_invented_path_is_missing() -> None:
    assert set(INVENTED) == set(SYNTHETIC)


def test_bars_are_visited_inside(tmp_path: Path) -> None:
    rows = [f"{START + i * HOUR},100,103,98,{101 + i % 2},ETHUSDT" for i in range(10)]
    file = tmp_path / "bars.csv"
    file.write_text("\n".join(["time,open,high,low,close,symbol", *rows]) + "\n")
    closes = choose(asked(tmp_path, tokens=("ETH3L",), inputs=inputs(prices=file)), CONFIG).sources[
        "ETH"
    ]
    for kind, points in (("jumps", 4), ("continuous", 12)):
        given = inputs(prices=file, inside=Inside(kind, 300, 1))
        [source] = choose(asked(tmp_path, tokens=("ETH3L",), inputs=given), CONFIG).sources.values()
        assert len(source.track.times) == 10 * points
        assert list(source.track.times[points - 1 :: points]) == list(closes.track.times)
        assert source.track.prices[points - 1 :: points] == closes.track.prices
        assert (min(source.track.prices), max(source.track.prices)) == (98 * 10**18, 103 * 10**18)


def test_options_of_a_file_need_the_file(tmp_path: Path) -> None:
    for given in (
        inputs(symbols=("BTCUSDT",)),
        inputs(exchange="binance"),
        inputs(inside=Inside("jumps", 1, 1)),
    ):
        with pytest.raises(PriceFileError, match="name it by --"):
            choose(asked(tmp_path, inputs=given), CONFIG)


def test_the_gas_of_a_rebalance_is_the_measured_one() -> None:
    measured = json.loads((PROJECT / "tests" / "gas" / "snapshot.json").read_text())
    assert measured["market"]["rebalance"] == REBALANCE_GAS


def test_gas_costs_its_price_in_the_asset() -> None:
    assert actors(gas_price=Decimal(10), ether_price=Decimal(2000)).gas_cost == (
        REBALANCE_GAS * Decimal("0.00002")
    )


def test_steady_tokens_have_flows_of_their_own(tmp_path: Path) -> None:
    steady = asked(tmp_path, tokens=("BTC3L", "BTC3S"), actors=actors(is_steady=True))
    plan = choose(steady, CONFIG)
    for case in plan.cases:
        track = case.job.track
        assert track.flows == steady_flows(track.prices, case.setup.leverage)
    assert len({tuple(case.job.track.flows) for case in plan.cases}) == len(steady.tokens)


def test_flows_are_those_of_their_seed_and_cancel_out_on_average() -> None:
    flows = random_flows(200_000, 3_600, Decimal(6), Decimal("0.2"), seed=7)
    assert flows == random_flows(200_000, 3_600, Decimal(6), Decimal("0.2"), seed=7)
    assert flows != random_flows(200_000, 3_600, Decimal(6), Decimal("0.2"), seed=8)
    assert 0 not in flows  # the capital comes at the first bar
    # 6 a day are one in four hours: 50,000 with a deviation of 194, five of which are allowed.
    assert abs(len(flows) - 50_000) < 5 * 194
    deposits = [part for part in flows.values() if part > 0]
    assert abs(len(deposits) - len(flows) / 2) < 5 * 112
    assert max(deposits) <= 0.2
    assert min(flows.values()) >= -0.2 / 1.2
