"""ccxt, as far as it is used. It takes half a second to import, so nothing that every command
imports may import this module."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import ccxt

from levtoken.prices.exchanges import Exchange

TIMEOUT = 20_000  # milliseconds


class Client(Protocol):
    """What is used of ccxt's exchanges."""

    last_json_response: object
    last_response_headers: Mapping[str, str] | None
    fetch_time: Callable[[], object]
    load_markets: Callable[[], dict[str, Any]]
    fetch_ohlcv: Callable[..., object]
    fetch_funding_rate_history: Callable[..., object]


def connect(exchange: Exchange) -> Client:
    """ccxt's object for `exchange`, which keeps the exchange's rate limits by itself."""
    options = {"defaultType": exchange.market, "fetchMarkets": {"types": [exchange.fetched]}}
    client: Client = getattr(ccxt, exchange.name)(
        {
            "enableRateLimit": True,
            "enableLastJsonResponse": True,
            "timeout": TIMEOUT,
            "requests_trust_env": True,  # proxies, as every other program here takes them
            "options": options,
        }
    )
    return client
