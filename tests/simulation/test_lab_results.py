"""What the lab writes: tables, summary, series and the page, of a small run."""

import io
import re
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from levtoken.errors import OutputError
from levtoken.simulation.lab import output
from levtoken.simulation.lab.figures import sections
from levtoken.simulation.lab.ink import pens
from levtoken.simulation.lab.page import compose
from levtoken.simulation.lab.reduce import extremes, thinned
from levtoken.simulation.lab.result import Result, problems
from levtoken.simulation.lab.run import rehearse
from levtoken.simulation.lab.screen import print_result
from tests.simulation.runs import CONFIG, SILENT, asked, inputs, run, summary, write_prices


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lab") / "out"


@pytest.fixture(scope="module")
def result(folder: Path) -> Result:
    return run(folder, tokens=("BTC3L", "BTC3S"))


@pytest.fixture(scope="module")
def page(result: Result, folder: Path) -> str:
    return (folder / "report.html").read_text()


def shown(result: Result) -> str:
    console = Console(file=io.StringIO(), width=80)
    print_result(result, console)
    return console.file.getvalue()


def cells(result: Result) -> list[str]:
    rows = [row for _, rows in sections(result) for row in rows]
    return [show(one) for _, show in rows for one in result.replays]


def test_the_terminal_shows_every_figure_whole(result: Result) -> None:
    text = shown(result)
    for cell in cells(result):
        assert cell in text
    assert "SYNTHETIC" in text
    assert "memory at most" in text


def test_the_page_shows_every_figure_and_needs_nothing_else(result: Result, page: str) -> None:
    for cell in cells(result):
        assert f"<td>{cell}</td>" in page
    links = set(re.findall(r"""(?:href|src)\s*=\s*["']([^"'#]+)""", page))
    assert links == set()
    assert "<script" not in page
    assert "url(" not in re.sub(r"url\(#", "", page)
    assert len(page) < 3_000_000


def test_the_charts_are_well_formed_and_say_what_they_show(page: str) -> None:
    charts = re.findall(r"<svg .*?</svg>", page, re.DOTALL)
    # Scores, costs, attribution; for each token the frontier, the share price, the leverage.
    assert len(charts) == 3 + 2 * 3
    for chart in charts:
        assert ET.fromstring(chart).get("aria-label")


def test_what_users_type_is_text_on_the_page(page: str) -> None:
    assert "<b>" not in page
    assert "&lt;b&gt;" in page


def test_the_same_numbers_make_the_same_page(result: Result, page: str) -> None:
    assert compose(result) == page


def test_the_summary_adds_up(result: Result, folder: Path) -> None:
    told = summary(folder)
    assert [one["name"] for one in told["replays"]] == [one.case.name for one in result.replays]
    for one in told["replays"]:
        change = one["share_price_end"] - one["share_price_start"]
        # Floats of about one, added up some 200 times: 1e-13.
        assert abs(sum(one["attribution"].values()) + one["residual"] - change) < 1e-12
        assert one["total"] == pytest.approx(change / one["share_price_start"], abs=1e-12)
        assert one["is_explained"] is True
        assert one["gas_cost"] == pytest.approx(
            sum(one["trades"].values()) * float(told["inputs"]["gas_of_a_rebalance"])
        )
        assert one["over_limit"] == pytest.approx(one["score"] / told["limits"]["limit"])
    assert told["run"]["bars"] == sum(one["bars"] for one in told["replays"])
    assert told["run"]["memory_bytes"] > 50 * 2**20  # an interpreter with NumPy is larger


def test_the_summary_says_what_it_was_made_of(tmp_path: Path) -> None:
    prices = write_prices(tmp_path / "bars.csv", [60_000, 61_000, 60_500])
    run(tmp_path / "out", inputs=inputs(prices=prices))
    told = summary(tmp_path / "out")
    assert told["inputs"]["prices"]["file"] == str(prices)
    assert len(told["inputs"]["prices"]["sha256"]) == 64
    assert told["command"].startswith("ape run simulate")
    assert {"python", "pyrevm", "numpy"} <= set(told["run"]["versions"])
    assert "LeveragedToken" in told["run"]["contracts_sha256"]


def test_the_series_are_the_closes_and_the_trades(result: Result, folder: Path) -> None:
    for one in result.replays:
        series = pq.read_table(folder / "series" / f"{one.case.name}.parquet")
        assert series.num_rows == one.measures.bars
        assert np.array_equal(series["share_price"].to_numpy(), one.series.share_price)
        assert str(series["time"].type) == "timestamp[ms, tz=UTC]"
        trades = pq.read_table(folder / "trades" / f"{one.case.name}.parquet").to_pylist()
        assert len(trades) == sum(one.measures.trades.values()) > 0
        paid = sum(trade["fee"] + trade["impact"] + trade["reward"] for trade in trades)
        base = one.measures.years * float(one.series.equity.mean())
        assert paid / base == pytest.approx(one.measures.cost)
        target = abs(one.case.setup.leverage)
        for trade in trades:
            assert abs(abs(trade["after"]) - target) < abs(abs(trade["before"]) - target)


