"""Weights that were not carried over rightly, as an explanation: with Julia's weights in Python, in
the way in which they ought to lie there, all agrees.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..case.case import Case, Outcome
from ..case.names import Kind, Name
from ..pair.weights import Weighed, from_julia
from ..sides.framework import Framework
from ..sides.side import PythonSide
from .explanation import Explanation
from .trial import Trial, counted

CAUSE = "weights were not carried over as they ought to lie in the other library"
SHOWN = 4  # arrays


@dataclass
class WithArrays:
    """A Python side with other arrays than the case has."""

    base: PythonSide
    arrays: dict[str, np.ndarray]
    subject: Any = None
    has_gradient: bool = False
    is_model: bool = True

    def __post_init__(self):
        self.subject = self.base.subject
        self.has_gradient, self.is_model = self.base.has_gradient, self.base.is_model

    @property
    def framework(self) -> Framework:
        """That of the original."""
        return self.base.framework

    def parameters(self) -> dict[str, np.ndarray]:
        """Those of the original, with the others in their place."""
        return self.base.parameters() | self.arrays

    def evaluate(self, case: Case) -> Outcome:
        """The outcome of the case with the other arrays."""
        dtype = case.dtype
        names = {Name(Kind.PARAMETER, path): array for path, array in self.arrays.items()}
        placed = {name: array.astype(dtype) for name, array in names.items() if name in case.arrays}
        return self.base.evaluate(replace(case, arrays=dict(case.arrays) | placed))


def of_weights(trial: Trial, weighed: Weighed | None) -> list[Explanation]:
    """That it is the weights, where each model keeps its own and nothing else is wrong."""
    if weighed is None or not weighed.wrong:
        return []
    matches = [each.match for each in weighed.arrays]
    arrays = from_julia(matches, weighed.theirs)
    if not trial.confirms(WithArrays(trial.pair.python, arrays)):
        return []
    names = ", ".join(str(each.match.python_piece) for each in weighed.wrong[:SHOWN])
    change = "; ".join(map(str, weighed.wrong[:SHOWN]))
    more = len(weighed.wrong) - SHOWN
    change += f"; and {more} more" if more > 0 else ""
    evidence = f"put right, {counted(trial).removeprefix('with it ')}"
    return [Explanation(CAUSE, names, change, evidence, True)]
