"""Layers that act on the last axis: Dense, Scale. Flux: `src/layers/basic.jl`."""

from dataclasses import dataclass
from typing import overload

import numpy as np

from ..core.broadcasting import unbroadcast
from ..core.expect import as_float, fitting, is_size
from ..core.pullback import Gradient, with_own
from ..functions.activations import Activation, as_activation, fast, identity
from ..initialise import glorot_uniform, ones32
from .layer import Layer

__all__ = ["Dense", "Scale"]


def make_bias(who: str, bias, size: int | tuple[int, ...], weight) -> np.ndarray | None:
    """Zeros for True, None for False or None, else the given array in the weight's dtype.

    Flux: `create_bias`.
    """
    shape = (size,) if isinstance(size, int) else size
    if bias is None or bias is False:
        return None
    if bias is True:
        return np.zeros(shape, weight.dtype)
    bias = as_float(who, bias)
    if bias.shape != shape:
        raise ValueError(f"{who} expects a bias of shape {shape}, got {bias.shape}")
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

    @overload
    def __init__(self, weight: np.ndarray, bias: bool | np.ndarray = True, act=identity): ...

    @overload
    def __init__(
        self,
        n_in,
        n_out,
        act=identity,
        *,
        bias: bool | np.ndarray = True,
        init=glorot_uniform,
        rng=None,
    ): ...

    def __init__(self, *arguments, **options):
        drawn = arguments and is_size(arguments[0])
        form = "Dense(n_in, n_out, act=identity) or Dense(weight, bias=True, act=identity)"
        weight, bias, act = fitting("Dense", form, _drawn if drawn else _given, arguments, options)
        self.act = as_activation("Dense", act)
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
    if not is_size(n_out):
        raise TypeError(
            "Dense expects Dense(n_in, n_out, act) or Dense(weight, bias, act), got n_out = "
            f"{n_out!r}"
        )
    return init((n_in, n_out), rng=rng), bias, act


def _given(weight, bias=True, act=identity):
    return weight, bias, act


@dataclass(eq=False, init=False, repr=False)
class Scale(Layer):
    """`act(scale * x + bias)`, entry by entry, as NumPy broadcasts. Flux: `Scale`.

    `Scale(*size, act=identity, *, bias=True, init=ones32, rng=None)` makes both arrays, size the
    trailing axes of x in x's order; `Scale(scale, bias=True, act=identity)` takes them. Raises
    ValueError for an x that does not broadcast with them.
    """

    scale: np.ndarray  # the trailing axes of x, or what broadcasts with them
    bias: np.ndarray | None  # the same
    act: Activation

    @overload
    def __init__(self, scale: np.ndarray, bias: bool | np.ndarray = True, act=identity): ...

    @overload
    def __init__(
        self, *size, act=identity, bias: bool | np.ndarray = True, init=ones32, rng=None
    ): ...

    def __init__(self, *arguments, **options):
        drawn = arguments and np.ndim(arguments[0]) == 0
        form = "Scale(*size, act=identity) or Scale(scale, bias=True, act=identity)"
        rule = _scale_of_size if drawn else _given
        scale, bias, act = fitting("Scale", form, rule, arguments, options)
        self.act = as_activation("Scale", act)
        self.scale = as_float("Scale", scale)
        self.bias = make_bias("Scale", bias, self.scale.shape, self.scale)

    def pullback(self, x):  # x: (..., *scale.shape)
        scale, bias = self.scale, self.bias
        x = as_float("Scale", x)
        try:
            z = scale * x
        except ValueError:
            raise ValueError(
                f"Scale{scale.shape} expects x of shape (..., {', '.join(map(str, scale.shape))}), "
                f"got {x.shape}"
            ) from None
        if bias is not None:
            z = z + bias
        y, act_back = fast(self.act).pullback(z)

        def scale_back(dy):
            dz = act_back(dy)[1]
            dscale = unbroadcast(dz * x, scale.shape).astype(scale.dtype, copy=False)
            dbias = None
            if bias is not None:
                dbias = unbroadcast(dz, bias.shape).astype(bias.dtype, copy=False)
            return Gradient(scale=dscale, bias=dbias, act=None), unbroadcast(dz * scale, x.shape)

        return y, scale_back


def _scale_of_size(*size_and_act, act=identity, bias=True, init=ones32, rng=None):
    *size, last = size_and_act
    if is_size(last):
        size.append(last)
    else:
        act = last
    if not size or not all(map(is_size, size)):
        raise ValueError(f"Scale expects its size in integers, got {tuple(size)}")
    return init(tuple(size), rng=rng), bias, act
