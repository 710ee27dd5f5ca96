"""Walk a model by its fields: children, paths, leaves, modes, state in and out.

A model is any nest of dataclasses (layers), tuples, lists and dicts; its leaves are NumPy arrays.
Paths are written as Python reads them, `layers.0.weight`. A layer may name the fields that are
`trainable` and those that are `settings` (never walked into a state, such as a random generator).
"""

import copy
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np

__all__ = [
    "astype",
    "f16",
    "f32",
    "f64",
    "fmap",
    "loadmodel",
    "modules",
    "state",
    "testmode",
    "trainables",
    "trainmode",
]


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


def trainable_children(node) -> Iterator[tuple[str, Any]]:
    """`children`, without the fields that the layer keeps from the optimiser."""
    kept = getattr(node, "trainable", None)
    for name, child in children(node):
        if kept is None or name in kept:
            yield name, child


def trainables(model, path: str = "") -> dict[str, np.ndarray]:
    """The arrays that an optimiser changes, by path, in Flux's order; a shared array appears once.

    Flux: `trainables`.
    """
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


def state(model) -> Any:
    """The model as nested dicts and lists of arrays (not copied), numbers, strings and None. Flux:
    `state`.

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
    """Copy every array of `source`, a model or a `state` of the same structure, into `model`. Flux:
    `loadmodel!`.

    Nothing is changed unless everything fits: raises ValueError with the path of the first part
    that does not, and what was expected there. Only arrays are copied; settings need not be the
    same, or be there at all.
    """
    copies: list[tuple[np.ndarray, np.ndarray]] = []
    _match(model, source if not is_dataclass(source) else state(source), "model", copies)
    for target, value in copies:
        target[...] = value
    return model


def _arrays(node) -> Iterator[np.ndarray]:
    return (leaf for _, leaf in leaves(node) if isinstance(leaf, np.ndarray))


def _match(node, source, path, copies):
    if isinstance(node, np.ndarray):
        if source is None or source is False or isinstance(source, dict | str):
            raise ValueError(
                f"{path} is an array of shape {node.shape}, but the source has none there"
            )
        value = np.asarray(source)
        if value.shape != node.shape:
            raise ValueError(f"{path} has shape {node.shape}, the source has {value.shape}")
        if not np.can_cast(value.dtype, node.dtype, "same_kind"):
            raise ValueError(f"{path} holds {node.dtype}, the source has {value.dtype}")
        copies.append((node, value))
        return
    if next(_arrays(node), None) is None:
        unwanted = next((array for array in _arrays(source) if array.ndim and array.any()), None)
        if unwanted is not None:
            raise ValueError(
                f"{path} has no array, but the source has one of shape {unwanted.shape}"
            )
        return
    parts, given = dict(children(node)), dict(children(source))
    if is_dataclass(
        node
        # settings are not copied and may be missing: what is a field here may be part of a type in
        # Flux
    ):
        for name in parts.keys() ^ given.keys():
            if next(_arrays(parts.get(name, given.get(name))), None) is None:
                parts.pop(name, None)
                given.pop(name, None)
    if set(parts) != set(given):
        raise ValueError(f"{path} has the fields {sorted(parts)}, the source has {sorted(given)}")
    for name, child in parts.items():
        _match(child, given[name], f"{path}.{name}", copies)


def astype(model, dtype):
    """Convert every floating-point array of the model, in place; numbers such as `eps` keep their
    value. Flux: `f32`, `f64`.
    """
    # A shared array stays shared. The old arrays are kept for as long, or new ones might get their
    # ids.
    converted: dict[int, tuple[np.ndarray, np.ndarray]] = {}

    def convert(node):
        if is_trainable(node):
            return converted.setdefault(id(node), (node, node.astype(dtype, copy=False)))[1]
        if is_dataclass(node):
            for name in field_names(node):
                object.__setattr__(node, name, convert(getattr(node, name)))
        elif isinstance(node, dict):
            return {name: convert(child) for name, child in node.items()}
        elif isinstance(node, tuple | list):
            return type(node)(convert(child) for child in node)
        return node

    return convert(model)


def fmap(f: Callable[[np.ndarray], Any], model):
    """A copy of the model with `f(array)` in place of every array; what is shared stays shared, all
    other leaves are kept.

    Flux: `fmap`, which hands the other leaves to f as well.
    """
    made: dict[int, Any] = {}

    def copied(node):
        if id(node) not in made:
            made[id(node)] = make(node)
        return made[id(node)]

    def make(node):
        if isinstance(node, np.ndarray):
            return f(node)
        if is_dataclass(node):
            twin = copy.copy(node)
            for name, child in children(node):
                object.__setattr__(twin, name, copied(child))
            return twin
        if isinstance(node, SimpleNamespace):
            return type(node)(**{name: copied(child) for name, child in children(node)})
        if isinstance(node, dict):
            return {name: copied(child) for name, child in node.items()}
        return type(node)(map(copied, node)) if isinstance(node, tuple | list) else node

    return copied(model)


def _converted(model, dtype):
    return fmap(
        lambda array: array.astype(dtype, copy=False) if is_trainable(array) else array, model
    )


def f16(model):
    """A copy of the model in float16: arrays only, numbers such as `eps` keep their value.

    Flux: `f16`.
    """
    return _converted(model, np.float16)


def f32(model):
    """A copy of the model in float32, as `f16`; arrays that are so already are shared with it.

    Flux: `f32`.
    """
    return _converted(model, np.float32)


def f64(model):
    """A copy of the model in float64, as `f32`. Flux: `f64`."""
    return _converted(model, np.float64)
