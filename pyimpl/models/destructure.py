"""The parameters of a model as one vector, and a model from such a vector.

Source: Optimisers.jl `src/destructure.jl`.
"""

import numpy as np

from ..core.pullback import Gradient, differentiable
from ..core.ties import Shared, carried
from ..core.tree import (
    Branches,
    fmap,
    is_trainable,
    part_of,
    parts,
    trainable_parts,
    trainables,
)

__all__ = ["Restructure", "destructure"]


@differentiable
def destructure(model):
    """All trainable arrays of `model`, one after the other, and the function that makes a model of
    such a vector. Flux: `destructure`.

    `flat, re = destructure(model)`; the order is that of `trainables`, every array in C order
    (Julia's `vec` of its twin), a shared one once; different dtypes are promoted. `re` is a
    `Restructure`.
    """
    re = Restructure(model)

    def destructure_back(cotangents):
        dflat, _ = cotangents
        return None, re.unflatten(dflat)

    return (re.flatten(model), re), destructure_back


class Restructure:
    """`re(flat)` is the model with the numbers of `flat` for parameters; `re(x, flat)` is
    `re(flat)(x)`. Flux: `Restructure`.

    Parameters are copied, in the dtypes of the model they come from; everything else - running
    statistics as well - is shared with that model. Differentiable: the back of `re.pullback(flat)`
    carries the gradient of the model to one of `flat`. Raises ValueError for a vector of another
    length.
    """

    def __init__(self, model):
        self.model = model
        self.length = 0
        self._places = Shared(self._next)
        for array in trainables(model).values():
            self._places(array)

    def _next(self, array) -> slice:
        """The place of an array behind those before it."""
        start, self.length = self.length, self.length + array.size
        return slice(start, self.length)

    def __len__(self):
        return self.length

    def __call__(self, *arguments):
        *xs, flat = arguments
        return self._rebuilt(flat)(*xs) if xs else self._rebuilt(flat)

    def pullback(self, *arguments):  # flat: (length,), or x and flat
        *xs, flat = arguments
        model = self._rebuilt(flat)
        if not xs:
            return model, lambda dmodel: (None, self._vector_of(dmodel, flat))
        y, model_back = model.pullback(*xs)

        def restructure_back(dy):
            dmodel, *dxs = model_back(dy)
            return None, *dxs, self._vector_of(dmodel, flat)

        return y, restructure_back

    def flatten(self, model) -> np.ndarray:
        """The vector of a model of the same structure."""
        arrays = list(trainables(model).values())
        return np.concatenate([array.ravel() for array in arrays]) if arrays else np.zeros(0, bool)

    def unflatten(self, dflat):
        """The gradient of the model from that of the vector."""

        def grow(node):
            if is_trainable(node):
                return self._part(dflat, node)
            if isinstance(node, tuple | list):
                return tuple(map(grow, node))
            kept = dict(trainable_parts(node))
            grown = {key: grow(child) if key in kept else None for key, child in parts(node)}
            if isinstance(node, dict):
                return Branches(grown)
            return Gradient(**grown) if grown else None

        return grow(self.model)

    def _part(self, flat, array):
        """What the vector has for an array: of a real one only real numbers come back."""
        place, first = self._places(array)
        entries = flat[place].reshape(first.shape)
        if entries.dtype.kind == "c" and array.dtype.kind != "c":
            entries = entries.real
        return carried(entries.astype(array.dtype), first, array)

    def _rebuilt(self, flat):
        flat = np.asarray(flat)
        if flat.shape != (self.length,):
            raise ValueError(
                f"Restructure expects a vector of {self.length} parameters, got an array of "
                f"shape {flat.shape}"
            )
        return fmap(
            lambda array: self._part(flat, array) if array in self._places else array,
            self.model,
        )

    def _vector_of(self, gradient, flat):
        """The gradient of the vector from that of a model made of it; the uses of a shared array
        are summed.
        """
        found: list[tuple[slice, np.ndarray]] = []

        def collect(node, gradient):
            if gradient is None:
                return
            if is_trainable(node):
                place, first = self._places(node)
                found.append((place, carried(gradient, node, first)))
            elif isinstance(node, tuple | list):
                for child, part in zip(node, gradient, strict=True):
                    collect(child, part)
            else:
                for key, child in trainable_parts(node):
                    collect(child, part_of(gradient, key))

        collect(self.model, gradient)
        dflat = np.zeros(
            self.length, np.result_type(np.asarray(flat), *(part for _, part in found))
        )
        for place, part in found:
            dflat[place] += part.ravel()
        return dflat

    def __repr__(self):
        return f"Restructure({type(self.model).__name__}, ..., {self.length})"
