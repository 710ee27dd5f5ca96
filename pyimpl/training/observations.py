"""Data as observations: how many there are, some of them, and in batches.

Data is an array, its observations along the first axis (Julia: along the last); a tuple, named
tuple or dict of such data; a list; a table with rows (`iloc`); or anything with `len(data)` and
`data[index]`. Indices count from 0. Source: MLUtils.jl `src/obsview.jl`, `src/batchview.jl`,
`src/randobs.jl`; MLCore.jl `src/observation.jl`.
"""

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..core.expect import is_size
from ..core.tree import like
from ..functions.batching import batch

__all__ = [
    "BatchView",
    "ObsView",
    "batchsize",
    "getobs",
    "numobs",
    "obsview",
    "randobs",
    "shuffleobs",
]


def numobs(data) -> int:
    """The number of observations. Raises ValueError where the parts of a tuple or dict have
    different numbers. MLUtils: `numobs`.

    >>> numobs({"x": np.zeros((3, 6)), "y": [1, 2, 3]})
    3
    """
    if isinstance(data, np.ndarray):
        return data.shape[0] if data.ndim else 1
    if isinstance(data, tuple | dict):
        named = data if isinstance(data, dict) else dict(enumerate(data))
        counts = {key: numobs(part) for key, part in named.items()}
        if len(set(counts.values())) > 1:
            raise ValueError(
                "data expects one number of observations in all of its parts, got "
                f"{', '.join(f'{count} in {key!r}' for key, count in counts.items())}"
            )
        return next(iter(counts.values()), 0)
    return len(data)


def getobs(data, index=None, buffer=None):
    """The observations at an index - a number, or several: a list, an array, a range, a slice - as
    data of their own, not as a view. Without an index: all of them. With a `buffer`, which has the
    form of the result, arrays are written into its arrays. MLUtils: `getobs`, `getobs!`.

    >>> getobs((np.array([[1, 2], [3, 4]]), ["a", "b"]), [1])
    (array([[3, 4]]), ['b'])
    """
    if isinstance(data, tuple | dict):
        numobs(data)
        return _parts(data, lambda part, to: getobs(part, index, to), buffer)
    if index is None:
        found = data.materialised() if hasattr(data, "materialised") else data
    elif hasattr(data, "getobs"):
        return data.getobs(index, buffer)
    elif isinstance(data, np.ndarray):
        found = data[()] if data.ndim == 0 else data[_numpy_index(index)]
        if buffer is None:
            return np.array(found) if isinstance(found, np.ndarray) else found
    elif isinstance(data, list) and not _is_number(index):
        found = [data[i] for i in _places(index, len(data))]
    elif hasattr(data, "iloc"):
        found = data.iloc[_numpy_index(index)]
    else:
        found = data[index]
    return found if buffer is None else _written(found, buffer)


def _parts(data, of_part: Callable[[Any, Any], Any], buffer=None):
    """`of_part` of every part of a tuple or a dict."""
    if isinstance(data, dict):
        return {key: of_part(part, buffer and buffer[key]) for key, part in data.items()}
    buffers = [None] * len(data) if buffer is None else buffer
    return like(data, [of_part(part, to) for part, to in zip(data, buffers, strict=True)])


def _written(found, buffer):
    """`found` in the memory of `buffer`, if it is an array."""
    if not isinstance(buffer, np.ndarray):
        return found
    if np.shape(found) != buffer.shape:
        raise ValueError(
            f"a buffer of shape {buffer.shape} expects observations of that shape, got "
            f"{np.shape(found)}: partial=False leaves the last, smaller batch out"
        )
    buffer[...] = found
    return buffer


def _is_number(index) -> bool:
    return is_size(index) or (isinstance(index, np.ndarray) and index.ndim == 0)


def _numpy_index(index):
    """The index as NumPy takes it: a range as a slice, so that it needs no array."""
    if isinstance(index, range):
        return np.arange(index.start, index.stop, index.step)
    return index if _is_number(index) or isinstance(index, slice) else np.asarray(index, int)


