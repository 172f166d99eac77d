"""Bybit and OKX answer from the newest row on, so a page that asks for too much loses the oldest:
what ccxt makes of their answers, page after page."""

from pathlib import Path
from typing import Any

import pytest

from levtoken.errors import RefusedError, UnknownMarketError
from levtoken.prices.exchanges import EXCHANGES, TIMEFRAMES
from levtoken.prices.fetch import BOTH, FUNDING
from tests.prices import bybit, okx
from tests.prices.binance import Binance, kline
from tests.prices.bybit import Bybit
from tests.prices.desk import START, Desk, hours
from tests.prices.okx import Okx
from tests.prices.wire import Answer, Query, Wire, connected

MS = START * 1000
HOUR = 3_600_000
DAYS = 60
LAST_DAY = "2024-04-29"


@pytest.fixture(params=["bybit", "okx"])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Desk:
    """At an exchange with sixty days of bars and rates, and some rows before and after."""
    span = range(-30, DAYS * 24 + 30)
    now = MS + (DAYS * 24 + 40) * HOUR
    settled = [(MS + i * HOUR, f"{i}e-7") for i in span if i % 8 == 0]
    server: Any
    if request.param == "bybit":
        server = Bybit(now, [bybit.kline(MS + i * HOUR, f"{i + 100}") for i in span], settled)
    else:
        server = Okx(now, [okx.candle(MS + i * HOUR, f"{i + 100}") for i in span], settled)
    return Desk(Wire(server), tmp_path, exchange=request.param)


def test_no_bar_and_no_rate_is_lost_between_pages(desk: Desk) -> None:
    bars, rates = desk.fetch(desk.request(end=LAST_DAY, what=BOTH))
    assert hours(bars) == list(range(DAYS * 24))
    assert bars["close"].tolist() == [hour + 100 for hour in range(DAYS * 24)]
    assert hours(rates, "time") == list(range(0, DAYS * 24, 8))
    assert rates["funding_rate"].tolist() == [hour / 1e7 for hour in range(0, DAYS * 24, 8)]
    assert set(rates["interval"].dropna()) == {8 * 3600}
    assert set(bars["symbol"]) == set(rates["symbol"]) == {"BTCUSDT"}


def test_hourly_rates_are_not_cut_short(desk: Desk) -> None:
    desk.wire.server.settled = [(MS + i * HOUR, "0.0001") for i in range(DAYS * 24)]
    [rates] = desk.fetch(desk.request(end=LAST_DAY, what=FUNDING))
    assert hours(rates, "time") == list(range(DAYS * 24))


def test_a_rate_limit_in_the_answer_is_waited_out(desk: Desk) -> None:
    okx_answer = Answer(okx.TOO_MANY, 429)
    fault = Answer(bybit.TOO_MANY) if desk.exchange == "bybit" else okx_answer
    for path in (bybit.KLINES, okx.HISTORY, okx.CANDLES):
        desk.wire.faults[path].append(fault)
    [bars] = desk.fetch(desk.request())
    assert hours(bars) == list(range(24))
    assert desk.waits == [1]


def test_the_names_of_the_exchange_are_understood(desk: Desk) -> None:
    own = "BTCUSDT" if desk.exchange == "bybit" else "BTC-USDT-SWAP"
    [bars] = desk.fetch(desk.request(symbols=[own]))
    assert set(bars["symbol"]) == {"BTCUSDT"}


def test_only_linear_perpetuals_are_markets_here(desk: Desk) -> None:
    with pytest.raises(UnknownMarketError, match=r"no swap market BTCUSD: the nearest.*BTCUSDT"):
        desk.fetch(desk.request(symbols=["BTCUSD"]))


def test_a_refusal_in_the_answer_is_told(desk: Desk) -> None:
    refusals = {
        "bybit": {"retCode": 10001, "retMsg": "Not supported symbols", "result": {}, "time": 1},
        "okx": {"code": "51001", "msg": "Instrument ID doesn't exist.", "data": []},
    }
    for path in (bybit.KLINES, okx.HISTORY, okx.CANDLES):
        desk.wire.faults[path].append(Answer(refusals[desk.exchange]))
    with pytest.raises(RefusedError, match=r"Not supported symbols|Instrument ID"):
        desk.fetch(desk.request())


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_ccxt_knows_what_is_promised(exchange: str) -> None:
    client: Any = connected(exchange, Wire(lambda *_: None))
    assert set(TIMEFRAMES) <= set(client.timeframes)
    assert {name: client.parse_timeframe(name) for name in TIMEFRAMES} == TIMEFRAMES
    assert client.has["fetchOHLCV"]
    assert client.has["fetchTime"]
    assert client.has["fetchFundingRateHistory"] or not EXCHANGES[exchange].funding


def test_spot_has_no_funding_rates(tmp_path: Path) -> None:
    desk = Desk(Wire(lambda *_: None), tmp_path, exchange="binance")
    with pytest.raises(UnknownMarketError, match=r"--what bars.* binanceusdm, bybit, okx"):
        desk.request(what=FUNDING)


def test_spot_bars_arrive(tmp_path: Path) -> None:
    """Written by hand after Binance's public documentation of the Spot API: Exchange information,
    Check server time, Kline/Candlestick data, which pages as that of the futures."""
    futures = Binance(MS + 48 * HOUR, klines=[kline(MS + i * HOUR) for i in range(48)])

    def spot(path: str, query: Query) -> object:
        if path != "/api/v3/exchangeInfo":
            return futures(path.replace("/api/v3/", "/fapi/v1/"), query)
        listed = {
            "symbol": "BTCUSDT",
            "status": "TRADING",
            "baseAsset": "BTC",
            "quoteAsset": "USDT",
            "isSpotTradingAllowed": True,
            "filters": [],
            "permissions": ["SPOT"],
        }
        return {"timezone": "UTC", "serverTime": futures.now, "symbols": [listed]}

    desk = Desk(Wire(spot), tmp_path, exchange="binance")
    [bars] = desk.fetch(desk.request())
    assert hours(bars) == list(range(24))
    assert desk.files == {"binance-bars-1h.parquet"}
