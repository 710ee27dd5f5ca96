"""Normalising layers. Flux: `src/layers/normalise.jl`, `src/layers/stateless.jl`.

All of them divide by the biased standard deviation, from a mean and then a mean of squared
deviations.
"""

import math
from dataclasses import dataclass
from typing import overload

import numpy as np

from ..core.expect import as_float, is_size
from ..core.pullback import Gradient, differentiable
from ..core.versions import since
from ..functions.activations import Activation, as_activation, identity
from .dense import Scale
from .layer import Layer, TwoModes

__all__ = ["BatchNorm", "LayerNorm", "normalise"]

EPS = float(np.float32(1e-5))  # Flux writes 1f-5: a Float32 number even in a Float64 model
MOMENTUM = float(np.float32(0.1))  # likewise 0.1f0


def track(norm, mean, var, count):
    """Move the running statistics of `norm` towards those of a batch, which come from `count`
    values per channel.
    """
    keep, new = 1 - norm.momentum, norm.momentum
    correction = (
        count / (count - 1) if count > 1 else np.inf
    )  # inf * 0: one value per channel makes the running variance NaN
    norm.mean[...] = keep * norm.mean + new * mean
    norm.var[...] = keep * norm.var + new * correction * var


@dataclass(eq=False, init=False, repr=False)
class BatchNorm(TwoModes):
    """`act(scale * (x - mean) / sqrt(var + eps) + shift)`, one mean and variance per channel. Flux:
    `BatchNorm`.

    `BatchNorm(chs, act=identity, *, affine=True, track_stats=True, eps=1f-5, momentum=0.1f0,
    active=None)`; x is (batch, chs, ...) or (batch, chs). Active, which is inside `pullback` unless
    `active` says otherwise: the statistics are those of the batch, and the running ones become `(1
    - momentum) * old + momentum * new`, the new variance corrected by m / (m - 1). Inactive: the
    running statistics are used. A batch of one value per channel makes the running variance NaN (an
    error from Flux 0.16.12 on). Raises ValueError for a vector or another number of channels.
    """

    act: Activation
    shift: np.ndarray | None  # (chs,)  Flux: β
    scale: np.ndarray | None  # (chs,)  Flux: γ
    mean: np.ndarray | None  # (chs,)  running; Flux: μ
    var: np.ndarray | None  # (chs,)  running; Flux: σ²
    eps: float
    momentum: float
    active: bool | None
    chs: int

    trainable = ("shift", "scale")

    def __init__(
        self,
        chs,
        act=identity,
        *,
        affine=True,
        track_stats=True,
        eps=EPS,
        momentum=MOMENTUM,
        active=None,
    ):
        self.chs, self.act = chs, as_activation("BatchNorm", act)
        self.eps, self.momentum, self.active = eps, momentum, active
        self.shift = np.zeros(chs, np.float32) if affine else None
        self.scale = np.ones(chs, np.float32) if affine else None
        self.mean = np.zeros(chs, np.float32) if track_stats else None
        self.var = np.ones(chs, np.float32) if track_stats else None

    def _apply(self, x, active):
        x = as_float("BatchNorm", x)
        if x.ndim < 2 or x.shape[1] != self.chs:
            raise ValueError(
                f"BatchNorm({self.chs}) expects {self.chs} channels on axis 1 of (batch, "
                f"channels, ...), got x of shape {x.shape}"
            )
        axes = (0, *range(2, x.ndim))
        per_channel = (-1, *(1,) * (x.ndim - 2))
        count = x.size // self.chs
        from_batch = active or self.mean is None
        if active and self.mean is not None and count == 0:
            raise ValueError(
                f"BatchNorm({self.chs}) expects at least one sample in training, got x of shape "
                f"{x.shape}"
            )
        if from_batch:
            mean = np.add.reduce(x, axes) / count
            deviation = x - mean.reshape(per_channel)
            var = np.add.reduce(deviation * deviation, axes) / count
            if active and self.mean is not None:
                self._track(mean, var, count)
        else:
            assert self.mean is not None and self.var is not None
            mean, var = self.mean.copy(), self.var.copy()
            deviation = x - mean.reshape(per_channel)
        root = np.sqrt(
            var.astype(x.dtype, copy=False) + x.dtype.type(self.eps)
        )  # the statistics may be Float32 in a Float64 model
        slope = 1 / root if self.scale is None else self.scale / root
        z = deviation * slope.reshape(per_channel)
        if self.shift is not None:
            z += self.shift.reshape(per_channel)
        y, act_back = self.act.pullback(
            z
        )  # no tanh_fast here: Flux broadcasts the activation itself

        def batchnorm_back(dy):
            dz = act_back(dy)[1]
            dshift = np.add.reduce(dz, axes)
            projection = np.add.reduce(dz * deviation, axes)  # dz onto x - mean
            gradient = Gradient(
                act=None,
                shift=None,
                scale=None,
                mean=None,
                var=None,
                eps=None,
                momentum=None,
                active=None,
                chs=None,
            )
            if self.scale is not None and self.shift is not None:
                gradient.shift = dshift.astype(self.shift.dtype, copy=False)
                gradient.scale = (projection / root).astype(self.scale.dtype, copy=False)
            if from_batch:
                pull = projection / (count * root * root)
                dx = (
                    dz
                    - (dshift / count).reshape(per_channel)
                    - deviation * pull.reshape(per_channel)
                )
                return gradient, dx * slope.reshape(per_channel)
            gradient.mean = (-slope * dshift).astype(mean.dtype, copy=False)
            gradient.var = (-projection * slope / (2 * root * root)).astype(var.dtype, copy=False)
            return gradient, dz * slope.reshape(per_channel)

        return y, batchnorm_back

    def _track(self, mean, var, count):
        track(self, mean, var, count)


