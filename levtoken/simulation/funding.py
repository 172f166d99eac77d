"""Recorded funding rates, as rates a day from bar to bar."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from levtoken.errors import MissingColumnError, PriceFileError
from levtoken.simulation.price_files import choose_rows, read
from levtoken.units import WAD

DAY = 86_400
LONGEST = 8 * 3_600  # seconds between two payments; more is a hole


@dataclass(frozen=True)
class Payment:
    """Longs paid the fraction `rate` of their notional at `time`, for the time since the payment
    before, at most `LONGEST`."""

    time: int
    rate: float


@dataclass(frozen=True)
class Funding:
    """`rates`: a day, WAD, from each bar to the next. `holes`: bars without a recorded rate, where
    it is 0."""

    rates: list[int]
    holes: int


def load(file: Path, symbol: str, exchange: str | None = None) -> list[Payment]:
    """The payments of `symbol` (on `exchange`, where the file has several) in a Parquet or CSV file
    with the columns date and rate or funding_rate, in order."""
    frame = read(file)
    if exchange is not None and "exchange" in frame:
        known = sorted(map(str, frame["exchange"].dropna().unique()))
        if exchange not in known:
            raise PriceFileError(
                f"{file.name} has no exchange {exchange}: choose by --exchange from "
                f"{', '.join(known)}"
            )
        frame = frame[frame["exchange"] == exchange]
    frame, times = choose_rows(frame, symbol, file)
    name = next((one for one in ("rate", "funding_rate") if one in frame), None)
    if name is None:
        raise MissingColumnError(f"{file.name} has no column rate: rename the one that holds it")
    found = sorted(zip(times, map(float, frame[name]), strict=True))
    if len({time for time, _ in found}) < len(found):
        raise PriceFileError(
            f"{file.name} has several rates of {symbol} at one time: keep one exchange, or name it "
            "by --exchange"
        )
    return [Payment(time, rate) for time, rate in found]


def spread(payments: Sequence[Payment], times: Sequence[int]) -> Funding:
    """The rate of a payment holds evenly over the time that it is paid for."""
    rates, holes, at = [], 0, 0
    for time, following in zip(times, [*times[1:], times[-1]], strict=True):
        middle = (time + following) / 2
        while at < len(payments) and payments[at].time < middle:
            at += 1
        since = payments[at - 1].time if 0 < at < len(payments) else None
        if at == len(payments) or (since is None and payments[0].time - middle > LONGEST):
            rates.append(0)
            holes += following > time
            continue
        span = LONGEST if since is None else payments[at].time - since
        if span > LONGEST and payments[at].time - middle > LONGEST:
            rates.append(0)
            holes += 1
            continue
        rates.append(round(payments[at].rate * WAD * DAY / min(span, LONGEST)))
    return Funding(rates, holes)
