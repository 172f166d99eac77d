"""The demo from the command line, on short paths: what it shows, what it writes, how it fails."""

import csv
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest

from tests.scripts.chains import one_line, run
from tests.scripts.demos import Demo, demo

HOUR = 3_600
START = 1_583_625_600  # 2020-03-08 00:00 UTC
# Up by a fifth and down by a third: upper, lower and emergency rebalances on both sides.
BTC = [100, 104, 108, 112, 116, 120, 118, 110, 104, 103, 87, 88, 90, 84, 80, 82]
ETH = [200, 206, 210, 216, 220, 226, 224, 210, 200, 198, 180, 172, 178, 166, 158, 160]
PNG = b"\x89PNG\r\n\x1a\n"
RESIDUAL = Decimal("1e-9")
SIGNATURE = {"start", "end", "bars", "tokens", "arbitrageurs", "keeper", "units"}


def write_prices(folder: Path, **series: Sequence[float]) -> Path:
    file = folder / "prices.csv"
    with file.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["date", "close", "symbol"])
        for symbol, prices in series.items():
            writer.writerows([START + HOUR * i, price, symbol] for i, price in enumerate(prices))
    return file


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    folder = tmp_path_factory.mktemp("short")
    prices = write_prices(folder, BTCUSDT=[600 * one for one in BTC], ETHUSDT=[10 * x for x in ETH])
    symbols = ("--symbol", "BTCUSDT", "--symbol", "ETHUSDT")
    return demo(folder, "--prices", str(prices), *symbols)


def test_a_short_path_ends_well_with_table_chart_and_summary(short: Demo) -> None:
    assert short.code == 0, short.stderr
    assert "BTCUSDT, ETHUSDT of prices.csv: 2020-03-08 01:00 to 2020-03-08 16:00" in short.stdout
    assert (short.out / "chart.png").read_bytes().startswith(PNG)
    assert set(short.summary) > SIGNATURE
    assert [one["holding"]["symbol"] for one in short.summary["tokens"]] == [
        "BTC3L",
        "BTC3S",
        "ETH2L",
    ]


def test_the_clock_of_the_chain_is_that_of_the_path(short: Demo) -> None:
    summary = short.summary
    assert (summary["start"], summary["end"]) == (START + HOUR, START + 16 * HOUR)
    assert (summary["bars"], summary["step"], summary["offset"]) == (16, HOUR, 0)


def test_the_table_shows_the_numbers_of_the_summary(short: Demo) -> None:
    tokens = short.summary["tokens"]
    assert short.row("total") == [f"{Decimal(one['total']) * 100:+.2f} %" for one in tokens]
    assert short.row("ideal, bar by bar") == [
        f"{Decimal(one['ideal']) * 100:+.2f} %" for one in tokens
    ]
    for term, label in [
        ("exposure", "ideal exposure"),
        ("drift", "drift"),
        ("funding", "funding"),
        ("fees", "market fees"),
        ("impact", "price impact"),
        ("rewards", "keeper rewards"),
        ("streaming", "streaming fee"),
    ]:
        shown = [f"{Decimal(one['attribution'][term]):+.6f}" for one in tokens]
        assert short.row(label) == shown
    assert short.row("residual") == [f"{Decimal(one['residual']):+.1e}" for one in tokens]
    assert short.row("redeemed") == [
        f"{Decimal(one['holding']['received']):,.2f}" for one in tokens
    ]


def test_the_terms_add_up_to_the_change_of_the_share_price(short: Demo) -> None:
    for token in short.summary["tokens"]:
        start, end = (Decimal(token[f"share_price_{edge}"]) for edge in ("start", "end"))
        residual = Decimal(token["residual"])
        terms = sum(map(Decimal, token["attribution"].values()))
        assert abs(residual) < RESIDUAL * end
        assert abs(end - start - terms - residual) < Decimal("1e-26")  # sums of 28 digits


def test_every_pass_is_in_the_band_or_says_why_not(short: Demo) -> None:
    for token in short.summary["tokens"]:
        assert token["passes"] == 15
        assert token["inside"] + sum(token["outside"].values()) == 15
        assert all("(" in reason for reason in token["outside"])


