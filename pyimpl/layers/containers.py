"""Layers made of layers. Flux: `src/layers/basic.jl`."""

from dataclasses import dataclass
from typing import Any

from ..core.pullback import Gradient, own_gradient, with_own
from .layer import Layer

__all__ = ["Chain"]


@dataclass(eq=False, init=False, repr=False)
class Chain(Layer):
    """The layers one after the other: `Chain(f, g)(x) == g(f(x))`. Flux: `Chain`.

    `Chain(*layers)` or `Chain(name=layer, ...)`; a layer is anything with a `pullback`: a layer, an
    activation, `flatten`, `softmax`. `chain[i]` is a layer, `chain[i:j]` a Chain that shares its
    arrays.
    """

    layers: tuple | dict[str, Any]

    def __init__(self, *layers, **named):
        if layers and named:
            raise TypeError("Chain expects its layers with names or without, got both")
        for layer in layers or named.values():
            if not hasattr(layer, "pullback"):
                raise TypeError(f"Chain expects layers and differentiable functions, got {layer!r}")
        self.layers = named or layers

    def _list(self):
        return tuple(self.layers.values()) if isinstance(self.layers, dict) else self.layers

    def __call__(self, *xs):
        for layer in self._list():
            xs = (layer(*xs),)
        return xs[0]

    def pullback(self, *xs):
        backs = []
        for layer in self._list():
            y, back = layer.pullback(*xs)
            backs.append(back)
            xs = (y,)

        def chain_back(dy):
            gradients = []
            dxs = (dy,)
            for back in reversed(backs):
                gradient, *dxs = back(*dxs)
                gradients.append(gradient)
            return self._gradient(gradients), *dxs

        def chain_own(dy):
            gradients = []
            for back in reversed(backs[1:]):
                gradient, dy = back(dy)
                gradients.append(gradient)
            return self._gradient([*gradients, own_gradient(backs[0], dy)] if backs else [])

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
        if isinstance(self.layers, dict) and isinstance(index, str):
            return self.layers[index]
        chosen = self._list()[index]
        return Chain(*chosen) if isinstance(index, slice) else chosen

    def __len__(self):
        return len(self.layers)

    def __repr__(self):
        if isinstance(self.layers, dict):
            return f"Chain({', '.join(f'{name}={layer!r}' for name, layer in self.layers.items())})"
        return f"Chain({', '.join(map(repr, self.layers))})"
