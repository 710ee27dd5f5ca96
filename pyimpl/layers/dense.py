"""Layers that act on the last axis: Dense, Scale. Flux: `src/layers/basic.jl`."""

from dataclasses import dataclass

import numpy as np

from ..core.expect import as_float
from ..core.pullback import Gradient, with_own
from ..functions.activations import Activation, fast, identity
from ..initialise import glorot_uniform
from .layer import Layer

__all__ = ["Dense", "Scale"]


def make_bias(who: str, bias, features: int, weight: np.ndarray) -> np.ndarray | None:
    """Zeros for True, None for False or None, else the given array in the weight's dtype.

    Flux: `create_bias`.
    """
    if bias is None or bias is False:
        return None
    if bias is True:
        return np.zeros(features, weight.dtype)
    bias = np.asarray(bias)
    if bias.shape != (features,):
        raise ValueError(f"{who} expects a bias of shape ({features},), got {bias.shape}")
    return bias.astype(weight.dtype, copy=False)


@dataclass(eq=False, init=False, repr=False)
class Dense(Layer):
    """`act(x @ weight + bias)`. Flux: `Dense`.

    `Dense(n_in, n_out, act=identity, *, bias=True, init=glorot_uniform, rng=None)` draws the
    weight, `Dense(weight, bias=True, act=identity)` takes it. x is (..., n_in), y is (..., n_out);
    x is converted to the weight's dtype. Raises ValueError where the last axis of x is not n_in.
    """

    weight: np.ndarray  # (n_in, n_out)
    bias: np.ndarray | None  # (n_out,)
    act: Activation = identity

    def __init__(self, *arguments, **options):
        drawn = arguments and isinstance(arguments[0], int | np.integer)
        weight, bias, self.act = (_drawn if drawn else _given)(*arguments, **options)
        self.weight = as_float("Dense", weight)
        if self.weight.ndim != 2:
            raise ValueError(
                f"Dense expects a weight of shape (n_in, n_out), got {self.weight.shape}"
            )
        self.bias = make_bias("Dense", bias, self.weight.shape[1], self.weight)

    def pullback(self, x):  # x: (..., n_in)
        weight, has_bias = self.weight, self.bias is not None
        n_in, n_out = weight.shape
        x = as_float("Dense", x, weight.dtype)
        if x.shape[-1:] != (n_in,):
            raise ValueError(
                f"Dense({n_in} => {n_out}) expects {n_in} features, got x of shape {x.shape}"
            )
        z = x @ weight
        if has_bias:
            z += self.bias
        y, act_back = fast(self.act).pullback(z)

        def own(dz):
            rows = dz.reshape(-1, n_out)
            return Gradient(
                weight=x.reshape(-1, n_in).T @ rows,
                bias=np.add.reduce(rows) if has_bias else None,
                act=None,
            )

        def dense_back(dy):
            dz = act_back(dy)[1]
            return own(dz), dz @ weight.T

        return y, with_own(dense_back, lambda dy: own(act_back(dy)[1]))


def _drawn(n_in, n_out, act=identity, *, bias=True, init=glorot_uniform, rng=None):
    if not isinstance(n_out, int | np.integer):
        raise TypeError(
            "Dense expects Dense(n_in, n_out, act) or Dense(weight, bias, act), got n_out = "
            f"{n_out!r}"
        )
    return init((n_in, n_out), rng=rng), bias, act


def _given(weight, bias=True, act=identity):
    return weight, bias, act


@dataclass(eq=False, repr=False)
class Scale(Layer):
    """`act(scale * x + bias)`, entry by entry. Flux: `Scale`."""

    scale: np.ndarray  # the trailing axes of x
    bias: np.ndarray | None  # the same
    act: Activation = identity

    def pullback(self, x):  # x: (..., *scale.shape)
        scale = self.scale
        if x.shape[x.ndim - scale.ndim :] != scale.shape:
            raise ValueError(
                f"Scale{scale.shape} expects x of shape (..., "
                f"{', '.join(map(str, scale.shape))}), got {x.shape}"
            )
        z = scale * x
        if self.bias is not None:
            z = z + self.bias
        y, act_back = fast(self.act).pullback(z)
        batch = tuple(range(x.ndim - scale.ndim))

        def scale_back(dy):
            dz = act_back(dy)[1]
            dscale = (dz * x).sum(batch).astype(scale.dtype, copy=False)
            dbias = None if self.bias is None else dz.sum(batch).astype(self.bias.dtype, copy=False)
            return Gradient(scale=dscale, bias=dbias, act=None), dz * scale

        return y, scale_back
