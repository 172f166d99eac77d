"""The numbers of a replay, against examples computed by hand, and the files that show them."""

import errno
from dataclasses import fields, replace
from decimal import Decimal
from pathlib import Path

import pytest

from levtoken.errors import OutputError
from levtoken.keeper.execute import Outcome, Result
from levtoken.simulation.demo import output
from levtoken.simulation.demo.attribution import Attribution, attribute, residual
from levtoken.simulation.demo.chart import compose
from levtoken.simulation.demo.entries import Entry, Loss, Mark, Trade, Transfer
from levtoken.simulation.demo.measure import arbitrageur_result, keeper_tally, token_result
from levtoken.simulation.demo.metrics import ideal, path_term, tracking_error, worst_drawdown
from levtoken.simulation.demo.output import CHART, SUMMARY, prepare, write
from levtoken.simulation.demo.recording import Pass, Recording
from levtoken.simulation.demo.results import Holding, ReplayResult
from levtoken.status import Trigger
from levtoken.units import WAD, to_fixed
from tests.statuses import status

HOUR = 3_600
TINY = Decimal("1e-50")  # divisions carry 60 digits


def mark(
    price: str, size: str, equity: str, index: str = "0", *, supply: int = 100, liquidation: int = 0
) -> Mark:
    return Mark(
        block=1,
        time=0,
        price=to_fixed(price),
        size=to_fixed(size),
        equity=to_fixed(equity),
        supply=supply * WAD,
        funding_index=to_fixed(index),
        liquidation_price=liquidation * WAD,
    )


def terms(attribution: Attribution) -> dict[str, Decimal]:
    named = {term.name: getattr(attribution, term.name) for term in fields(attribution)}
    return {name: round(value, 12) for name, value in named.items() if value}


# A 3x long of 100 shares at 100: price +10 %, funding 0.5 a unit paid, then 0.5 sold 0.1 below the
# index for a fee of 0.05 and a reward of 0.02, then price -10 %.
#   equity: 100, + 3 x 10 - 3 x 0.5 = 128.5, - 0.05 - 0.05 - 0.02 = 128.38, - 2.5 x 11 = 100.88
WALK: list[Entry] = [
    mark("100", "3", "100"),
    mark("110", "3", "128.5", "-0.5"),
    Trade(
        block=2,
        price=to_fixed(110),
        size_delta=to_fixed("-0.5"),
        fill=to_fixed("109.9"),
        fee=to_fixed("0.05"),
        reward=to_fixed("0.02"),
        funding_index=to_fixed("-0.5"),
    ),
    mark("110", "2.5", "128.38", "-0.5"),
    mark("99", "2.5", "100.88", "-0.5"),
]


def test_each_term_of_the_attribution_is_as_computed_by_hand() -> None:
    attribution = attribute(WALK, Decimal(3))
    assert terms(attribution) == {
        "exposure": Decimal("0.3") - Decimal("0.38514"),  # 3 x 10 % of 100, 3 x -10 % of 128.38
        "drift": Decimal("0.11014"),  # 2.5 x 110 held and 3 x 128.38 aimed at, times -10 %
        "funding": Decimal("-0.015"),
        "fees": Decimal("-0.0005"),
        "impact": Decimal("-0.0005"),
        "rewards": Decimal("-0.0002"),
    }
    assert abs(attribution.sum - Decimal("0.0088")) < TINY
    assert abs(residual(WALK, attribution)) < TINY


def test_new_shares_are_the_streaming_fee() -> None:
    """100 shares become 101 while the price rises by 10 %: 130 / 101 - 130 / 100 an old share."""
    walk = [mark("100", "3", "100"), mark("110", "3", "130", supply=101)]
    attribution = attribute(walk, Decimal(3))
    assert terms(attribution) == {
        "exposure": Decimal("0.3"),
        "streaming": Decimal("-0.012871287129"),
    }
    assert abs(residual(walk, attribution)) < TINY


