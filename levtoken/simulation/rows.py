"""The rows of a replay as arrays: what the contract Simulator saw, in numbers without a scale."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

WORDS = 7  # of an observation
ROW_BYTES = 32 * WORDS
LIMBS = 4  # of 64 bits in a word
SCALE = 1e18

Floats = NDArray[np.float64]


class Kind(IntEnum):
    """What came before a row: the bar itself, time within it, or somebody's act."""

    BAR = 0
    LATE = 1
    TRADED = 2
    FLOWED = 3
    LIQUIDATED = 4


@dataclass(frozen=True)
class Rows:
    """Each array has a row's value: `price` in the asset, `size` signed in the underlying, `equity`
    in the asset, `supply` in shares after fees, `funding_index` what one unit of the underlying has
    received. A float has 53 bits, 1e-16 of a number."""

    time: NDArray[np.int64]
    kind: NDArray[np.uint8]
    flags: NDArray[np.uint8]
    price: Floats
    size: Floats
    equity: Floats
    supply: Floats
    funding_index: Floats

    @property
    def share_price(self) -> Floats:
        """Assets per share; 0 without shares."""
        return _ratio(self.equity, self.supply)

    @property
    def leverage(self) -> Floats:
        """Signed; 0 without equity."""
        return _ratio(self.size * self.price, self.equity)

    @property
    def closes(self) -> NDArray[np.intp]:
        """The last row of each bar."""
        following = np.append(self.kind[1:], Kind.BAR)
        return np.flatnonzero(following == Kind.BAR)


def decode(raw: bytes, times: list[int], kinds: bytes) -> Rows:
    """From the words of the contract, WAD and two's complement."""
    limbs = np.frombuffer(raw, dtype=">u8").reshape(-1, WORDS, LIMBS)
    negative = limbs[:, :, 0] >> np.uint64(63) == 1
    # What a negative number lacks to -1 is far below what a float tells apart.
    parts = np.where(negative[:, :, None], ~limbs, limbs).astype(np.float64)
    numbers = ((parts[:, :, 0] * 2.0**64 + parts[:, :, 1]) * 2.0**64 + parts[:, :, 2]) * 2.0**64
    numbers = (numbers + parts[:, :, 3]) * np.where(negative, -1.0, 1.0) / SCALE
    return Rows(
        time=np.asarray(times, dtype=np.int64),
        kind=np.frombuffer(kinds, dtype=np.uint8),
        flags=limbs[:, 0, 3].astype(np.uint8),
        price=numbers[:, 1],
        size=numbers[:, 2],
        equity=numbers[:, 3],
        supply=numbers[:, 4],
        funding_index=numbers[:, 5],
    )


def _ratio(above: Floats, below: Floats) -> Floats:
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)
