"""Equal entries counted and found. Source: MLUtils.jl `src/utils.jl`.

Entries are equal as keys of a dict are, and NaN is NaN. The groups are in the order in which they
come.
"""

from collections.abc import Hashable, Iterable
from typing import Any

import numpy as np

__all__ = ["group_counts", "group_indices"]

NAN = float("nan")


def _keys(x: Iterable) -> Iterable[Hashable]:
    """The entries as keys: numbers of NumPy as Python's, every NaN the same object."""
    entries: Iterable[Any] = x.ravel().tolist() if isinstance(x, np.ndarray) else x
    for entry in entries:
        key = entry.item() if isinstance(entry, np.generic) else entry
        yield NAN if isinstance(key, float) and key != key else key


def group_counts(x: Iterable) -> dict[Any, int]:
    """How often every entry occurs. MLUtils: `group_counts`.

    >>> group_counts(["a", "b", "b"])
    {'a': 1, 'b': 2}
    """
    counts: dict[Any, int] = {}
    for key in _keys(x):
        counts[key] = counts.get(key, 0) + 1
    return counts


def group_indices(x: Iterable) -> dict[Any, list[int]]:
    """Where every entry occurs in a vector, counted from 0. MLUtils: `group_indices`.

    >>> group_indices(["yes", "no", "maybe", "yes"])
    {'yes': [0, 3], 'no': [1], 'maybe': [2]}
    """
    if isinstance(x, np.ndarray) and x.ndim > 1:
        raise ValueError(f"group_indices expects a vector, got an array of shape {x.shape}")
    places: dict[Any, list[int]] = {}
    for i, key in enumerate(_keys(x)):
        places.setdefault(key, []).append(i)
    return places