def _places(index, count: int) -> range | list[int]:
    """The single indices of which an index consists."""
    if isinstance(index, slice):
        return range(*index.indices(count))
    return index if isinstance(index, range) else [int(i) for i in index]


class DataContainer:
    """Data with a length and an index; iterating gives one observation after the other."""

    def __len__(self) -> int:
        raise NotImplementedError

    def __getitem__(self, index):
        raise NotImplementedError

    def __iter__(self) -> Iterator:
        return (getobs(self, i) for i in range(len(self)))


class ObsView(DataContainer):
    """Some of the observations of any data, which are not looked at before they are asked for.
    `ObsView(data, indices=all)`. Flux: `ObsView`.

    `view[i]` is a view again, `getobs(view, i)` the observation; iterating gives observations. A
    view of a view is one of the data. Raises IndexError for an index that the data does not have.
    """

    def __init__(self, data, indices=None):
        count = numobs(data)
        places: Any = range(count) if indices is None else indices
        if not _is_number(places):
            places = _places(places, count)
        chosen = [places] if _is_number(places) else places
        if len(chosen) and not 0 <= min(chosen) <= max(chosen) < count:
            raise IndexError(f"ObsView expects indices from 0 to {count - 1}, got {indices}")
        self.data: Any = data
        self.indices = places
        if isinstance(data, ObsView):
            self.data, self.indices = data.data, _chosen(data.indices, places)

    def __len__(self):
        return 1 if _is_number(self.indices) else len(self.indices)

    def __getitem__(self, index):
        return obsview(self.data, _chosen(self.indices, index))

    def __eq__(self, other):
        return (
            isinstance(other, ObsView)
            and self.data is other.data
            and np.array_equal(np.asarray(self.indices), np.asarray(other.indices))
        )

    __hash__ = None  # type: ignore[assignment]

    def materialised(self):
        """The observations themselves."""
        return getobs(self.data, self.indices)

    def getobs(self, index, buffer=None):
        """What `getobs` gives."""
        return getobs(self.data, _chosen(self.indices, index), buffer)

    def __repr__(self):
        return f"ObsView({type(self.data).__name__}, {len(self)} observations)"


def _chosen(indices, index):
    """Some of the indices."""
    if _is_number(index) or isinstance(index, slice):
        return indices[index]
    if isinstance(indices, range) and isinstance(index, range):
        return [indices[i] for i in index]
    return [indices[i] for i in _places(index, len(indices))]


def obsview(data, indices=None, dims: int = 0):
    """Some of the observations of data, as data of the same kind: of an array a view where the
    indices are a slice or a range, else a copy, for NumPy has no view of scattered entries; of a
    tuple or dict such a part of every part; of a list a list; of other data an `ObsView`. With
    `dims` the observations of an array lie along that axis, and the view is a container that knows
    it. MLUtils: `obsview`, with `ObsDim`.
    """
    if isinstance(data, tuple | dict):
        return _parts(data, lambda part, _: obsview(part, indices, dims))
    if isinstance(data, np.ndarray):
        if dims:
            return AxisView(data, indices, dims)
        if indices is None:
            return data[:]
        if isinstance(indices, range):
            return data[_as_slice(indices, len(data))]
        return data[_numpy_index(indices)]
    if dims:
        raise ValueError(f"obsview expects an array for dims={dims}, got {type(data).__name__}")
    if isinstance(data, list):
        return [data[i] for i in _places(slice(None) if indices is None else indices, len(data))]
    return ObsView(data, indices)


class AxisView(DataContainer):
    """Observations of an array along an axis that is not the first; what `obsview` returns with
    `dims`. Several of them keep that axis, as in Julia.
    """

    def __init__(self, data: np.ndarray, indices, dims: int):
        if not -data.ndim <= dims < data.ndim:
            raise ValueError(
                f"obsview expects dims that the array has, got {dims} for shape {data.shape}"
            )
        self.data, self.dims = data, dims
        count = data.shape[dims]
        self.indices = range(count) if indices is None else _places(indices, count)
        if len(self.indices) and not 0 <= min(self.indices) <= max(self.indices) < count:
            raise IndexError(f"obsview expects indices from 0 to {count - 1}, got {indices}")

    def __len__(self):
        return len(self.indices)

    def __getitem__(self, index):
        return np.take(self.data, _numpy_index(_chosen(self.indices, index)), self.dims)

    def materialised(self):
        """The observations themselves."""
        return self[range(len(self))]

    def __repr__(self):
        return f"AxisView(array of shape {self.data.shape}, dims={self.dims}, {len(self)})"


