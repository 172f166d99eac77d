"""`ape run simulate`: what people type and see."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.scripts.chains import PROJECT, one_line, run
from tests.simulation.runs import CONFIG, write_prices, write_rates

PRICES = [60_000 * (1 + 0.02 * ((i * 7) % 5 - 2)) for i in range(60)]


def test_prices_funding_flows_and_a_paid_keeper_in_one_run(tmp_path: Path) -> None:
    prices = write_prices(tmp_path / "bars.csv", PRICES)
    rates = write_rates(tmp_path / "rates.csv", [0.0001] * 9)
    out = tmp_path / "out"
    done = run(
        "simulate", "--prices", str(prices), "--funding", str(rates), "--exchange", "binance",
        "--token", "BTC3L", "--token", "BTC3S", "--policy", "3x", "--policy", "BYBIT_3L",
        "--latency", "60", "--gas-price", "20", "--ether-price", "2,500", "--paid-keeper",
        "--flows", "12", "--seed", "3", "--out", str(out),
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    assert "summary.json, report.html, series/ and trades/ are written" in done.stdout
    told = json.loads((out / "summary.json").read_text())
    assert [one["name"] for one in told["replays"]] == [
        "BTC3L.3x", "BTC3L.BYBIT_3L", "BTC3S.3x", "BTC3S.BYBIT_3L"
    ]  # fmt: skip
    words = shlex.split(told["command"])
    assert words[:3] == ["ape", "run", "simulate"]
    assert words[words.index("--ether-price") + 1] == "2500"
    assert words.count("--policy") == 2
    assert "--paid-keeper" in words
    assert told["sources"][0]["flows"] > 0
    assert told["sources"][0]["funding"]["bars_without"] == 0
    assert all(one["attribution"]["flows"] >= 0 for one in told["replays"])
    assert all(one["attribution"]["funding"] < 0 for one in told["replays"][:2])
    assert all(one["attribution"]["funding"] > 0 for one in told["replays"][2:])


def test_a_dry_run_says_what_would_be_run_and_writes_nothing(tmp_path: Path) -> None:
    done = run("simulate", "--policy", "3x", "--out", str(tmp_path / "out"), "--dry-run")
    assert done.exit_code == 0, done.stderr
    assert "1 replays of 221 bars with 1 workers would take about" in done.stdout
    policy = CONFIG.policies["3x"]
    assert f"{policy.lower} to {policy.upper}" in done.stdout
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--policy", "4x"], "no policy 4x: choose from"),
        (["--policy", "10x"], "10x cannot be the policy of BTC3L"),
        (["--policy", "my.yaml"], "there is no file my.yaml: check --policy"),
        (["--token", "DOGE3L"], "no token DOGE3L: choose from BTC2L"),
        (["--prices", "none.parquet"], "there is no file none.parquet"),
        (["--symbol", "BTCUSDT"], "name it by --prices"),
        (["--from", "soon"], "'soon' is not a day or a time"),
        (["--capital", "90000000"], "use a smaller --capital"),
        (["--cluster", "tcp://127.0.0.1:1"], "Dask"),
    ],
)
def test_a_wrong_request_ends_with_one_line(
    arguments: list[str], says: str, tmp_path: Path
) -> None:
    assert says in one_line(run("simulate", *arguments, "--out", str(tmp_path / "out")))


def test_an_unknown_symbol_and_an_empty_window_end_with_one_line(tmp_path: Path) -> None:
    prices = str(write_prices(tmp_path / "bars.csv", PRICES))
    out = ("--out", str(tmp_path / "out"))
    line = one_line(run("simulate", "--prices", prices, "--symbol", "DOGEUSDT", *out))
    assert line == "bars.csv has no symbol DOGEUSDT: choose by --symbol from BTCUSDT"
    line = one_line(run("simulate", "--prices", prices, "--from", "2021-01-01", *out))
    assert "no bar lies in the window" in line


def test_an_earlier_run_is_kept_unless_told_otherwise(tmp_path: Path) -> None:
    arguments = ("simulate", "--policy", "3x", "--out", str(tmp_path))
    assert run(*arguments).exit_code == 0
    assert "of an earlier run: choose another --out, or --overwrite" in one_line(run(*arguments))
    assert run(*arguments, "--overwrite").exit_code == 0


def test_a_liquidated_token_is_a_result(tmp_path: Path) -> None:
    prices = write_prices(tmp_path / "bars.csv", [60_000, 60_500, 33_000, 33_500])
    done = run("simulate", "--prices", str(prices), "--out", str(tmp_path / "out"))
    assert done.exit_code == 0, done.stderr
    assert "BTC3L with 3x WAS LIQUIDATED: its holders lost everything" in done.stdout


def test_paths_are_invented_and_bars_looked_into(tmp_path: Path) -> None:
    out = ("--out", str(tmp_path / "out"), "--dry-run")
    done = run("simulate", "--synthetic", "flash", "--years", "0.01", "--step", "600", *out)
    assert done.exit_code == 0, done.stderr
    assert "BTC: flash of seed 1 (SYNTHETIC: no market's history)" in done.stdout
    assert "527 bars of 10 min" in done.stdout
    bars = write_prices(tmp_path / "bars.csv", PRICES)
    line = one_line(run("simulate", "--prices", str(bars), "--intrabar", "jumps", *out))
    assert "has no column open" in line
    line = one_line(run("simulate", "--synthetic", "gbm", "--prices", str(bars), *out))
    assert "--synthetic invents its own" in line


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), SystemExit(130)])
def test_who_stops_it_is_told_that_nothing_was_written(
    stop: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object) -> None:
        raise stop

    monkeypatch.setattr("levtoken.simulation.lab.run.run_all", stopped)
    done = run("simulate", "--policy", "3x", "--out", str(tmp_path))
    assert done.exit_code == 130
    assert done.stderr.strip() == "stopped: nothing was written"
    assert list(tmp_path.iterdir()) == []


def test_help_teaches() -> None:
    told = " ".join(run("simulate", "--help").stdout.split())
    for words in ("no chain is needed", "Examples:", "close (or price)", "report.html", "Gwei"):
        assert words in told


def test_other_commands_do_not_wait_for_charts() -> None:
    code = (
        "import runpy, sys; runpy.run_path('scripts/simulate.py'); "
        "print({'matplotlib', 'pyrevm', 'pyarrow'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"


def test_the_command_of_the_readme_works_as_typed_with_workers_and_without_a_chain(
    tmp_path: Path,
) -> None:
    """Where anvil leaves a trace instead of starting."""
    readme = (PROJECT / "README.md").read_text()
    [typed] = re.findall(r"^ape (run simulate --policy.*)$", readme, re.MULTILINE)
    anvil = tmp_path / "anvil"
    anvil.write_text('#!/bin/sh\ntouch "$0.started"\nexit 1\n')
    anvil.chmod(0o755)
    code = (
        "import os, sys; os.environ['PATH'] = sys.argv.pop(1) + os.pathsep + os.environ['PATH']; "
        "from ape._cli import cli\nif __name__ == '__main__': cli(prog_name='ape')"
    )
    out = tmp_path / "out"
    words = [*shlex.split(typed), "--workers", "2", "--out", str(out)]
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path), *words],
        cwd=PROJECT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert {file.name for file in out.iterdir()} == {
        "summary.json", "report.html", "series", "trades"
    }  # fmt: skip
    assert not (tmp_path / "anvil.started").exists()
