"""Batches and one-hot labels.

Sources: MLUtils.jl `src/dataloader.jl`, OneHotArrays.jl `src/onehot.jl`.
"""

from collections.abc import Sequence

import numpy as np

__all__ = ["DataLoader", "onecold", "onehot", "onehotbatch"]


class DataLoader:
    """Batches along the first axis. `DataLoader(x)` or `DataLoader((x, y), batchsize=1,
    shuffle=False, partial=True, rng=None)`.

    Iterating gives arrays, or tuples of them, of `batchsize` observations, the last batch smaller
    unless `partial=False` drops it. With `shuffle`, every iteration is a fresh permutation drawn
    from `rng`. Raises ValueError where the arrays differ in their number of observations. Flux:
    `DataLoader`.
    """

    def __init__(
        self, data, batchsize: int = 1, shuffle: bool = False, partial: bool = True, rng=None
    ):
        self._single = not isinstance(data, tuple)
        self._arrays = tuple(map(np.asarray, (data,) if self._single else data))
        counts = {len(array) for array in self._arrays}
        if len(counts) != 1:
            shapes = ", ".join(str(array.shape) for array in self._arrays)
            raise ValueError(
                "DataLoader expects arrays with one number of observations on axis 0, got "
                f"shapes {shapes}"
            )
        if batchsize < 1:
            raise ValueError(f"DataLoader expects a batchsize of at least 1, got {batchsize}")
        self.count = counts.pop()
        self.batchsize, self.shuffle, self.partial = batchsize, shuffle, partial
        self.rng = np.random.default_rng() if rng is None else rng

    def __len__(self):
        return -(-self.count // self.batchsize) if self.partial else self.count // self.batchsize

    def __iter__(self):
        order = self.rng.permutation(self.count) if self.shuffle else None
        for start in range(0, len(self) * self.batchsize, self.batchsize):
            chosen = (
                slice(start, start + self.batchsize)
                if order is None
                else order[start : start + self.batchsize]
            )
            batch = tuple(array[chosen] for array in self._arrays)
            yield batch[0] if self._single else batch


def onehotbatch(labels, classes: Sequence, default=None) -> np.ndarray:
    """A bool array of shape (*labels.shape, len(classes)), True where the label is the class. Flux:
    `onehotbatch`.

    A label that is no class counts as `default`, if that is given; else raises ValueError and names
    it.
    """
    labels = np.asarray(labels)
    hot = labels[..., None] == np.asarray(classes)
    unknown = ~hot.any(-1)
    if unknown.any():
        if default is None:
            raise ValueError(
                f"onehotbatch expects labels among {list(classes)}, got {labels[unknown].flat[0]!r}"
            )
        hot[unknown] = np.asarray(classes) == default
    return hot


def onehot(label, classes: Sequence, default=None) -> np.ndarray:
    """`onehotbatch` of a single label: a bool vector with one entry per class. Flux: `onehot`."""
    return onehotbatch(np.asarray(label), classes, default)


def onecold(y, classes: Sequence | None = None) -> np.ndarray:
    """The class of the largest entry along the last axis, the first of equals; its index without
    `classes`. Flux: `onecold`.
    """
    index = np.argmax(y, axis=-1)
    return index if classes is None else np.asarray(classes)[index]
