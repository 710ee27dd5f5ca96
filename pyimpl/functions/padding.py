"""Arrays made larger at their ends. Source: NNlib.jl `src/padding.jl`.

`pad` is an integer, for both ends of every axis in `dims`, or low and high for each of them:
`(h_low, h_high, w_low, w_high)`. Without `dims`, an integer stands for all axes (`pad_constant`,
`pad_zeros`) or all but batch and channels (the others), and low and high belong to the last axes,
which are Julia's first.
"""

import numpy as np

from ..core.expect import as_float, as_padding
from ..core.pullback import differentiable

__all__ = [
    "pad_circular",
    "pad_constant",
    "pad_reflect",
    "pad_repeat",
    "pad_symmetric",
    "pad_zeros",
]


def _padding(who, x, pad, dims, first):
    """The axes, and (low, high) of each; `first` is the first axis that an integer stands for."""
    x = as_float(who, x)
    if dims is None:
        dims = (
            tuple(range(first, x.ndim))
            if isinstance(pad, int | np.integer)
            else tuple(range(-(len(pad) // 2), 0))
        )
    dims = (dims,) if isinstance(dims, int | np.integer) else tuple(dims)
    if any(not -x.ndim <= axis < x.ndim for axis in dims):
        raise ValueError(f"{who} expects dims that x has, got {dims} for x of shape {x.shape}")
    return x, [
        (axis % x.ndim, low, high)
        for axis, (low, high) in zip(dims, as_padding(who, pad, len(dims)), strict=True)
    ]


def _framed(who, x, pad, value, dims):
    x, padding = _padding(who, x, pad, dims, 0)
    widths, inside = [(0, 0)] * x.ndim, [slice(None)] * x.ndim
    for axis, low, high in padding:
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


def _mirrored(who, x, pad, dims, mode, room):
    """x with entries of its own around it; at most `n - room` of the n along an axis."""
    x, padding = _padding(who, x, pad, dims, 2)
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
