"""Walk a model by its fields: children, paths, leaves, modes, precision.

A model is any nest of dataclasses (layers), tuples, lists and dicts, whose keys may be anything;
its leaves are NumPy arrays. Paths are written as Python reads them, `layers.0.weight`. A layer may
name the fields that are `trainable`.
"""

import copy
from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from dataclasses import fields, is_dataclass
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np

from .ties import Shared, carried, laid_out_like, memory_of

__all__ = [
    "astype",
    "f16",
    "f32",
    "f64",
    "fmap",
    "modules",
    "testmode",
    "trainables",
    "trainmode",
]


@cache
def _fields_of(kind) -> tuple[str, ...]:
    """The names of the fields that layers of a kind have, in order."""
    return tuple(field.name for field in fields(kind))


def field_names(layer) -> tuple[str, ...]:
    """The names of a layer's fields, in order."""
    return _fields_of(layer.__class__)


class Branches(dict):
    """What belongs to the parts of a dict: by key, and as an attribute where the key is a name."""

    def __getattr__(self, name):
        if name in self:
            return self[name]
        raise AttributeError(name)


def parts(node) -> Iterator[tuple[Any, Any]]:
    """The direct parts of a node: of a layer by field, of a dict by key, of a tuple or list by
    number; nothing for a leaf.
    """
    if is_dataclass(node):
        for name in field_names(node):
            yield name, getattr(node, name)
    elif isinstance(node, SimpleNamespace):
        yield from vars(node).items()
    elif isinstance(node, dict):
        yield from node.items()
    elif isinstance(node, tuple | list):
        yield from enumerate(node)


def names_of(keys) -> dict[Hashable, str]:
    """What keys are called in a path: `a` for "a", `1` for 1 - or, beside "1", `1` and `'1'`."""
    texts = Counter(map(str, keys))
    return {key: str(key) if texts[str(key)] == 1 else repr(key) for key in keys}


def children(node) -> Iterator[tuple[str, Any]]:
    """`parts`, with the names that they have in a path."""
    found = list(parts(node))
    names = names_of([key for key, _ in found]) if isinstance(node, dict) else {}
    for key, child in found:
        yield names.get(key, str(key)), child


def part_of(node, key):
    """The part of a gradient, a layer or a dict under a key or a field's name; None for none."""
    if isinstance(node, dict):
        return node.get(key)
    if isinstance(node, tuple | list):
        return node[key] if isinstance(key, int) and key < len(node) else None
    return getattr(node, str(key), None)


