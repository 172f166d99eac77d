"""What is wrong with a series, rule by rule. Pure; the rules are written out in RULES."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from levtoken.prices.outliers import DEVIATIONS, jumps
from levtoken.prices.steps import Mask, Seconds, bar_gaps, settlement_gaps, usual_step
from levtoken.prices.tables import Series
from levtoken.simulation.prices import format_time

RULES = {
    "time": "a row has no time, or none that can be read, or one before 1971",
    "zone": "the times are not marked as UTC",
    "order": "a row comes after one of a later time",
    "duplicate": "a time comes again",
    "gap": "more time than the step passes before the next row; for funding rates, whose interval "
    "may change: more than before and after it, or more than 8 hours and than the usual step",
    "step": "a row comes sooner than a step after the one before, or off the grid (bars only)",
    "missing": "an open, high, low, close or rate is missing, no number, or infinite",
    "sign": "a price is zero or negative, or a volume negative",
    "high": "the high is below the open, the close or the low",
    "low": "the low is above the open or the close",
    "outlier": "the log return from close to close, divided by the root of the steps between them, "
    "is beyond N robust deviations: 1.4826 times the median size of returns, of the 101 around it "
    "or of the whole series, whichever is larger, at least 0.0001; a funding rate is beyond 0.05",
}
HIGHEST_RATE = 0.05  # exchanges cap a rate at 0.03 or less; beyond, it is likely in percent
PRICES = ("open", "high", "low", "close")


@dataclass(frozen=True)
class Finding:
    """One fault: the rule that it breaks, when (seconds; None: not at one time), and its words."""

    rule: str
    time: int | None
    detail: str


@dataclass(frozen=True)
class Checked:
    """A series and what is wrong with it. `step` is the usual one."""

    name: str
    kind: str
    rows: int
    first: int | None
    last: int | None
    step: int | None
    findings: tuple[Finding, ...]


def check(one: Series, deviations: float = DEVIATIONS) -> Checked:
    """Every finding, those of the file's order first, then by rule."""
    times = one.times
    findings = [*_unsorted(one)]
    _, first = np.unique(times, return_index=True)  # sorted; of a time that comes again the first
    ordered = times[first]
    numbers = one.numbers.iloc[first].reset_index(drop=True)
    distances = np.diff(ordered)
    has_prices = "close" in numbers
    findings += _steps(ordered, distances, is_bars=has_prices)
    findings += _numbers(ordered, numbers)
    if has_prices:
        findings += _bars(ordered, numbers)
        for jump in jumps(ordered, numbers["close"], deviations):
            detail = f"{jump.change:+.2%} to {jump.price:g}, {jump.deviations:.0f} deviations"
            findings.append(Finding("outlier", jump.time, detail))
    return Checked(
        one.name,
        "bars" if has_prices else "funding",
        len(times) + one.timeless,
        int(ordered[0]) if ordered.size else None,
        int(ordered[-1]) if ordered.size else None,
        usual_step(distances),
        tuple(findings),
    )


def _unsorted(one: Series) -> Iterator[Finding]:
    if one.timeless:
        yield Finding("time", None, f"{one.timeless} rows have no time that can be read")
    if one.zone:
        yield Finding("zone", None, one.zone)
    times = one.times
    for i in np.flatnonzero(np.diff(times) < 0):
        detail = f"{format_time(times[i + 1])} comes after {format_time(times[i])}"
        yield Finding("order", int(times[i + 1]), detail)
    again = pd.Series(times).duplicated().to_numpy()
    differs = ~one.numbers.assign(time=times).duplicated().to_numpy()
    for i in np.flatnonzero(again):
        detail = "with other values" if differs[i] else "with the same values"
        yield Finding("duplicate", int(times[i]), f"comes again {detail}")


def _steps(times: Seconds, distances: Seconds, *, is_bars: bool) -> Iterator[Finding]:
    gaps = bar_gaps(distances) if is_bars else settlement_gaps(distances)
    for i in np.flatnonzero(gaps):
        yield Finding("gap", int(times[i]), f"the next comes {_duration(int(distances[i]))} later")
    step = usual_step(distances)
    if not is_bars or step is None:
        return
    for i in np.flatnonzero((distances < step) | (gaps & (distances % step != 0))):
        detail = f"the next comes {_duration(int(distances[i]))} later, not {_duration(step)}"
        yield Finding("step", int(times[i]), detail)


def _numbers(times: Seconds, numbers: pd.DataFrame) -> Iterator[Finding]:
    for name in (*PRICES, "rate"):
        if name in numbers:
            values = numbers[name].to_numpy()
            yield from _at(times, ~np.isfinite(values), "missing", f"the {name} is no number")
            if name in PRICES:
                yield from _at(times, values <= 0, "sign", f"the {name} is not positive")
    if "volume" in numbers:
        negative = numbers["volume"].to_numpy() < 0
        yield from _at(times, negative, "sign", "the volume is negative")
    if "rate" in numbers:
        beyond = np.abs(numbers["rate"].to_numpy()) > HIGHEST_RATE
        yield from _at(times, beyond, "outlier", f"the rate is beyond {HIGHEST_RATE}")


def _bars(times: Seconds, numbers: pd.DataFrame) -> Iterator[Finding]:
    body = numbers.reindex(columns=["open", "close"])
    if "high" in numbers:
        below = numbers["high"] < numbers.reindex(columns=["open", "close", "low"]).max(axis=1)
        yield from _at(times, below.to_numpy(), "high", "the high is not the highest")
    if "low" in numbers:
        above = numbers["low"] > body.min(axis=1)
        yield from _at(times, above.to_numpy(), "low", "the low is not the lowest")


def _at(times: Seconds, where: Mask, rule: str, detail: str) -> Iterator[Finding]:
    for time in times[where]:
        yield Finding(rule, int(time), detail)


def _duration(seconds: int) -> str:
    parts = []
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1)):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts)
