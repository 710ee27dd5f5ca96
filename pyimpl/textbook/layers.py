"""The hand-written layers of "deep learning from scratch": Affine, Sigmoid, Relu,
BatchNormalization, Dropout.

They differ from Flux's on purpose; where they do, the docstring says so. x is (batch, ...) and is
converted to the dtype of the layer's parameters. Conventions: the table in the description of the
five experiments.
"""

import math
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from ..core.expect import as_float
from ..core.pullback import Gradient, with_own
from ..functions.activations import let_through, sigmoid
from ..layers.layer import Layer, TwoModes

__all__ = ["Affine", "BatchNormalization", "Dropout", "Relu", "Sigmoid", "initial_std"]


def weight_and_bias(who: str, weight, bias, axes: str, out: int) -> tuple[np.ndarray, np.ndarray]:
    """Both as floating-point arrays of the weight's dtype; `axes` names the weight's axes, `out` is
    that of the outputs.
    """
    weight = as_float(who, weight)
    if weight.ndim != axes.count(",") + 1:
        raise ValueError(f"{who} expects a weight of shape {axes}, got {weight.shape}")
    bias = as_float(who, bias, weight.dtype)
    if bias.shape != (weight.shape[out],):
        raise ValueError(f"{who} expects a bias of shape ({weight.shape[out]},), got {bias.shape}")
    return weight, bias


def samples_as_rows(who: str, x: np.ndarray, features: int) -> np.ndarray:
    """x (batch, ...) as (batch, features); every axis after the first is flattened."""
    if x.ndim < 2 or math.prod(x.shape[1:]) != features:
        raise ValueError(
            f"{who} expects (batch, ...) with {features} features a sample, got x of shape "
            f"{x.shape}"
        )
    return x.reshape(len(x), features)


@cache
def _ones(count: int, dtype: np.dtype) -> np.ndarray:
    return np.ones(count, dtype)


def summed(rows: np.ndarray) -> np.ndarray:
    """`rows.sum(0)`, as a product with ones: in half the time."""
    return _ones(len(rows), rows.dtype) @ rows


def initial_std(init: str | float, n_in: int) -> float:
    """`sqrt(2 / n_in)` for "he" or "relu", `sqrt(1 / n_in)` for "xavier" or "sigmoid"; a number is
    itself.

    The standard deviation of the normal numbers that a weight starts with. Flux's `glorot` takes
    n_out too.
    """
    if not isinstance(init, str):
        return float(init)
    if init.lower() in ("he", "relu"):
        return math.sqrt(2 / n_in)
    if init.lower() in ("xavier", "sigmoid"):
        return math.sqrt(1 / n_in)
    raise ValueError(
        f'initial_std expects a number, "he", "relu", "xavier" or "sigmoid", got {init!r}'
    )


@dataclass(eq=False, repr=False)
class Affine(Layer):
    """`x @ weight + bias`, with every axis of x after the first flattened; dx has x's shape again.

    Raises ValueError where a sample does not have n_in features. (Flux's `Dense` acts on the last
    axis.)
    """

    weight: np.ndarray  # (n_in, n_out)
    bias: np.ndarray  # (n_out,)

    def __post_init__(self):
        self.weight, self.bias = weight_and_bias(
            "Affine", self.weight, self.bias, "(n_in, n_out)", 1
        )

    def pullback(self, x):  # x: (batch, ...)
        weight = self.weight
        n_in, n_out = weight.shape
        x = as_float("Affine", x, weight.dtype)
        rows = samples_as_rows(f"Affine({n_in} => {n_out})", x, n_in)

        def affine_own(dy):
            return Gradient(weight=rows.T @ dy, bias=summed(dy))

        def affine_back(dy):
            return affine_own(dy), (dy @ weight.T).reshape(x.shape)

        y = rows @ weight
        y += self.bias
        return y, with_own(affine_back, affine_own)


@dataclass(eq=False, repr=False)
class Sigmoid(Layer):
    """`1 / (1 + exp(-x))`, in the form that cannot overflow."""

    def pullback(self, x):
        return sigmoid.pullback(x)


@dataclass(eq=False, repr=False)
class Relu(Layer):
    """`max(0, x)`; x <= 0 blocks the gradient.

    NaN stays NaN and lets the gradient pass (Flux's `relu` blocks it).
    """

    def pullback(self, x):
        x = as_float("Relu", x)
        passes = ~(x <= 0)
        return let_through(passes, x), lambda dy: (None, let_through(passes, dy))


