"""Pure decisions: which times are missing, how they are paged, what follows a fault."""

import pytest

from levtoken.errors import UnknownMarketError
from levtoken.prices.exchanges import EXCHANGES
from levtoken.prices.markets import Market, choose, plain
from levtoken.prices.plan import Span, bar_span, funding_span, merge, missing, pages
from levtoken.prices.retry import ATTEMPTS, LONGEST_WAIT, Fault, GiveUp, Retry, decide
from levtoken.simulation.window import Window

PERPETUALS = EXCHANGES["binanceusdm"]
BTC = Market("BTCUSDT", "BTC/USDT:USDT", "BTCUSDT")


@pytest.mark.parametrize(
    ("covered", "left"),
    [
        ([], [(100, 200)]),
        ([(0, 100), (200, 300)], [(100, 200)]),
        ([(100, 200)], []),
        ([(0, 500)], []),
        ([(120, 150)], [(100, 120), (150, 200)]),
        ([(150, 160), (90, 120), (155, 170)], [(120, 150), (170, 200)]),
        ([(190, 400)], [(100, 190)]),
    ],
)
def test_what_is_missing_is_what_nothing_covers(covered: list, left: list) -> None:
    spans = [Span(*pair) for pair in covered]
    assert missing(Span(100, 200), spans) == [Span(*pair) for pair in left]


def test_spans_that_touch_are_one() -> None:
    assert merge([Span(5, 9), Span(0, 3), Span(3, 4), Span(6, 7)]) == [Span(0, 4), Span(5, 9)]


def test_a_page_never_holds_as_many_rows_as_an_answer_may() -> None:
    cut = list(pages([Span(0, 250), Span(300, 310)], step=10, limit=11))
    assert cut == [Span(0, 100), Span(100, 200), Span(200, 250), Span(300, 310)]


@pytest.mark.parametrize(
    ("start", "end", "now", "span"),
    [
        (0, 7199, 10**6, (0, 7200)),  # to 01:59:59: the bars of 00:00 and 01:00
        (0, 7200, 10**6, (0, 10_800)),  # to 02:00: that one too
        (1, None, 7260, (3600, 7200)),
        (0, None, 7259, (0, 3600)),
    ],
)
def test_bars_open_at_multiples_of_their_step(
    start: int, end: int | None, now: int, span: tuple[int, int]
) -> None:
    assert bar_span(Window(start, end), 3600, now) == Span(*span)


def test_funding_is_wanted_to_the_last_second() -> None:
    assert funding_span(Window(5, 100), 10**6) == Span(5, 101)
    assert funding_span(Window(5, None), 10_000) == Span(5, 6400)


def test_waits_double_and_end() -> None:
    waits = [decide(Fault.NETWORK, attempt, None) for attempt in range(1, ATTEMPTS)]
    assert waits == [Retry(1), Retry(2), Retry(4), Retry(8), Retry(16)]
    assert decide(Fault.NETWORK, ATTEMPTS, None) is GiveUp.UNREACHABLE
    assert decide(Fault.TOO_MANY, ATTEMPTS, None) is GiveUp.TOO_MANY
    assert decide(Fault.REFUSED, 1, None) is GiveUp.REFUSED


@pytest.mark.parametrize(
    ("asked", "action"),
    [(0.5, Retry(2)), (LONGEST_WAIT, Retry(LONGEST_WAIT)), (LONGEST_WAIT + 1, GiveUp.TOO_MANY)],
)
def test_what_the_exchange_asks_for_counts_up_to_a_limit(
    asked: float, action: Retry | GiveUp
) -> None:
    assert decide(Fault.TOO_MANY, 2, asked) == action


@pytest.mark.parametrize("symbol", ["BTC/USDT:USDT", "BTC-USDT-SWAP", "btcusdt", "BTC_USDT"])
def test_a_market_has_one_name_however_it_is_written(symbol: str) -> None:
    assert plain(symbol) == "BTCUSDT"
    assert choose(symbol, [BTC], PERPETUALS) is BTC


def test_one_name_of_two_markets_is_not_guessed() -> None:
    other = Market("BTCUSDT", "BTC/USDT:BTC", "BTCUSDT_X")
    with pytest.raises(UnknownMarketError, match="may be any of BTC/USDT:USDT, BTC/USDT:BTC"):
        choose("btcusdt", [BTC, other], PERPETUALS)
    assert choose("BTCUSDT_X", [BTC, other], PERPETUALS) is other


def test_an_exchange_without_markets_suggests_none() -> None:
    with pytest.raises(UnknownMarketError, match="the nearest are none"):
        choose("BTC", [], PERPETUALS)
