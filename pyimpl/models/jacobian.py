"""All first derivatives of a function of arrays. Source: Zygote.jl `src/lib/grad.jl`."""

import numpy as np

from ..core.pullback import pullback

__all__ = ["jacobian", "withjacobian"]


def withjacobian(f, *xs) -> tuple:
    """`f(*xs)`, one array, and its Jacobian for every x: (x.size, y.size), both in C order. Flux:
    `withjacobian`.

    Entry (j, i) is dy_i / dx_j: Julia's matrix with its axes reversed, as everywhere. Where no
    gradient flows it is zero. One backward pass is made for every entry of y.
    """
    y, back = pullback(f, *xs)
    if not isinstance(y, np.ndarray | np.generic | float):
        raise ValueError(
            f"a Jacobian needs a function with one array for output, got {type(y).__name__}"
        )
    y = np.asarray(y)
    columns: list[list] = [[] for _ in xs]
    for i in range(y.size):
        dy = np.zeros_like(y)
        dy.flat[i] = 1
        for x, dx, found in zip(xs, back(dy)[1:], columns, strict=True):
            found.append(np.zeros(np.size(x), y.dtype) if dx is None else np.ravel(dx))
    return y, tuple(
        np.stack(found, axis=1) if found else np.zeros((np.size(x), 0), y.dtype)
        for x, found in zip(xs, columns, strict=True)
    )


def jacobian(f, *xs) -> tuple:
    """The Jacobian of `f(*xs)` for every x, as `withjacobian` gives it. Flux: `jacobian`."""
    return withjacobian(f, *xs)[1]
