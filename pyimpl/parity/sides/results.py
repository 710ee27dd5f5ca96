"""Results of a user's function that are neither numbers nor arrays, as what is: iterators as
lists, sets in order, named tuples by name, texts for what has a name only.
"""

import dataclasses
import enum
import itertools
from collections import deque
from collections.abc import Iterator, KeysView, Mapping, Set, ValuesView
from fractions import Fraction
from pathlib import PurePath
from typing import Any

import numpy as np

MOST = 2**20  # of an iterator: one without an end is none
NUMBERS = (bool, int, float, complex, np.number, np.bool_)


def unfolded(value: Any, dtype: np.dtype) -> Any:
    """A value as arrays, numbers, texts, lists and dicts; what is one already stays as it is.

    Lists of numbers are arrays. Python's floats in them have no precision of their own: they take
    the case's, `dtype`.

    >>> unfolded({3, 1, 2}, np.dtype(float)).tolist(), unfolded(Fraction(2, 6), np.dtype(float))
    ([1, 2, 3], {'num': 1, 'den': 3})
    """
    if isinstance(value, enum.Enum) and not isinstance(value, int | str | float):
        return value.name
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {each.name: getattr(value, each.name) for each in dataclasses.fields(value)}
    if isinstance(value, Fraction):
        return {"num": value.numerator, "den": value.denominator}
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, bytes | bytearray):
        return np.frombuffer(bytes(value), np.uint8).copy()
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return dict(zip(value._fields, value, strict=True))
    if isinstance(value, Set | KeysView) and not isinstance(value, Mapping):
        value = _in_order(value)
    elif isinstance(value, Iterator | ValuesView | range | deque):
        value = list(itertools.islice(value, MOST + 1))
        if len(value) > MOST:
            raise TypeError(f"an iterator of more than {MOST} values is not compared")
    return _numbers(value, dtype) if isinstance(value, list) else value


def _in_order(value: Any) -> list[Any]:
    try:
        return sorted(value)
    except TypeError:  # of several types
        return sorted(value, key=repr)


def _numbers(value: list[Any], dtype: np.dtype) -> Any:
    """A list of numbers as an array, with the precision that its numbers have, if any does."""
    if not value:
        return np.zeros(0, dtype)
    if not all(isinstance(part, NUMBERS) for part in value):
        return value
    of_python = [part for part in value if isinstance(part, float | complex)]
    others = [part for part in value if not isinstance(part, float | complex)]
    if not of_python:
        found = np.array(value)
        return found if found.dtype.kind in "biufc" else value  # a whole number may be too large
    types = [np.asarray(part).dtype for part in others if isinstance(part, np.inexact)]
    has_parts = any(isinstance(part, complex) for part in of_python)
    wanted = np.result_type(dtype, np.complex64) if has_parts else dtype
    return np.array(value, np.result_type(wanted, *types))
