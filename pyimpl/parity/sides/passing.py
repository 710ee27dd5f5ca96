"""What reaches the user's function is what the user would pass: Python's numbers for numbers, and
in code that knows no arrays entries that are Python's numbers, as those of a list are.

It matters: Python's own `x ** 2` raises OverflowError where NumPy's gives Inf, Python's integers
do not wrap around, and `round(x, 2)` rounds another way than NumPy's.
"""

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from ..case.arguments import Argument, arguments_of
from ..case.case import Case
from ..case.names import Kind
from .building import Builder, Built
from .code_names import ARRAY_LIBRARIES, function_of, home_of, names_in, words_of

Own = Callable[[np.ndarray], Any]  # from an array of NumPy's to one of another library
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


def as_passed(subject: Any, case: Case, own: Own | None = None) -> Built:
    """Copies of the inputs of a case as a user would pass them to the function; `own` makes of
    NumPy's arrays those of the library that it works with.
    """
    arrays = own is not None or knows_arrays(subject)

    def given(array: np.ndarray, annotation: Any) -> Any:
        if array.ndim and is_list(annotation):
            return array.tolist()
        passed = _passed(array.copy(), arrays)
        return own(passed) if own is not None and array.ndim else passed

    return built(subject, case, given)


def built(subject: Any, case: Case, given: Callable[[np.ndarray, Any], Any]) -> Built:
    """The arguments of a call, made of the inputs of a case; `given` says how an array, whose
    parameter has an annotation or not, is given.
    """
    leaves = case.all(Kind.INPUT)
    arguments = arguments_of(case.config)
    if arguments is None:
        arguments = [Argument()] * len(leaves)
    return Builder(subject, leaves, given).arguments(arguments)


def _passed(array: np.ndarray, arrays: bool) -> Any:
    if not array.ndim:
        return array.item()
    return array if arrays else array.view(Entries)


def as_scalars(subject: Any, case: Case, own: Own | None = None) -> Built:
    """Copies of the inputs with NumPy's own numbers, or the library's, for functions that ask a
    number for its shape or its type.
    """

    def given(array: np.ndarray, annotation: Any) -> Any:
        return array.copy()[()] if own is None else own(array.copy())

    return built(subject, case, given)


def wants_scalars(error: BaseException) -> bool:
    """Whether an error says that a number was asked for what only NumPy's numbers have."""
    return isinstance(error, AttributeError) and type(error.obj) in (float, int, bool, complex)


def knows_arrays(subject: Any) -> bool:
    """Whether the code of a function names a library of arrays; True where it cannot be asked."""
    function = function_of(subject)
    if function is None:
        return True
    named = [home_of(value) for value in function.__globals__.values()]
    words = [word.partition(".")[0] for word in words_of(function.__code__)]
    return any(name in ARRAY_LIBRARIES for name in [*named, *words])


def names_arrays(subject: Any) -> bool:
    """Whether a function itself, or one of its module that it calls, names a library of arrays;
    True where it cannot be asked.

    Another than the module's code does, of which one function may know arrays and another not.
    """
    function = function_of(subject)
    return function is None or any(
        name.partition(".")[0] in ARRAY_LIBRARIES or home_of(value) in ARRAY_LIBRARIES
        for name, value in names_in(function)
    )


def is_list(annotation: Any) -> bool:
    """Whether the annotation of a parameter asks for a list."""
    if annotation is None or annotation is inspect.Parameter.empty:
        return False
    text = annotation if isinstance(annotation, str) else str(annotation)
    name = text.removeprefix("<class '").removesuffix("'>").partition("[")[0]
    return name.rpartition(".")[2] in LISTS


def computes_in_double(subject: Any, case: Case) -> bool:
    """Whether a function is given Python's numbers alone, which are in Float64: numbers, lists, or
    arrays in whose place its code knows nothing but their entries.
    """
    if not any(array.dtype.kind in "fc" for array in case.all(Kind.INPUT)):
        return False
    given = as_passed(subject, case).open_to_change.values()
    return not any(type(x) is np.ndarray and x.dtype.kind in "fc" for x in given)


def outcome_of(
    subject: Any,
    case: Case,
    function: Callable[..., Any],
    *first: Any,
    own: Own | None = None,
) -> tuple[Any, dict[int, Any]]:
    """What a function gives of the inputs as a user would pass them to the subject, and those that
    it may have changed, by number, afterwards; of NumPy's numbers where it takes them for such.

    `first` are arguments that stand before the inputs, `own` is as in `as_passed`.
    """
    made = as_passed(subject, case, own)
    try:
        return function(*first, *made.places, **made.keywords), made.open_to_change
    except AttributeError as error:
        if not wants_scalars(error):
            raise
    made = as_scalars(subject, case, own)
    return function(*first, *made.places, **made.keywords), made.open_to_change