@dataclass(eq=False, repr=False)
class BatchNormalization(TwoModes):
    """`gamma * (x - mean) / sqrt(var + eps) + beta`, one mean and biased variance per feature.

    x is (batch, features) or (batch, ...): images are flattened, which makes one statistic per
    pixel (Flux: per channel). Active, which is inside `pullback` unless `active` says otherwise:
    the statistics are those of the batch, and the running ones become `momentum * old + (1 -
    momentum) * new`. Inactive: the running statistics are used; no gradient flows to them. Raises
    ValueError where a sample does not have as many features as gamma.
    """

    gamma: np.ndarray  # (features,)
    beta: np.ndarray  # (features,)
    momentum: float = 0.9  # of the old value; Flux's is of the new
    eps: float = 10e-7  # 1e-6, not a slip for 1e-7
    running_mean: np.ndarray = None  # type: ignore[assignment]  # (features,)  zeros if not given
    running_var: np.ndarray = None  # type: ignore[assignment]  # (features,)  zeros, not Flux's ones; biased
    active: bool | None = None

    trainable = ("gamma", "beta")

    def __post_init__(self):
        self.gamma = as_float("BatchNormalization", self.gamma)
        self.running_mean = (
            np.zeros_like(self.gamma) if self.running_mean is None else self.running_mean
        )
        self.running_var = (
            np.zeros_like(self.gamma) if self.running_var is None else self.running_var
        )
        for name in ("beta", "running_mean", "running_var"):
            array = as_float("BatchNormalization", getattr(self, name), self.gamma.dtype)
            if self.gamma.ndim != 1 or array.shape != self.gamma.shape:
                raise ValueError(
                    f"BatchNormalization expects gamma and {name} of one shape (features,), got "
                    f"{self.gamma.shape} and {array.shape}"
                )
            setattr(self, name, array)

    def _apply(self, x, active):
        gamma = self.gamma
        x = as_float("BatchNormalization", x, gamma.dtype)
        rows = samples_as_rows(f"BatchNormalization({len(gamma)})", x, len(gamma))
        count = len(rows)
        mean = summed(rows) / count if active else self.running_mean
        normal = rows - mean  # until it is divided by the root
        var = summed(normal * normal) / count if active else self.running_var
        if active:
            self._track(mean, var)
        root = np.sqrt(var + self.eps)
        normal /= root
        y = gamma * normal
        y += self.beta

        def batchnormalization_back(dy):
            dy = dy.reshape(rows.shape)
            dgamma, dbeta = summed(normal * dy), summed(dy)
            gradient = Gradient(
                gamma=dgamma,
                beta=dbeta,
                momentum=None,
                eps=None,
                running_mean=None,
                running_var=None,
                active=None,
            )
            dx = dy
            if active:  # less what goes through mean and variance
                dx = normal * (dgamma / -count)
                dx -= dbeta / count
                dx += dy
            return gradient, (dx * (gamma / root)).reshape(x.shape)

        return y.reshape(x.shape), batchnormalization_back

    def _track(self, mean, var):
        keep, new = self.momentum, 1 - self.momentum
        self.running_mean[...] = keep * self.running_mean + new * mean
        self.running_var[...] = keep * self.running_var + new * var


@dataclass(eq=False, repr=False)
class Dropout(TwoModes):
    """`x` where u > ratio, 0 elsewhere, with u uniform on [0, 1), inside a gradient; `(1 - ratio) *
    x` outside.

    Not inverted: Flux's `Dropout` rescales in training and leaves x alone outside. `rng` is
    anything with NumPy's `random`. Raises ValueError unless 0 <= ratio <= 1.
    """

    ratio: float = 0.5
    rng: Any = None
    active: bool | None = None

    trainable = ()

    def __post_init__(self):
        if not 0 <= self.ratio <= 1:
            raise ValueError(f"Dropout expects 0 <= ratio <= 1, got {self.ratio}")
        if self.rng is None:
            self.rng = np.random.default_rng()

    def _apply(self, x, active):
        x = as_float("Dropout", x)
        if not active:
            share = x.dtype.type(1 - self.ratio)
            return share * x, lambda dy: (None, share * dy)
        kept = self.rng.random(x.shape, dtype=x.dtype) > self.ratio

        def dropout_back(dy):
            return None, np.where(kept, dy, 0)

        return np.where(kept, x, 0), dropout_back
