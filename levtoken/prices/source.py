"""Asks an exchange through ccxt, patiently."""

from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

import ccxt
from requests.exceptions import HTTPError, RequestException

from levtoken.errors import RateLimitError, RefusedError, UnreachableError
from levtoken.prices.client import Client
from levtoken.prices.exchanges import Exchange
from levtoken.prices.markets import Market, plain
from levtoken.prices.pages import bad_answer
from levtoken.prices.plan import Span
from levtoken.prices.retry import ATTEMPTS, Fault, GiveUp, decide

T = TypeVar("T")
LONGEST_REASON = 160  # letters
TOO_MANY = (ccxt.DDoSProtection, ccxt.RateLimitExceeded)
REFUSALS = {401, 403, 451}  # ccxt takes some for an exchange that is down
# What ccxt's parsers raise when an answer has another form than they know.
UNREADABLE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


class Source:
    """An exchange that is asked until it answers, or a named error."""

    def __init__(
        self,
        exchange: Exchange,
        client: Client,
        wait: Callable[[float], None],
        tell: Callable[[str], None],
    ) -> None:
        self.exchange = exchange
        self._client = client
        self._wait = wait
        self._tell = tell

    def now(self) -> int:
        """The exchange's own time, which decides which bars are closed; seconds."""
        milliseconds = self._ask("its time", self._client.fetch_time)
        if not isinstance(milliseconds, int):
            raise bad_answer(self.exchange.name, "its time", "there is none in it")
        return milliseconds // 1000

    def markets(self) -> list[Market]:
        """Its markets of the kind that is fetched here."""
        kind = self.exchange.market
        found = self._ask("its markets", self._client.load_markets)
        markets = [
            Market(plain(one["base"] + one["quote"]), one["symbol"], one["id"])
            for one in found.values()
            if one[kind] and one["linear"] is not False
        ]
        if not markets:
            raise bad_answer(self.exchange.name, "its markets", f"there is no {kind} in it")
        return markets

    def bars(self, market: Market, timeframe: str, page: Span) -> list[list[Any]]:
        """Rows of milliseconds, open, high, low, close and volume."""
        return self._rows(
            f"bars of {market.name}",
            self._client.fetch_ohlcv,
            market.unified,
            timeframe,
            page.start * 1000,
            self.exchange.bars,
            {"until": page.end * 1000 - 1},
        )

    def funding(self, market: Market, page: Span) -> list[list[Any]]:
        """Rows of milliseconds and the rate."""
        rows = self._rows(
            f"funding rates of {market.name}",
            self._client.fetch_funding_rate_history,
            market.unified,
            page.start * 1000,
            self.exchange.funding,
            {self.exchange.bound: page.end * 1000 - 1},
        )
        return [[row["timestamp"], row["fundingRate"]] for row in rows]

    def _rows(self, what: str, method: Callable[..., object], *arguments: object) -> list[Any]:
        rows = self._ask(what, method, *arguments)
        if not isinstance(rows, list):
            raise bad_answer(self.exchange.name, what, "it is no list")
        # ccxt makes an empty list of what it does not know, and that would pass for no rows.
        raw = self._client.last_json_response
        for key in self.exchange.rows:
            raw = raw.get(key) if isinstance(raw, dict) else None
        if not isinstance(raw, list):
            raise bad_answer(self.exchange.name, what, "there is no list of rows in it")
        if raw and not rows:
            raise bad_answer(self.exchange.name, what, f"ccxt finds nothing in its {len(raw)} rows")
        return rows

    def _ask(self, what: str, method: Callable[..., T], *arguments: object) -> T:
        for attempt in range(1, ATTEMPTS + 1):
            self._client.last_response_headers = None  # else those of an older answer
            try:
                return method(*arguments)
            except ccxt.BaseError as error:
                action = decide(self._fault(error), attempt, self._asked_wait())
                if isinstance(action, GiveUp):
                    self._give_up(what, error, action)
                self._tell(f"{self.exchange.name} does not answer, next try in {action.wait:.0f} s")
                self._wait(action.wait)
            except UNREADABLE as error:
                reason = f"ccxt cannot read it ({type(error).__name__})"
                raise bad_answer(self.exchange.name, what, reason) from error
        raise AssertionError("the last attempt gives up")

    def _fault(self, error: ccxt.BaseError) -> Fault:
        if isinstance(error, TOO_MANY):
            return Fault.TOO_MANY
        # ccxt takes some faults below HTTP for refusals, and some refusals for faults.
        cause = error.__cause__
        is_below = isinstance(cause, RequestException) and not isinstance(cause, HTTPError)
        is_refused = any(f" {status} " in str(error) for status in REFUSALS)
        if is_below or (isinstance(error, ccxt.OperationFailed) and not is_refused):
            return Fault.NETWORK
        return Fault.REFUSED

    def _asked_wait(self) -> float | None:
        headers = self._client.last_response_headers or {}
        try:
            return float(headers["Retry-After"])
        except (KeyError, ValueError):
            return None

    def _give_up(self, what: str, error: Exception, why: GiveUp) -> NoReturn:
        asked = f"{self.exchange.name} was asked for {what}"
        reason = _reason(error)
        if why is GiveUp.REFUSED:
            raise RefusedError(
                f"{asked} and refused ({reason}): it may not serve this place or this market; try "
                "another --exchange, --symbol or window"
            ) from error
        if why is GiveUp.TOO_MANY:
            raise RateLimitError(
                f"{asked} and wants fewer requests ({reason}): wait some minutes, then run this "
                "again; it goes on where it stopped"
            ) from error
        raise UnreachableError(
            f"{asked} {ATTEMPTS} times and did not answer ({reason}): check the network, then run "
            "this again; it goes on where it stopped"
        ) from error


def _reason(error: Exception) -> str:
    """What ccxt says, without addresses and without end."""
    text = " ".join(word for word in str(error).split() if "://" not in word)
    cause = f"; {type(error.__cause__).__name__}" if error.__cause__ else ""
    return (text or type(error).__name__)[:LONGEST_REASON] + cause
