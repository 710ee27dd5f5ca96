"""A value of the user's, such as a strategy draws it, as arrays and what they are made into."""

import dataclasses
import datetime
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .arguments import (
    ARRAY,
    DATE,
    ITEMS,
    LIST,
    MOMENT,
    NONE,
    RECORD,
    SCALAR,
    TEXT,
    TUPLE,
    Argument,
    Form,
)

EPOCH = datetime.date(1970, 1, 1)
START = datetime.datetime(1970, 1, 1)
NUMBERS = (bool, int, float, complex)


class Called(list[np.ndarray]):
    """The arrays of one call, with what they are made into; nothing where all are plain."""

    def __init__(self, arrays: Sequence[np.ndarray], arguments: Sequence[Argument] = ()):
        super().__init__(arrays)
        self.arguments = tuple(arguments)


def called(values: Sequence[Any], keywords: Sequence[str] = ()) -> Called:
    """The call of a function with these values, the last ones by keyword.

    Raises TypeError for a value that cannot cross to Julia.
    """
    places = [""] * (len(values) - len(keywords))
    arguments, arrays = [], []
    for value, keyword in zip(values, [*places, *keywords], strict=True):
        form, leaves = encoded(value)
        arguments.append(Argument(form, keyword))
        arrays += leaves
    return Called(arrays, arguments)


def needs_words(value: Any) -> bool:
    """Whether a value is no array or number, nor a list that NumPy makes one of."""
    plain = (np.ndarray, np.generic, list, *NUMBERS)
    return not isinstance(value, plain) and not hasattr(value, "__array__")


def encoded(value: Any) -> tuple[Form, list[np.ndarray]]:
    """The form of a value, and its arrays.

    >>> form, leaves = encoded({"rate": 0.5, "mode": "sum"})
    >>> form.names, [part.kind for part in form.parts], [leaf.item() for leaf in leaves]
    (('rate', 'mode'), ['array', 'text'], [0.5, 0])

    Raises TypeError for one that cannot cross to Julia.
    """
    if value is None:
        return Form(NONE), []
    if isinstance(value, str):
        return Form(TEXT, choices=(value,)), [np.asarray(0)]
    if isinstance(value, np.generic) and value.dtype.kind in "biuf":
        return Form(SCALAR), [np.asarray(value)]
    if isinstance(value, (np.ndarray, *NUMBERS)):
        return Form(ARRAY), [_numbers(value)]
    if isinstance(value, datetime.datetime):
        return Form(MOMENT), [np.asarray(round((value - START).total_seconds()))]
    if isinstance(value, datetime.date):
        return Form(DATE), [np.asarray((value - EPOCH).days)]
    if fields := _fields(value):
        parts = [encoded(part) for part in fields.values()]
        name = "" if isinstance(value, Mapping) else type(value).__name__
        return _whole(RECORD, parts, tuple(fields), name)
    if isinstance(value, list | tuple | range):
        return _listed(value)
    if hasattr(value, "__array__"):
        return Form(ARRAY), [_numbers(np.asarray(value))]
    raise TypeError(
        f"a {type(value).__name__} cannot be handed to Julia: expected numbers, arrays, texts, "
        "dates, None, or lists, tuples, dicts and dataclasses of these"
    )


def _fields(value: Any) -> dict[str, Any]:
    """The parts of what has them by name."""
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise TypeError("a dict is handed to Julia where its keys are texts")
        return dict(value)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return dict(zip(value._fields, value, strict=True))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {each.name: getattr(value, each.name) for each in dataclasses.fields(value)}
    return {}


def _numbers(value: Any) -> np.ndarray:
    try:
        array = np.asarray(value)
    except OverflowError:
        array = np.asarray(None)
    if array.dtype.kind not in "biufc":
        raise TypeError(f"{str(value)[:60]} is no number or array of numbers that Julia can hold")
    return array


def _listed(value: Sequence[Any]) -> tuple[Form, list[np.ndarray]]:
    """A list of numbers of one type is one array, one of texts, too; any other its parts."""
    types = {type(part) for part in value}
    kind = TUPLE if isinstance(value, tuple) else LIST
    if len(types) == 1 and types <= set(NUMBERS):
        return Form(kind), [_numbers(list(value))]
    if types == {str} and kind == LIST:
        choices = tuple(dict.fromkeys(value))
        return Form(TEXT, choices=choices), [np.array([choices.index(text) for text in value])]
    if not value and kind == LIST:
        return Form(kind), [np.zeros(0)]
    return _whole(ITEMS, [encoded(part) for part in value], called=kind)


def _whole(
    kind: str,
    parts: Sequence[tuple[Form, list[np.ndarray]]],
    names: tuple[str, ...] = (),
    called: str = "",
) -> tuple[Form, list[np.ndarray]]:
    forms = tuple(form for form, _ in parts)
    return Form(kind, forms, names, called=called), [leaf for _, leaves in parts for leaf in leaves]