def _as_slice(places: range, count: int):
    """A range as the slice that has the same entries."""
    if len(places) == 0:
        return slice(0, 0)
    if not 0 <= min(places) <= max(places) < count:
        raise IndexError(f"obsview expects indices from 0 to {count - 1}, got {places}")
    stop = places[-1] + (1 if places.step > 0 else -1)
    return slice(places[0], None if stop < 0 else stop, places.step)


def shuffleobs(data, rng=None):
    """All observations in random order, drawn from `rng`. MLUtils: `shuffleobs`."""
    rng = np.random.default_rng() if rng is None else rng
    return obsview(data, rng.permutation(numobs(data)))


def randobs(data, n: int | None = None, rng=None):
    """A random observation, or n of them, of which some may be the same. MLUtils: `randobs`."""
    rng = np.random.default_rng() if rng is None else rng
    return getobs(data, rng.integers(numobs(data), size=n))


Collate = bool | Callable[[list], Any] | None


class BatchView(DataContainer):
    """Data as a sequence of batches. `BatchView(data, batchsize=1, partial=True, collate=None)`.
    Flux: `BatchView`.

    The last batch is smaller unless `partial=False` drops it. A batch is `getobs(data, indices)`;
    with `collate=False` a list of observations, with True the `batch` of that list, with a function
    what it makes of the list. `view[i]` is a batch, `view[[i, j]]` a batch of the observations of
    both. Warns, and takes all observations as one batch, if there are fewer than `batchsize`.
    """

    def __init__(self, data, batchsize: int = 1, partial: bool = True, collate: Collate = None):
        if not is_size(batchsize) or batchsize < 1:
            raise ValueError(f"BatchView expects a batchsize of at least 1, got {batchsize!r}")
        if not (collate is None or isinstance(collate, bool) or callable(collate)):
            raise ValueError(
                f"BatchView expects collate as None, True, False or a function, got {collate!r}"
            )
        n = numobs(data)
        if 0 < n < batchsize:
            warnings.warn(
                f"there are {n} observations, fewer than batchsize={batchsize}: they are one batch",
                stacklevel=2,
            )
            batchsize = n
        self.data, self.batchsize, self.partial, self.collate = data, batchsize, partial, collate
        self.count = -(-n // batchsize) if partial else n // batchsize

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        return self.getobs(index)

    def materialised(self):
        """All observations as one batch."""
        return self._batch(range(numobs(self.data)))

    def getobs(self, index, buffer=None):
        """The batch at an index; of several indices, one batch of all their observations."""
        if _is_number(index):
            return self._batch(self._range(int(index)), buffer)
        places = [i for one in _places(index, len(self)) for i in self._range(one)]
        return self._batch(list(dict.fromkeys(places)), buffer)

    def _range(self, index: int) -> range:
        if not -self.count <= index < self.count:
            raise IndexError(f"there are {self.count} batches, got the index {index}")
        start = index % self.count * self.batchsize
        return range(start, min(start + self.batchsize, numobs(self.data)))

    def _batch(self, places, buffer=None):
        if self.collate is None:
            return getobs(self.data, places, buffer)
        buffers = [None] * len(places) if buffer is None else buffer
        found = [getobs(self.data, i, to) for i, to in zip(places, buffers, strict=False)]
        if self.collate is False:
            return found
        return batch(found) if self.collate is True else self.collate(found)

    def __repr__(self):
        return f"BatchView({len(self)} batches, batchsize={self.batchsize})"


def batchsize(view: BatchView) -> int:
    """The number of observations in a batch. MLUtils: `batchsize`."""
    return view.batchsize
