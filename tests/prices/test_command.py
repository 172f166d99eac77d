"""`ape run prices`: what people type and see. No network: ccxt's client is put on a wire."""

import json
import runpy
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from tests.prices.binance import KLINES, Binance, kline
from tests.prices.desk import START
from tests.prices.wire import Answer, Wire, connected
from tests.scripts.chains import PROJECT, one_line

MS = START * 1000
HOUR = 3_600_000


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    """The exchange that the command meets."""
    rows = [kline(MS + i * HOUR, 100 + i % 5) for i in range(100)]
    wire = Wire(Binance(MS + 100 * HOUR, klines=rows))
    monkeypatch.setattr("levtoken.prices.client.connect", lambda one: connected(one.name, wire))
    return wire


def run(*arguments: str) -> Result:
    command = runpy.run_path(str(PROJECT / "scripts" / "prices.py"))["cli"]
    return CliRunner(mix_stderr=False).invoke(command, arguments)


def fetch(out: Path, *arguments: str) -> Result:
    return run(
        "fetch", "--exchange", "binanceusdm", "--symbol", "BTCUSDT", "--from", "2024-03-01",
        "--out", str(out), *arguments,
    )  # fmt: skip


def test_a_download_says_what_it_wrote_and_whether_it_is_good(wire: Wire, tmp_path: Path) -> None:
    result = fetch(tmp_path, "--to", "2024-03-02")
    assert result.exit_code == 0, result.stderr
    assert "binanceusdm-bars-1h.parquet: 48 rows of 1 series: nothing is wrong" in result.stdout


def test_what_was_fetched_passes_the_check(wire: Wire, tmp_path: Path) -> None:
    fetch(tmp_path, "--to", "2024-03-02")
    result = run("check", str(tmp_path / "binanceusdm-bars-1h.parquet"))
    assert result.exit_code == 0
    assert "nothing is wrong" in result.stdout


def test_a_hole_of_the_exchange_is_written_and_told(wire: Wire, tmp_path: Path) -> None:
    del wire.server.klines[5:9]
    result = fetch(tmp_path, "--to", "2024-03-01")
    assert result.exit_code == 0
    assert "20 rows of 1 series: 1 findings in 1 of them" in result.stdout


def test_a_dry_run_asks_nobody_and_writes_nothing(wire: Wire, tmp_path: Path) -> None:
    result = fetch(tmp_path / "out", "--to", "2024-03-01", "--what", "both", "--dry-run")
    assert result.exit_code == 0
    assert "binanceusdm would be asked 2 times" in result.stdout
    assert wire.asked == []
    assert not (tmp_path / "out").exists()


def test_who_stops_a_download_is_told_how_to_go_on(wire: Wire, tmp_path: Path) -> None:
    wire.faults[KLINES].append(KeyboardInterrupt())
    result = fetch(tmp_path)
    assert result.exit_code == 130
    assert "run the same command again" in result.stderr
    assert fetch(tmp_path).exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--to", "2024-02-01"], "ends before it starts"),
        (["--symbol", "BTCUSTD"], "the nearest are BTCUSDT"),
        (["--to", "soon"], "'soon' is not a day or a time"),
    ],
)
def test_a_wrong_request_ends_with_one_line(
    arguments: list[str], says: str, wire: Wire, tmp_path: Path
) -> None:
    assert says in one_line(fetch(tmp_path, *arguments))


def test_an_exchange_that_refuses_ends_with_one_line(wire: Wire, tmp_path: Path) -> None:
    wire.faults[KLINES].append(Answer("Forbidden", 403))
    assert "try another --exchange" in one_line(fetch(tmp_path))


@pytest.mark.parametrize("option", [["--exchange", "mtgox"], ["--timeframe", "7m"], []])
def test_wrong_options_are_told_which_there_are(option: list[str]) -> None:
    result = run("fetch", *option)
    assert result.exit_code == 2
    assert "one of" in result.stderr or "Missing option" in result.stderr


def test_a_faulty_file_has_exit_code_one_and_a_table(tmp_path: Path) -> None:
    times = [START + i * 3600 for i in (0, 1, 2, 3, 9, 9)]
    file = tmp_path / "bars.csv"
    pd.DataFrame({"time": times, "close": [1, 1, -1, 1, 1, 2], "symbol": "X[/]"}).to_csv(file)
    result = run("check", str(file))
    assert result.exit_code == 1
    assert "X[/]: gap 2024-03-01 03:00: the next comes 6 h later" in result.stdout
    assert "X[/]: duplicate 2024-03-01 09:00: comes again with other values" in result.stdout
    assert "6 rows of 1 series: 3 findings in 1 of them" in result.stdout


def test_a_narrow_terminal_cuts_no_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    file = tmp_path / "bars.csv"
    times = [START + i * 3600 for i in (0, 1, 2, 3, 9)]
    pd.DataFrame({"time": times, "close": 1.0, "symbol": "A-LONG-NAME-OF-A-SERIES"}).to_csv(file)
    shown = run("check", str(file)).stdout
    assert "A-LONG-NAME-OF-A-SERIES" in shown
    assert "2024-03-01 09:00   1 gap" in shown


def test_programs_read_json(tmp_path: Path) -> None:
    file = tmp_path / "bars.csv"
    pd.DataFrame({"time": [START, START + 60, START], "close": 1.0}).to_csv(file)
    result = run("check", str(file), "--json")
    assert result.exit_code == 1
    told = json.loads(result.stdout)
    assert (told["file"], told["ok"]) == ("bars.csv", False)
    rules = [finding["rule"] for finding in told["series"][0]["findings"]]
    assert rules == ["order", "duplicate"]


def test_a_file_that_cannot_be_read_ends_with_one_line(tmp_path: Path) -> None:
    (tmp_path / "bars.parquet").write_bytes(b"nothing")
    assert "bars.parquet cannot be read" in one_line(run("check", str(tmp_path / "bars.parquet")))
    assert "there is no file" in one_line(run("check", str(tmp_path / "none.csv")))


def test_help_teaches() -> None:
    for command in ("fetch", "check"):
        told = run(command, "--help").stdout
        assert "Examples:" in told
    assert "robust deviations" in told
    assert "exit code is 0" in " ".join(told.split())


def test_other_commands_do_not_wait_for_ccxt() -> None:
    code = "import runpy, sys; runpy.run_path('scripts/prices.py'); print('ccxt' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


def test_no_chain_is_started(tmp_path: Path) -> None:
    """As typed, where anvil leaves a trace instead of starting."""
    anvil = tmp_path / "anvil"
    anvil.write_text('#!/bin/sh\ntouch "$0.started"\nexit 1\n')
    anvil.chmod(0o755)
    file = tmp_path / "bars.csv"
    pd.DataFrame({"time": [START, START + 60], "close": 1.0}).to_csv(file)
    code = (
        "import os, sys; os.environ['PATH'] = sys.argv.pop(1) + os.pathsep + os.environ['PATH']; "
        "from ape._cli import cli; cli(prog_name='ape')"
    )
    typed = ["run", "prices", "check", str(file)]
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path), *typed],
        cwd=PROJECT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "anvil.started").exists()
