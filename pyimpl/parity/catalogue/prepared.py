"""Layers whose inputs are no arrays: they are made of the arrays of a case before the call."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

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
