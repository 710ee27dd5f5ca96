"""Larger images: by interpolation, or from channels.

Flux: `src/layers/upsample.jl`; NNlib: `src/upsample.jl`.
"""

import math
from dataclasses import dataclass
from typing import Literal, overload

import numpy as np

from ..core.expect import as_count, as_float, as_sizes, is_size
from .layer import Layer

__all__ = ["PixelShuffle", "Upsample"]

MODES = ("nearest", "bilinear", "trilinear")


@dataclass(eq=False, init=False, repr=False)
class Upsample(Layer):
    """x (batch, channels, *space) with larger space. `Upsample(mode="nearest", *, scale or size)`,
    `Upsample(scale, mode="nearest")`.

    "nearest" repeats every entry, by whole numbers; fewer scales than there are axes belong to the
    last ones, which are Julia's first. "bilinear" and "trilinear" (the same function: linear along
    every axis of space) interpolate to `floor(scale * size)` points between the centres of the
    outermost ones, which is PyTorch's `align_corners=True`. Raises ValueError for a `size` that
    nearest cannot reach, and for one point along an axis of an image whose space changes: there
    Flux 0.16.9 gives NaN, and its gradient writes outside of the array (NNlib 0.9.36). Flux:
    `Upsample`.
    """

    mode: str
    scale: int | float | tuple | None
    size: int | tuple[int, ...] | None

    @overload
    def __init__(
        self,
        mode: Literal["nearest", "bilinear", "trilinear"] = "nearest",
        /,
        *,
        scale: int | float | tuple | None = None,
        size: int | tuple[int, ...] | None = None,
    ): ...

    @overload
    def __init__(
        self,
        scale: int | float | tuple,
        mode: Literal["nearest", "bilinear", "trilinear"] = "nearest",
        /,
    ): ...

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
        if self.mode == "nearest":
            return nearest(x, self.scale, self.size)
        return linear(x, self.scale, self.size)


def nearest(x, scale=None, size=None):
    """Every entry of x repeated along its last axes: as many as `scale` or `size` has numbers, all
    of space for one number.
    """
    x = _numbers(x)
    given = size if scale is None else scale
    if np.ndim(given) == 0 and x.ndim < 3:
        raise ValueError(f"Upsample expects (batch, channels, *space), got x of shape {x.shape}")
    rank = x.ndim - 2 if np.ndim(given) == 0 else len(given)
    if not 1 <= rank <= x.ndim:
        raise ValueError(
            f"Upsample nearest expects one to {x.ndim} scales or sizes for x of shape {x.shape}, "
            f"got {given}"
        )
    first = x.ndim - rank
    if scale is None:
        times = _times(as_sizes("Upsample", "size", size, rank), x.shape[first:], x.shape)
    else:
        times = as_sizes("Upsample nearest", "scale", _whole(scale), rank)
    y = x
    for axis, s in enumerate(times, first):
        y = y.repeat(s, axis)
    repeats = tuple(range(first + 1, first + 1 + 2 * rank, 2))

    def nearest_back(dy):
        split = [part for pair in zip(x.shape[first:], times, strict=True) for part in pair]
        return None, dy.reshape(*x.shape[:first], *split).sum(repeats)

    return y, nearest_back


def _whole(scale):
    """Numbers such as 2.0 as integers."""
    if np.ndim(scale):
        return tuple(map(_whole, scale))
    return scale if is_size(scale) or scale != int(scale) else int(scale)


def _times(size, space, shape) -> tuple[int, ...]:
    """How often every entry is repeated to reach `size`."""
    if any(n == 0 or m % n for m, n in zip(size, space, strict=True)):
        raise ValueError(
            f"Upsample nearest expects a size divisible by {space}, got {size} for x of shape "
            f"{shape}"
        )
    return tuple(m // n for m, n in zip(size, space, strict=True))


def linear(x, scale=None, size=None, align_corners=True):
    """x (batch, channels, *space) interpolated along every axis of space; integers are rounded."""
    integers = np.asarray(x).dtype if np.asarray(x).dtype.kind in "biu" else None
    x = as_float("Upsample", x)
    if x.ndim < 3:
        raise ValueError(f"Upsample expects (batch, channels, *space), got x of shape {x.shape}")
    space = x.shape[2:]
    if scale is None:
        size = as_sizes("Upsample", "size", size, len(space))
    else:
        size = _scaled(scale, space)
    if size == space:
        return (x if integers is None else x.astype(integers)), lambda dy: (None, dy)
    y, back = _interpolated(x, size, align_corners)
    return (y if integers is None else np.rint(y).astype(integers)), back


def _scaled(scale, space) -> tuple[int, ...]:
    """`floor(scale * size)`, for every axis."""
    scales = (scale,) * len(space) if np.ndim(scale) == 0 else tuple(scale)
    if len(scales) != len(space) or any(not s > 0 for s in scales):
        raise ValueError(
            f"Upsample expects one scale for all axes or {len(space)} of them, above 0, got {scale}"
        )
    return tuple(math.floor(s * n) for s, n in zip(scales, space, strict=True))


def _numbers(x) -> np.ndarray:
    x = np.asarray(x)
    if x.dtype.kind not in "biuf":
        raise ValueError(f"Upsample expects real numbers, got an array of {x.dtype}")
    return x


def _interpolated(x, size, align_corners):
    axes = list(zip(range(2, x.ndim), x.shape[2:], size, strict=True))
    if any(m < 1 or (m == 1 and align_corners) for m in size):
        raise ValueError(
            f"Upsample expects at least two points along every axis, got size {size} for x of "
            f"shape {x.shape}"
        )
    taps = [(axis, n, *_between(n, m, x.dtype, align_corners)) for axis, n, m in axes]
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


def _between(n, m, dtype, align_corners):
    """For m points spread over n: the neighbours below and above, and the weight of the one
    above. The outermost points are the outermost ones of the n, or, without `align_corners`, as far
    from the edges as they are from each other.
    """
    step = dtype.type((n - 1) / (m - 1) if align_corners else n / m)
    place = step * np.arange(m, dtype=dtype)
    if not align_corners:
        half = dtype.type(0.5)
        place = np.maximum(step * (np.arange(m, dtype=dtype) + half) - half, 0)
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