def test_an_earlier_run_is_not_overwritten_unasked(result: Result, folder: Path) -> None:
    with pytest.raises(OutputError, match="of an earlier run: choose another --out"):
        run(folder)


def test_an_overwritten_run_leaves_nothing_behind(tmp_path: Path) -> None:
    run(tmp_path)
    run(tmp_path, policies=("3x",), overwrite=True)
    assert [file.name for file in (tmp_path / "series").iterdir()] == ["BTC3L.3x.parquet"]
    assert [one["policy"] for one in summary(tmp_path)["replays"]] == ["3x"]
    assert not (tmp_path / output.PARTIAL).exists()


def test_a_full_disk_leaves_the_earlier_run_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(tmp_path)
    before = (tmp_path / "summary.json").read_bytes()

    def full(_: Result) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(output, "compose", full)
    with pytest.raises(OutputError, match="No space left on device"):
        run(tmp_path, overwrite=True)
    assert (tmp_path / "summary.json").read_bytes() == before
    assert (tmp_path / "report.html").exists()
    assert not (tmp_path / output.PARTIAL).exists()


def test_a_folder_that_cannot_be_written_is_refused_before_the_replay(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="choose --out"):
        output.prepare(tmp_path / "file" / "out", overwrite=False)


@pytest.fixture(scope="module")
def crash(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """The price loses 45 % within an hour: more than a 3x long token can bear."""
    folder = tmp_path_factory.mktemp("crash")
    falls = [60_000, 60_500, 33_000, 33_500, 34_000]
    prices = write_prices(folder / "bars.csv", falls)
    return run(folder / "out", inputs=inputs(prices=prices), tokens=("BTC3L", "BTC2L"),
               policies=())  # fmt: skip


def test_a_liquidated_token_is_said_loudly_everywhere(crash: Result) -> None:
    assert problems(crash) == ["BTC3L with 3x WAS LIQUIDATED: its holders lost everything"]
    three, two = summary(crash.plan.asked.out)["replays"]
    assert (three["liquidated"], two["liquidated"]) == (True, False)
    assert three["total"] == -1
    # 3.0x and a fall of 45.45 %: a third more than there was is lost, and owed by nobody.
    assert three["attribution"]["liquidation"] == pytest.approx(0.35, abs=0.02)
    assert three["is_explained"]
    assert [one.multiple is None for one in crash.replays] == [True, two["over_limit"] is None]
    for text in (shown(crash), (crash.plan.asked.out / "report.html").read_text()):
        assert "BTC3L with 3x WAS LIQUIDATED" in text
        assert "BTC2L with 2x WAS" not in text


def test_a_market_that_is_too_small_for_a_token_is_said(tmp_path: Path) -> None:
    """The price grows tenfold, and a 3x long token almost a thousandfold."""
    prices = write_prices(tmp_path / "bars.csv", [6_000 * 1.02**i for i in range(117)])
    path = inputs(prices=prices)
    small, large = (
        run(tmp_path / name, inputs=path, policies=("3x",), capital=Decimal(capital))
        for name, capital in (("small", 1_000), ("large", 1_000_000))
    )
    assert problems(small) == []
    [line] = problems(large)
    assert "in 5 % of the bars: its market was too small for it" in line


def test_workers_find_the_same_as_one_process(result: Result, tmp_path: Path) -> None:
    run(tmp_path, tokens=("BTC3L", "BTC3S"), workers=2)
    mine, theirs = summary(tmp_path)["replays"], [one.measures for one in result.replays]
    assert [one["total"] for one in mine] == [one.total for one in theirs]
    assert [one["score"] for one in mine] == [one.score for one in theirs]


def test_policies_are_drawn_differently(result: Result) -> None:
    drawn = pens(result.replays)
    assert set(drawn) == {"3x", "FTX_BULL_3L"}
    assert len({(pen.color, str(pen.dash), pen.mark) for pen in drawn.values()}) == 2


def test_reduction_keeps_ends_and_extremes_of_every_stretch() -> None:
    values = np.random.default_rng(5).normal(size=57_247).cumsum()
    kept = extremes(values, 500)
    assert len(kept) <= 4 * 500
    assert (kept[0], kept[-1]) == (0, len(values) - 1)
    assert np.all(np.diff(kept) > 0)
    edges = np.linspace(0, len(values), 501).astype(int)
    for start, end in pairwise(edges):
        inside = values[kept[(kept >= start) & (kept < end)]]
        assert inside.min() == values[start:end].min()
        assert inside.max() == values[start:end].max()


def test_reduction_leaves_short_series_alone() -> None:
    assert extremes(np.arange(10.0), 4).tolist() == list(range(10))
    assert thinned([0, 10, 20, 1_000], (0, 1_000), 10) == [0, 1_000]
    assert thinned([], (0, 1_000), 10) == []


def test_the_rehearsal_runs_nothing_and_estimates(tmp_path: Path) -> None:
    plan, seconds = rehearse(asked(tmp_path / "out"), CONFIG, SILENT)
    assert plan.bars == 2 * 221
    assert 0 < seconds < 60
    assert not (tmp_path / "out").exists()
