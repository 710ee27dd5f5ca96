"""What a user's function is called with, made of the arrays of a case: see `case/arguments.py`."""

import datetime
import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..case.arguments import (
    ARRAY,
    DATE,
    ITEMS,
    LIST,
    MAYBE,
    MOMENT,
    NARROW,
    NONE,
    RANDOM,
    RECORD,
    SCALAR,
    SYMBOL,
    TEXT,
    TUPLE,
    Argument,
    Form,
)
from ..case.values import EPOCH, START
from .handed_numbers import HandedNumbers


@dataclass
class Built:
    """The arguments of a call, and those of the arrays of the case, by number, that the function
    may change: what stands for them in the arguments.
    """

    places: list[Any] = field(default_factory=list)
    keywords: dict[str, Any] = field(default_factory=dict)
    open_to_change: dict[int, Any] = field(default_factory=dict)


class Builder:
    """Makes the arguments of one call.

    `given` says how an array or number is given to the function that is by place i.
    """

    def __init__(self, subject: Any, leaves: list[np.ndarray], given: Callable):
        self._subject, self._given = subject, given
        self._leaves = enumerate(leaves)
        self.built = Built()

    def arguments(self, arguments: list[Argument]) -> Built:
        """All arguments, in order."""
        parameters = _parameters(self._subject)
        places = list(parameters)
        for argument in arguments:
            name = argument.keyword
            if not name and len(self.built.places) < len(places):
                name = places[len(self.built.places)]
            value = self._value(argument.form, parameters.get(name))
            if argument.keyword:
                self.built.keywords[argument.keyword] = value
            else:
                self.built.places.append(value)
        return self.built

    def _take(self) -> np.ndarray:
        return next(self._leaves)[1]

    def _value(self, form: Form, annotation: Any = None) -> Any:
        if form.kind in (ARRAY, LIST):
            number, array = next(self._leaves)
            listed = form.kind == LIST
            value = array.tolist() if listed else self._given(array, annotation)
            if array.ndim:
                self.built.open_to_change[number] = value
            return value
        if form.kind == NONE:
            return None
        if form.kind == MAYBE:
            is_there = bool(self._take())
            value = self._value(form.parts[0], annotation)
            return value if is_there else None
        if form.kind == ITEMS:
            parts = [self._value(part) for part in form.parts]
            return tuple(parts) if form.called == TUPLE else parts
        if form.kind == RECORD:
            return self._record(form, annotation)
        return _simple(form, self._take())

    def _record(self, form: Form, annotation: Any) -> Any:
        if isinstance(annotation, str):
            annotation = _names(self._subject).get(annotation)
        wanted = _class_called(form.called, self._subject) if form.called else _class_of(annotation)
        parts = {name: self._value(part) for name, part in zip(form.names, form.parts, strict=True)}
        return parts if wanted is None else wanted(**parts)


def _simple(form: Form, array: np.ndarray) -> Any:
    if form.kind == SCALAR:
        return array.copy()[()]
    if form.kind == NARROW:
        narrow = array.astype(form.called)
        # What was nudged, to see how much that matters, must not be rounded away.
        return (narrow if np.array_equal(narrow, array, equal_nan=True) else array.copy())[()]
    if form.kind == TUPLE:
        return _in_tuples(array.tolist())
    if form.kind in (TEXT, SYMBOL):
        return _mapped(array.tolist(), lambda number: form.choices[number])
    if form.kind == DATE:
        return _mapped(array.tolist(), lambda days: EPOCH + datetime.timedelta(days))
    if form.kind == MOMENT:
        return _mapped(array.tolist(), lambda seconds: START + datetime.timedelta(0, seconds))
    assert form.kind == RANDOM, form.kind
    return HandedNumbers(array.astype(np.float64))


def _mapped(numbers: Any, make: Callable[[int], Any]) -> Any:
    return [_mapped(one, make) for one in numbers] if isinstance(numbers, list) else make(numbers)


def _in_tuples(numbers: Any) -> Any:
    return tuple(map(_in_tuples, numbers)) if isinstance(numbers, list) else numbers


def _parameters(subject: Any) -> dict[str, Any]:
    """The annotations of a function's arguments, by name, in order."""
    try:
        found = inspect.signature(subject).parameters.values()
    except (TypeError, ValueError):
        return {}
    return {parameter.name: parameter.annotation for parameter in found}


def _class_of(annotation: Any) -> Any:
    """The class that an annotation asks for in place of a dict."""
    if not isinstance(annotation, type) or issubclass(annotation, dict):
        return None
    has_fields = hasattr(annotation, "__dataclass_fields__") or hasattr(annotation, "_fields")
    return annotation if has_fields else None


def _class_called(name: str, subject: Any) -> Any:
    """A class by the name that it has where the function stands.

    Raises NameError where there is none.
    """
    names = _names(subject)
    if name not in names:
        raise NameError(f"there is no class {name} where the function stands")
    return names[name]


def _names(subject: Any) -> dict[str, Any]:
    """What a function's own code can name."""
    subject = inspect.unwrap(subject) if callable(subject) else subject
    module = sys.modules.get(getattr(subject, "__module__", None) or "")
    return getattr(subject, "__globals__", vars(module) if module else {})
