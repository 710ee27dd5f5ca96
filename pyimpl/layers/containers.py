"""Layers made of layers. Flux: `src/layers/basic.jl`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..core.pullback import Gradient, own_gradient, with_own
from ..functions.activations import identity
from .layer import Layer

__all__ = ["Chain"]


def checked_layers(who: str, layers: tuple, named: dict[str, Any]) -> tuple | dict[str, Any]:
    """The layers of a layer, given with names or without."""
    if layers and named:
        raise TypeError(f"{who} expects its layers with names or without, got both")
    if "layers" in named or "connection" in named:
        raise ValueError(f"{who} expects other names than layers and connection, got {list(named)}")
    for layer in layers or named.values():
        if not hasattr(layer, "pullback"):
            raise TypeError(f"{who} expects layers and differentiable functions, got {layer!r}")
    return named or layers


def listed(layers: tuple | dict[str, Any]) -> tuple:
    """Layers in their order, without their names."""
    return tuple(layers.values()) if isinstance(layers, dict) else layers


def _no_names(index: str):
    raise KeyError(f"{index!r}: the layers have numbers, not names")


def chosen_layers(layers: tuple | dict[str, Any], index, make: Callable[..., Any]):
    """The layer at a number or of a name; for a slice, or a list of numbers or names, what `make`
    makes of those layers, with the names that they have.
    """
    if isinstance(index, str):
        return dict(layers)[index] if isinstance(layers, dict) else _no_names(index)
    if not isinstance(index, slice | list | tuple | np.ndarray):
        return listed(layers)[index]
    names = list(layers) if isinstance(layers, dict) else []
    if isinstance(index, slice):
        places = list(range(len(layers)))[index]
    else:
        places = [names.index(i) if isinstance(i, str) else int(i) for i in index]
    chosen = [listed(layers)[place] for place in places]
    if isinstance(layers, dict):
        return make(**{names[place]: layer for place, layer in zip(places, chosen, strict=True)})
    return make(*chosen)


@dataclass(eq=False, init=False, repr=False)
class Chain(Layer):
    """The layers one after the other: `Chain(f, g)(x) == g(f(x))`. Flux: `Chain`.

    `Chain(*layers)` or `Chain(name=layer, ...)`; a layer is anything with a `pullback`: a layer, an
    activation, `flatten`, `softmax`. Several arguments are those of the first layer. `chain[i]` and
    `chain["name"]` are layers, `chain[i:j]` and `chain[[i, j]]` Chains that share their arrays.
    """

    layers: tuple | dict[str, Any]

    def __init__(self, *layers, **named):
        self.layers = checked_layers("Chain", layers, named)

    def _list(self):
        return listed(self.layers)

    def __call__(self, *xs):
        for layer in self._list():
            xs = (layer(*xs),)
        return identity(*xs)

    def pullback(self, *xs):
        backs: list[Any] = []
        for layer in self._list() or (identity,):
            y, back = layer.pullback(*xs)
            backs.append(back)
            xs = (y,)

        def chain_back(dy):
            gradients = []
            dxs = (dy,)
            for back in reversed(backs):
                gradient, *dxs = back(*dxs)
                gradients.append(gradient)
            return self._gradient(gradients[: len(self.layers)]), *dxs

        def chain_own(dy):
            gradients = []
            for back in reversed(backs[1:]):
                gradient, dy = back(dy)
                gradients.append(gradient)
            gradients.append(own_gradient(backs[0], dy))
            return self._gradient(gradients[: len(self.layers)])

        return xs[0], with_own(chain_back, chain_own)

    def activations(self, *xs) -> tuple:
        """What every layer makes of xs in turn, outside a gradient. Flux: `activations`."""
        ys: list[Any] = []
        for layer in self._list():
            xs = (layer(*xs),)
            ys += xs
        return tuple(ys)

    def _gradient(self, from_the_last):
        gradients = from_the_last[::-1]
        if isinstance(self.layers, dict):
            return Gradient(layers=Gradient(**dict(zip(self.layers, gradients, strict=True))))
        return Gradient(layers=tuple(gradients))

    def __getitem__(self, index):
        return chosen_layers(self.layers, index, Chain)

    def __len__(self):
        return len(self.layers)

    def __repr__(self):
        if isinstance(self.layers, dict):
            return f"Chain({', '.join(f'{name}={layer!r}' for name, layer in self.layers.items())})"
        return f"Chain({', '.join(map(repr, self.layers))})"
