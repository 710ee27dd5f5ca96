"""Arrays made larger at their ends. Source: NNlib.jl 0.9.36 `src/padding.jl`.

`pad` is an integer, for both ends of every axis in `dims`, or low and high for each of them, in
the order of `dims`: `(h_low, h_high, w_low, w_high)`. `pad_constant` and `pad_zeros` also take one
number for each axis, for both of its ends; their `dims` are all axes unless given. Those of the
others are, for an integer, all axes but batch and channels, for low and high the last ones, which
are Julia's first. Integers stay integers. Raises ValueError for another number of numbers.
"""

from typing import Any

import numpy as np

from ..core.expect import is_size
from ..core.pullback import differentiable

__all__ = [
    "pad_circular",
    "pad_constant",
    "pad_reflect",
    "pad_repeat",
    "pad_symmetric",
    "pad_zeros",
    "rpad_constant",
]


def _numbers(who: str, x) -> np.ndarray:
    x = np.asarray(x)
    if x.dtype.kind not in "biufc":
        raise ValueError(f"{who} expects numbers, got an array of {x.dtype}")
    return x


def _axes(who: str, x: np.ndarray, dims) -> tuple[int, ...]:
    """`dims` counted from the first axis."""
    dims = (dims,) if is_size(dims) else tuple(dims)
    if any(not -x.ndim <= axis < x.ndim for axis in dims):
        raise ValueError(f"{who} expects dims that x has, got {dims} for x of shape {x.shape}")
    axes = tuple(axis % x.ndim for axis in dims)
    if len(set(axes)) != len(axes):
        raise ValueError(f"{who} expects every axis once in dims, got {dims}")
    return axes


def _pairs(who: str, pad, axes: tuple[int, ...], one_each: bool) -> list[tuple[int, int, int]]:
    """(axis, low, high) for each of the axes; `one_each`: one number stands for low and high."""
    flat = (pad,) * (2 * len(axes)) if is_size(pad) else tuple(pad)
    if any(not is_size(size) or size < 0 for size in flat):
        raise ValueError(f"{who} expects padding in integers of at least 0, got {pad}")
    if one_each and len(flat) == len(axes):
        flat = tuple(size for size in flat for _ in range(2))
    if len(flat) != 2 * len(axes):
        each = f"{len(axes)} numbers, or " if one_each else ""
        raise ValueError(
            f"{who} expects pad as an integer, {each}low and high for each of {len(axes)} axes, "
            f"got {pad}"
        )
    return list(zip(axes, flat[::2], flat[1::2], strict=True))


def _framed(who: str, x, pad, value, dims):
    x = _numbers(who, x)
    with np.errstate(invalid="ignore"):
        held = np.asarray(value).astype(x.dtype) == value
    if x.dtype.kind in "biu" and not held:
        raise ValueError(f"{who} expects a value that {x.dtype} can hold, got {value}")
    axes = tuple(range(x.ndim)) if dims is None else _axes(who, x, dims)
    widths: list[tuple[int, int]] = [(0, 0)] * x.ndim
    inside: list[Any] = [slice(None)] * x.ndim
    for axis, low, high in _pairs(who, pad, axes, one_each=True):
        widths[axis], inside[axis] = (low, high), slice(low, low + x.shape[axis])
    return np.pad(x, widths, constant_values=value), lambda dy: (None, dy[tuple(inside)])


@differentiable
def pad_constant(x, pad, value=0, dims=None):
    """x with `value` around it. NNlib: `pad_constant`."""
    return _framed("pad_constant", x, pad, value, dims)


@differentiable
def pad_zeros(x, pad, dims=None):
    """x with zeros around it. NNlib: `pad_zeros`."""
    return _framed("pad_zeros", x, pad, 0, dims)


@differentiable
def rpad_constant(x, n, value=0, dims=None):
    """x with `value` at the high end of the axes `dims`, all of them by default, up to the length
    n, one for all or one for each; what is longer stays. MLUtils: `rpad_constant`.
    """
    x = _numbers("rpad_constant", x)
    axes = tuple(range(x.ndim)) if dims is None else _axes("rpad_constant", x, dims)
    lengths = (n,) * len(axes) if is_size(n) else tuple(n)
    if len(lengths) != len(axes) or not all(map(is_size, lengths)):
        raise ValueError(f"rpad_constant expects n as an integer or {len(axes)} integers, got {n}")
    missing = (max(length - x.shape[axis], 0) for length, axis in zip(lengths, axes, strict=True))
    pad = tuple(size for high in missing for size in (0, high))
    return _framed("rpad_constant", x, pad, value, axes)


def _mirrored(who: str, x, pad, dims, mode, room):
    """x with entries of its own around it; at most `n - room` of the n along an axis."""
    x = _numbers(who, x)
    if dims is None:
        dims = range(2, x.ndim) if is_size(pad) else range(-(len(pad) // 2), 0)
    padding = _pairs(who, pad, _axes(who, x, dims), one_each=False)
    y, taken = x, []
    for axis, low, high in padding:
        n = x.shape[axis]
        if room is not None and max(low, high) > n - room:
            raise ValueError(
                f"{who} expects padding of at most {n - room} along axis {axis}, got ({low}, "
                f"{high}) for x of shape {x.shape}"
            )
        index = np.pad(np.arange(n), (low, high), mode)
        y = y.take(index, axis)
        taken.append((axis, n, index))

    def mirrored_back(dy):
        for axis, n, index in reversed(taken):
            dy = np.moveaxis(dy, axis, 0)
            dx = np.zeros((n, *dy.shape[1:]), dy.dtype)
            np.add.at(dx, index, dy)
            dy = np.moveaxis(dx, 0, axis)
        return None, dy

    return y, mirrored_back


@differentiable
def pad_repeat(x, pad, dims=None):
    """x with its outermost entries repeated. NNlib: `pad_repeat`."""
    return _mirrored("pad_repeat", x, pad, dims, "edge", None)


@differentiable
def pad_reflect(x, pad, dims=None):
    """x mirrored at its outermost entries, which are not repeated: 2 | 1 2 3 | 2.

    NNlib: `pad_reflect`.
    """
    return _mirrored("pad_reflect", x, pad, dims, "reflect", 1)


@differentiable
def pad_symmetric(x, pad, dims=None):
    """x mirrored at its ends, the outermost entries repeated: 1 | 1 2 3 | 3.

    NNlib: `pad_symmetric`.
    """
    return _mirrored("pad_symmetric", x, pad, dims, "symmetric", 0)


@differentiable
def pad_circular(x, pad, dims=None):
    """x gone on with from its other end: 3 | 1 2 3 | 1. NNlib: `pad_circular`."""
    return _mirrored("pad_circular", x, pad, dims, "wrap", 0)
