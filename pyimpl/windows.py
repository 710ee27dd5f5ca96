"""Sliding windows over the spatial axes: the one view that convolution and pooling share.

All functions speak about x of shape (batch, channels, *space), one axis of `space` per entry of
`kernel`, `stride`, `dilation` and `pad`; pad holds (low, high) pairs.
"""

from itertools import product

import numpy as np
from numpy.lib.stride_tricks import as_strided

Sizes = tuple[int, ...]
Pads = tuple[tuple[int, int], ...]


def output_size(size: Sizes, kernel: Sizes, stride: Sizes, dilation: Sizes, pad: Pads) -> Sizes:
    """`floor((size + low + high - (kernel - 1) * dilation - 1) / stride) + 1` for every axis."""
    out = tuple(
        (n + low + high - (k - 1) * d - 1) // s + 1 for n, k, s, d, (low, high) in zip(size, kernel, stride, dilation, pad, strict=True)
    )
    if any(n < 1 for n in out):
        raise ValueError(f"a kernel of size {kernel} with dilation {dilation} does not fit into {size} padded by {pad}")
    return out


def padded(x: np.ndarray, pad: Pads, value: float = 0.0) -> np.ndarray:
    """x with its spatial axes extended by `value`; x itself where there is nothing to add."""
    if not any(low or high for low, high in pad):
        return x
    space = x.shape[2:]
    wide = np.full(x.shape[:2] + tuple(n + low + high for n, (low, high) in zip(space, pad, strict=True)), value, x.dtype)
    wide[(..., *_inner(space, pad))] = x
    return wide


def _inner(space, pad):
    return tuple(slice(low, low + n) for n, (low, _) in zip(space, pad, strict=True))


def windows(x: np.ndarray, kernel: Sizes, stride: Sizes, dilation: Sizes, pad: Pads, value: float = 0.0) -> np.ndarray:
    """A read-only view of shape (batch, channels, *kernel, *out): entry [n, c, k, o] is x at `o * stride + k * dilation - low`."""
    out = output_size(x.shape[2:], kernel, stride, dilation, pad)
    wide = padded(x, pad, value)
    steps = wide.strides[2:]
    taps = tuple(step * d for step, d in zip(steps, dilation, strict=True))
    moves = tuple(step * s for step, s in zip(steps, stride, strict=True))
    return as_strided(wide, x.shape[:2] + kernel + out, wide.strides[:2] + taps + moves, writeable=False)


def scatter_windows(dw: np.ndarray, space: Sizes, kernel: Sizes, stride: Sizes, dilation: Sizes, pad: Pads) -> np.ndarray:
    """The transpose of `windows`: add every entry of dw (batch, channels, *kernel, *out) back to where it was read."""
    wide_space = tuple(n + low + high for n, (low, high) in zip(space, pad, strict=True))
    dx = np.zeros(dw.shape[:2] + wide_space, dw.dtype)
    out = dw.shape[2 + len(kernel) :]
    for tap in product(*map(range, kernel)):
        starts = [t * d for t, d in zip(tap, dilation, strict=True)]
        place = tuple(slice(a, a + (n - 1) * s + 1, s) for a, n, s in zip(starts, out, stride, strict=True))
        dx[(..., *place)] += dw[:, :, *tap]  # type: ignore[arg-type]
    return dx[(..., *_inner(space, pad))]
