"""What a model holds, as plain data, and back into a model of the same structure.

Source: Flux.jl 0.16.9, `src/loading.jl`.
"""

from collections.abc import Callable, Iterator
from dataclasses import is_dataclass
from typing import Any

import numpy as np

from .ties import Shared, carried
from .tree import leaves, names_of, parts

__all__ = ["loadmodel", "state"]

BIASES = ("bias", "b")  # fields in which None is what `bias=False` made: zeros, as it were


def state(model) -> Any:
    """The model as nested dicts and lists of arrays (not copied), numbers, strings and None. Flux:
    `state`.

    Contains what `loadmodel` needs, the running statistics included; functions become None.
    """
    if isinstance(model, np.ndarray | np.generic | int | float | complex | str):
        return model
    if is_dataclass(model) or isinstance(model, dict):
        return {key: state(child) for key, child in parts(model)}
    if isinstance(model, tuple | list):
        return [state(child) for child in model]
    return None


def loadmodel(model, source, filter: Callable[[Any], bool] | None = None):
    """Copy every array of `source`, a model or a `state` of the same structure, into `model`. Flux:
    `loadmodel!`.

    Nothing is changed unless everything fits: raises ValueError with the path of the first part
    that does not, and what was expected there. Only arrays are copied; settings need not be the
    same, or be there at all. Where the source was made with `bias=False` a bias becomes zeros; a
    bias of the source that is not zero has no place in a model without one. An array that occurs
    twice in the model must get the same numbers twice. `filter` is asked of every part on both
    sides, and those for which it is false are passed over.
    """
    copies: list[tuple[str, np.ndarray, np.ndarray]] = []
    _match(model, source, "model", copies, filter or (lambda part: True))
    _expect_ties(copies)
    for _, target, value in copies:
        target[...] = value
    return model


def _expect_ties(copies) -> None:
    """What occurs twice in the model gets the same numbers twice."""
    met = Shared(lambda target: None)
    first: dict[int, tuple[str, np.ndarray]] = {}
    for path, target, value in copies:
        value = value.astype(target.dtype)
        _, array = met(target)
        one, before = first.setdefault(id(array), (path, value))
        if not np.array_equal(carried(before, array, target), value):
            raise ValueError(
                f"{path} is the same array as {one}, but the source has other numbers there"
            )


def _arrays(node) -> Iterator[np.ndarray]:
    return (leaf for _, leaf in leaves(node) if isinstance(leaf, np.ndarray))


def _has_arrays(node) -> bool:
    return next(_arrays(node), None) is not None


def _match(node, source, path: str, copies, wanted, name: str = "") -> None:
    if isinstance(node, np.ndarray):
        copies.append((path, node, _value(node, source, path, name)))
        return
    if not _has_arrays(node):
        unwanted = next((array for array in _arrays(source) if array.ndim and array.any()), None)
        if unwanted is not None:
            raise ValueError(
                f"{path} has no array, but the source has one of shape {unwanted.shape}"
            )
        return
    own, given = _named(node, wanted), _named(source, wanted)
    if is_dataclass(node):
        for name, other in (BIASES, BIASES[::-1]):  # up to Flux 0.14 it was `b` in every cell
            if name in own and other not in own and name not in given and other in given:
                given[name] = given.pop(other)
        # settings are not copied and may be missing: what is a field here may be part of a type in
        # Flux
        for name in own.keys() ^ given.keys():
            if not _has_arrays(own.get(name, given.get(name))):
                own.pop(name, None)
                given.pop(name, None)
    if own.keys() != given.keys():
        raise ValueError(f"{path} has the fields {sorted(own)}, the source has {sorted(given)}")
    for name, child in own.items():
        _match(child, given[name], f"{path}.{name}", copies, wanted, name)


def _named(node, wanted) -> dict[str, Any]:
    """The parts that are wanted by name; those of a tuple are counted after the others are gone."""
    kept = {key: part for key, part in parts(node) if wanted(part)}
    if isinstance(node, tuple | list):
        return {str(i): part for i, part in enumerate(kept.values())}
    names = names_of(kept)
    return {names[key]: part for key, part in kept.items()}


def _value(array: np.ndarray, source, path: str, name: str) -> np.ndarray:
    """What is to be copied into `array`."""
    if source is False or (source is None and name in BIASES):
        return np.zeros_like(array)
    if source is None or source is True or isinstance(source, dict | str) or is_dataclass(source):
        raise ValueError(
            f"{path} is an array of shape {array.shape}, but the source has none there"
        )
    value = np.asarray(source)
    if value.shape != array.shape:
        raise ValueError(f"{path} has shape {array.shape}, the source has {value.shape}")
    if not np.can_cast(value.dtype, array.dtype, "same_kind"):
        raise ValueError(f"{path} holds {array.dtype}, the source has {value.dtype}")
    return value