@differentiable
def normalise(x, dims=0, eps=None):
    """`(x - mean) / sqrt(var + eps^2)` along the axes `dims`, by default the batch; eps is 1f-5.
    Flux: `normalise`.

    The epsilon is squared: it plays the part of a standard deviation. (`semantics` before 0.15: `(x
    - mean) / (std + eps)`, from 0.16.11 on `(x - mean) / sqrt(var + eps)`.)
    """
    return _normalise(x, dims, eps, since("normalise"), since("eps of normalise"))


def _normalise(x, dims, eps, formula, kind_of_eps):
    x = as_float("normalise", x)
    axes = dims if isinstance(dims, tuple) else (dims,)
    count = math.prod(x.shape[axis] for axis in axes) or 1  # of nothing, the result is nothing
    if kind_of_eps == "0":
        eps = (
            x.dtype.type(1e-5) if eps is None else np.asarray(eps)[()]
        )  # a Float64 one makes the result Float64
    else:
        eps = x.dtype.type(EPS if eps is None else eps)
    deviation = x - x.sum(axes, keepdims=True) / count
    var = (deviation * deviation).sum(axes, keepdims=True) / count
    divisor = std = np.sqrt(var)
    if formula == "0":
        divisor = std + eps
    else:
        std = divisor = np.sqrt(var + (eps * eps if formula == "0.15.0" else eps))
    y = deviation / divisor

    def normalise_back(dy):
        dmean = dy.sum(axes, keepdims=True) / count
        dspread = (dy * deviation).sum(axes, keepdims=True) / (count * divisor)
        with np.errstate(
            invalid="ignore", divide="ignore"
        ):  # before 0.15 a constant column has no gradient: 0 / 0
            return None, ((dy - dmean - deviation / std * dspread) / divisor).astype(
                x.dtype, copy=False
            )

    return y, normalise_back


def _size_and_act(given: tuple, act):
    """The size of a LayerNorm and its activation, which may be the last argument."""
    if len(given) > 1 and not is_size(given[-1]):
        given, act = given[:-1], given[-1]
    size = given[0] if len(given) == 1 and not is_size(given[0]) else given
    if not isinstance(size, tuple | list) or not size or not all(map(is_size, size)):
        raise ValueError(f"LayerNorm expects its size in integers, got {given}")
    return tuple(map(int, size)), act


@dataclass(eq=False, init=False, repr=False)
class LayerNorm(Layer):
    """`normalise` over the trailing axes of x, then `Scale`. Flux: `LayerNorm`.

    `LayerNorm(size, act=identity, *, affine=True, eps=1f-5)`, size an integer, a tuple or several
    integers: the trailing axes of x, in x's order. Its parameters are `diag.scale` and `diag.bias`;
    without `affine`, diag is None.
    """

    act: Activation
    diag: Scale | None
    eps: float
    size: tuple[int, ...]

    @overload
    def __init__(
        self, size: int | tuple[int, ...], act=identity, /, *, affine: bool = True, eps=EPS
    ): ...

    @overload
    def __init__(
        self, *size_and_act: int | Activation, act=identity, affine: bool = True, eps=EPS
    ): ...

    def __init__(self, *size_and_act, act=identity, affine=True, eps=EPS):
        size, act = _size_and_act(size_and_act, act)
        self.size = size
        self._formulas = since("normalise"), since("eps of normalise")
        self.act, self.eps = as_activation("LayerNorm", act), eps
        self.diag = (
            Scale(np.ones(self.size, np.float32), np.zeros(self.size, np.float32), act)
            if affine
            else None
        )

    def pullback(self, x):  # x: (..., *size)
        x = as_float("LayerNorm", x)
        rank = len(self.size)
        if x.shape[max(x.ndim - rank, 0) :] != self.size:
            raise ValueError(
                f"LayerNorm{self.size} expects x of shape (..., "
                f"{', '.join(map(str, self.size))}), got {x.shape}"
            )
        z, normalise_back = _normalise(
            x, tuple(range(-rank, 0)), x.dtype.type(self.eps), *self._formulas
        )
        last = self.act if self.diag is None else self.diag
        y, last_back = last.pullback(z)

        def layernorm_back(dy):
            ddiag, dz = last_back(dy)
            return Gradient(act=None, diag=ddiag, eps=None, size=None), normalise_back(dz)[1]

        return y, layernorm_back
