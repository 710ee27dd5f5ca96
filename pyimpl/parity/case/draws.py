"""Every random draw: cases by Hypothesis, and the fixed fill of named examples.

Floating-point entries are multiples of 1/32 between -4 and 4: short to print, exact in Float32,
and, being coarse, never nearly equal without being equal.
"""

import math
import zlib
from collections.abc import Callable
from functools import cache

import numpy as np
from hypothesis import HealthCheck, Phase, find, given, seed, settings
from hypothesis import strategies as st

from .case import Case

GRID = 32
REACH = 4 * GRID
ENTRYWISE = 64  # entries of an array that are drawn one by one

# kind -> (lowest, highest) multiple of 1/GRID
ELEMENTS: dict[str, tuple[int, int]] = {
    "real": (-REACH, REACH),
    "small": (-8, 8),
    "moderate": (4, 16),
    "spread": (-REACH, REACH),  # real, but never all equal: not drawn one by one
    "positive": (4, REACH),
    "probability": (1, GRID - 1),
    "uniform": (0, GRID - 1),
    "wide": (-60 * GRID, 60 * GRID),
}


def _array(numbers, shape, scale) -> np.ndarray:
    return np.asarray(np.asarray(numbers, np.float64).reshape(shape) / scale)  # of shape () too


def _bounds(kind: str, exact: bool) -> tuple[int, int, int]:
    """Lowest and highest integer and their common denominator."""
    low, high = ELEMENTS[kind]
    if exact and kind in ("real", "wide"):
        return -16, 16, 4
    return low, high, GRID


def drawn_fill(draw: Callable, exact: bool, entrywise: bool = True):
    """A `fill` that draws from Hypothesis, one integer an entry, so that it can shrink; or else all
    of them from one seed.
    """

    def fill(shape: tuple[int, ...], kind: str) -> np.ndarray:
        count = math.prod(shape)
        if kind.startswith("index:"):
            return drawn_whole(draw, shape, 0, int(kind[6:]) - 1, entrywise)
        low, high, scale = _bounds(kind, exact)
        if (
            count > ENTRYWISE or kind == "spread" or not entrywise
        ):  # beyond this, entries are not worth shrinking one by one
            return _array(
                np.random.default_rng(draw(st.integers(0, 2**32 - 1))).integers(
                    low, high + 1, count
                ),
                shape,
                scale,
            )
        return _array(
            draw(st.lists(st.integers(low, high), min_size=count, max_size=count)), shape, scale
        )

    return fill


def drawn_whole(
    draw: Callable, shape: tuple[int, ...], low: int, high: int, entrywise: bool = True
) -> np.ndarray:
    """Whole numbers from `low` to `high`: of small arrays one by one, so that they can shrink, of
    larger ones from one seed, for Hypothesis draws no more than some thousand numbers.
    """
    count = math.prod(shape)
    if count > ENTRYWISE or not entrywise:
        seed = draw(st.integers(0, 2**32 - 1))
        return np.random.default_rng(seed).integers(low, high, shape, np.int64, endpoint=True)
    numbers = draw(st.lists(st.integers(low, high), min_size=count, max_size=count))
    return np.asarray(numbers, np.int64).reshape(shape)


def seeded_fill(name: str):
    """A `fill` that depends on the name alone."""
    rng = np.random.default_rng(zlib.crc32(name.encode()))

    def fill(shape: tuple[int, ...], kind: str) -> np.ndarray:
        if kind.startswith("index:"):
            return rng.integers(0, int(kind[6:]), shape)
        low, high, scale = _bounds(kind, False)
        return _array(rng.integers(low, high + 1, shape), shape, scale)

    return fill


def generated(
    strategy: st.SearchStrategy[Case], count: int, start: str, with_simplest: bool = True
) -> list[Case]:
    """`count` values of a strategy, the same for the same `start` and sources."""
    found: list[Case] = []

    @seed(start)
    @settings(
        max_examples=count + (not with_simplest),  # the first is always that of size 1 and of zeros
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def collect(case):
        found.append(case)

    collect()
    return found if with_simplest or len(found) == 1 else found[1:]


@cache
def smallest(strategy: st.SearchStrategy):
    """The simplest value of a strategy."""
    return find(
        strategy,
        lambda value: True,
        settings=settings(database=None, max_examples=1, phases=[Phase.generate, Phase.shrink]),
    )
