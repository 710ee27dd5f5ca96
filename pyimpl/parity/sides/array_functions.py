"""Functions of a library's own arrays (tensors of PyTorch, arrays of JAX), whose gradients the
library takes.

No library is imported here, and none is asked for that the user's code does not name.
"""

import dataclasses
import inspect
import sys
import types
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from ..case.case import Case, Outcome
from ..case.names import OUTPUT, Kind, Name, numbered
from .copying import copied
from .framework import Framework
from .functions import FunctionSide
from .passing import ARRAY_LIBRARIES, built, is_list, wants_scalars
from .side import SECONDS, as_arrays, changed

# Who calls one of these makes the library's arrays of others itself. So does most likely who gives
# NumPy's arrays back, and makes tensors or only has models that were made with the library. Such a
# function takes NumPy's arrays.
CONVERSIONS = {"from_numpy", "as_tensor", "from_dlpack", "device_put"}
MAKING, GIVING_BACK = {"tensor", "Tensor", "FloatTensor", "DoubleTensor"}, "numpy"


class ArrayLibrary(Protocol):
    """What has to be known of a library of arrays that takes gradients."""

    name: str  # of the package

    def working(self) -> AbstractContextManager[None]:
        """In it the library computes in the precision of what it is given."""
        ...

    def array(self, x: np.ndarray) -> Any:
        """NumPy's array as one of the library's own."""
        ...

    def gradients(
        self, function: Callable[..., Any], xs: Sequence[Any], dys: Sequence[Any], key: Hashable
    ) -> list[Any]:
        """Those of `function(xs, dys)`, which gives a number, with regard to the arrays xs; None
        for those that it does not use. Functions of one key do the same.

        Raises Untraceable where the function asks an array for its value.
        """
        ...


class Untraceable(Exception):
    """A function that a library cannot differentiate as it is called."""


@dataclass
class ArrayFunctionSide(FunctionSide):
    """A function of a library's arrays: it gets these for arrays, and Python's numbers for numbers,
    which are arrays of no dimension where their gradient is asked for.
    """

    library: ArrayLibrary = dataclasses.field(kw_only=True)
    kind: Framework = dataclasses.field(kw_only=True)

    @property
    def has_gradient(self) -> bool:
        """The library's."""
        return True

    @property
    def framework(self) -> Framework:
        """That of the library."""
        return self.kind

    def _evaluate(self, case: Case) -> Outcome:
        """Output after every call, arguments afterwards, and the gradients."""
        with self.library.working():
            subject = copied(self.subject)
            found: dict[Name, np.ndarray] = {}
            y, after = None, dict[int, Any]()
            for call in range(case.config.get("calls", 1)):
                y, after = self._called(subject, case)
                found |= as_arrays(OUTPUT.at(call + 1 if call else 0), y, case.dtype)
            found |= changed(case, after)
            fields = getattr(y, "_fields", ())
            if not case.all(Kind.COTANGENT):
                return Outcome(found, fields=fields)
            gradients = self._gradients(copied(self.subject), case)
        none: set[Name] = set()
        for number, gradient in gradients.items():
            name = numbered(Kind.INPUT_GRADIENT, number)
            arrays = as_arrays(name, gradient, case.dtype)
            found |= arrays
            none |= set() if arrays else {name}
        return Outcome(found, frozenset(none), fields=fields)

    def _called(self, subject: Any, case: Case) -> tuple[Any, dict[int, Any]]:
        """The result, and the arguments that may have been changed, by number."""

        def given(array: np.ndarray, annotation: Any) -> Any:
            if array.ndim and is_list(annotation):
                return array.tolist()
            return self.library.array(array.copy()) if array.ndim else array.item()

        made = built(self.subject, case, given)
        try:
            return subject(*made.places, **made.keywords), made.open_to_change
        except AttributeError as error:
            if not wants_scalars(error):
                raise
        made = built(self.subject, case, lambda x, annotation: self.library.array(x.copy()))
        return subject(*made.places, **made.keywords), made.open_to_change

    def _gradients(self, subject: Any, case: Case) -> dict[int, Any]:
        """Of every input of real numbers, by number: its gradient, or None."""
        if self.backward is not None:
            return self._from_backward(case)
        numbers = [i for i, x in enumerate(case.all(Kind.INPUT)) if x.dtype.kind == "f"]
        arrays = [i for i in numbers if case.all(Kind.INPUT)[i].ndim]
        for wanted in (numbers, arrays):  # a number may decide what is done
            try:
                return dict.fromkeys((i + 1 for i in numbers), None) | self._of(
                    subject, case, wanted
                )
            except Untraceable as problem:
                why = problem
        raise TypeError(
            f"{self.library.name} cannot differentiate this function: {why}; `--gradient none` "
            "compares what it gives"
        )

    def _of(self, subject: Any, case: Case, wanted: Sequence[int]) -> dict[int, Any]:
        leaves = case.all(Kind.INPUT)
        dys = [self.library.array(dy.copy()) for dy in case.all(Kind.COTANGENT)]

        def weighted(xs: Sequence[Any], dys: Sequence[Any]) -> Any:
            moved = {id(leaves[i]): x for i, x in zip(wanted, xs, strict=True)}

            def given(array: np.ndarray, annotation: Any) -> Any:
                if array.ndim and is_list(annotation):
                    return list(moved.get(id(array), array))
                plain = self.library.array(array.copy()) if array.ndim else array.item()
                return moved.get(id(array), plain)

            made = built(self.subject, case, given)
            parts = list(real_parts(subject(*made.places, **made.keywords)))
            return sum((dy * y).sum() for dy, y in zip(dys, parts, strict=True))

        xs = [self.library.array(leaves[i].copy()) for i in wanted]
        inputs = [(name, x) for name, x in case.arrays.items() if name.kind is Kind.INPUT]
        fixed = {name: x for i, (name, x) in enumerate(inputs) if i not in wanted}
        key = id(self.subject), replace(case, arrays=fixed).fingerprint, tuple(wanted)
        gradients = self.library.gradients(weighted, xs, dys, key)
        return {i + 1: gradient for i, gradient in zip(wanted, gradients, strict=True)}

    def _from_backward(self, case: Case) -> dict[int, Any]:
        assert self.backward is not None
        made = built(self.subject, case, lambda x, annotation: self.library.array(x.copy()))
        dys = [self.library.array(dy.copy()) for dy in case.all(Kind.COTANGENT)]
        found = self.backward(dys[0] if len(dys) == 1 else tuple(dys), *made.places)
        return dict(enumerate(found if isinstance(found, tuple | list) else (found,), 1))