def test_the_path_exercises_every_trigger(short: Demo) -> None:
    triggers = {name for token in short.summary["tokens"] for name in token["rebalances"]}
    assert triggers == {"upper", "lower", "emergency"}


def test_the_holder_gets_back_what_the_shares_are_worth_less_the_cost_of_leaving(
    short: Demo,
) -> None:
    for token in short.summary["tokens"]:
        held = token["holding"]
        paid, received = Decimal(held["paid"]), Decimal(held["received"])
        # Entering and leaving cost a fee of 6 bp of the notional each, at 3.3x or less.
        worth = paid * Decimal(token["share_price_end"])
        assert worth * Decimal("0.99") < received < worth


def test_the_arbitrageur_is_shown_and_gets_funding(short: Demo) -> None:
    btc, eth = short.summary["arbitrageurs"]
    assert [btc["underlying"], eth["underlying"]] == ["BTC", "ETH"]
    assert Decimal(eth["largest_size"]) < 0
    assert Decimal(eth["funding"]) > 0
    assert short.row("funding received", arbitrageurs=True) == [
        f"{Decimal(one['funding']):,.2f}" for one in (btc, eth)
    ]
    for one in (btc, eth):
        assert abs(Decimal(one["residual"])) < RESIDUAL * Decimal(one["deposited"])


@pytest.fixture(scope="module")
def crash(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """The price loses 45 % within an hour: more than a 3x long token can bear."""
    folder = tmp_path_factory.mktemp("crash")
    prices = write_prices(folder, BTCUSDT=[60_000, 60_500, 33_000, 33_500, 34_000])
    options = ("--token", "BTC3L", "--token", "BTC2L", "--no-arbitrageur", "--capital", "5000")
    return demo(folder, "--prices", str(prices), *options)


def test_a_liquidated_token_is_said_loudly_and_fails_the_demo(crash: Demo) -> None:
    assert crash.code == 1
    assert "BTC3L WAS LIQUIDATED" in crash.stdout
    assert "BTC2L WAS" not in crash.stdout
    assert "Traceback" not in crash.stdout + crash.stderr


def test_a_liquidation_is_a_term_of_the_attribution(crash: Demo) -> None:
    three, two = crash.summary["tokens"]
    assert three["is_liquidated"]
    assert not two["is_liquidated"]
    assert Decimal(three["total"]) == -1
    assert (three["holding"]["received"], three["holding"]["refusal"] != "") == ("0", True)
    assert Decimal(two["holding"]["received"]) > 0


def test_without_an_arbitrageur_there_is_none(crash: Demo) -> None:
    assert crash.summary["arbitrageurs"] == []
    assert "arbitrageur" not in crash.stdout


def refused(folder: Path, *arguments: str) -> str:
    """The one line with which the demo fails."""
    line = one_line(run("demo", "--out", str(folder / "out"), *arguments))
    assert not (folder / "out" / "summary.json").exists()
    return line


def test_a_faulty_price_is_one_line(tmp_path: Path) -> None:
    file = write_prices(tmp_path, BTCUSDT=[60_000, 61_000, 0])
    assert "the price at 2020-03-08 02:00 is 0" in refused(tmp_path, "--prices", str(file))


def test_an_unknown_symbol_is_one_line(tmp_path: Path) -> None:
    file = write_prices(tmp_path, BTCUSDT=[60_000, 61_000])
    line = refused(tmp_path, "--prices", str(file), "--symbol", "DOGEUSDT")
    assert line == "prices.csv has no symbol DOGEUSDT: choose by --symbol from BTCUSDT"


def test_a_capital_beyond_the_market_is_one_line(tmp_path: Path) -> None:
    file = write_prices(tmp_path, BTCUSDT=[60_000, 61_000])
    failed = demo(tmp_path, "--prices", str(file), "--capital", "90000000", "--token", "BTC3L")
    assert failed.code == 1
    assert failed.stderr.splitlines()[-1].startswith("Error: BTC3L does not take 90,000,000")
    assert "Traceback" not in failed.stderr
    assert not (failed.out / "summary.json").exists()


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "out").touch()
    assert "choose --out" in one_line(run("demo", "--out", str(tmp_path / "out" / "inner")))
