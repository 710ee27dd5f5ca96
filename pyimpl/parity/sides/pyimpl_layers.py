"""Layers and models with a `pullback`: of pyimpl, or dataclasses of one's own that keep its
contract.
"""

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...core import tree
from ..case import twin as numpy_twin
from ..case.case import Case, Outcome
from .side import Guarded


@dataclass
class LayerSide(Guarded):
    """A layer or model with a `pullback`: of `pyimpl`, or a dataclass that keeps its contract."""

    has_gradient: bool = True
    is_model: bool = True

    def parameters(self) -> dict[str, np.ndarray]:
        """Every array of floating-point numbers in it, by path."""
        return {
            path: leaf
            for path, leaf in tree.leaves(self.subject)
            if isinstance(leaf, np.ndarray) and leaf.dtype.kind == "f"
        }

    def placed(self, case: Case) -> Any:
        """A copy of the model with the case's parameters."""
        model = numpy_twin.place(
            tree.astype(copy.deepcopy(self.subject), case.dtype), case.parameters()
        )
        if case.jitter:
            numpy_twin.jitter(model, *case.jitter)
        return model

    def _evaluate(self, case: Case) -> Outcome:
        """As a row of the catalogue: output inside and outside a gradient, gradients, arrays
        afterwards.
        """
        return numpy_twin.evaluate(case, self.placed)
