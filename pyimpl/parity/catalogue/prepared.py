"""Layers whose inputs are no arrays: they are made of the arrays of a case before the call. And
layers that are made of the arrays of a case themselves.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import pyimpl

from ...core.pullback import Gradient
from ...layers.layer import Layer


@dataclass(eq=False, repr=False)
class Prepared(Layer):
    """`layer(prepare(*xs))`; `undo` makes gradients of the arrays of that of what was prepared."""

    layer: Any
    prepare: Callable
    undo: Callable = lambda dx: (None,)

    def __call__(self, *xs):
        return self.layer(self.prepare(*xs))

    def pullback(self, *xs):
        y, back = self.layer.pullback(self.prepare(*xs))

        def prepared_back(dy):
            dlayer, dx = back(dy)
            return Gradient(layer=dlayer), *self.undo(dx)

        return y, prepared_back


def of_one_hot(layer, classes: int) -> Prepared:
    """The layer called with one-hot vectors of indices."""
    return Prepared(layer, lambda x: pyimpl.onehotbatch(x, range(classes)))


def of_list(layer) -> Prepared:
    """The layer called with a list of the rows of an array."""
    return Prepared(layer, list)


def of_tuple(layer) -> Prepared:
    """The layer called with one tuple of all arrays."""
    return Prepared(layer, lambda *xs: xs, lambda dx: dx)


def of_positive(layer) -> Prepared:
    """The layer called with whole numbers: whether entries are above zero."""
    return Prepared(layer, lambda x: (x > 0).astype(np.int64))


@dataclass(eq=False, repr=False)
class MadeOf(Layer):
    """A layer made of arrays in every call, for how it reads them: `make(*arrays)(*xs)`, the xs the
    first so many arrays of the case. The gradients of its fields are those of the arrays.
    """

    make: Callable
    apart: Callable

    def pullback(self, *given):
        xs, arrays = self.apart(given)
        y, back = self.make(*arrays).pullback(*xs)

        def made_back(dy):
            dlayer, *dxs = back(dy)
            fields = [d for d in vars(dlayer).values() if isinstance(d, np.ndarray)]
            own = (d.reshape(given.shape) for d, given in zip(fields, arrays, strict=True))
            return Gradient(), *dxs, *own

        return y, made_back


def made_of(make: Callable, inputs: int = 1) -> MadeOf:
    """The layer that `make` makes of all arrays but the first `inputs`."""
    return MadeOf(make, lambda given: (given[:inputs], given[inputs:]))
