"""A Bybit exchange for tests. Nothing here was recorded: the answers were written by hand after
Bybit's public documentation of the V5 API (bybit-exchange.github.io/docs/v5/market): Get Bybit
Server Time, Get Instruments Info, Get Kline, Get Funding Rate History. What the tests rely on: rows
are ordered from the newest on, both bounds are included, when there are more than `limit` of them
the newest ones are answered, and a start of funding rates without an end is an error."""

from dataclasses import dataclass, field

from tests.prices.wire import Query

TIME = "/v5/market/time"
INSTRUMENTS = "/v5/market/instruments-info"
KLINES = "/v5/market/kline"
FUNDING = "/v5/market/funding/history"
MOST_KLINES, MOST_RATES = 1000, 200
TOO_MANY = {
    "retCode": 10006,
    "retMsg": "Too many visits. Exceeded the API Rate Limit.",
    "result": {},
    "retExtInfo": {},
    "time": 1672738134824,
}


def kline(opens: int, close: str = "17071.5") -> list[str]:
    """A bar as documented: start, open, high, low, close, volume, turnover."""
    return [str(opens), "17071", "17090", "17027", close, "268611", "15.74462667"]


@dataclass
class Bybit:
    """The exchange. Its rows are those it has, in order; times in milliseconds."""

    now: int
    klines: list[list[str]] = field(default_factory=list)
    settled: list[tuple[int, str]] = field(default_factory=list)

    def __call__(self, path: str, query: Query) -> object:
        if path == TIME:
            return self._answer(
                {"timeSecond": str(self.now // 1000), "timeNano": f"{self.now}000000"}
            )
        assert query["category"] == "linear"
        if path == INSTRUMENTS:
            names = [] if query.get("status") == "PreLaunch" else ["BTCUSDT", "ETHUSDT"]
            listed = [_instrument(name) for name in names]
            return self._answer({"category": "linear", "list": listed, "nextPageCursor": ""})
        limit = int(query["limit"])
        assert limit <= (MOST_KLINES if path == KLINES else MOST_RATES)
        if path == KLINES:
            assert query["interval"] == "60"
            first, last = int(query["start"]), int(query["end"])
            rows = [row for row in self.klines if first <= int(row[0]) <= last]
            newest = rows[::-1][:limit]
            return self._answer({"symbol": "BTCUSDT", "category": "linear", "list": newest})
        assert path == FUNDING, path
        first, last = int(query["startTime"]), int(query["endTime"])
        rates = [
            {"symbol": query["symbol"], "fundingRate": rate, "fundingRateTimestamp": str(time)}
            for time, rate in self.settled
            if first <= time <= last
        ]
        return self._answer({"category": "linear", "list": rates[::-1][:limit]})

    def _answer(self, result: object) -> dict[str, object]:
        return {"retCode": 0, "retMsg": "OK", "result": result, "retExtInfo": {}, "time": self.now}


def _instrument(symbol: str) -> dict[str, object]:
    return {
        "symbol": symbol,
        "contractType": "LinearPerpetual",
        "status": "Trading",
        "baseCoin": symbol.removesuffix("USDT"),
        "quoteCoin": "USDT",
        "launchTime": "1584230400000",
        "deliveryTime": "0",
        "deliveryFeeRate": "",
        "priceScale": "2",
        "leverageFilter": {"minLeverage": "1", "maxLeverage": "100.00", "leverageStep": "0.01"},
        "priceFilter": {"minPrice": "0.10", "maxPrice": "1999999.80", "tickSize": "0.10"},
        "lotSizeFilter": {
            "maxOrderQty": "1190.000",
            "minOrderQty": "0.001",
            "qtyStep": "0.001",
            "minNotionalValue": "5",
        },
        "unifiedMarginTrade": True,
        "fundingInterval": 480,
        "settleCoin": "USDT",
        "copyTrading": "both",
        "isPreListing": False,
    }
