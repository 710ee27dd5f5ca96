"""Cases and outcomes: the only things that evaluators, comparison, recordings and reports know.

Arrays are named. In a case:
    x1, x2, ...     data
    param.weight    parameters and states, by their path in the model
    dy1, dy2, ...   one cotangent per output
    noise           the random numbers handed to both sides
    x, g1, g2, ...  of an optimiser rule: the parameter, and the gradient of every step
    x1, t1, ...     of a training run: batch and target of every step
In an outcome:
    y               the output; y.0, y.1 of several
    plain           the output outside a gradient
    grad.x1, grad.weight, state.mean
                    gradients, and the layer's arrays afterwards
    x@3, state.0@3  of a rule: the parameter and the rule's state after step 3
    loss@3, layers.0.weight@3
                    of a training run

All arrays are in Python's orientation. Integer arrays are indices, 0-based here and 1-based in Julia.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False)
class Case:
    """One evaluation: a row of the catalogue, plain data that configures it, named arrays, a mode."""

    row: str
    config: dict[str, Any]
    arrays: dict[str, np.ndarray]
    mode: str
    origin: str = "drawn"  # or the name of the example it is
    exact: bool = False  # nothing is rounded on the way: the sides must agree to the last bit
    refused: bool = False  # both sides must raise
    known: str = ""  # why the sides are known to differ here; that they do is checked too
    jitter: tuple[int, float] | None = None  # seed and relative size: what passes between the twin's layers is nudged

    def of(self, prefix: str) -> dict[str, np.ndarray]:
        """The arrays whose name begins with `prefix`, without it."""
        return {name.removeprefix(prefix): array for name, array in self.arrays.items() if name.startswith(prefix)}

    def numbered(self, letter: str) -> list[np.ndarray]:
        """`x1`, `x2`, ... in order."""
        found: list[np.ndarray] = []
        while f"{letter}{len(found) + 1}" in self.arrays:
            found.append(self.arrays[f"{letter}{len(found) + 1}"])
        return found

    def cast(self, dtype) -> "Case":
        """The same case in another floating-point type: itself where it has that type."""
        if all(array.dtype == dtype for array in self.arrays.values() if array.dtype.kind == "f"):
            return self
        arrays = {name: array.astype(dtype) if array.dtype.kind == "f" else array for name, array in self.arrays.items()}
        return replace(self, arrays=arrays)

    @property
    def dtype(self) -> np.dtype:
        """The floating-point type of the case's arrays."""
        return next((array.dtype for array in self.arrays.values() if array.dtype.kind == "f"), np.dtype(np.float64))

    @property
    def fingerprint(self) -> bytes:
        """The same for the same question, wherever the case comes from and whatever is expected of it."""
        content = hashlib.sha256(repr((self.row, self.mode, sorted(self.config.items()), self.jitter)).encode())
        for name, array in sorted(self.arrays.items()):
            content.update(repr((name, array.dtype.str, array.shape)).encode() + np.ascontiguousarray(array).tobytes())
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
    """What came of a case: named arrays, the names for which no gradient flows, or the error that was raised.

    `lost` marks a case whose evaluation did not come to an end (the evaluator crashed or did not answer).
    """

    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    none: frozenset[str] = frozenset()
    error: str | None = None
    lost: bool = False

    @property
    def output(self) -> np.ndarray | None:
        """The output, of several the first; None where there is none."""
        return self.arrays.get("y", self.arrays.get("y.0"))


class Remembered:
    """An evaluator that evaluates a case once.

    Judging a case, its output is wanted several times: to be compared, and as the point from which small changes are measured.
    """

    def __init__(self, evaluate: Callable[[Case], Outcome]):
        self._evaluate = evaluate
        self._known: dict[int, tuple[Case, Outcome]] = {}  # by identity, which lasts as long as the case is kept

    def __call__(self, case: Case) -> Outcome:
        """The outcome of the case, which the caller must not change."""
        if id(case) not in self._known:
            self._known[id(case)] = case, self._evaluate(case)
        return self._known[id(case)][1]
