"""Functions of arrays, with a backward pass or without."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..case.case import Case, Outcome
from ..case.names import OUTPUT, Kind, Name, numbered
from .copying import copied
from .framework import Framework
from .keeping import changed_globals
from .passing import Own, computes_in_double, outcome_of
from .side import Guarded, PythonSide, arguments, as_arrays, changed

STEP = 2.0**-10  # of central differences


@dataclass
class FunctionSide(Guarded):
    """A function of arrays.

    Its gradient comes from `backward(dy, *xs)`, which gives one array per input, or from its own
    `pullback`.
    """

    backward: Callable[..., Any] | None = None
    is_model: bool = False

    @property
    def has_gradient(self) -> bool:
        """Whether there is a gradient to compare."""
        return self.backward is not None or hasattr(self.subject, "pullback")

    @property
    def framework(self) -> Framework:
        """Its kind."""
        return FUNCTIONS

    def parameters(self) -> dict[str, np.ndarray]:
        """A function has none."""
        return {}

    def changes(self, case: Case) -> list[str]:
        """The globals of its module that a call changes."""
        return changed_globals(self.subject, lambda: self.evaluate(case))

    @property
    def _own(self) -> Own | None:
        """What makes arrays of another library of NumPy's; None: it takes NumPy's."""
        return None

    def _evaluate(self, case: Case) -> Outcome:
        """Output after every call, arguments afterwards, and the gradients."""
        subject = copied(self.subject)
        found: dict[Name, np.ndarray] = {}
        none: set[Name] = set()
        after: dict[int, Any] = {}
        y = None
        for call in range(case.config.get("calls", 1)):
            y, after = outcome_of(self.subject, case, subject, own=self._own)
            found |= as_arrays(OUTPUT.at(call + 1 if call else 0), y, case.dtype)
        found |= changed(case, after)
        if case.all(Kind.COTANGENT) and self.has_gradient:
            for number, gradient in self._gradients(case, subject).items():
                name = numbered(Kind.INPUT_GRADIENT, number)
                arrays = as_arrays(name, gradient, case.dtype)
                found |= arrays
                none |= set() if arrays else {name}
        return Outcome(
            found,
            frozenset(none),
            fields=getattr(y, "_fields", ()),
            in_double=self._own is None and computes_in_double(self.subject, case),
        )

    def _gradients(self, case: Case, subject: Any) -> dict[int, Any]:
        """Those of the inputs by number, None for what has none."""
        dys = [dy if self._own is None else self._own(dy) for dy in case.all(Kind.COTANGENT)]
        dy = dys[0] if len(dys) == 1 else tuple(dys)
        if self.backward is not None:
            grads, _ = outcome_of(self.subject, case, self.backward, dy, own=self._own)
            grads = grads if isinstance(grads, tuple | list) else (grads,)
        else:
            grads = subject.pullback(*arguments(case))[1](dy)[1:]
        return dict(enumerate(grads, 1))


@dataclass
class DifferencesSide(FunctionSide):
    """A function without a backward pass, whose gradient is measured: by central differences in
    Float64, extrapolated to no step at all.
    """

    @property
    def has_gradient(self) -> bool:
        """Always."""
        return True

    def _evaluate(self, case: Case) -> Outcome:
        cotangents = {
            name: array for name, array in case.arrays.items() if name.kind is Kind.COTANGENT
        }
        outcome = super()._evaluate(
            replace(
                case, arrays={name: x for name, x in case.arrays.items() if name not in cotangents}
            )
        )
        if cotangents:
            outcome.arrays |= {
                name: np.asarray(found, case.dtype)
                for name, (found, _) in self.differences(case).items()
            }
        return outcome

    def differences(self, case: Case) -> dict[Name, tuple[np.ndarray, np.ndarray]]:
        """Of every gradient: its value, and by how much that may be off, by the two steps it was
        made of and what was rounded.
        """
        case = case.cast(np.float64)
        dys, found = case.all(Kind.COTANGENT), {}

        def weighted(xs) -> tuple[float, float]:
            moved = {numbered(Kind.INPUT, i): x for i, x in enumerate(xs, 1)}
            y, _ = outcome_of(self.subject, replace(case, arrays=moved), self.subject)
            ys = as_arrays(OUTPUT, y, case.dtype)
            floats = [y for y in ys.values() if y.dtype.kind == "f"]
            terms = [np.asarray(dy * y) for dy, y in zip(dys, floats, strict=True)]
            return sum(float(np.sum(part)) for part in terms), sum(
                float(np.sum(np.abs(part))) for part in terms
            )

        xs = case.all(Kind.INPUT)
        for i, x in enumerate(xs, 1):
            if x.dtype.kind != "f":
                continue
            value, error = np.zeros(x.shape), np.zeros(x.shape)
            for index in np.ndindex(x.shape):
                slopes, size = [], 0.0
                for step in (STEP, STEP / 2):
                    moved = [[part.copy() for part in xs] for _ in range(2)]
                    moved[0][i - 1][index] += step
                    moved[1][i - 1][index] -= step
                    (high, size), (low, _) = map(weighted, moved)
                    slopes.append((high - low) / (2 * step))
                value[index] = (4 * slopes[1] - slopes[0]) / 3
                error[index] = (
                    abs(slopes[1] - slopes[0]) + 8 * np.finfo(np.float64).eps * size / STEP
                )
            found[numbered(Kind.INPUT_GRADIENT, i)] = value, error
        return found


class Functions(Framework):
    """Whatever can be called with arrays."""

    def recognises(self, subject: Any) -> bool:
        """Whether it can be called."""
        return callable(subject)

    def side(self, subject: Any, backward: Callable[..., Any] | None, seconds: float) -> PythonSide:
        """A function with its backward pass, if it has one."""
        return FunctionSide(subject, backward, seconds=seconds)


FUNCTIONS = Functions()
