"""The shape of a model's output from that of its input. Flux: `src/outputsize.jl`."""

from contextlib import contextmanager

import numpy as np

from ..core.tree import layers_of
from ..layers.containers import Chain

__all__ = ["outputsize"]


def outputsize(model, *shapes: tuple[int, ...], padbatch: bool = False, dtype=np.float32) -> tuple:
    """The shape of `model(x)` for x of the given shape; of several shapes, x is the tuple of such
    arrays. Flux: `outputsize`.

    With `padbatch` every shape is that of one observation, and a batch axis of size 1 is put before
    it. A tuple or list of layers is taken as their Chain. `dtype` is that of the input: an
    Embedding wants `int`. Several outputs give a tuple of shapes. The model is applied in test mode
    to zeros that take no memory, and left as it was. Raises ValueError with the path of the layer
    that does not fit, what it expects and what came.

    >>> outputsize(Chain(Dense(10, 4), Dense(4, 2)), (10,), padbatch=True)  # doctest: +SKIP
    (1, 2)
    """
    if isinstance(model, tuple | list):
        model = Chain(*model)
    if not shapes:
        raise ValueError("outputsize expects the shape of at least one input, got none")
    x = _zeros(shapes if len(shapes) > 1 else shapes[0], padbatch, np.dtype(dtype))
    with _testing(model), np.errstate(all="ignore"):
        return _shape(_applied(model, x, "model"))


def _zeros(shape, padbatch, dtype):
    if not all(isinstance(size, int | np.integer) for size in shape):
        return tuple(_zeros(part, padbatch, dtype) for part in shape)
    return np.broadcast_to(np.zeros((), dtype), (1, *shape) if padbatch else tuple(shape))


def _shape(y):
    return tuple(map(_shape, y)) if isinstance(y, tuple | list) else np.shape(y)


def _applied(model, x, path):
    """`model(x)`; an error names the layer in which it arose."""
    if isinstance(model, Chain):
        named = model.layers.items() if isinstance(model.layers, dict) else enumerate(model.layers)
        for name, layer in named:
            x = _applied(layer, x, f"{path}.layers.{name}")
        return x
    try:
        return model(x)
    except ValueError as misfit:
        raise ValueError(f"{path}: {misfit}") from misfit


@contextmanager
def _testing(model):
    """Test mode for the time being."""
    before = [(layer, layer.active) for layer in layers_of(model) if hasattr(layer, "active")]
    try:
        for layer, _ in before:
            layer.active = False
        yield
    finally:
        for layer, active in before:
            layer.active = active
