"""What is to be fetched: which bars are closed, which of them are there, which pages are left."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from levtoken.errors import EmptyWindowError
from levtoken.prices.exchanges import SHORTEST_FUNDING
from levtoken.simulation.prices import format_time
from levtoken.simulation.window import Window

SETTLING = 60  # seconds in which exchanges still amend a bar that has closed
FUNDING_DELAY = 3600  # seconds after which a settled rate is in the history for certain


@dataclass(frozen=True, order=True)
class Span:
    """Seconds since the epoch, from `start` to before `end`."""

    start: int
    end: int


def bar_span(window: Window, step: int, now: int) -> Span:
    """The opening times of the closed bars of `window`; the one that is still open is not among
    them."""
    start = -(-_start(window) // step) * step
    end = (now - SETTLING) // step * step
    if window.end is not None:
        end = min(end, window.end // step * step + step)
    return _checked(Span(start, end), "no bar of it has closed yet")


def funding_span(window: Window, now: int) -> Span:
    """The times of settlements that are in the exchange's history."""
    end = now - FUNDING_DELAY
    if window.end is not None:
        end = min(end, window.end + 1)
    return _checked(Span(_start(window), end), "no funding is settled there yet")


def missing(wanted: Span, covered: Iterable[Span]) -> list[Span]:
    """The parts of `wanted` that `covered` leaves, in order."""
    left, cursor = [], wanted.start
    for span in merge(covered):
        if span.end <= cursor or span.start >= wanted.end:
            continue
        if span.start > cursor:
            left.append(Span(cursor, span.start))
        cursor = span.end
    if cursor < wanted.end:
        left.append(Span(cursor, wanted.end))
    return left


def merge(spans: Iterable[Span]) -> list[Span]:
    """The same times in the fewest spans, in order."""
    merged: list[Span] = []
    for span in sorted(spans):
        if merged and span.start <= merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return merged


def pages(spans: Iterable[Span], step: int, limit: int) -> Iterator[Span]:
    """Cuts `spans` so that no page holds as many as `limit` rows `step` apart: an answer that has
    so many may have been cut short."""
    length = (limit - 1) * step
    for span in spans:
        for start in range(span.start, span.end, length):
            yield Span(start, min(start + length, span.end))


def funding_pages(spans: Iterable[Span], limit: int) -> Iterator[Span]:
    """The same for funding rates, whose step may change."""
    return pages(spans, SHORTEST_FUNDING, limit)


def _start(window: Window) -> int:
    if window.start is None:
        raise EmptyWindowError("the window has no start: give --from")
    return window.start


def _checked(span: Span, reason: str) -> Span:
    if span.start >= span.end:
        raise EmptyWindowError(
            f"nothing to fetch from {format_time(span.start)}: {reason}; choose an earlier --from"
        )
    return span
