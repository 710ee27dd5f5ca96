"""Normalisation within each sample. Flux: `src/layers/normalise.jl`."""

import math
from dataclasses import dataclass

import numpy as np

from ..core.expect import as_count, as_float, expect_channels
from ..core.pullback import Gradient
from ..core.tree import children
from ..functions.activations import Activation, as_activation, identity
from .layer import Layer, TwoModes
from .normalise import EPS, MOMENTUM, track

__all__ = ["GroupNorm", "InstanceNorm"]


class WithinSample(Layer):
    """What the norms of this file share."""

    act: Activation
    shift: np.ndarray | None
    scale: np.ndarray | None
    mean: np.ndarray | None = None
    var: np.ndarray | None = None
    eps: float
    chs: int

    trainable = ("shift", "scale")

    def _within(self, x, groups, active):
        who = f"{type(self).__name__}({self.chs})"
        x = as_float(who, x)
        expect_channels(who, x, self.chs)
        # (batch, groups, channels of a group times space)
        cells = x.reshape(x.shape[0], groups, math.prod(x.shape[1:]) // groups)
        from_batch = active or self.mean is None
        if from_batch:
            mean = cells.mean(2, keepdims=True)
            deviation = cells - mean
            var = (deviation * deviation).mean(2, keepdims=True)
            if self.mean is not None:
                if len(x) == 0:
                    raise ValueError(
                        f"{who} expects at least one sample in training, got x of shape {x.shape}"
                    )
                self._track(mean, var, cells.shape[2])
        else:
            assert self.mean is not None and self.var is not None
            deviation, var = (
                cells - self.mean[:, None].astype(x.dtype),
                self.var[:, None].astype(x.dtype),
            )
        root = np.sqrt(var + x.dtype.type(self.eps))
        normal = (deviation / root).reshape(x.shape)
        channel = (-1, *(1,) * (x.ndim - 2))
        over = (0, *range(2, x.ndim))
        z = (
            normal
            if self.scale is None or self.shift is None
            else self.scale.reshape(channel) * normal + self.shift.reshape(channel)
        )
        y, act_back = self.act.pullback(
            z
        )  # no tanh_fast here: Flux broadcasts the activation itself

        def norm_back(dy):
            dz = act_back(dy)[1]
            gradient = Gradient(**dict.fromkeys(name for name, _ in children(self)))
            dnormal = dz
            if self.scale is not None and self.shift is not None:
                gradient.shift = dz.sum(over).astype(self.shift.dtype, copy=False)
                gradient.scale = (dz * normal).sum(over).astype(self.scale.dtype, copy=False)
                dnormal = dz * self.scale.reshape(channel)
            dcells, scaled = dnormal.reshape(cells.shape), deviation / root
            if from_batch:
                dcells = (
                    dcells
                    - dcells.mean(2, keepdims=True)
                    - scaled * (dcells * scaled).mean(2, keepdims=True)
                )
            elif self.mean is not None and self.var is not None:
                gradient.mean = -(dcells / root).sum((0, 2)).astype(self.mean.dtype, copy=False)
                gradient.var = (
                    -(dcells * scaled / (2 * root * root))
                    .sum((0, 2))
                    .astype(self.var.dtype, copy=False)
                )
            return gradient, (dcells / root).reshape(x.shape)

        return y, norm_back

    def _track(self, mean, var, count):
        raise NotImplementedError


@dataclass(eq=False, init=False, repr=False)
class GroupNorm(TwoModes, WithinSample):
    """`act(scale * (x - mean) / sqrt(var + eps) + shift)`, mean and variance of each sample and
    group of channels. Flux: `GroupNorm`.

    `GroupNorm(chs, G, act=identity, *, affine=True, eps=1f-5, active=None)`: G groups of
    consecutive channels; x is (batch, chs, *space). Scale and shift are one number a channel. The
    same in training and in testing, whatever `active`: there are no running statistics. Raises
    ValueError unless G divides chs, and for another number of channels.
    """

    G: int
    act: Activation
    shift: np.ndarray | None  # (chs,)  Flux: β
    scale: np.ndarray | None  # (chs,)  Flux: γ
    eps: float
    active: bool | None
    chs: int

    def __init__(self, chs, G, act=identity, *, affine=True, eps=EPS, active=None):
        G = as_count("GroupNorm", "the number of groups", G)
        if chs % G:
            raise ValueError(
                f"GroupNorm expects a number of groups that divides the channels, got {G} groups "
                f"of {chs} channels"
            )
        self.G, self.act = G, as_activation("GroupNorm", act)
        self.eps, self.active, self.chs = eps, active, chs
        self.shift, self.scale = (
            (np.zeros(chs, np.float32), np.ones(chs, np.float32)) if affine else (None, None)
        )

    def _apply(self, x, active):  # x: (batch, chs, *space)
        return self._within(x, self.G, active=True)


@dataclass(eq=False, init=False, repr=False)
class InstanceNorm(TwoModes, WithinSample):
    """`act(scale * (x - mean) / sqrt(var + eps) + shift)`, mean and variance of each sample and
    channel. Flux: `InstanceNorm`.

    `InstanceNorm(chs, act=identity, *, affine=False, track_stats=False, eps=1f-5, momentum=0.1f0,
    active=None)`; x is (batch, chs, *space). With `track_stats` it keeps running statistics as
    `BatchNorm` does, of the averages over the batch, and uses them when not active.
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

    def __init__(
        self,
        chs,
        act=identity,
        *,
        affine=False,
        track_stats=False,
        eps=EPS,
        momentum=MOMENTUM,
        active=None,
    ):
        self.act, self.chs = as_activation("InstanceNorm", act), chs
        self.eps, self.momentum, self.active = eps, momentum, active
        self.shift, self.scale = (
            (np.zeros(chs, np.float32), np.ones(chs, np.float32)) if affine else (None, None)
        )
        self.mean, self.var = (
            (np.zeros(chs, np.float32), np.ones(chs, np.float32)) if track_stats else (None, None)
        )

    def _apply(self, x, active):  # x: (batch, chs, *space)
        return self._within(x, self.chs, active)

    def _track(self, mean, var, count):
        track(self, mean.mean(0)[:, 0], var.mean(0)[:, 0], count)