def test_what_no_event_explains_stays_in_the_residual() -> None:
    walk = [*WALK[:-1], mark("99", "2.5", "100.98", "-0.5")]
    attribution = attribute(walk, Decimal(3))
    assert terms(attribution) == terms(attribute(WALK, Decimal(3)))
    assert abs(residual(walk, attribution) - Decimal("0.001")) < TINY


def test_a_gap_in_between_does_not_spread_into_later_terms() -> None:
    """The observed equity replaces the carried one: 0.1 appears from nowhere at the second mark."""
    walk: list[Entry] = [
        mark("100", "3", "100"),
        mark("100", "3", "100.1"),
        mark("110", "3", "130.1"),
    ]
    attribution = attribute(walk, Decimal(3))
    assert terms(attribution) == {"exposure": Decimal("0.3003"), "drift": Decimal("-0.0003")}
    assert abs(residual(walk, attribution) - Decimal("0.001")) < TINY


def test_a_short_receives_positive_funding_and_gains_when_the_price_falls() -> None:
    walk: list[Entry] = [mark("100", "-3", "100"), mark("90", "-3", "128.5", "0.5")]
    attribution = attribute(walk, Decimal(-3))
    assert terms(attribution) == {"exposure": Decimal("0.3"), "funding": Decimal("-0.015")}
    assert abs(residual(walk, attribution)) < TINY


def test_funding_is_charged_on_the_size_before_and_after_a_trade() -> None:
    trade = Trade(1, to_fixed(100), to_fixed(1), to_fixed(100), 0, 0, to_fixed("0.1"))
    walk: list[Entry] = [mark("100", "3", "100"), trade, mark("100", "4", "100.7", "0.2")]
    attribution = attribute(walk, Decimal(3))
    assert terms(attribution) == {"funding": Decimal("0.007")}  # 3 x 0.1 + 4 x 0.1
    assert abs(residual(walk, attribution)) < TINY


def test_what_a_liquidation_takes_is_a_term_of_its_own() -> None:
    walk: list[Entry] = [
        mark("100", "3", "100"),
        mark("70", "3", "10"),
        Loss(block=2, equity=to_fixed(10)),
        mark("70", "0", "0"),
        mark("90", "0", "0"),
    ]
    attribution = attribute(walk, Decimal(3))
    assert terms(attribution) == {"exposure": Decimal("-0.9"), "liquidation": Decimal("-0.1")}
    assert abs(residual(walk, attribution)) < TINY


def test_margin_that_is_paid_in_is_no_profit() -> None:
    walk: list[Entry] = [
        mark("100", "0", "0", supply=1),
        Transfer(block=1, amount=to_fixed(50)),
        mark("100", "0", "50", supply=1),
    ]
    attribution = attribute(walk, Decimal(0))
    assert terms(attribution) == {}
    assert abs(residual(walk, attribution)) < TINY


def test_entries_start_with_a_mark() -> None:
    with pytest.raises(TypeError, match="start with a mark"):
        attribute([Loss(1, 1)], Decimal(3))


@pytest.mark.parametrize(
    ("target", "product", "path"),
    [("3", "0.91", "-0.06"), ("-3", "0.91", "-0.12"), ("2", "0.96", "-0.02"), ("1", "0.99", "0")],
)
def test_ideal_multiplies_the_bars_and_path_is_what_that_adds(
    target: str, product: str, path: str
) -> None:
    prices = [100 * WAD, 110 * WAD, 99 * WAD]
    assert ideal(prices, Decimal(target))[-1] == Decimal(product)
    assert path_term(prices, Decimal(target)) == Decimal(path)


def test_an_ideal_that_lost_everything_stays_at_zero() -> None:
    assert ideal([100, 60, 120], Decimal(3)) == [1, 0, 0]


def test_a_drawdown_is_measured_from_the_highest_value_before() -> None:
    values = [Decimal(one) for one in ("1", "2", "1.5", "3", "1.2", "2.4")]
    assert worst_drawdown(values) == Decimal("0.6")
    assert worst_drawdown([Decimal(1), Decimal(2)]) == 0