def real_parts(value: Any) -> Iterator[Any]:
    """The arrays of real numbers of a result, in the order of their names. Raises TypeError for
    complex ones.
    """
    if isinstance(value, Mapping):
        value = list(value.values())
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = [getattr(value, each.name) for each in dataclasses.fields(value)]
    if isinstance(value, tuple | list):
        for part in value:
            yield from real_parts(part)
    elif value is not None and not isinstance(value, str):
        kind = str(getattr(value, "dtype", type(value).__name__))
        if "complex" in kind:
            raise TypeError(
                "the gradient of a complex result is not taken: `--gradient none` compares the "
                "result"
            )
        if "float" in kind:
            yield value


def array_function(
    library: ArrayLibrary,
    kind: Framework,
    subject: Any,
    backward: Callable[..., Any] | None,
    seconds: float = SECONDS,
) -> ArrayFunctionSide:
    """The side of a function of the library's arrays."""
    return ArrayFunctionSide(subject, backward, seconds=seconds, library=library, kind=kind)


def works_with(subject: Any, library: str) -> bool:
    """Whether a function, or one of the user's that it calls, names the library or what is made
    with it, and does not itself make its arrays of NumPy's.
    """
    if library not in sys.modules:
        return False
    waiting, works = [_code_and_names(subject)], _is_of(subject, library)
    is_named = works
    seen: set[types.CodeType] = set()
    called: set[str] = set()
    while waiting and len(seen) < MOST_FUNCTIONS:
        code, names = waiting.pop()
        if code is None or code in seen:
            continue
        seen.add(code)
        for name in _words(code):
            value = names.get(name)
            is_named = is_named or name.partition(".")[0] == library
            if isinstance(value, types.ModuleType):
                is_named = is_named or _is_of(value, library)
            works = works or is_named or _is_of(value, library)
            if not isinstance(value, types.ModuleType):
                called.add(name)
            if isinstance(value, types.FunctionType) and not _is_of(value, *ARRAY_LIBRARIES):
                waiting.append(_code_and_names(value))
    if called & CONVERSIONS or (GIVING_BACK in called and (called & MAKING or not is_named)):
        return False
    return works


MOST_FUNCTIONS = 40


def _code_and_names(subject: Any) -> tuple[types.CodeType | None, Mapping[str, Any]]:
    """The code of a function, and what its global and enclosing names stand for."""
    try:
        function = inspect.unwrap(subject)
    except (ValueError, AttributeError):
        function = subject
    function = getattr(function, "func", getattr(function, "__func__", function))
    if not isinstance(function, types.FunctionType | type) and callable(function):
        function = getattr(type(function).__call__, "__func__", type(function).__call__)
    if not isinstance(function, types.FunctionType):
        return None, {}
    enclosing = inspect.getclosurevars(function).nonlocals
    return function.__code__, {**function.__globals__, **enclosing}


def _words(code: types.CodeType) -> set[str]:
    """The names in a function, and in those inside of it."""
    inner = [part for part in code.co_consts if isinstance(part, types.CodeType)]
    return {*code.co_names, *code.co_freevars}.union(*map(_words, inner))


def _is_of(value: Any, *libraries: str) -> bool:
    """Whether it is one of the libraries, a part of it, or made with it."""
    if isinstance(value, types.ModuleType):
        homes = [value.__name__]
    elif isinstance(value, types.FunctionType):
        homes = [value.__module__ or ""]
    else:
        homes = [kind.__module__ for kind in type(value).__mro__]
        homes += [str(getattr(value, "__module__", ""))] if callable(value) else []
    return any(home.partition(".")[0].removesuffix("lib") in libraries for home in homes)
