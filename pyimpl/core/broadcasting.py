"""The one place where broadcasting is undone."""

import numpy as np


def unbroadcast(dy: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Sum `dy` over the axes along which an array of `shape` was repeated to reach `dy.shape`."""
    if dy.shape == shape:
        return dy
    extra = dy.ndim - len(shape)
    repeated = tuple(
        i for i in range(dy.ndim) if i < extra or (shape[i - extra] == 1 and dy.shape[i] != 1)
    )
    return dy.sum(repeated).reshape(shape)
