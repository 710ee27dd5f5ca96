"""One-hot labels. Source: OneHotArrays.jl 0.2.10, `src/onehot.jl`.

A label is the class that it equals in the sense of Julia's `isequal`: NaN equals NaN, 0.0 and -0.0
are two, 1 and 1.0 are one, and a number is no text.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np

__all__ = ["onecold", "onehot", "onehotbatch"]

NUMBERS, TEXTS = "biufc", "US"


def onehotbatch(labels, classes: Iterable, default=None) -> np.ndarray:
    """A bool array of shape (*labels.shape, len(classes)), True at the first class that is the
    label. Flux: `onehotbatch`.

    Labels are an array or any other iterable, a text one of its characters. A label that is no
    class counts as `default`, if that is given. Raises ValueError for a label that is no class, and
    for a default that is none.
    """
    classes = _listed(classes)
    if default is not None and not _first(_as_labels([default]), classes)[1].all():
        raise ValueError(f"onehotbatch expects a default among {classes}, got {default!r}")
    return _hot("onehotbatch", _as_labels(labels), classes, default)


def onehot(label, classes: Iterable, default=None) -> np.ndarray:
    """`onehotbatch` of a single label: a bool vector with one entry per class. Flux: `onehot`."""
    return _hot("onehot", _as_labels([label]), _listed(classes), default)[0]


def _hot(who: str, labels: np.ndarray, classes: list, default) -> np.ndarray:
    index, known = _first(labels, classes)
    if not known.all():
        if default is None:
            raise ValueError(f"{who} expects labels among {classes}, got {labels[~known][0]!r}")
        place, among = _first(_as_labels([default]), classes)
        if not among.all():
            raise ValueError(f"{who} expects a default among {classes}, got {default!r}")
        index = np.where(known, index, place[0])
    return index[..., None] == np.arange(len(classes))


def _listed(classes: Iterable) -> list:
    """The classes in a list; those of an array as Python's own numbers and texts."""
    return classes.tolist() if isinstance(classes, np.ndarray) else list(classes)


def _as_labels(labels) -> np.ndarray:
    """Labels as an array: of numbers, of texts, or, where they are neither or both, of objects."""
    if isinstance(labels, np.ndarray | np.generic):
        return np.asarray(labels)
    labels = list(labels)
    if all(isinstance(label, np.ndarray | list) for label in labels) and labels:
        return np.stack([_as_labels(part) for part in labels])
    for kinds in ((int, float, complex, np.number, np.bool_), (str, np.str_), (bytes,)):
        if all(isinstance(label, kinds) for label in labels):
            array = np.asarray(labels)
            return array if array.dtype.kind in NUMBERS + TEXTS else _objects(labels)
    return _objects(labels)


def _objects(labels: list) -> np.ndarray:
    array = np.empty(len(labels), object)
    for i, label in enumerate(labels):
        array[i] = label
    return array


def _first(labels: np.ndarray, classes: list) -> tuple[np.ndarray, np.ndarray]:
    """For every label, the first class that it is, and whether there is one."""
    index = np.zeros(labels.shape, int)
    known = np.zeros(labels.shape, bool)
    for place in range(len(classes) - 1, -1, -1):
        same = _is_equal(labels, classes[place])
        index[same] = place
        known |= same
    return index, known


def _is_equal(labels: np.ndarray, one) -> np.ndarray:
    """Where a label is that class. Julia: `isequal`."""
    if labels.dtype == object:
        return np.array([_equal(label, one) for label in labels.flat], bool).reshape(labels.shape)
    if labels.dtype.kind in NUMBERS and _is_number(one):
        return _equal_numbers(labels, np.asarray(one))
    if labels.dtype.kind in TEXTS and isinstance(one, str | bytes):
        same_kind = isinstance(one, bytes) == (labels.dtype.kind == "S")
        return labels == one if same_kind else np.zeros(labels.shape, bool)
    return np.zeros(labels.shape, bool)


def _is_number(value) -> bool:
    return isinstance(value, int | float | complex | np.number | np.bool_)


def _equal(one, other) -> bool:
    if _is_number(one) or _is_number(other):
        both = _is_number(one) and _is_number(other)
        return both and bool(_equal_numbers(np.asarray(one), np.asarray(other)))
    return bool(np.all(one == other)) and isinstance(one, type(other))


def _equal_numbers(one: np.ndarray, other: np.ndarray) -> Any:
    if one.dtype.kind == "c" or other.dtype.kind == "c":
        return _equal_numbers(one.real, other.real) & _equal_numbers(one.imag, other.imag)
    both_nan = (one != one) & (other != other)
    return both_nan | ((one == other) & (_negative(one) == _negative(other)))


def _negative(numbers: np.ndarray) -> Any:
    return np.signbit(numbers) if numbers.dtype.kind == "f" else numbers < 0


def onecold(y, classes: Iterable | None = None) -> np.ndarray:
    """The class of the largest entry along the last axis, the first of equals; its index without
    `classes`. Flux: `onecold`.

    0.0 is larger than -0.0. Raises ValueError unless there are as many classes as entries, and for
    a vector with NaN; in an array of more axes NaN is the largest, as in Flux.
    """
    y = np.asarray(y)
    if y.ndim == 0 or y.shape[-1] == 0:
        raise ValueError(f"onecold expects entries along the last axis, got an array of {y.shape}")
    listed = None if classes is None else _listed(classes)
    if listed is not None and len(listed) != y.shape[-1]:
        raise ValueError(
            f"onecold expects as many classes as entries along the last axis, got {len(listed)} "
            f"for an array of shape {y.shape}"
        )
    if y.ndim == 1 and (y != y).any():
        raise ValueError(f"onecold expects a largest entry, got NaN at {int(np.argmax(y != y))}")
    index = _largest(y)
    return index if listed is None else _as_labels(listed)[index]


def _largest(y: np.ndarray) -> Any:
    """Where the largest entry is, in Julia's order: -0.0 is less than 0.0, NaN is the largest."""
    if y.dtype.kind != "f":
        return np.argmax(y, axis=-1)
    top = np.maximum.reduce(y, axis=-1, keepdims=True)
    at_top = np.where(np.isnan(top), np.isnan(y), y == top)
    plus = at_top & ~np.signbit(y)
    return np.argmax(np.where(plus.any(-1, keepdims=True), plus, at_top), axis=-1)
