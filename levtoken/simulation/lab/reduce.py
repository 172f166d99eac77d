"""Long series, cut down to what a screen can show."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from levtoken.simulation.rows import Floats

Indices = NDArray[np.intp]


def extremes(values: Floats, buckets: int) -> Indices:
    """Which points to draw: the first, the lowest, the highest and the last of each of as many
    stretches of the series, in order; all where there are few."""
    count = len(values)
    if count <= 4 * buckets:
        return np.arange(count)
    edges = np.linspace(0, count, buckets + 1).astype(np.intp)
    kept = [edges[:-1], edges[1:] - 1]
    stretches = [(start, values[start:end]) for start, end in pairwise(edges)]
    kept.append(np.array([start + np.argmin(part) for start, part in stretches]))
    kept.append(np.array([start + np.argmax(part) for start, part in stretches]))
    chosen: Indices = np.unique(np.concatenate(kept))
    return chosen


def thinned(times: list[int], span: tuple[int, int], buckets: int) -> list[int]:
    """At most one time a stretch of the span: what a rug of ticks can tell apart."""
    start, end = span
    width = max(1, (end - start) / buckets)
    found: dict[int, int] = {}
    for time in times:
        found.setdefault(int((time - start) / width), time)
    return list(found.values())
