"""A Binance USD-M futures exchange for tests. Nothing here was recorded: the answers were written
by hand after Binance's public documentation of the USD-M futures API (developers.binance.com, its
market data endpoints): Exchange Information, Check Server Time, Kline/Candlestick Data, Get Funding
Rate History. What the tests rely on: rows are ordered from startTime on, both bounds are included,
and when there are more than `limit` of them the first ones are answered."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.prices.wire import Query

TIME = "/fapi/v1/time"
INFO = "/fapi/v1/exchangeInfo"
KLINES = "/fapi/v1/klines"
FUNDING = "/fapi/v1/fundingRate"
HOUR = 3_600_000
MOST = 1000

TOO_MANY = {"code": -1003, "msg": "Too many requests; current limit is 2400 requests per minute."}
RESTRICTED = {
    "code": 0,
    "msg": "Service unavailable from a restricted location according to 'b. Eligibility' in the "
    "terms. Please contact customer service if you believe you received this message in error.",
}


def kline(opens: int, close: float = 100.0, step: int = HOUR, **other: float) -> list[object]:
    """A bar as documented: open time, open, high, low, close, volume, close time, quote asset
    volume, number of trades, taker buy base volume, taker buy quote volume, to be ignored."""
    first = other.get("open", close)
    high, low = other.get("high", max(first, close)), other.get("low", min(first, close))
    numbers = [f"{number:.2f}" for number in (first, high, low, close)]
    return [
        opens, *numbers, "12.345", opens + step - 1, "1234.50", 7, "6.000", "600.00", "0",
    ]  # fmt: skip


def settlement(time: int, rate: str = "0.00010000", symbol: str = "BTCUSDT") -> dict[str, object]:
    """A settled funding rate as documented."""
    return {
        "symbol": symbol, "fundingRate": rate, "fundingTime": time, "markPrice": "34287.54619963",
    }  # fmt: skip


@dataclass
class Binance:
    """The exchange. Its rows are those it has; times in milliseconds."""

    now: int
    symbols: Sequence[str] = ("BTCUSDT", "ETHUSDT", "SOLUSDT", "1000PEPEUSDT")
    klines: list[list[object]] = field(default_factory=list)
    settlements: list[dict[str, object]] = field(default_factory=list)

    def __call__(self, path: str, query: Query) -> object:
        if path == TIME:
            return {"serverTime": self.now}
        if path == INFO:
            instruments = [_instrument(one) for one in self.symbols]
            return {"timezone": "UTC", "serverTime": self.now, "symbols": instruments}
        first, last = int(query["startTime"]), int(query["endTime"])
        limit = int(query["limit"])
        assert limit <= MOST
        if path == KLINES:
            assert query["interval"] == "1h"
            return [row for row in self.klines if first <= int(str(row[0])) <= last][:limit]
        assert path == FUNDING, path
        rows = [row for row in self.settlements if row["symbol"] == query["symbol"]]
        return [row for row in rows if first <= int(str(row["fundingTime"])) <= last][:limit]


def _instrument(symbol: str) -> dict[str, object]:
    return {
        "symbol": symbol,
        "pair": symbol,
        "contractType": "PERPETUAL",
        "deliveryDate": 4133404800000,
        "onboardDate": 1569398400000,
        "status": "TRADING",
        "maintMarginPercent": "2.5000",
        "requiredMarginPercent": "5.0000",
        "baseAsset": symbol.removesuffix("USDT"),
        "quoteAsset": "USDT",
        "marginAsset": "USDT",
        "pricePrecision": 2,
        "quantityPrecision": 3,
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "underlyingType": "COIN",
        "filters": [
            {"filterType": "PRICE_FILTER", "minPrice": "0.10", "maxPrice": "1000000",
             "tickSize": "0.10"},
            {"filterType": "LOT_SIZE", "minQty": "0.001", "maxQty": "1000", "stepSize": "0.001"},
        ],
        "orderTypes": ["LIMIT", "MARKET"],
        "timeInForce": ["GTC", "IOC"],
    }  # fmt: skip
