"""Sliding windows over the spatial axes: the one view that convolution and pooling share, and the
matrices of convolution.

All functions speak about x of shape (batch, channels, *space), one axis of `space` per entry of
`kernel`, `stride`, `dilation` and `pad`; pad holds (low, high) pairs.
"""

import math
from functools import lru_cache
from itertools import chain, product
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

Sizes = tuple[int, ...]
Pads = tuple[tuple[int, int], ...]


def output_size(size: Sizes, kernel: Sizes, stride: Sizes, dilation: Sizes, pad: Pads) -> Sizes:
    """`floor((size + low + high - (kernel - 1) * dilation - 1) / stride) + 1` for every axis."""
    out = tuple(
        (n + low + high - (k - 1) * d - 1) // s + 1
        for n, k, s, d, (low, high) in zip(size, kernel, stride, dilation, pad, strict=True)
    )
    if any(n < 1 for n in out):
        raise ValueError(
            f"a kernel of size {kernel} with dilation {dilation} does not fit into {size} padded "
            f"by {pad}"
        )
    return out


def padded(x: np.ndarray, pad: Pads, value: float = 0.0) -> np.ndarray:
    """x with its spatial axes extended by `value`; x itself where there is nothing to add."""
    if not any(low or high for low, high in pad):
        return x
    space = x.shape[2:]
    wide = np.full(
        x.shape[:2] + tuple(n + low + high for n, (low, high) in zip(space, pad, strict=True)),
        value,
        x.dtype,
    )
    wide[(..., *_inner(space, pad))] = x
    return wide


def _inner(space, pad):
    return tuple(slice(low, low + n) for n, (low, _) in zip(space, pad, strict=True))


def windows(
    x: np.ndarray, kernel: Sizes, stride: Sizes, dilation: Sizes, pad: Pads, value: float = 0.0
) -> np.ndarray:
    """A read-only view of shape (batch, channels, *kernel, *out): entry [n, c, k, o] is x at `o *
    stride + k * dilation - low`.
    """
    out = output_size(x.shape[2:], kernel, stride, dilation, pad)
    wide = padded(x, pad, value)
    steps = wide.strides[2:]
    taps = tuple(step * d for step, d in zip(steps, dilation, strict=True))
    moves = tuple(step * s for step, s in zip(steps, stride, strict=True))
    return as_strided(
        wide, x.shape[:2] + kernel + out, wide.strides[:2] + taps + moves, writeable=False
    )


def scatter_windows(
    dw: np.ndarray, space: Sizes, kernel: Sizes, stride: Sizes, dilation: Sizes, pad: Pads
) -> np.ndarray:
    """The transpose of `windows`: add every entry of dw (batch, channels, *kernel, *out) back to
    where it was read.
    """
    wide_space = tuple(n + low + high for n, (low, high) in zip(space, pad, strict=True))
    dx = np.zeros(dw.shape[:2] + wide_space, dw.dtype)
    rank = len(kernel)
    out = dw.shape[2 + rank :]
    if kernel == stride and set(dilation) == {1}:  # they lie side by side
        tiles = dw.transpose(
            0, 1, *chain.from_iterable((2 + rank + axis, 2 + axis) for axis in range(rank))
        )
        sizes = tuple(n * k for n, k in zip(out, kernel, strict=True))
        beginning: Any = (..., *map(slice, sizes))
        dx[beginning] = tiles.reshape(dw.shape[:2] + sizes)
    else:
        for tap in product(*map(range, kernel)):
            starts = [t * d for t, d in zip(tap, dilation, strict=True)]
            read: Any = (
                ...,
                *(
                    slice(a, a + (n - 1) * s + 1, s)
                    for a, n, s in zip(starts, out, stride, strict=True)
                ),
            )
            place = dx[read]
            place += dw[:, :, *tap]  # type: ignore[arg-type]
    return dx[(..., *_inner(space, pad))]


