"""The names that the code of a function uses, and what they stand for."""

import inspect
import types
from collections.abc import Iterator, Mapping
from typing import Any

ARRAY_LIBRARIES = ("numpy", "torch", "jax", "scipy", "pandas", "pyimpl", "tensorflow", "cupy")
MOST_FUNCTIONS = 40


def function_of(subject: Any) -> types.FunctionType | None:
    """The Python function that is called; None where there is none."""
    subject = inspect.unwrap(subject) if callable(subject) else subject
    for candidate in (subject, getattr(subject, "func", None), getattr(subject, "__func__", None)):
        if isinstance(candidate, types.FunctionType):
            return candidate
    return None


def words_of(code: types.CodeType) -> set[str]:
    """The names in a function, of what it imports and takes from around it too, and those in
    functions inside of it.
    """
    inner = [part for part in code.co_consts if isinstance(part, types.CodeType)]
    return {*code.co_names, *code.co_freevars}.union(*map(words_of, inner))


def names_in(function: types.FunctionType | None) -> Iterator[tuple[str, Any]]:
    """The names that a function and those of the user's that it calls use, each with what it stands
    for; None for what is no global and no name around it.
    """
    waiting = [function] if function is not None else []
    seen: set[types.FunctionType] = set()
    while waiting and len(seen) < MOST_FUNCTIONS:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        meanings = _meanings(one)
        for name in words_of(one.__code__):
            value = meanings.get(name)
            yield name, value
            if isinstance(value, types.FunctionType) and home_of(value) not in ARRAY_LIBRARIES:
                waiting.append(value)


def _meanings(function: types.FunctionType) -> Mapping[str, Any]:
    """What names mean in a function: those around it before those of its module."""
    around = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    return {**function.__globals__, **{name: _content(cell) for name, cell in around}}


def _content(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # it has none yet
        return None


def home_of(value: Any) -> str:
    """The package that a module, a function or a class is of; "" of what has none.

    >>> import numpy
    >>> home_of(numpy.linalg), home_of(numpy.sin), home_of(3.0)
    ('numpy', 'numpy', '')
    """
    if isinstance(value, types.ModuleType):
        name = value.__name__
    else:
        name = getattr(value, "__module__", "") if callable(value) else ""
    return name.partition(".")[0] if isinstance(name, str) else ""
