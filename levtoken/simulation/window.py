"""The part of a price path that is asked for."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from levtoken.errors import EmptyWindowError, TimeZoneError

DAY = 86_400


@dataclass(frozen=True)
class Window:
    """Opening times of the first and the last bar to replay, both included; None: no bound."""

    start: int | None = None
    end: int | None = None

    @classmethod
    def parse(cls, start: str | None, end: str | None) -> "Window":
        """From days (2020-03-08) or times (2020-03-08T05:00), UTC. An end day is included whole."""
        window = cls(
            None if start is None else _parse_bound(start, is_end=False),
            None if end is None else _parse_bound(end, is_end=True),
        )
        if window.start is not None and window.end is not None and window.start > window.end:
            raise EmptyWindowError(f"the window ends before it starts: {start} to {end}")
        return window

    def contains(self, time: int) -> bool:
        return (self.start is None or time >= self.start) and (self.end is None or time <= self.end)


def _parse_bound(text: str, *, is_end: bool) -> int:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise EmptyWindowError(
            f"{text!r} is not a day or a time: write 2020-03-08 or 2020-03-08T05:00, in UTC"
        ) from None
    if moment.utcoffset() not in (None, timedelta(0)):
        raise TimeZoneError(f"{text} is not UTC: write it in UTC, without an offset or with Z")
    time = int(moment.replace(tzinfo=UTC).timestamp())
    return time + DAY - 1 if is_end and _is_day(text) else time


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text.strip())
    except ValueError:
        return False
    return True