def test_the_tracking_error_is_the_deviation_from_the_target_a_year() -> None:
    shares = [Decimal(1), Decimal("1.3"), Decimal("1.04")]  # +30 %, -20 %
    prices = [100, 110, 99]  # +10 %, -10 %: 3x misses by 0 and 0.1
    # Of two numbers that differ by 0.1 the sample deviation is 0.1 / sqrt(2); 8,760 hours a year.
    expected = 0.1 / 2**0.5 * 8_760**0.5
    assert tracking_error(shares, prices, Decimal(3), HOUR) == pytest.approx(expected, rel=1e-12)
    assert tracking_error(shares[:2], prices[:2], Decimal(3), HOUR) is None


@pytest.mark.parametrize(
    ("size", "liquidation", "distance"),
    [("3", 80, "0.2"), ("-3", 130, "0.3"), ("3", 104, "-0.04"), ("0", 80, None), ("3", 0, None)],
)
def test_distance_is_how_far_the_price_may_still_move(
    size: str, liquidation: int, distance: str | None
) -> None:
    expected = None if distance is None else Decimal(distance)
    assert mark("100", size, "100", liquidation=liquidation).distance == expected


def test_leverage_is_signed_and_nothing_without_equity() -> None:
    assert mark("110", "-3", "100").leverage == Decimal("-3.3")
    assert mark("110", "3", "0").leverage == 0


def outcome(trigger: Trigger, result: Result = Result.REBALANCED, gas: int = 7) -> Outcome:
    return Outcome(status(), result, "", trigger, 4 * WAD, 3 * WAD, -WAD, 1_000, gas_cost=gas)


def recording() -> Recording:
    seen = Recording()
    seen.entries["BTC3L"] = list(WALK)
    seen.closes["BTC3L"] = [WALK[0], WALK[3], WALK[4]]
    seen.outcomes = [
        (1, outcome(Trigger.UPPER)),
        (2, outcome(Trigger.LOWER, Result.LATE, gas=0)),
        (3, outcome(Trigger.UPPER)),
        (3, outcome(Trigger.EMERGENCY)),
    ]
    seen.passes = [
        Pass(1, "BTC3L", 3 * WAD, ""),
        Pass(2, "BTC3L", 4 * WAD, "waits"),
        Pass(3, "BTC3L", 4 * WAD, "waits"),
        Pass(3, "ETH2L", 4 * WAD, "another token"),
    ]
    return seen


HOLDING = Holding(
    symbol="BTC3L",
    name="3x Long BTC",
    underlying="BTC",
    target=Decimal(3),
    lower=Decimal("2.4"),
    upper=Decimal("3.8"),
    emergency=Decimal("4.5"),
    paid=Decimal(100),
    received=Decimal(90),
    refusal="",
)


def test_a_token_is_measured_from_its_own_entries() -> None:
    result = token_result(HOLDING, recording(), HOUR)
    assert (result.share_price_start, result.share_price_end) == (1, Decimal("1.0088"))
    assert result.total == Decimal("0.0088")
    assert result.ideal == Decimal("-0.09")
    assert result.rebalances == {"upper": 2, "emergency": 1}
    assert (result.passes, result.inside, result.outside) == (3, 1, {"waits": 2})
    assert result.leverage_high == 3
    assert round(result.leverage_low, 4) == Decimal("2.1421")  # 2.5 x 110 / 128.38
    assert round(result.worst_drawdown, 4) == Decimal("0.2149")  # 1 - 100.88 / 128.5
    assert not result.is_liquidated
    assert result.is_explained


def test_a_gap_of_a_millionth_is_not_explained() -> None:
    seen = recording()
    seen.entries["BTC3L"][-1] = mark("99", "2.5", "100.8801", "-0.5")
    assert not token_result(HOLDING, seen, HOUR).is_explained


def test_an_arbitrageur_is_measured_in_assets() -> None:
    seen = Recording()
    trade = Trade(1, to_fixed(100), to_fixed(-2), to_fixed(101), to_fixed("0.2"), 0, 0)
    seen.entries["BTC"] = [
        mark("100", "0", "0", supply=1),
        Transfer(1, to_fixed(200)),
        trade,
        mark("100", "-2", "201.8", supply=1),
        mark("90", "-2", "222.8", "-0.5", supply=1),
    ]
    seen.refusals = [(1, "ETH", "no room")]
    result = arbitrageur_result("BTC", seen)
    assert (result.largest_size, result.last_size, result.trades) == (-2, -2, 1)
    assert (result.deposited, result.price_profit) == (200, 20)
    assert (result.funding, result.fees, result.impact) == (1, Decimal("-0.2"), 2)
    assert abs(result.residual) < TINY
    assert result.refusals == 0


