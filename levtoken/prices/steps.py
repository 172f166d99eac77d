"""How far apart the times of a series are, and where one is missing. All in seconds."""

import numpy as np
import numpy.typing as npt

from levtoken.prices.exchanges import LONGEST_FUNDING

Seconds = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


def usual_step(distances: Seconds) -> int | None:
    """The commonest distance forward, the shortest of several; None if there is none."""
    values, counts = np.unique(distances[distances > 0], return_counts=True)
    return int(values[counts.argmax()]) if values.size else None


def bar_gaps(distances: Seconds) -> Mask:
    """Where bars are missing: the next one comes more than a step later."""
    step = usual_step(distances)
    return distances > step if step is not None else np.zeros(distances.shape, bool)


def settlement_gaps(distances: Seconds) -> Mask:
    """Where settlements are missing. Exchanges change the interval of a market for weeks or months,
    so a longer distance is a gap only where it stands alone, or where no exchange settles so
    seldom."""
    step = usual_step(distances)
    if step is None:
        return np.zeros(distances.shape, bool)
    padded = np.pad(distances, 1, mode="edge")
    stands_alone = (distances > padded[:-2]) & (distances > padded[2:])
    return stands_alone | (distances > max(step, LONGEST_FUNDING))
