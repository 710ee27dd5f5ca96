"""Functions of a library's own arrays (tensors of PyTorch, arrays of JAX), whose gradients the
library takes.

No library is imported here, and none is asked for that the user's code does not name.
"""

import dataclasses
import sys
import types
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from ..case.case import Case, Outcome
from ..case.names import Kind, numbered
from .code_names import function_of, names_in
from .copying import copied
from .framework import Framework
from .functions import FunctionSide
from .passing import Own, built, is_list
from .side import SECONDS

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

    @property
    def _own(self) -> Own | None:
        """The library's arrays."""
        return self.library.array

    def _evaluate(self, case: Case) -> Outcome:
        """As of any function, with the library at work."""
        with self.library.working():
            return super()._evaluate(case)

    def _gradients(self, case: Case, subject: Any) -> dict[int, Any]:
        """Of every input of real numbers: its gradient, or None."""
        if self.backward is not None:
            return super()._gradients(case, subject)
        subject = copied(self.subject)  # which nobody has called
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
        fixed = {numbered(Kind.INPUT, i + 1): x for i, x in enumerate(leaves) if i not in wanted}
        key = id(self.subject), replace(case, arrays=fixed).fingerprint, tuple(wanted)
        gradients = self.library.gradients(weighted, xs, dys, key)
        return {i + 1: gradient for i, gradient in zip(wanted, gradients, strict=True)}


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
    works = is_named = _is_of(subject, library)
    called: set[str] = set()
    for name, value in names_in(function_of(subject) or function_of(type(subject).__call__)):
        is_module = isinstance(value, types.ModuleType)
        is_named = is_named or name.partition(".")[0] == library
        is_named = is_named or (is_module and _is_of(value, library))
        works = works or is_named or _is_of(value, library)
        if not is_module:
            called.add(name)
    if called & CONVERSIONS or (GIVING_BACK in called and (called & MAKING or not is_named)):
        return False
    return works


def _is_of(value: Any, library: str) -> bool:
    """Whether it is the library, a part of it, or made with it."""
    if isinstance(value, types.ModuleType):
        homes = [value.__name__]
    elif isinstance(value, types.FunctionType):
        homes = [value.__module__ or ""]
    else:
        homes = [kind.__module__ for kind in type(value).__mro__]
        homes += [str(getattr(value, "__module__", ""))] if callable(value) else []
    return any(home.partition(".")[0].removesuffix("lib") == library for home in homes)