def kernel_matrix(weight: np.ndarray, groups: int = 1) -> np.ndarray:
    """weight (out, in / groups, *kernel) as (groups, out / groups, taps * in / groups): what the
    columns of `Columns` are multiplied by.
    """
    out, n_in = weight.shape[:2]
    return (
        weight.reshape(groups, out // groups, n_in, -1)
        .swapaxes(2, 3)
        .reshape(groups, out // groups, -1)
    )


def from_kernel_matrix(matrix: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The inverse of `kernel_matrix`, for a weight of `shape`."""
    return matrix.reshape(shape[0], -1, shape[1]).swapaxes(1, 2).reshape(shape)


@lru_cache(256)
class Columns:
    """im2col and col2im for one geometry: the windows of x (batch, channels, *space) as columns of
    a matrix (taps * channels, positions).

    At stride 1 every cell of the padded images counts as a position, one image after the other:
    then all that a tap reads is one contiguous piece of memory. Positions at which no window begins
    are surplus: `image` leaves them out, `rows` has zeros there.
    """

    def __init__(self, space: Sizes, kernel: Sizes, stride: Sizes, dilation: Sizes, pad: Pads):
        self._space, self._kernel, self._geometry = space, kernel, (kernel, stride, dilation, pad)
        self.out = output_size(space, *self._geometry)
        wide = tuple(n + low + high for n, (low, high) in zip(space, pad, strict=True))
        self._contiguous = set(stride) == {1} and math.prod(wide) <= 2 * math.prod(self.out)
        self._cells = wide if self._contiguous else self.out
        steps = [d * math.prod(wide[axis + 1 :]) for axis, d in enumerate(dilation)]
        self._starts = [
            sum(t * step for t, step in zip(tap, steps, strict=True))
            for tap in product(*map(range, kernel))
        ]
        self._windows: Any = (..., *(slice(n) for n in self.out))

    def gather(self, x: np.ndarray, groups: int = 1) -> np.ndarray:
        """The columns of x, (groups, taps * channels / groups, positions)."""
        batch, channels = x.shape[:2]
        taps, positions = len(self._starts), batch * math.prod(self._cells)
        if self._contiguous:
            memory, inside = self._memory(batch, channels, x.dtype)
            inside[...] = x
            columns = np.empty((taps, channels * positions), x.dtype)
            for column, start in zip(columns, self._starts, strict=True):
                column[...] = memory[start : start + channels * positions]
        else:
            columns = np.moveaxis(
                windows(x, *self._geometry), (0, 1), (-len(self.out) - 1, -len(self.out) - 2)
            )
        columns = columns.reshape(taps, groups, channels // groups, positions)
        return columns.swapaxes(0, 1).reshape(groups, taps * (channels // groups), positions)

    def back(self, dcolumns: np.ndarray, batch: int) -> np.ndarray:
        """The transpose of `gather`: every entry added to where it was read.

        The surplus must be zero.
        """
        groups, rows, positions = dcolumns.shape
        taps = len(self._starts)
        channels = groups * (rows // taps)
        dcolumns = (
            dcolumns.reshape(groups, taps, rows // taps, positions)
            .swapaxes(0, 1)
            .reshape(taps, channels, positions)
        )
        if not self._contiguous:
            dcolumns = dcolumns.reshape(*self._kernel, channels, batch, *self.out)
            return scatter_windows(
                np.moveaxis(dcolumns, (-len(self.out) - 1, -len(self.out) - 2), (0, 1)),
                self._space,
                *self._geometry,
            )
        dx = self._added(dcolumns)
        if (
            self._cells != self.out and not np.isfinite(dx).all()
        ):  # an infinite weight, perhaps, times the zeros of the surplus
            clean = np.zeros((*dcolumns.shape[:-1], batch, *self._cells), dx.dtype)
            clean[self._windows] = dcolumns.reshape(clean.shape)[self._windows]
            dx = self._added(clean.reshape(dcolumns.shape))
        return dx

    def _added(self, dcolumns):
        """dcolumns (taps, channels, batch * cells) added up in the images."""
        taps, channels, positions = dcolumns.shape
        memory, inside = self._memory(positions // math.prod(self._cells), channels, dcolumns.dtype)
        for column, start in zip(
            dcolumns.reshape(taps, channels * positions), self._starts, strict=True
        ):
            read = memory[start : start + channels * positions]
            read += column
        return inside

    def image(self, z: np.ndarray, batch: int) -> np.ndarray:
        """z (..., channels, positions) as a view of shape (batch, all channels, *out)."""
        return z.reshape(math.prod(z.shape[:-1]), batch, *self._cells)[self._windows].swapaxes(0, 1)

    def rows(self, dy: np.ndarray) -> np.ndarray:
        """dy (batch, channels, *out) as (channels, positions)."""
        batch, channels = dy.shape[:2]
        rows = (np.empty if self._cells == self.out else np.zeros)(
            (channels, batch * math.prod(self._cells)), dy.dtype
        )
        self.image(rows, batch)[...] = dy
        return rows

    def products(self, rows: np.ndarray, columns: np.ndarray, batch: int) -> np.ndarray:
        """`rows @ columns.T`, for every group."""
        found = rows @ columns.swapaxes(-1, -2)
        if (
            self._cells != self.out and not np.isfinite(found).all()
        ):  # an infinity in the surplus, perhaps, times zero
            rows, columns = (
                a.reshape(*a.shape[:2], batch, *self._cells)[self._windows] for a in (rows, columns)
            )
            rows, columns = (
                a.reshape(*a.shape[:2], batch * math.prod(self.out)) for a in (rows, columns)
            )
            found = rows @ columns.swapaxes(-1, -2)
        return found

    def _memory(self, batch, channels, dtype):
        """Zeros for the padded images, channel by channel, and for what the last tap reads beyond;
        the images in it, a view.
        """
        size = channels * batch * math.prod(self._cells)
        memory = np.zeros(size + self._starts[-1], dtype)
        padded_images = memory[:size].reshape(channels, batch, *self._cells).swapaxes(0, 1)
        return memory, padded_images[(..., *_inner(self._space, self._geometry[3]))]
