"""Walk a model by its fields: children, paths, leaves, modes, state in and out.

A model is any nest of dataclasses (layers), tuples, lists and dicts; its leaves are NumPy arrays. Paths
are written as Python reads them, `layers.0.weight`. A layer may name the fields that are `trainable`
and those that are `settings` (never walked into a state, such as a random generator).
"""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np


@cache
def _fields_of(kind) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


def field_names(layer) -> tuple[str, ...]:
    """The names of a layer's fields, in order."""
    return _fields_of(layer.__class__)


def children(node) -> Iterator[tuple[str, Any]]:
    """The direct parts of a node with their names; nothing for a leaf."""
    if is_dataclass(node):
        for name in field_names(node):
            yield name, getattr(node, name)
    elif isinstance(node, SimpleNamespace):
        yield from vars(node).items()
    elif isinstance(node, dict):
        for name, child in node.items():
            yield str(name), child
    elif isinstance(node, tuple | list):
        for i, child in enumerate(node):
            yield str(i), child


def leaves(node, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every array or number below `node`, with its path; functions, names, generators and None are passed over."""
    if isinstance(node, np.ndarray | np.generic | int | float):
        yield path, node
    for name, child in children(node):
        yield from leaves(child, f"{path}.{name}" if path else name)


def is_trainable(leaf) -> bool:
    """Only floating-point arrays are ever trained. Optimisers: `isnumeric`."""
    return isinstance(leaf, np.ndarray) and leaf.dtype.kind in "fc"


def trainable_children(node) -> Iterator[tuple[str, Any]]:
    """`children`, without the fields that the layer keeps from the optimiser."""
    kept = getattr(node, "trainable", None)
    for name, child in children(node):
        if kept is None or name in kept:
            yield name, child


def trainables(model, path: str = "") -> dict[str, np.ndarray]:
    """The arrays that an optimiser changes, by path, in Flux's order; a shared array appears once. Flux: `trainables`."""
    found: dict[str, np.ndarray] = {}
    seen: set[int] = set()

    def walk(node, path):
        if is_trainable(node):
            if id(node) not in seen:
                seen.add(id(node))
                found[path] = node
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


def _set_mode(model, active: bool | None):
    for layer in layers_of(model):
        if hasattr(layer, "active"):
            layer.active = active
    return model


def _mode(name: str, mode: bool | str, active: bool) -> bool | None:
    if mode == "auto":
        return None
    if isinstance(mode, bool):
        return active if mode else not active
    raise ValueError(f'{name} expects True, False or "auto", got {mode!r}')


def trainmode(model, mode: bool | str = True):
    """Batch statistics and dropout on in every call; `"auto"`: only inside a gradient. Flux: `trainmode!`."""
    return _set_mode(model, _mode("trainmode", mode, True))


def testmode(model, mode: bool | str = True):
    """Running statistics and no dropout in every call; `"auto"`: inside a gradient still on. Flux: `testmode!`."""
    return _set_mode(model, _mode("testmode", mode, False))


testmode.__test__ = False  # type: ignore[attr-defined]  # keeps pytest from collecting it as a test


def state(model) -> Any:
    """The model as nested dicts and lists of arrays (not copied), numbers, strings and None. Flux: `state`.

    Contains what `loadmodel` needs, the running statistics included; functions become None.
    """
    if isinstance(model, np.ndarray | np.generic | int | float | str):
        return model
    if is_dataclass(model) or isinstance(model, dict):
        return {name: state(child) for name, child in children(model)}
    if isinstance(model, tuple | list):
        return [state(child) for child in model]
    return None


def loadmodel(model, source):
    """Copy every array of `source`, a model or a `state` of the same structure, into `model`. Flux: `loadmodel!`.

    Nothing is changed unless everything fits: raises ValueError with the path of the first part that does
    not, and what was expected there.
    """
    copies: list[tuple[np.ndarray, np.ndarray]] = []
    _match(model, source if not is_dataclass(source) else state(source), "model", copies)
    for target, value in copies:
        target[...] = value
    return model


def _match(node, source, path, copies):
    if isinstance(node, np.ndarray):
        if source is None or source is False:
            raise ValueError(f"{path} is an array of shape {node.shape}, but the source has none there")
        value = np.asarray(source)
        if value.shape != node.shape:
            raise ValueError(f"{path} has shape {node.shape}, the source has {value.shape}")
        if not np.can_cast(value.dtype, node.dtype, "same_kind"):
            raise ValueError(f"{path} holds {node.dtype}, the source has {value.dtype}")
        copies.append((node, value))
        return
    parts = dict(children(node))
    if not parts:
        if isinstance(source, np.ndarray) and source.ndim and source.any():
            raise ValueError(f"{path} has no array, but the source has one of shape {source.shape}")
        return
    given = dict(children(source))
    if set(parts) != set(given):
        raise ValueError(f"{path} has the fields {sorted(parts)}, the source has {sorted(given)}")
    for name, child in parts.items():
        _match(child, given[name], f"{path}.{name}", copies)


def astype(model, dtype):
    """Convert every floating-point array of the model, in place; numbers such as `eps` keep their value. Flux: `f32`, `f64`."""
    converted: dict[int, np.ndarray] = {}  # a shared array stays shared

    def convert(node):
        if is_trainable(node):
            return converted.setdefault(id(node), node.astype(dtype, copy=False))
        if is_dataclass(node):
            for name in field_names(node):
                object.__setattr__(node, name, convert(getattr(node, name)))
        elif isinstance(node, dict):
            return {name: convert(child) for name, child in node.items()}
        elif isinstance(node, tuple | list):
            return type(node)(convert(child) for child in node)
        return node

    return convert(model)
