"""Gradients by central differences, to check a backward pass against."""

from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["numerical_gradient"]


def numerical_gradient(
    f: Callable[[np.ndarray], Any], x: np.ndarray, h: float = 1e-4
) -> np.ndarray:
    """`(f(x + h) - f(x - h)) / (2 * h)`, one entry of x at a time.

    x itself is changed and restored, so f may ignore its argument where x is a parameter of a
    model: `numerical_gradient(lambda _: loss(model(x), t), model.weight)`. In float32 about two
    digits are right. Raises ValueError unless x is a floating-point array, for in an integer one h
    would vanish.
    """
    if not isinstance(x, np.ndarray) or x.dtype.kind != "f":
        raise ValueError(
            "numerical_gradient expects a floating-point array, got "
            f"{getattr(x, 'dtype', type(x).__name__)}"
        )
    dx = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        original = x[i]
        try:
            x[i] = original + h
            above = f(x)
            x[i] = original - h
            below = f(x)
        finally:
            x[i] = original
        dx[i] = (above - below) / (2 * h)
    return dx
