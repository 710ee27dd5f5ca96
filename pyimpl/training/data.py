"""Batches of observations. Source: MLUtils.jl `src/dataloader.jl`."""

import numpy as np

__all__ = ["DataLoader"]


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
