"""Larger images: by interpolation, or from channels.

Flux: `src/layers/upsample.jl`; NNlib: `src/upsample.jl`.
"""

import math
from dataclasses import dataclass

import numpy as np

from ..core.expect import as_count, as_float, as_sizes
from .layer import Layer

__all__ = ["PixelShuffle", "Upsample"]

MODES = ("nearest", "bilinear", "trilinear")


@dataclass(eq=False, init=False, repr=False)
class Upsample(Layer):
    """x (batch, channels, *space) with larger space. `Upsample(mode="nearest", *, scale or size)`,
    `Upsample(scale, mode="nearest")`.

    "nearest" repeats every entry, by whole numbers. "bilinear" and "trilinear" (the same function:
    linear along every axis there is) interpolate to `floor(scale * size)` points between the
    centres of the outermost ones, which is PyTorch's `align_corners=True`. Raises ValueError for a
    `size` that nearest cannot reach, and for one point along an axis of an image whose space
    changes: there Flux 0.16.9 gives NaN, and its gradient writes outside of the array (NNlib
    0.9.36). Flux: `Upsample`.
    """

    mode: str
    scale: int | float | tuple | None
    size: tuple[int, ...] | None

    def __init__(self, *arguments, scale=None, size=None):
        mode = [argument for argument in arguments if isinstance(argument, str)]
        scales = [argument for argument in arguments if not isinstance(argument, str)]
        self.mode = mode[0] if mode else "nearest"
        self.scale, self.size = scales[0] if scales else scale, size
        if self.mode not in MODES:
            raise ValueError(f"Upsample expects the mode {', '.join(MODES)}, got {self.mode!r}")
        if (self.scale is None) == (size is None):
            raise ValueError(
                f"Upsample expects either scale or size, got scale={self.scale} and size={size}"
            )

    def pullback(self, x):  # x: (batch, channels, *space)
        x = as_float("Upsample", x)
        space = x.shape[2:]
        if x.ndim < 3:
            raise ValueError(
                f"Upsample expects (batch, channels, *space), got x of shape {x.shape}"
            )
        size = (
            as_sizes("Upsample", "size", self.size, len(space))
            if self.scale is None
            else self._scaled(space)
        )
        if self.mode == "nearest":
            return _nearest(x, size)
        return (x, lambda dy: (None, dy)) if size == space else _linear(x, size)

    def _scaled(self, space):
        assert self.scale is not None
        scale = (
            (self.scale,) * len(space) if isinstance(self.scale, int | float) else tuple(self.scale)
        )
        if len(scale) != len(space) or (self.mode == "nearest" and any(s != int(s) for s in scale)):
            raise ValueError(
                f"Upsample {self.mode} expects one scale for all axes or {len(space)} of them, "
                f"got {self.scale}"
            )
        return tuple(math.floor(s * n) for s, n in zip(scale, space, strict=True))


def _nearest(x, size):
    space = x.shape[2:]
    if any(m % n for m, n in zip(size, space, strict=True)):
        raise ValueError(
            f"Upsample nearest expects a size divisible by {space}, got {size} for x of shape "
            f"{x.shape}"
        )
    scale = tuple(m // n for m, n in zip(size, space, strict=True))
    y = x
    for axis, s in enumerate(scale, 2):
        y = y.repeat(s, axis)
    repeats = tuple(range(3, 3 + 2 * len(space), 2))

    def nearest_back(dy):
        split = [part for pair in zip(space, scale, strict=True) for part in pair]
        return None, dy.reshape(*x.shape[:2], *split).sum(repeats)

    return y, nearest_back


def _linear(x, size):
    axes = list(zip(range(2, x.ndim), x.shape[2:], size, strict=True))
    if any(m == 1 for m in size):
        raise ValueError(
            f"Upsample expects at least two points along every axis, got size {size} for x of "
            f"shape {x.shape}"
        )
    taps = [(axis, n, *_between(n, m, x.dtype)) for axis, n, m in axes]
    y = x
    for axis, _, below, above, part in reversed(
        taps
    ):  # the innermost axis first, as NNlib nests its sums
        part = part.reshape(-1, *(1,) * (x.ndim - axis - 1))
        y = (1 - part) * y.take(below, axis) + part * y.take(above, axis)

    def linear_back(dy):
        for axis, n, below, above, part in taps:
            dy = np.moveaxis(dy, axis, 0)
            part = part.reshape(-1, *(1,) * (x.ndim - 1))
            dx = np.zeros((n, *dy.shape[1:]), dy.dtype)
            np.add.at(dx, below, (1 - part) * dy)
            np.add.at(dx, above, part * dy)
            dy = np.moveaxis(dx, 0, axis)
        return None, dy

    return y, linear_back


def _between(n, m, dtype):
    """For m points spread over n: the neighbours below and above, and the weight of the one
    above.
    """
    place = dtype.type((n - 1) / (m - 1)) * np.arange(m, dtype=dtype)
    below = np.floor(place).astype(int)
    return below, np.minimum(below + 1, n - 1).clip(below), place - below.astype(dtype)


@dataclass(eq=False, repr=False)
class PixelShuffle(Layer):
    """(batch, channels * r^d, *space) as (batch, channels, *r * space), d the number of spatial
    axes. Flux: `PixelShuffle`.

    The r^d channels that become one fill its cells in row order, as in PyTorch. Shi et al. 2016.
    """

    r: int

    def __post_init__(self):
        self.r = as_count("PixelShuffle", "r", self.r)

    def pullback(self, x):  # x: (batch, channels * r^d, *space)
        x = np.asarray(x)
        r, d = self.r, x.ndim - 2
        if d < 1 or x.shape[1] % r**d:
            raise ValueError(
                f"PixelShuffle({r}) expects (batch, channels, *space), channels divisible by {r} "
                f"per spatial axis, got x of shape {x.shape}"
            )
        batch, channels, space = x.shape[0], x.shape[1] // r**d, x.shape[2:]
        cells = x.reshape(batch, channels, *(r,) * d, *space)
        order = (0, 1, *(axis for i in range(d) for axis in (2 + d + i, 2 + i)))
        y = cells.transpose(order)

        def shuffle_back(dy):
            return None, dy.reshape(y.shape).transpose(np.argsort(order)).reshape(x.shape)

        return y.reshape(batch, channels, *(r * n for n in space)), shuffle_back
