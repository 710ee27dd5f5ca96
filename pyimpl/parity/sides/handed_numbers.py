"""A random generator that gives out numbers of the case: the same as Julia's side is given.

Both sides take them one after the other, whichever distribution is asked for: an even one from the
first row, a normal one from the second, at the same place. Arrays are filled in NumPy's order, and
in Julia, so that A[i, j] is A[i, j].
"""

from typing import Any

import numpy as np


class HandedNumbers(np.random.Generator):
    """What a user's function takes for a generator of NumPy's."""

    def __init__(self, numbers: np.ndarray):
        super().__init__(np.random.PCG64(0))
        self._numbers = numbers
        self._taken = 0

    def _next(self, row: int, size: Any) -> Any:
        shape = () if size is None else tuple(np.atleast_1d(size))
        count = int(np.prod(shape, dtype=np.int64))
        there = self._numbers.shape[1]
        if self._taken + count > there:
            raise ValueError(
                f"more random numbers are asked for than the {there} that both sides are handed: "
                f"ask for `random:{2 * (self._taken + count)}`"
            )
        found = self._numbers[row, self._taken : self._taken + count]
        self._taken += count
        return float(found[0]) if size is None else found.reshape(shape).copy()

    def _filled(self, row: int, size: Any, dtype: Any, out: Any) -> Any:
        found = self._next(row, size if out is None else out.shape)
        if out is not None:
            out[...] = found
            return out
        return found if size is None else found.astype(dtype)

    def random(self, size: Any = None, dtype: Any = np.float64, out: Any = None) -> Any:
        """Evenly between 0 and 1."""
        return self._filled(0, size, dtype, out)

    def standard_normal(self, size: Any = None, dtype: Any = np.float64, out: Any = None) -> Any:
        """Of mean 0 and deviation 1."""
        return self._filled(1, size, dtype, out)

    def uniform(self, low: Any = 0.0, high: Any = 1.0, size: Any = None) -> Any:
        """Evenly between two numbers."""
        size = _broadcast(size, low, high)
        return low + (np.asarray(high) - low)[()] * self._next(0, size)

    def normal(self, loc: Any = 0.0, scale: Any = 1.0, size: Any = None) -> Any:
        """Of this mean and deviation."""
        return loc + scale * self._next(1, _broadcast(size, loc, scale))

    def integers(
        self,
        low: Any,
        high: Any = None,
        size: Any = None,
        dtype: Any = np.int64,
        endpoint: bool = False,
    ) -> Any:
        """Whole numbers from `low` on, below `high`."""
        low, high = (0, low) if high is None else (low, high)
        count = high - low + (1 if endpoint else 0)
        found = low + np.floor(self._next(0, size) * count)
        return int(found) if size is None else found.astype(dtype)

    def permutation(self, x: Any, axis: int = 0) -> Any:
        """In the order in which as many random numbers stand."""
        x = np.arange(x) if isinstance(x, int | np.integer) else np.asarray(x)
        return np.take(x, np.argsort(self._next(0, x.shape[axis]), kind="stable"), axis)

    def shuffle(self, x: Any, axis: int = 0) -> None:
        """As `permutation`, in place."""
        x[:] = self.permutation(x, axis) if isinstance(x, np.ndarray) else list(self._of(x))

    def _of(self, x: Any) -> list[Any]:
        return [x[i] for i in np.argsort(self._next(0, len(x)), kind="stable")]

    def choice(
        self,
        a: Any,
        size: Any = None,
        replace: bool = True,
        p: Any = None,
        axis: int = 0,
        shuffle: bool = True,
    ) -> Any:
        """One entry, or several, each as likely as the others."""
        if p is not None or axis:
            raise ValueError("handed numbers give no choice by probabilities or along an axis")
        x = np.arange(a) if isinstance(a, int | np.integer) else a
        if not replace and size is not None:
            order = np.argsort(self._next(0, len(x)), kind="stable")
            count = int(np.prod(size))
            return np.asarray(x)[order[:count].reshape(size)]
        places = self.integers(0, len(x), size)
        return x[places] if size is None else np.asarray(x)[places]


def _broadcast(size: Any, *parameters: Any) -> Any:
    shape = np.broadcast_shapes(*(np.shape(parameter) for parameter in parameters))
    return shape if size is None and shape else size
