"""Dropout's random numbers, drawn once for both sides.

Dropout compares uniform numbers with its ratio, so all that matters of one is a bit: eight of them
in a byte, the first in the lowest bit.
"""

import math

import numpy as np


def draw_masks(rng: np.random.Generator, ratio: float, count: int, entries: int) -> np.ndarray:
    """`count` masks of `entries` bits, one mask in a row of bytes: 1 for a number above the
    ratio.
    """
    return np.stack(
        [np.packbits(rng.random(entries) > ratio, bitorder="little") for _ in range(count)]
    )


class Masks:
    """Stands in for Dropout's random generator: for every mask the next row of bits, 1 for a number
    above the ratio, 0 for one below.
    """

    def __init__(self, rows: np.ndarray):
        self._rows = iter(rows)

    def random(self, shape, dtype=np.float64):
        """The next mask."""
        return (
            np.unpackbits(next(self._rows), count=math.prod(shape), bitorder="little")
            .reshape(shape)
            .astype(dtype)
        )
