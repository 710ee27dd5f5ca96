"""Which arrays are one: the same array met twice, or another order of axes over the same memory.

In Julia a matrix and its transpose are one parameter, for Optimisers walks to the parent of the
wrapper. In NumPy `weight.T` is an array of its own over the same memory, so arrays are known here
by the memory that they cover, and entries carried from one to the other by where they lie in it.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Layout:
    """How the entries of an array lie in memory: its axes from the slowest to the fastest, and
    those among them that run backwards.
    """

    shape: tuple[int, ...]
    order: tuple[int, ...]
    backwards: tuple[bool, ...]  # in that order

    def in_memory_order(self, entries: np.ndarray) -> np.ndarray:
        """`entries`, an array of the layout's shape, as a vector in the order of the memory."""
        turns = tuple(slice(None, None, -1 if back else None) for back in self.backwards)
        return entries.transpose(self.order)[turns].reshape(-1)

    def in_shape(self, flat: np.ndarray) -> np.ndarray:
        """The inverse of `in_memory_order`; a view where `flat` is contiguous."""
        turns = tuple(slice(None, None, -1 if back else None) for back in self.backwards)
        sorted_axes = flat.reshape([self.shape[axis] for axis in self.order])[turns]
        return sorted_axes.transpose(np.argsort(self.order))


def layout(array: np.ndarray) -> Layout:
    """The layout of `array`."""
    order = sorted(range(array.ndim), key=lambda axis: -abs(array.strides[axis]))
    return Layout(array.shape, tuple(order), tuple(array.strides[axis] < 0 for axis in order))


def memory_of(array: np.ndarray) -> Hashable:
    """The same for arrays that cover the same memory, and different for all others."""
    if array.size == 0:
        return id(array)
    start, steps = array.__array_interface__["data"][0], []
    for n, stride in zip(array.shape, array.strides, strict=True):
        start += min(stride, 0) * (n - 1)
        if n > 1:
            steps.append((abs(stride), n))
    merged: list[tuple[int, int]] = []  # neighbours that are one long axis count as that
    for stride, n in sorted(steps, reverse=True):
        if merged and merged[-1][0] == stride * n:
            merged[-1] = (stride, merged[-1][1] * n)
        else:
            merged.append((stride, n))
    return start, tuple(merged), array.dtype.str


def carried(entries: np.ndarray, source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """`entries`, one for each of `source`, in the shape of `target`, which covers the same memory.

    >>> weight = np.zeros((2, 3))
    >>> carried(np.arange(6).reshape(2, 3), weight, weight.T)
    array([[0, 3],
           [1, 4],
           [2, 5]])
    """
    one, other = layout(source), layout(target)
    return entries if one == other else other.in_shape(one.in_memory_order(entries))


def laid_out_like(entries: np.ndarray, array: np.ndarray) -> np.ndarray:
    """`entries`, one for each of `array`, whose memory has the order of `array`: what is then
    `carried` to another array over that memory is a view.
    """
    order = layout(array)
    return order.in_shape(np.ascontiguousarray(order.in_memory_order(entries)))


def overlap(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two arrays have some of their memory in common."""
    return np.may_share_memory(one, other) and np.shares_memory(one, other)


class Shared:
    """Something for every piece of memory, made from the first array that covers it.

    `make(array)` is called once for each; of the others over the same memory comes the same thing,
    and with it the array that was first.
    """

    def __init__(self, make: Callable[[np.ndarray], object]):
        self._make = make
        self._made: dict[Hashable, tuple[np.ndarray, object]] = {}

    def __call__(self, array: np.ndarray):
        """What was made for the memory of `array`, and the array of which it was made."""
        memory = memory_of(array)
        if memory not in self._made:
            self._made[memory] = array, self._make(array)
        first, thing = self._made[memory]
        return thing, first

    def __contains__(self, array: np.ndarray) -> bool:
        return memory_of(array) in self._made

    def arrays(self) -> list[np.ndarray]:
        """Those of which something was made, in the order in which they came."""
        return [first for first, _ in self._made.values()]
