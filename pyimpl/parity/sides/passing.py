"""What reaches the user's function is what the user would pass: Python's numbers for numbers, and
in code that knows no arrays entries that are Python's numbers, as those of a list are.

It matters: Python's own `x ** 2` raises OverflowError where NumPy's gives Inf, Python's integers
do not wrap around, and `round(x, 2)` rounds another way than NumPy's.
"""

import inspect
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from ..case.case import Case
from ..case.names import Kind

ARRAY_LIBRARIES = ("numpy", "torch", "jax", "scipy", "pandas", "pyimpl", "tensorflow", "cupy")
LISTS = ("list", "List", "Sequence", "Iterable", "tuple", "Tuple")


class Entries(np.ndarray):
    """An array whose entries come out as Python's own numbers.

    >>> type(np.arange(3.0).view(Entries)[1])
    <class 'float'>
    """

    def __getitem__(self, key: Any) -> Any:
        found = super().__getitem__(key)
        return found.item() if isinstance(found, np.generic) else found

    def __iter__(self) -> Any:
        return iter(self.tolist()) if self.ndim == 1 else super().__iter__()


def as_passed(subject: Any, case: Case) -> list[Any]:
    """Copies of the inputs of a case as a user would pass them to the function."""
    listed = _listed(subject)
    arrays = knows_arrays(subject)
    return [
        array.tolist() if number in listed and array.ndim else _passed(array.copy(), arrays)
        for number, array in enumerate(case.all(Kind.INPUT))
    ]


def _passed(array: np.ndarray, arrays: bool) -> Any:
    if not array.ndim:
        return array.item()
    return array if arrays else array.view(Entries)


def as_scalars(case: Case) -> list[Any]:
    """Copies of the inputs with NumPy's own numbers, for functions that ask a number for its shape
    or its type.
    """
    return [array.copy()[()] for array in case.all(Kind.INPUT)]


def wants_scalars(error: BaseException) -> bool:
    """Whether an error says that a number was asked for what only NumPy's numbers have."""
    return isinstance(error, AttributeError) and type(error.obj) in (float, int, bool, complex)


def knows_arrays(subject: Any) -> bool:
    """Whether the code of a function names a library of arrays; True where it cannot be asked."""
    function = _function(subject)
    if function is None:
        return True
    named = [_root(value) for value in function.__globals__.values()]
    return any(name in ARRAY_LIBRARIES for name in [*named, *_imported(function.__code__)])


def _function(subject: Any) -> types.FunctionType | None:
    subject = inspect.unwrap(subject) if callable(subject) else subject
    for candidate in (subject, getattr(subject, "func", None), getattr(subject, "__func__", None)):
        if isinstance(candidate, types.FunctionType):
            return candidate
    return None


def _root(value: Any) -> str:
    name = value.__name__ if isinstance(value, types.ModuleType) else _home(value)
    return name.partition(".")[0] if isinstance(name, str) else ""


def _home(value: Any) -> Any:
    return getattr(value, "__module__", "") if callable(value) else ""


def _imported(code: types.CodeType) -> list[str]:
    """The names that a function itself imports, in functions inside of it, too."""
    inner = [part for part in code.co_consts if isinstance(part, types.CodeType)]
    return [
        *(name.partition(".")[0] for name in code.co_names),
        *(name for part in inner for name in _imported(part)),
    ]


def _listed(subject: Any) -> set[int]:
    """The numbers of the arguments that are annotated as lists."""
    try:
        found = inspect.signature(subject).parameters.values()
    except (TypeError, ValueError):
        return set()
    return {number for number, parameter in enumerate(found) if _is_list(parameter.annotation)}


def _is_list(annotation: Any) -> bool:
    if annotation is inspect.Parameter.empty:
        return False
    text = annotation if isinstance(annotation, str) else str(annotation)
    name = text.removeprefix("<class '").removesuffix("'>").partition("[")[0]
    return name.rpartition(".")[2] in LISTS


def outcome_of(subject: Any, case: Case, call: Callable[[list[Any]], Any]) -> tuple[Any, list[Any]]:
    """What the call gives of the inputs as a user would pass them, and these afterwards; of NumPy's
    numbers where the function takes them for such.
    """
    xs = as_passed(subject, case)
    try:
        return call(xs), xs
    except AttributeError as error:
        if not wants_scalars(error):
            raise
    xs = as_scalars(case)
    return call(xs), xs
