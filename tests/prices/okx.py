"""An OKX exchange for tests. Nothing here was recorded: the answers were written by hand after
OKX's public documentation of the V5 API (okx.com/docs-v5, public data and market data): Get system
time, Get instruments, Get candlesticks, Get candlesticks history, Get funding rate history. What
the tests rely on: rows are ordered from the newest on, `before` asks for newer and `after` for
older ones, both without the row of that time, and when there are more than `limit` of them the
newest ones are answered."""

from dataclasses import dataclass, field

from tests.prices.wire import Query

TIME = "/api/v5/public/time"
INSTRUMENTS = "/api/v5/public/instruments"
CANDLES = "/api/v5/market/candles"
HISTORY = "/api/v5/market/history-candles"
FUNDING = "/api/v5/public/funding-rate-history"
MOST = 100  # what every version of the documentation allows
TOO_MANY = {"code": "50011", "msg": "Too Many Requests", "data": []}


def candle(opens: int, close: str = "8533.02") -> list[str]:
    """A bar as documented: time, open, high, low, close, volume in contracts, in coin, in quote,
    and whether it has closed."""
    return [str(opens), "8530", "8553.74", "8527.17", close, "45247", "529.58", "4519000", "1"]


@dataclass
class Okx:
    """The exchange. Its rows are those it has, in order; times in milliseconds."""

    now: int
    candles: list[list[str]] = field(default_factory=list)
    settled: list[tuple[int, str]] = field(default_factory=list)

    def __call__(self, path: str, query: Query) -> object:
        if path == TIME:
            return _answer([{"ts": str(self.now)}])
        if path == INSTRUMENTS:
            assert query["instType"] == "SWAP"
            return _answer(
                [_instrument("BTC-USDT"), _instrument("BTC-USD"), _instrument("ETH-USDT")]
            )
        assert query["instId"] == "BTC-USDT-SWAP"
        newer = int(query["before"])
        older = int(query.get("after", str(self.now)))
        limit = int(query["limit"])
        assert limit <= MOST
        if path in (CANDLES, HISTORY):
            assert query["bar"] == "1H"
            rows = [row for row in self.candles if newer < int(row[0]) < older]
            return _answer(rows[::-1][:limit])
        assert path == FUNDING, path
        rates = [
            {
                "instType": "SWAP",
                "instId": "BTC-USDT-SWAP",
                "formulaType": "withRate",
                "fundingRate": "0.018",
                "realizedRate": rate,
                "fundingTime": str(time),
                "method": "current_period",
            }
            for time, rate in self.settled
            if newer < time < older
        ]
        return _answer(rates[::-1][:limit])


def _answer(data: list[object]) -> dict[str, object]:
    return {"code": "0", "msg": "", "data": data}


def _instrument(family: str) -> object:
    base, _, quote = family.partition("-")
    linear = quote == "USDT"
    return {
        "instType": "SWAP",
        "instId": f"{family}-SWAP",
        "uly": family,
        "instFamily": family,
        "category": "1",
        "baseCcy": "",
        "quoteCcy": "",
        "settleCcy": quote if linear else base,
        "ctVal": "0.01" if linear else "100",
        "ctMult": "1",
        "ctValCcy": base if linear else "USD",
        "ctType": "linear" if linear else "inverse",
        "listTime": "1573557408000",
        "expTime": "",
        "lever": "100",
        "tickSz": "0.1",
        "lotSz": "0.01",
        "minSz": "0.01",
        "state": "live",
        "instIdCode": 10459,
    }
