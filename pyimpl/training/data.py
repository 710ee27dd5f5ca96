"""Data in batches, as training takes it. Source: MLUtils.jl `src/dataloader.jl`."""

from typing import Any

import numpy as np

from ..core.expect import is_size
from ..core.tree import like
from .observations import BatchView, Collate, ObsView, getobs, numobs

__all__ = ["DataLoader", "eachobs"]


class DataLoader:
    """Batches of observations. `DataLoader(data, batchsize=1, shuffle=False, partial=True,
    collate=None, buffer=False, rng=None)`. Flux: `DataLoader`.

    data is an array, its observations along the first axis, a tuple or dict of arrays, or other
    data of `observations.py`; lists of numbers are taken as arrays. Iterating gives the like of it
    with `batchsize` observations, the last batch smaller unless `partial=False` drops it; with a
    batchsize below 1, single observations. With `shuffle`, every iteration is a fresh permutation
    drawn from `rng`. `collate`: see `BatchView`. With `buffer=True` all batches are the same
    arrays, written anew, and so they are with arrays of one's own for a buffer; a smaller last
    batch raises ValueError then. Raises ValueError where parts differ in their number of
    observations.
    """

    def __init__(
        self,
        data,
        batchsize: int = 1,
        shuffle: bool = False,
        partial: bool = True,
        collate: Collate = None,
        buffer: Any = False,
        rng=None,
    ):
        if not is_size(batchsize):
            raise ValueError(f"DataLoader expects a batchsize in integers, got {batchsize!r}")
        self.data, self._data = data, _as_arrays(data)
        self.count = numobs(self._data)
        self._view = BatchView(self._data, batchsize, partial, collate) if batchsize > 0 else None
        self.batchsize = batchsize if self._view is None else self._view.batchsize
        self.shuffle, self.partial, self.collate, self.buffer = shuffle, partial, collate, buffer
        self.rng = np.random.default_rng() if rng is None else rng

    def __len__(self):
        return self.count if self._view is None else len(self._view)

    def __iter__(self):
        data: Any = self._data
        if self.shuffle:
            data = ObsView(data, self.rng.permutation(self.count))
        if self._view is not None:
            data = BatchView(data, self.batchsize, self.partial, self.collate)
        buffer = self.buffer
        if buffer is True:
            buffer = _buffer(data, len(self))
        for i in range(len(self)):
            yield getobs(data, i, None if buffer is False else buffer)

    def __repr__(self):
        return f"DataLoader({len(self)} batches of {self.batchsize}, {self.count} observations)"


def _buffer(data, count: int):
    """Arrays for what the first index gives."""
    if count == 0:
        return None
    if isinstance(data, BatchView) and data.collate is not None:
        return [getobs(data.data, i) for i in range(data.batchsize)]
    return getobs(data, 0)


def _as_arrays(data):
    """Data with its lists of numbers as arrays."""
    if isinstance(data, dict):
        return {key: _as_arrays(part) for key, part in data.items()}
    if isinstance(data, tuple):
        return like(data, map(_as_arrays, data))
    if isinstance(data, list) and data and not isinstance(data[0], np.ndarray | tuple | dict):
        try:
            array = np.asarray(data)
        except ValueError:  # lists of different lengths
            return data
        return array if array.dtype.kind in "biufcSU" else data
    return data


def eachobs(
    data,
    batchsize: int = -1,
    *,
    shuffle: bool = False,
    partial: bool = True,
    collate: Collate = None,
    buffer: Any = False,
    rng=None,
) -> DataLoader:
    """A `DataLoader` of single observations, unless told otherwise. MLUtils: `eachobs`."""
    return DataLoader(data, batchsize, shuffle, partial, collate, buffer, rng)
