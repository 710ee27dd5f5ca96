"""Pooling over the spatial axes of x (batch, channels, *space).

Flux: `src/layers/conv.jl`; NNlib: `src/pooling.jl`.
"""

import math
from dataclasses import dataclass

import numpy as np

from ..core.expect import as_float, as_padding, as_sizes, as_window
from ..core.precision import machine_epsilon
from ..core.pullback import differentiable
from ..core.windows import scatter_windows, windows
from .conv import SamePad, same_padding
from .layer import Layer

__all__ = [
    "AdaptiveMaxPool",
    "AdaptiveMeanPool",
    "GlobalMaxPool",
    "GlobalMeanPool",
    "MaxPool",
    "MeanPool",
    "flatten",
]


def _max_pullback(x, kernel, stride, pad):
    rank = len(kernel)
    lowest = np.finfo(
        x.dtype
        # NNlib starts its scan here: padding never wins, and a window of -inf or NaN gives this
        # number
    ).min
    view = windows(x, kernel, stride, (1,) * rank, pad, value=np.nan)
    taps = view.reshape(*x.shape[:2], math.prod(kernel), *view.shape[2 + rank :])
    y = np.fmax.reduce(taps, axis=2, initial=lowest)

    def max_back(dy):
        # The first entry that is approximately the maximum takes the whole gradient: NNlib asks y ≈
        # x, with a tolerance of sqrt(eps).
        top = y[:, :, None]
        tolerance = math.sqrt(machine_epsilon(x.dtype)) * np.maximum(np.abs(taps), np.abs(top))
        with np.errstate(invalid="ignore"):
            close = (taps == top) | (
                np.abs(taps - top) <= np.where(np.isfinite(tolerance), tolerance, -1)
            )
        first = close & (np.cumsum(close, axis=2) == 1)
        dtaps = np.where(first, dy[:, :, None], 0)
        return None, scatter_windows(
            dtaps.reshape(view.shape), x.shape[2:], kernel, stride, (1,) * rank, pad
        )

    return y, max_back


def _mean_pullback(x, kernel, stride, pad):
    rank = len(kernel)
    view = windows(x, kernel, stride, (1,) * rank, pad)
    share = x.dtype.type(1 / math.prod(kernel))  # of the full kernel, padding included
    y = view.sum(tuple(range(2, 2 + rank))) * share

    def mean_back(dy):
        dtaps = np.broadcast_to(
            (dy * share)[(slice(None), slice(None), *(None,) * rank)], view.shape
        )
        return None, scatter_windows(dtaps, x.shape[2:], kernel, stride, (1,) * rank, pad)

    return y, mean_back


def _spatial(who, x, rank=None):
    x = as_float(who, x)
    if x.ndim < 3 or (rank is not None and x.ndim != rank + 2):
        wanted = "at least one spatial axis" if rank is None else f"{rank} spatial axes"
        raise ValueError(
            f"{who} expects (batch, channels, *space) with {wanted}, got x of shape {x.shape}"
        )
    return x


@dataclass(eq=False, init=False, repr=False)
class MaxPool(Layer):
    """The maximum of every window of size `k`. `MaxPool(k, *, pad=0, stride=k)`. Flux: `MaxPool`.

    NaN never wins, and a window of only -inf, NaN and padding gives the lowest finite number. The
    gradient goes to the first entry (in row order) within a relative sqrt(eps) of the maximum, as
    in NNlib.
    """

    k: tuple[int, ...]
    pad: tuple[tuple[int, int], ...]
    stride: tuple[int, ...]

    rule = staticmethod(_max_pullback)

    def __init__(self, k, *, pad=0, stride=None):
        who = type(self).__name__
        self.k = as_window(who, "k", k)
        rank = len(self.k)
        self.pad = (
            same_padding(self.k, (1,) * rank)
            if isinstance(pad, SamePad)
            else as_padding(who, pad, rank)
        )
        self.stride = self.k if stride is None else as_sizes(who, "stride", stride, rank)

    def pullback(self, x):  # x: (batch, channels, *space)
        return self.rule(
            _spatial(type(self).__name__, x, len(self.k)), self.k, self.stride, self.pad
        )


@dataclass(eq=False, init=False, repr=False)
class MeanPool(MaxPool):
    """The sum of every window of size `k`, padding included as zeros, over the number of its cells.

    Flux: `MeanPool`.
    """

    rule = staticmethod(_mean_pullback)


@dataclass(eq=False, repr=False)
class GlobalMaxPool(Layer):
    """The maximum over all of space, which is kept as axes of size 1. Flux: `GlobalMaxPool`."""

    rule = staticmethod(_max_pullback)

    def pullback(self, x):  # x: (batch, channels, *space)
        x = _spatial(type(self).__name__, x)
        space = x.shape[2:]
        return self.rule(x, space, space, ((0, 0),) * len(space))


@dataclass(eq=False, repr=False)
class GlobalMeanPool(GlobalMaxPool):
    """The mean over all of space, which is kept as axes of size 1. Flux: `GlobalMeanPool`."""

    rule = staticmethod(_mean_pullback)


@differentiable
def flatten(x):
    """`x.reshape(batch, -1)`. Flux: `flatten`."""
    x = np.asarray(x)
    if x.ndim == 0:
        raise ValueError(f"flatten expects (batch, ...), got x of shape {x.shape}")
    return x.reshape(x.shape[0], math.prod(x.shape[1:])), lambda dy: (None, dy.reshape(x.shape))


@dataclass(eq=False, init=False, repr=False)
class AdaptiveMaxPool(Layer):
    """`MaxPool` with as many windows as `out` says: stride `in // out`, size `in - (out - 1) *
    stride`. Flux: `AdaptiveMaxPool`.

    All windows are of one size and may overlap; PyTorch's vary in size unless `out` divides `in`.
    """

    out: tuple[int, ...]

    rule = staticmethod(_max_pullback)

    def __init__(self, out):
        self.out = as_window(type(self).__name__, "out", out)

    def pullback(self, x):  # x: (batch, channels, *space)
        x = _spatial(type(self).__name__, x, len(self.out))
        space = x.shape[2:]
        if any(m < 1 or n < m for n, m in zip(space, self.out, strict=True)):
            raise ValueError(
                f"{type(self).__name__}({self.out}) expects at least as many cells along every "
                f"axis, got x of shape {x.shape}"
            )
        stride = tuple(n // m for n, m in zip(space, self.out, strict=True))
        kernel = tuple(n - (m - 1) * s for n, m, s in zip(space, self.out, stride, strict=True))
        return self.rule(x, kernel, stride, ((0, 0),) * len(space))


@dataclass(eq=False, init=False, repr=False)
class AdaptiveMeanPool(AdaptiveMaxPool):
    """`MeanPool` with as many windows as `out` says; their size as for `AdaptiveMaxPool`.

    Flux: `AdaptiveMeanPool`.
    """

    rule = staticmethod(_mean_pullback)
