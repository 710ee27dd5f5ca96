"""Data made of other data, observation by observation, when it is asked for.

Source: MLUtils.jl `src/obstransform.jl`, `src/slidingwindow.jl`.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.expect import as_count, is_size
from ..functions.batching import batch
from .data import DataLoader
from .observations import DataContainer, getobs, numobs, obsview

__all__ = ["filterobs", "groupobs", "joinobs", "mapobs", "slidingwindow"]

BATCHED = ("auto", "never", "always")


class MappedData(DataContainer):
    """`f` of every observation of data; what `mapobs` returns."""

    def __init__(self, f: Callable, data, batched: str):
        self.f, self.data, self.batched = f, data, batched

    def __len__(self):
        return numobs(self.data)

    def __getitem__(self, index):
        if is_size(index):
            if self.batched == "always":
                return getobs(self.f(getobs(self.data, [index])), 0)
            return self.f(getobs(self.data, index))
        if self.batched == "never":
            return [self.f(getobs(self.data, i)) for i in _listed(index, len(self))]
        return self.f(getobs(self.data, _listed(index, len(self))))


class NamedData(DataContainer):
    """A dict of functions of every observation; `data["name"]` and `data.name` are one column."""

    def __init__(self, functions: dict[str, Callable], data):
        self.functions, self.data = functions, data

    def __len__(self):
        return numobs(self.data)

    def __getitem__(self, index):
        if isinstance(index, str):
            return mapobs(self.functions[index], self.data)
        observation = getobs(self.data, index)
        return {name: f(observation) for name, f in self.functions.items()}

    def __getattr__(self, name):
        functions = self.__dict__.get("functions", {})
        if name not in functions:
            raise AttributeError(name)
        return mapobs(functions[name], self.data)


def mapobs(f, data, batched: str = "auto"):
    """`f` of every observation, when it is asked for. MLUtils: `mapobs`.

    `batched` says what f is called with where several observations are asked for: "auto", those
    observations as data; "never", one after the other, the result being a list; "always" also for a
    single one. A tuple of functions gives a tuple of data, a dict of them data whose observations
    are dicts. A `DataLoader` that collates gives one whose batches have gone through f.
    """
    if batched not in BATCHED:
        raise ValueError(f"mapobs expects batched as {', '.join(BATCHED)}, got {batched!r}")
    if isinstance(data, DataLoader):
        return _mapped_loader(f, data)
    if isinstance(f, tuple):
        return tuple(mapobs(one, data, batched) for one in f)
    if isinstance(f, dict):
        return NamedData(f, data)
    return MappedData(f, data, batched)


def _mapped_loader(f, loader: DataLoader) -> DataLoader:
    if loader.batchsize < 1 or loader.collate is None:
        raise ValueError(
            "mapobs expects a DataLoader with a batchsize of at least 1 and collate=True, False or "
            f"a function, got batchsize={loader.batchsize} and collate={loader.collate}"
        )
    collate: Any = loader.collate
    if isinstance(collate, bool):
        collate = batch if collate else list
    return DataLoader(
        loader.data,
        loader.batchsize,
        loader.shuffle,
        loader.partial,
        lambda found: f(collate(found)),
        loader.buffer,
        loader.rng,
    )


def filterobs(f: Callable[[Any], Any], data):
    """The observations for which f is true, as `obsview` gives them. MLUtils: `filterobs`."""
    return obsview(data, [i for i in range(numobs(data)) if f(getobs(data, i))])


def groupobs(f: Callable[[Any], Any], data) -> dict:
    """What f makes of an observation -> the observations of which it makes that.

    MLUtils: `groupobs`.
    """
    groups: dict[Any, list[int]] = {}
    for i in range(numobs(data)):
        key = f(getobs(data, i))
        groups.setdefault(key.item() if isinstance(key, np.generic) else key, []).append(i)
    return {key: obsview(data, places) for key, places in groups.items()}


class JoinedData(DataContainer):
    """The observations of several data one after the other; what `joinobs` returns."""

    def __init__(self, *datas):
        self.datas = tuple(part for data in datas for part in getattr(data, "datas", (data,)))
        self.counts = tuple(map(numobs, self.datas))

    def __len__(self):
        return sum(self.counts)

    def __getitem__(self, index):
        if not is_size(index):
            return [self[i] for i in _listed(index, len(self))]
        if not -len(self) <= index < len(self):
            raise IndexError(f"there are {len(self)} observations, got the index {index}")
        place = index % len(self)
        for data, count in zip(self.datas, self.counts, strict=True):
            if place < count:
                return getobs(data, place)
            place -= count
        raise AssertionError("unreachable")


def joinobs(*datas) -> JoinedData:
    """The observations of all data one after the other. MLUtils: `joinobs`."""
    return JoinedData(*datas)


class SlidingWindow(DataContainer):
    """Windows of adjacent observations; what `slidingwindow` returns."""

    def __init__(self, data, size: int, stride: int):
        self.data, self.size, self.stride = data, size, stride
        self.count = (numobs(data) - size + stride) // stride

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        if not is_size(index):
            return [self[i] for i in _listed(index, len(self))]
        if not -self.count <= index < self.count:
            raise IndexError(f"there are {self.count} windows, got the index {index}")
        start = index % self.count * self.stride
        return getobs(self.data, range(start, start + self.size))

    def __repr__(self):
        return f"slidingwindow({self.count} windows, size={self.size}, stride={self.stride})"


def slidingwindow(data, size: int, stride: int = 1, obsdim: int = 0) -> SlidingWindow:
    """All whole windows of `size` adjacent observations, each `stride` after the one before; of an
    array they lie along the axis `obsdim`. MLUtils: `slidingwindow`.
    """
    size = as_count("slidingwindow", "size", size)
    stride = as_count("slidingwindow", "stride", stride)
    data = obsview(data, dims=obsdim) if obsdim else data
    if size > numobs(data):
        raise ValueError(
            f"slidingwindow expects a size of at most {numobs(data)} observations, got {size}"
        )
    return SlidingWindow(data, size, stride)


def _listed(index, count: int) -> list[int]:
    """The single indices of which an index consists."""
    if isinstance(index, slice):
        return list(range(*index.indices(count)))
    return [int(i) for i in index]
