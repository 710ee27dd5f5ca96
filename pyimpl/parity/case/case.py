"""Cases and outcomes: the only things that evaluators, comparison, recordings and reports know.

Both are named arrays (`names.py` lists the kinds), all in Python's orientation. Integer arrays are
indices, 0-based here and 1-based in Julia.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from .names import Arrays, Kind, Name, numbered

EXTREME = "extreme: "  # how the origin of a case begins whose inputs go to the limits


@dataclass(frozen=True, eq=False)
class Case:
    """One evaluation: a row of the catalogue, plain data that configures it, named arrays, a
    mode.
    """

    row: str
    config: dict[str, Any]
    arrays: dict[Name, np.ndarray]  # keys may be given as text
    mode: str
    origin: str = "drawn"  # or the name of the example it is
    exact: bool = False  # nothing is rounded on the way: the sides must agree to the last bit
    refused: bool = False  # both sides must raise
    known: str = ""  # why the sides are known to differ here; that they do is checked too
    jitter: tuple[int, float] | None = (
        None  # seed and relative size: what passes between the twin's layers is nudged
    )

    def __post_init__(self):
        if type(self.arrays) is not Arrays:
            object.__setattr__(self, "arrays", Arrays(self.arrays))

    @property
    def extreme(self) -> bool:
        """Whether its inputs are there to go to the limits."""
        return self.origin.startswith(EXTREME)

    def parameters(self) -> dict[str, np.ndarray]:
        """The parameters and states, by their path in the model."""
        return {
            name.path: array for name, array in self.arrays.items() if name.kind is Kind.PARAMETER
        }

    def all(self, kind: Kind) -> list[np.ndarray]:
        """The arrays of a kind that is numbered, in order: x1, x2, ..."""
        found = [name for name in self.arrays if name.kind is kind and name.path]
        return [self.arrays[name] for name in sorted(found)]

    def cast(self, dtype) -> "Case":
        """The same case in another floating-point type: itself where it has that type."""
        types = {"f": np.dtype(dtype), "c": np.result_type(dtype, np.complex64)}
        wanted = {
            name: types.get(array.dtype.kind, array.dtype) for name, array in self.arrays.items()
        }
        if all(array.dtype == wanted[name] for name, array in self.arrays.items()):
            return self
        with np.errstate(over="ignore"):  # what is too large is infinite
            arrays = {
                name: array.astype(wanted[name], copy=False) for name, array in self.arrays.items()
            }
        return replace(self, arrays=arrays)

    def left_alone(self, name: Name, array: np.ndarray) -> bool:
        """Whether an argument is after the call what it was before; False for what is none.

        >>> case = Case("f", {}, {"x1": np.array([1.0, np.nan])}, "function")
        >>> case.left_alone(Name.parse("after.x1"), np.array([1.0, np.nan]))
        True
        """
        before = self.arrays.get(replace(name, kind=Kind.INPUT))
        if name.kind is not Kind.ARGUMENT or before is None:
            return False
        return np.array_equal(array, before, equal_nan=True)

    @property
    def trains(self) -> bool:
        """Whether a layer is in training: as the mode says, which may leave it to whether a
        gradient is asked for.
        """
        return self.mode == "train" or (
            self.mode == "auto" and numbered(Kind.COTANGENT, 1) in self.arrays
        )

    @property
    def dtype(self) -> np.dtype:
        """The floating-point type of the case's arrays."""
        return next(
            (array.real.dtype for array in self.arrays.values() if array.dtype.kind in "fc"),
            np.dtype(np.float64),
        )

    @property
    def fingerprint(self) -> bytes:
        """The same for the same question, wherever the case comes from and whatever is expected of
        it.
        """
        content = hashlib.sha256(
            repr((self.row, self.mode, sorted(self.config.items()), self.jitter)).encode()
        )
        for name, array in sorted(self.arrays.items(), key=lambda item: item[0]):
            content.update(
                repr((str(name), array.dtype.str, array.shape)).encode()
                + np.ascontiguousarray(array).tobytes()
            )
        return content.digest()

    @property
    def size(self) -> int:
        """The number of all entries."""
        return sum(array.size for array in self.arrays.values())

    def __str__(self):
        settings = ", ".join(f"{name}={value}" for name, value in self.config.items())
        shapes = ", ".join(f"{name} {array.shape}" for name, array in self.arrays.items())
        return f"{self.row}({settings}) {self.mode}, {self.dtype}: {shapes}"


@dataclass(eq=False)
class Outcome:
    """What came of a case: named arrays, the names for which no gradient flows, or the error that
    was raised.

    `lost` marks a case whose evaluation did not come to an end (the evaluator crashed or did not
    answer).
    """

    arrays: dict[Name, np.ndarray] = field(default_factory=dict)  # keys may be given as text
    none: frozenset[Name] = frozenset()
    error: str | None = None
    lost: bool = False
    # of a named tuple, its fields in order: the other side may count what this one names
    fields: tuple[str, ...] = ()
    # whether it was computed in Float64 whatever the case's precision, as Python's numbers are
    in_double: bool = False

    def __post_init__(self):
        if type(self.arrays) is not Arrays:
            self.arrays = Arrays(self.arrays)

    def outputs(self) -> dict[Name, np.ndarray]:
        """What the subject gave, of one call: y, or y.0, y.1, ..., in order."""
        found = [name for name in self.arrays if name.kind is Kind.OUTPUT and not name.step]
        return {name: self.arrays[name] for name in sorted(found)}

    @property
    def output(self) -> np.ndarray | None:
        """The output, of several the first; None where there is none."""
        return next(iter(self.outputs().values()), None)


class Remembered:
    """An evaluator that evaluates a case once.

    Judging a case, its output is wanted several times: to be compared, and as the point from which
    small changes are measured.
    """

    def __init__(self, evaluate: Callable[[Case], Outcome]):
        self._evaluate = evaluate
        self._known: dict[
            int, tuple[Case, Outcome]
        ] = {}  # by identity, which lasts as long as the case is kept

    def __call__(self, case: Case) -> Outcome:
        """The outcome of the case, which the caller must not change."""
        if id(case) not in self._known:
            self._known[id(case)] = case, self._evaluate(case)
        return self._known[id(case)][1]