def test_the_keeper_is_counted_pass_by_pass() -> None:
    tally = keeper_tally(recording())
    assert tally.passes == 3
    assert tally.results == {Result.REBALANCED: 3, Result.LATE: 1}
    assert tally.rewards == {status().asset: 3_000}
    assert tally.gas_cost == 21


def seen_of(*symbols: str) -> Recording:
    """Every token goes through the walk, with a rebalance of each trigger."""
    seen = recording()
    for symbol in symbols:
        seen.entries[symbol], seen.closes[symbol] = seen.entries["BTC3L"], seen.closes["BTC3L"]
        seen.outcomes += [
            (time, replace(outcome(trigger), status=status(symbol=symbol)))
            for time, trigger in enumerate((Trigger.UPPER, Trigger.LOWER, Trigger.EMERGENCY))
        ]
    return seen


def replayed(seen: Recording, *symbols: str, target: str = "3") -> ReplayResult:
    holdings = [replace(HOLDING, symbol=symbol, target=Decimal(target)) for symbol in symbols]
    return ReplayResult(
        source="BTC, ETH of the built-in path",
        is_synthetic=True,
        start=1_704_067_200,
        end=1_704_855_600,
        step=HOUR,
        bars=220,
        offset=0,
        asset="USDC",
        tokens=tuple(token_result(one, seen, HOUR) for one in holdings),
        arbitrageurs=(),
        keeper=keeper_tally(seen),
    )


@pytest.mark.parametrize("symbols", [["BTC3L"], ["BTC3L", "ETH2L"], ["BTC3L", "BTC3S", "ETH2L"]])
def test_title_and_legend_of_the_chart_fit_into_it(symbols: list[str]) -> None:
    seen = seen_of(*symbols)
    figure = compose(replayed(seen, *symbols), seen)
    figure.draw_without_rendering()
    [legend] = figure.legends
    assert len(legend.get_texts()) == 7
    assert figure.get_suptitle()
    for part in [legend, *figure.texts]:
        extent = part.get_window_extent()
        assert 0 <= extent.x0 < extent.x1 <= figure.bbox.x1
        assert 0 <= extent.y0 < extent.y1 <= figure.bbox.y1


@pytest.mark.parametrize(("target", "label"), [("2.5", "+2.5x"), ("3.0", "+3x"), ("-2", "-2x")])
def test_the_chart_names_the_target_exactly(target: str, label: str) -> None:
    seen = seen_of("BTC3L")
    figure = compose(replayed(seen, "BTC3L", target=target), seen)
    texts = [text.get_text() for text in figure.axes[1].get_legend().get_texts()]
    assert texts[0].startswith(f"ideal {label}: ")


def test_the_files_of_an_earlier_demo_go_before_the_next(tmp_path: Path) -> None:
    for name in (CHART, SUMMARY):
        (tmp_path / name).touch()
    prepare(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_chart_and_summary_are_written_together(tmp_path: Path) -> None:
    seen = seen_of("BTC3L")
    write(replayed(seen, "BTC3L"), seen, tmp_path)
    assert {one.name for one in tmp_path.iterdir()} == {CHART, SUMMARY}


@pytest.mark.parametrize("full", ["draw", "write_text"])
def test_a_full_disk_is_told_and_leaves_no_half_of_the_files(
    full: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object, **_: object) -> None:
        [path] = [one for one in arguments if isinstance(one, Path)]
        path.touch()
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(output if full == "draw" else Path, full, refuse)
    seen = seen_of("BTC3L")
    with pytest.raises(OutputError, match=r"No space left on device\): make room") as caught:
        write(replayed(seen, "BTC3L"), seen, tmp_path)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []
