"""Downloads from Binance through ccxt's own code, over a wire without a network."""

import errno
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from requests.exceptions import ConnectionError as NoConnection
from requests.exceptions import ContentDecodingError, ReadTimeout, SSLError

from levtoken.errors import (
    BadAnswerError,
    BusyFolderError,
    EmptyWindowError,
    OutputError,
    PriceFileError,
    RateLimitError,
    RefusedError,
    UnknownMarketError,
    UnreachableError,
)
from levtoken.prices.fetch import BOTH, FUNDING, plan_offline
from levtoken.prices.retry import ATTEMPTS
from levtoken.prices.store import alone
from levtoken.simulation.price_files import load
from levtoken.simulation.window import Window
from levtoken.units import WAD
from tests.prices import binance
from tests.prices.binance import HOUR, KLINES, Binance, kline, settlement
from tests.prices.desk import START, Desk, hours
from tests.prices.wire import Answer, Wire
from tests.scripts.chains import PROJECT

MS = START * 1000
DAY = 24
MANY = 2500  # hours: three pages


@pytest.fixture
def exchange() -> Binance:
    """It has 2,500 hours from START on, and as many have passed since."""
    rows = [kline(MS + i * HOUR, 100 + i % 7) for i in range(MANY)]
    return Binance(now=MS + 2 * MANY * HOUR, klines=rows)


@pytest.fixture
def desk(exchange: Binance, tmp_path: Path) -> Desk:
    return Desk(Wire(exchange), tmp_path / "prices")


def test_bars_arrive_as_the_exchange_has_them(desk: Desk) -> None:
    desk.wire.server.klines[1] = kline(MS + HOUR, 101.5, open=100.5, high=102.25, low=99.75)
    [bars] = desk.fetch(desk.request())
    assert hours(bars) == list(range(DAY))
    assert str(bars["date"].dtype) == "datetime64[ms, UTC]"
    assert bars.loc[1, ["open", "high", "low", "close", "volume"]].tolist() == [
        100.5, 102.25, 99.75, 101.5, 12.345,
    ]  # fmt: skip
    assert set(bars["symbol"]) == {"BTCUSDT"}
    assert set(bars["exchange"]) == {"binanceusdm"}
    assert desk.files == {"binanceusdm-bars-1h.parquet"}


def test_the_demo_reads_what_was_fetched(desk: Desk) -> None:
    desk.fetch(desk.request(symbols=["BTCUSDT", "ETHUSDT"]))
    file = desk.out / "binanceusdm-bars-1h.parquet"
    paths = load(file, ["BTCUSDT", "ETHUSDT"], Window.parse("2024-03-01", None))
    assert [len(path.bars) for path in paths] == [DAY, DAY]
    assert paths[0].bars[0].price == 100 * WAD


@pytest.mark.parametrize("symbol", ["BTCUSDT", "btcusdt", "BTC/USDT:USDT", "BTC/USDT", "BTC-USDT"])
def test_a_symbol_may_be_written_in_any_way(symbol: str, desk: Desk) -> None:
    [bars] = desk.fetch(desk.request(symbols=[symbol]))
    assert set(bars["symbol"]) == {"BTCUSDT"}
    assert {query["symbol"] for query in desk.wire.queries(KLINES)} == {"BTCUSDT"}


def test_an_unknown_symbol_is_told_the_nearest(desk: Desk) -> None:
    with pytest.raises(UnknownMarketError, match=r"no swap market BTCUSTD: .* BTCUSDT"):
        desk.fetch(desk.request(symbols=["BTCUSTD"]))
    assert desk.files == set()


def test_pages_meet_without_a_hole_or_an_overlap(desk: Desk) -> None:
    [bars] = desk.fetch(desk.request(end=None))
    assert hours(bars)[:MANY] == list(range(MANY))
    assert desk.steps == len(desk.wire.queries(KLINES)) == 6  # of 5,000 hours, 999 at a time
    ends = [int(query["endTime"]) for query in desk.wire.queries(KLINES)]
    starts = [int(query["startTime"]) for query in desk.wire.queries(KLINES)]
    assert starts[1:] == [end + 1 for end in ends[:-1]]


def test_an_empty_page_is_not_the_end(exchange: Binance, desk: Desk) -> None:
    del exchange.klines[: 2 * 999]  # the market was listed later than --from
    [bars] = desk.fetch(desk.request(end=None))
    assert hours(bars) == list(range(2 * 999, MANY))


def test_a_window_of_which_the_exchange_has_nothing_writes_no_file(desk: Desk) -> None:
    with pytest.raises(EmptyWindowError, match="has nothing of BTCUSDT"):
        desk.fetch(desk.request("2023-01-01", "2023-01-02"))
    assert desk.files == set()


def test_the_bar_that_is_still_open_is_left_out(exchange: Binance, desk: Desk) -> None:
    exchange.now = MS + 5 * HOUR + HOUR // 2
    [bars] = desk.fetch(desk.request())
    assert hours(bars) == [0, 1, 2, 3, 4]


def test_a_bar_that_closed_a_moment_ago_may_still_be_amended(exchange: Binance, desk: Desk) -> None:
    exchange.now = MS + 5 * HOUR + 59_000
    assert hours(desk.fetch(desk.request())[0]) == [0, 1, 2, 3]
    exchange.now = MS + 5 * HOUR + 60_000
    assert hours(desk.fetch(desk.request())[0]) == [0, 1, 2, 3, 4]


def test_later_bars_are_added_and_earlier_ones_not_asked_for_again(desk: Desk) -> None:
    desk.fetch(desk.request(end="2024-03-02"))
    desk.wire.asked.clear()
    [bars] = desk.fetch(desk.request(end="2024-03-03"))
    assert hours(bars) == list(range(3 * DAY))
    [query] = desk.wire.queries(KLINES)
    assert int(query["startTime"]) == MS + 2 * DAY * HOUR
    desk.wire.asked.clear()
    desk.fetch(desk.request(end="2024-03-03"))
    assert desk.wire.queries(KLINES) == []


def test_a_window_apart_is_added_too(desk: Desk) -> None:
    desk.fetch(desk.request("2024-03-05", "2024-03-05"))
    desk.fetch(desk.request("2024-03-01", "2024-03-01"))
    desk.wire.asked.clear()
    [bars] = desk.fetch(desk.request("2024-03-01", "2024-03-05"))
    assert hours(bars) == list(range(5 * DAY))
    [query] = desk.wire.queries(KLINES)
    assert int(query["startTime"]) == MS + DAY * HOUR
    assert int(query["endTime"]) == MS + 4 * DAY * HOUR - 1


def test_a_killed_download_goes_on_after_the_last_page(desk: Desk) -> None:
    desk.wire.faults[KLINES].extend([None, None, KeyboardInterrupt()])
    with pytest.raises(KeyboardInterrupt):
        desk.fetch(desk.request(end="2024-06-12"))
    assert desk.files == set()
    desk.wire.asked.clear()
    [bars] = desk.fetch(desk.request(end="2024-06-12"))
    assert hours(bars) == list(range(104 * DAY))
    assert [int(query["startTime"]) for query in desk.wire.queries(KLINES)] == [MS + 2 * 999 * HOUR]
    assert not list(desk.out.rglob("*.partial"))
    assert not (desk.out / "binanceusdm-bars-1h.pages").exists()


def test_a_download_whose_process_is_killed_goes_on(desk: Desk) -> None:
    """Not an exception that something may catch, but the end of the process, between two pages."""
    code = f"""
import os, signal
from pathlib import Path
from tests.prices.binance import Binance, kline
from tests.prices.desk import Desk
from tests.prices.wire import Wire

class Killer(Wire):
    def send(self, *arguments, **others):
        if len(self.asked) == 4:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().send(*arguments, **others)

rows = [kline({MS} + i * {HOUR}) for i in range({MANY})]
desk = Desk(Killer(Binance({MS} + 2 * {MANY} * {HOUR}, klines=rows)), Path({str(desk.out)!r}))
desk.fetch(desk.request(end="2024-06-12"))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, check=False)
    assert done.returncode == -signal.SIGKILL
    [bars] = desk.fetch(desk.request(end="2024-06-12"))
    assert hours(bars) == list(range(104 * DAY))
    assert int(desk.wire.queries(KLINES)[0]["startTime"]) == MS + 2 * 999 * HOUR


def test_a_page_that_was_half_written_is_asked_for_again(desk: Desk) -> None:
    pages = desk.out / "binanceusdm-bars-1h.pages"
    pages.mkdir(parents=True)
    (pages / f"BTCUSDT@{START}-{START + DAY * 3600}.parquet.partial").write_bytes(b"PAR1")
    [bars] = desk.fetch(desk.request())
    assert hours(bars) == list(range(DAY))


def test_a_kill_after_the_merge_costs_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("levtoken.prices.store.shutil.rmtree", _interrupt)
        with pytest.raises(KeyboardInterrupt):
            desk.fetch(desk.request())
    desk.wire.asked.clear()
    [bars] = desk.fetch(desk.request())
    assert hours(bars) == list(range(DAY))
    assert desk.wire.queries(KLINES) == []


@pytest.mark.parametrize("name", ["BTCUSDT@", "binanceusdm-bars-1h.parquet"])
def test_a_full_disk_loses_nothing(name: str, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.fetch(desk.request("2024-03-05", "2024-03-05"))
    before = (desk.out / "binanceusdm-bars-1h.parquet").read_bytes()
    write = pq.write_table

    def fill_up(table: object, where: Path) -> None:
        write(table, where)
        if where.name.startswith(name) and where.stat().st_size:
            raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("levtoken.prices.store.pq.write_table", fill_up)
        with pytest.raises(OutputError, match=r"No space left.* kept, so run this again"):
            desk.fetch(desk.request())
    assert (desk.out / "binanceusdm-bars-1h.parquet").read_bytes() == before
    assert not list(desk.out.rglob("*.partial"))
    [bars] = desk.fetch(desk.request())
    assert hours(bars) == [*range(DAY), *range(4 * DAY, 5 * DAY)]


def test_rows_twice_out_of_order_and_beyond_the_page_are_put_right(desk: Desk) -> None:
    rows = [kline(MS + i * HOUR, 100 + i) for i in (3, 1, 2, 0, 2, 1, 30, -5)]
    desk.wire.faults[KLINES].append(Answer(rows))
    [bars] = desk.fetch(desk.request())
    assert hours(bars) == [0, 1, 2, 3]
    assert bars["close"].tolist() == [100, 101, 102, 103]


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([kline(MS, 100), kline(MS, 101)], "2024-03-01 00:00 comes twice and differs"),
        ([kline(MS + 1000)], "no multiple of the timeframe"),
        ([kline(MS, 0.0)], "a number at 2024-03-01 00:00 is not positive"),
        ([[MS, "1", None, "1", "1", "1"]], "a number at 2024-03-01 00:00 is missing"),
        ([[MS, "1", "much", "1", "1", "1"]], "a number at 2024-03-01 00:00 is missing"),
        ([["soon", "1", "1", "1", "1", "1"]], "ccxt finds nothing in its 1 rows"),
        ([kline(MS + DAY * HOUR)], "all of its rows lie outside"),
        ("<html>maintenance</html>", "there is no list of rows in it"),
        ({"unexpected": True}, "there is no list of rows in it"),
    ],
)
def test_an_answer_that_is_no_bars_is_refused_whole(rows: object, says: str, desk: Desk) -> None:
    desk.wire.faults[KLINES].append(Answer(rows))
    with pytest.raises(BadAnswerError, match="binanceusdm was asked for bars of BTCUSDT") as caught:
        desk.fetch(desk.request())
    assert says in str(caught.value)
    assert desk.files == set()


def test_an_answer_that_may_be_cut_short_is_refused(exchange: Binance, desk: Desk) -> None:
    exchange.settlements = [settlement(MS + i * HOUR // 4) for i in range(4 * 900)]
    with pytest.raises(BadAnswerError, match="1000 rows and may have been cut short"):
        desk.fetch(desk.request(end="2024-04-05", what=FUNDING))


@pytest.mark.parametrize(
    "fault",
    [
        NoConnection("Connection refused"),
        ReadTimeout("Read timed out"),
        SSLError("certificate has expired"),
        ContentDecodingError("gzip"),
        Answer(binance.TOO_MANY, 429),
        Answer("Bad Gateway", 502),
        Answer({"code": -1001, "msg": "Internal error; unable to process your request."}, 500),
    ],
    ids=["network", "timeout", "certificate", "garbled", "429", "502", "500"],
)
def test_a_passing_fault_is_waited_out(fault: Answer | Exception, desk: Desk) -> None:
    desk.wire.faults[KLINES].extend([fault, fault])
    [bars] = desk.fetch(desk.request())
    assert hours(bars) == list(range(DAY))
    assert desk.waits == [1, 2]
    assert "binanceusdm does not answer, next try in 2 s" in desk.said


def test_the_wait_that_the_exchange_asks_for_is_kept(desk: Desk) -> None:
    answer = Answer(binance.TOO_MANY, 429, {"Retry-After": "17"})
    desk.wire.faults[KLINES].extend([answer, NoConnection("reset")])
    desk.fetch(desk.request())
    assert desk.waits == [17, 2]  # the second fault asked for nothing


def test_an_exchange_that_bans_for_long_is_left_alone(desk: Desk) -> None:
    desk.wire.faults[KLINES].append(Answer(binance.TOO_MANY, 418, {"Retry-After": "7200"}))
    with pytest.raises(RateLimitError, match=r"wants fewer requests.* wait some minutes"):
        desk.fetch(desk.request())
    assert desk.waits == []


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (NoConnection("Connection refused"), UnreachableError),
        (Answer(binance.TOO_MANY, 429), RateLimitError),
    ],
    ids=["network", "429"],
)
def test_a_lasting_fault_ends_with_what_to_do_and_keeps_what_is_there(
    fault: Answer | Exception, error: type[Exception], desk: Desk
) -> None:
    desk.wire.faults[KLINES].extend([None, *[fault] * ATTEMPTS])
    with pytest.raises(error, match=r"binanceusdm was asked for bars of BTCUSDT.*run this again"):
        desk.fetch(desk.request(end="2024-06-12"))
    assert desk.waits == [1, 2, 4, 8, 16]
    desk.wire.asked.clear()
    [bars] = desk.fetch(desk.request(end="2024-06-12"))
    assert hours(bars) == list(range(104 * DAY))
    assert int(desk.wire.queries(KLINES)[0]["startTime"]) == MS + 999 * HOUR


@pytest.mark.parametrize(
    "fault",
    [
        Answer(binance.RESTRICTED, 451),
        Answer("Forbidden", 403),
        Answer({"code": -1121, "msg": "Invalid symbol."}, 400),
    ],
    ids=["451", "403", "400"],
)
def test_a_refusal_is_not_asked_for_again(fault: Answer, desk: Desk) -> None:
    desk.wire.faults[KLINES].append(fault)
    with pytest.raises(RefusedError, match="may not serve this place or this market"):
        desk.fetch(desk.request())
    assert desk.waits == []
    assert len(desk.wire.queries(KLINES)) == 1


@pytest.mark.parametrize("answer", ["<html>maintenance</html>", {}, {"symbols": []}])
def test_markets_that_are_none_are_not_taken_for_a_wrong_symbol(answer: object, desk: Desk) -> None:
    desk.wire.faults[binance.INFO].append(Answer(answer))
    with pytest.raises(BadAnswerError, match=r"asked for its markets.* no swap in it"):
        desk.fetch(desk.request())


@pytest.mark.parametrize("answer", ["<html>maintenance</html>", {}, {"serverTime": "soon"}])
def test_a_time_that_is_none_is_told(answer: object, desk: Desk) -> None:
    desk.wire.faults[binance.TIME].append(Answer(answer))
    with pytest.raises(BadAnswerError, match="asked for its time"):
        desk.fetch(desk.request())


def test_funding_rates_arrive_with_their_intervals(exchange: Binance, desk: Desk) -> None:
    moments = [0, 8, 16, 24, 28, 32, 36, 48]  # from 8 to 4 hours; one at 40 and 44 is missing
    exchange.settlements = [settlement(MS + hour * HOUR + 7, f"{hour - 20}e-5") for hour in moments]
    [rates] = desk.fetch(desk.request(end="2024-03-03", what=FUNDING))
    assert hours(rates, "time") == moments  # the milliseconds after the hour are gone
    assert rates["funding_rate"].tolist() == [(hour - 20) / 1e5 for hour in moments]
    intervals = [None if pd.isna(value) else value / 3600 for value in rates["interval"]]
    assert intervals == [None, 8, 8, 8, 4, 4, 4, None]
    assert list(rates) == ["time", "funding_rate", "symbol", "exchange", "interval"]


def test_intervals_are_those_of_the_whole_series(exchange: Binance, desk: Desk) -> None:
    exchange.settlements = [settlement(MS + 8 * i * HOUR) for i in range(9)]
    desk.fetch(desk.request("2024-03-02", "2024-03-03", what=FUNDING))
    [rates] = desk.fetch(desk.request("2024-03-01", "2024-03-03", what=FUNDING))
    assert rates["interval"].isna().tolist() == [True, *[False] * 8]


def test_a_rate_that_was_settled_just_now_is_left_for_later(exchange: Binance, desk: Desk) -> None:
    exchange.now = MS + 8 * HOUR + HOUR // 2
    exchange.settlements = [settlement(MS)]  # that of 08:00 is not in the history yet
    assert hours(desk.fetch(desk.request(what=FUNDING))[0], "time") == [0]
    exchange.now = MS + 20 * HOUR
    exchange.settlements += [settlement(MS + 8 * HOUR), settlement(MS + 16 * HOUR)]
    assert hours(desk.fetch(desk.request(what=FUNDING))[0], "time") == [0, 8, 16]


def test_bars_and_funding_rates_come_together(exchange: Binance, desk: Desk) -> None:
    exchange.settlements = [settlement(MS)]
    bars, rates = desk.fetch(desk.request(what=BOTH))
    assert (len(bars), len(rates)) == (DAY, 1)
    assert desk.files == {"binanceusdm-bars-1h.parquet", "binanceusdm-funding.parquet"}


def test_the_rows_of_a_file_that_lost_its_metadata_are_kept(desk: Desk) -> None:
    desk.fetch(desk.request("2024-03-05", "2024-03-05"))
    file = desk.out / "binanceusdm-bars-1h.parquet"
    pd.read_parquet(file).to_parquet(file)
    [bars] = desk.fetch(desk.request())
    assert hours(bars) == [*range(DAY), *range(4 * DAY, 5 * DAY)]


def test_a_broken_file_is_named(desk: Desk) -> None:
    desk.out.mkdir()
    (desk.out / "binanceusdm-bars-1h.parquet").write_bytes(b"nothing")
    with pytest.raises(PriceFileError, match=r"bars-1h.parquet cannot be read.*delete it"):
        desk.fetch(desk.request())


def test_two_downloads_do_not_write_to_one_folder(desk: Desk) -> None:
    with alone(desk.out), pytest.raises(BusyFolderError, match="another --out"):
        desk.fetch(desk.request())
    assert desk.wire.asked == []


def test_a_folder_that_cannot_be_made_is_named(desk: Desk) -> None:
    desk.out.touch()
    with pytest.raises(OutputError, match="choose --out where") as caught:
        desk.fetch(desk.request())
    assert "room" not in str(caught.value)
    assert "downloaded" not in str(caught.value)


@pytest.mark.parametrize("symbol", ["", " ", "-/:", "../x", "BTC//USDT", "BTC USDT"])
def test_what_no_market_is_called_is_refused(symbol: str, desk: Desk) -> None:
    with pytest.raises(UnknownMarketError, match="is no symbol of a market"):
        desk.request(symbols=["BTCUSDT", symbol])


def test_a_symbol_that_comes_twice_is_planned_and_fetched_once(desk: Desk) -> None:
    request = desk.request(symbols=["BTCUSDT", "BTCUSDT", "BTC/USDT:USDT"])
    assert [task.symbol for task in plan_offline(request, START + DAY * 3600)] == ["BTCUSDT"]
    [bars] = desk.fetch(request)
    assert hours(bars) == list(range(DAY))


@pytest.mark.parametrize(
    ("start", "end", "says"),
    [
        ("2024-03-02", "2024-03-01", "ends before it starts"),
        ("2030-01-01", None, "no bar of it has closed yet"),
    ],
)
def test_a_window_that_holds_nothing_is_refused(
    start: str, end: str | None, says: str, desk: Desk
) -> None:
    with pytest.raises(EmptyWindowError, match=says):
        desk.fetch(desk.request(start, end))


def test_the_requests_below_the_rate_limit_are_left_to_ccxt(desk: Desk) -> None:
    from levtoken.prices.client import connect  # noqa: PLC0415 - beside the one without pauses

    client = connect(desk.request().exchange)
    assert client.enableRateLimit
    assert client.rateLimit > 0


def test_a_plan_asks_nobody(desk: Desk) -> None:
    desk.fetch(desk.request(end="2024-03-02"))
    desk.wire.asked.clear()
    request = desk.request(end="2024-03-03", symbols=["BTC/USDT:USDT", "ETHUSDT"], what=BOTH)
    tasks = plan_offline(request, START + 30 * DAY * 3600)
    assert [(task.symbol, task.kind, len(task.pages)) for task in tasks] == [
        ("BTCUSDT", "bars", 1),
        ("ETHUSDT", "bars", 1),
        ("BTCUSDT", "funding", 1),
        ("ETHUSDT", "funding", 1),
    ]
    assert tasks[0].pages[0].start == START + 2 * DAY * 3600
    assert desk.wire.asked == []


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt
