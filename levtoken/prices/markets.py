"""Which market of an exchange a symbol means."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from levtoken.errors import UnknownMarketError
from levtoken.prices.exchanges import Exchange

SUGGESTIONS = 5
SYMBOL = re.compile(r"[^\W_]+([./:_-][^\W_]+)*")  # words of letters and digits


@dataclass(frozen=True)
class Market:
    """A market: its name in files (BTCUSDT), in ccxt (BTC/USDT:USDT), and at the exchange."""

    name: str
    unified: str
    at_exchange: str


def plain(symbol: str) -> str:
    """The name of a market in files: base and quote, whichever way the symbol is written.
    BTC/USDT:USDT, BTC-USDT-SWAP, btcusdt and BTCUSDT are all BTCUSDT."""
    pair = symbol.upper().partition(":")[0].removesuffix("-SWAP")
    return "".join(letter for letter in pair if letter.isalnum())


def check_symbol(symbol: str) -> None:
    """Raises an `UnknownMarketError` for what no exchange would call a market."""
    if not SYMBOL.fullmatch(symbol):
        raise UnknownMarketError(
            f"{symbol!r} is no symbol of a market: write it as BTCUSDT, BTC/USDT:USDT or BTC-USDT"
        )


def choose(symbol: str, markets: Iterable[Market], exchange: Exchange) -> Market:
    """The market that `symbol` names, or an `UnknownMarketError` with those of similar names."""
    markets = list(markets)
    wanted = plain(symbol)
    if not any(symbol in (one.unified, one.at_exchange) for one in markets):
        found = [one for one in markets if one.name == wanted]
    else:
        found = [one for one in markets if symbol in (one.unified, one.at_exchange)]
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(one.unified for one in found)
        raise UnknownMarketError(f"{symbol} may be any of {names}: name one of these")
    close = get_close_matches(wanted, sorted({one.name for one in markets}), SUGGESTIONS, cutoff=0)
    raise UnknownMarketError(
        f"{exchange.name} has no {exchange.market} market {symbol}: the nearest are "
        f"{', '.join(close) or 'none'}"
    )