def leaves(node, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every array or number below `node`, with its path; functions, names, generators and None are
    passed over.
    """
    if isinstance(node, np.ndarray | np.generic | int | float):
        yield path, node
    for name, child in children(node):
        yield from leaves(child, f"{path}.{name}" if path else name)


def is_trainable(leaf) -> bool:
    """Only floating-point arrays are ever trained. Optimisers: `isnumeric`."""
    return isinstance(leaf, np.ndarray) and leaf.dtype.kind in "fc"


def trainable_parts(node) -> Iterator[tuple[Any, Any]]:
    """`parts`, without the fields that the layer keeps from the optimiser."""
    kept = getattr(node, "trainable", None) if is_dataclass(node) else None
    for key, child in parts(node):
        if kept is None or key in kept:
            yield key, child


def trainable_children(node) -> Iterator[tuple[str, Any]]:
    """`trainable_parts`, with the names that they have in a path."""
    kept = getattr(node, "trainable", None) if is_dataclass(node) else None
    for name, child in children(node):
        if kept is None or name in kept:
            yield name, child


def trainables(model, path: str = "") -> dict[str, np.ndarray]:
    """The arrays that an optimiser changes, by path, in Flux's order; a shared array, of which
    another may be the transpose, appears once. Flux: `trainables`.
    """
    found: dict[str, np.ndarray] = {}
    met = Shared(lambda array: array)

    def walk(node, path):
        if is_trainable(node):
            if node not in met:
                found[path], _ = met(node)
            return
        for name, child in trainable_children(node):
            walk(child, f"{path}.{name}" if path else name)

    walk(model, path)
    return found


def layers_of(model) -> Iterator[Any]:
    """`model` and every layer inside it."""
    if is_dataclass(model):
        yield model
    for _, child in children(model):
        yield from layers_of(child)


def modules(model) -> list[Any]:
    """`model` and every layer inside it, each once.

    Flux: `modules`, which lists the tuples and named tuples between them as well.
    """
    return list({id(layer): layer for layer in layers_of(model)}.values())


def _set_mode(model, active: bool | None):
    for layer in layers_of(model):
        if hasattr(layer, "active"):
            layer.active = active
    return model


def _mode(name: str, mode: bool | str | None, active: bool) -> bool | None:
    if mode is None or (isinstance(mode, str) and mode == "auto"):
        return None
    if isinstance(mode, bool | np.bool_):
        return active if mode else not active
    raise ValueError(f'{name} expects True, False or "auto", got {mode!r}')


def trainmode(model, mode: bool | str | None = True):
    """Batch statistics and dropout on in every call; `"auto"` or None: only inside a gradient.
    Flux: `trainmode!`.
    """
    return _set_mode(model, _mode("trainmode", mode, True))


def testmode(model, mode: bool | str | None = True):
    """Running statistics and no dropout in every call; `"auto"` or None: inside a gradient still
    on. Flux: `testmode!`.
    """
    return _set_mode(model, _mode("testmode", mode, False))


testmode.__test__ = False  # type: ignore[attr-defined]  # keeps pytest from collecting it as a test


def like(node, made):
    """A tuple or list of the kind of `node`, a named tuple too, with other parts."""
    return type(node)(*made) if hasattr(node, "_fields") else type(node)(made)


def astype(model, dtype):
    """Convert every floating-point array of the model, in place; numbers such as `eps` keep their
    value, complex arrays stay complex. Flux: `f32`, `f64`.
    """
    converted = Shared(lambda array: _in_precision(array, dtype))

    def convert(node):
        if is_trainable(node):
            made, first = converted(node)
            return made if first is node else carried(made, first, node)
        if is_dataclass(node):
            for name in field_names(node):
                object.__setattr__(node, name, convert(getattr(node, name)))
        elif isinstance(node, dict):
            return {name: convert(child) for name, child in node.items()}
        elif isinstance(node, tuple | list):
            return like(node, [convert(child) for child in node])
        return node

    return convert(model)


def fmap(f: Callable[[np.ndarray], Any], model):
    """A copy of the model with `f(array)` in place of every array; what is shared stays shared, a
    transpose one of the new array, and all other leaves are kept.

    Flux: `fmap`, which hands the other leaves to f as well.
    """
    made: dict[int, Any] = {}
    arrays = {id(leaf): leaf for _, leaf in leaves(model) if isinstance(leaf, np.ndarray)}
    users = Counter(map(memory_of, arrays.values()))

    def map_first(array):
        new = f(array)
        tied = users[memory_of(array)] > 1 and _fits(new, array)
        return laid_out_like(new, array) if tied else new

    mapped = Shared(map_first)

    def copied(node):
        if id(node) not in made:
            made[id(node)] = make(node)
        return made[id(node)]

    def make(node):
        if isinstance(node, np.ndarray):
            return of_array(node)
        if is_dataclass(node):
            twin = copy.copy(node)
            for name, child in children(node):
                object.__setattr__(twin, name, copied(child))
            return twin
        if isinstance(node, SimpleNamespace):
            return type(node)(**{name: copied(child) for name, child in children(node)})
        if isinstance(node, dict):
            return type(node)({name: copied(child) for name, child in node.items()})
        return like(node, map(copied, node)) if isinstance(node, tuple | list) else node

    def of_array(array):
        new, first = mapped(array)
        if first is array:
            return new
        return carried(new, first, array) if _fits(new, first) else f(array)

    return copied(model)


def _fits(new, array: np.ndarray) -> bool:
    return isinstance(new, np.ndarray) and new.shape == array.shape


COMPLEX_OF = {np.dtype(np.float32): np.complex64, np.dtype(np.float64): np.complex128}


def _in_precision(array: np.ndarray, dtype) -> np.ndarray:
    """`array` in a precision; a complex one stays complex."""
    dtype = np.dtype(dtype)
    if array.dtype.kind == "c" and dtype.kind == "f":
        if dtype not in COMPLEX_OF:
            raise ValueError(
                f"NumPy has no complex numbers of two {dtype}, got an array of {array.dtype}"
            )
        dtype = np.dtype(COMPLEX_OF[dtype])
    return array.astype(dtype, copy=False)


def _converted(model, dtype):
    return fmap(lambda array: _in_precision(array, dtype) if is_trainable(array) else array, model)


def f16(model):
    """A copy of the model in float16: arrays only, numbers such as `eps` keep their value. Complex
    arrays stay complex, and raise ValueError where NumPy has none so small. Flux: `f16`.
    """
    return _converted(model, np.float16)


def f32(model):
    """A copy of the model in float32, complex64 where it is complex; arrays that are so already are
    shared with it. Flux: `f32`.
    """
    return _converted(model, np.float32)


def f64(model):
    """A copy of the model in float64, as `f32`. Flux: `f64`."""
    return _converted(model, np.float64)
