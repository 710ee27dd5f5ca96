"""Weights as direction and length. Flux: `src/layers/normalise.jl`."""

import copy
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import numpy as np

from ..core.broadcasting import unbroadcast
from ..core.precision import machine_epsilon
from ..core.pullback import Gradient
from .combine import Joint

__all__ = ["WeightNorm", "remove_weight_norms"]


@dataclass(eq=False, init=False, repr=False)
class WeightNorm(Joint):
    """`layer` with the weight `g * v / sqrt(sum(v^2) + eps(dtype))`, v being the array that the
    layer holds. Flux: `WeightNorm`.

    `WeightNorm(layer, which="weight", *, dims=0)`: the sum runs over the axes `dims` of the field
    `which`. The default is Flux's, the last axis of Julia: one g for every output of a Dense, but
    for every tap of a Conv (PyTorch: one for every output there too). Raises ValueError for a
    weight of zeros. Salimans and Kingma 2016.
    """

    layer: Any
    g: np.ndarray  # the weight's shape with 1 along dims
    which: str
    dims: int | tuple[int, ...]

    trainable = ("layer", "g")

    def __init__(self, layer, which="weight", *, dims=0):
        v = getattr(layer, which, None)
        if not isinstance(v, np.ndarray) or not v.any():
            raise ValueError(
                f"WeightNorm expects a layer with an array {which!r} that is not all zero, got "
                f"{layer!r}"
            )
        self.layer, self.which, self.dims = layer, which, dims
        self.g = self._length(v, v.dtype)

    def _length(self, v, dtype):
        eps = np.dtype(dtype).type(machine_epsilon(dtype))
        return np.sqrt(np.sum(v * v, axis=self.dims, keepdims=True) + eps)

    def reparametrise(self):
        """The layer with the weight made from v and g, and how its gradient goes back to them.

        Flux: `reparametrize`.
        """
        v, g = getattr(self.layer, self.which), self.g
        length = self._length(v, g.dtype)
        plain = copy.copy(self.layer)
        setattr(plain, self.which, g * v / length)

        def reparametrise_back(dweight):
            dg = unbroadcast(dweight * v / length, g.shape)
            radial = np.sum(dweight * g * v, axis=self.dims, keepdims=True) / (length * length)
            return (dweight * g - v * radial) / length, dg

        return plain, reparametrise_back

    def run(self, apply, *xs):
        plain, reparametrise_back = self.reparametrise()
        y, layer_back = apply(plain, *xs)

        def weightnorm_back(dy):
            dlayer, *dxs = layer_back(dy)
            dv, dg = reparametrise_back(getattr(dlayer, self.which))
            setattr(dlayer, self.which, dv)
            return Gradient(layer=dlayer, g=dg, which=None, dims=None), *dxs

        return y, weightnorm_back


def remove_weight_norms(model):
    """A model in which every `WeightNorm` is the layer it stands for, with the weight it had.

    Flux: `remove_weight_norms`.
    """
    if isinstance(model, WeightNorm):
        return model.reparametrise()[0]
    if is_dataclass(model) and not isinstance(model, type):
        plain = copy.copy(model)
        for field in fields(model):
            setattr(plain, field.name, remove_weight_norms(getattr(model, field.name)))
        return plain
    if isinstance(model, dict):
        return {name: remove_weight_norms(part) for name, part in model.items()}
    if isinstance(model, tuple | list):
        return type(model)(map(remove_weight_norms, model))
    return model
