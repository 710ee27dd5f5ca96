"""Dropout. Flux: `src/layers/normalise.jl`; NNlib: `src/dropout.jl`."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..core.expect import as_float
from .layer import TwoModes

__all__ = ["AlphaDropout", "Dropout"]

SELU_LIMIT = -1.7580993408473766  # selu(-inf)


def _uniform(rng, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """U[0, 1) in `dtype`; NumPy draws no float16."""
    drawn = np.float64 if dtype == np.float64 else np.float32
    return rng.random(shape, dtype=drawn).astype(dtype, copy=False)


@dataclass(eq=False, repr=False)
class Dropout(TwoModes):
    """`x * (u > p) / (1 - p)` with u uniform on [0, 1), inside a gradient; x itself outside. Flux:
    `Dropout`.

    `dims`, an axis or several, counted from either end, are those along which the mask varies
    (None: all): for images, `dims=(0, 1)` drops whole channels. `rng` is anything with NumPy's
    `random`. Raises ValueError unless 0 <= p <= 1, and for dims that x does not have (Flux draws
    one number for everything then).
    """

    p: float
    dims: int | tuple[int, ...] | None = None
    active: bool | None = None
    rng: Any = None

    trainable = ()

    def __post_init__(self):
        if not 0 <= self.p <= 1:
            raise ValueError(f"Dropout expects 0 <= p <= 1, got {self.p}")
        if self.rng is None:
            self.rng = np.random.default_rng()

    def _apply(self, x, active):
        x = as_float("Dropout", x)
        if not active or self.p == 0:
            return x, lambda dy: (None, dy)
        kept = _uniform(self.rng, self._varying(x.shape), x.dtype) > self.p
        mask = kept * x.dtype.type(0 if self.p == 1 else 1 / (1 - self.p))

        def dropout_back(dy):
            return None, mask * dy

        return mask * x, dropout_back

    def _varying(self, shape):
        """The shape of the mask for x of `shape`."""
        if self.dims is None:
            return shape
        dims = (self.dims,) if isinstance(self.dims, int | np.integer) else tuple(self.dims)
        rank = len(shape)
        if any(not -rank <= axis < rank for axis in dims):
            raise ValueError(
                f"Dropout expects dims that x has, got {self.dims} for x of shape {shape}"
            )
        axes = {axis % rank for axis in dims}
        return tuple(n if axis in axes else 1 for axis, n in enumerate(shape))


@dataclass(eq=False, repr=False)
class AlphaDropout(TwoModes):
    """`A * (u > p ? x : alpha) + B` with u uniform on [0, 1), inside a gradient; x itself outside.
    Flux: `AlphaDropout`.

    alpha is what selu tends to on the left, `A = ((1 - p) * (1 + p * alpha^2))^(-1/2)` and `B = -A
    * alpha * p`: mean 0 and variance 1 of x are kept. With p = 1 everything is zero. Raises
    ValueError unless 0 <= p <= 1. Klambauer et al. 2017.
    """

    p: float
    active: bool | None = None
    rng: Any = None

    trainable = ()

    def __post_init__(self):
        if not 0 <= self.p <= 1:
            raise ValueError(f"AlphaDropout expects 0 <= p <= 1, got {self.p}")
        if self.rng is None:
            self.rng = np.random.default_rng()

    def _apply(self, x, active):
        x = as_float("AlphaDropout", x)
        p, number = self.p, x.dtype.type
        if not active or p == 0:
            return x, lambda dy: (None, dy)
        if p == 1:
            return np.sign(x) * number(0), lambda dy: (None, np.zeros_like(dy))
        alpha = number(SELU_LIMIT)
        a = number(1 / math.sqrt((1 - p) * (1 + p * float(alpha * alpha))))
        b = number(-float(a * alpha) * p)
        kept = _uniform(self.rng, x.shape, x.dtype) > p

        def alphadropout_back(dy):
            return None, np.where(kept, a * dy, 0)

        return a * np.where(kept, x, alpha) + b, alphadropout_back
