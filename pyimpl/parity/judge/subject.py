"""What can be checked, whatever it is."""

from collections.abc import Callable
from typing import Protocol

import numpy as np

from ..case.case import Case, Outcome
from ..case.names import Name
from .verdict import Allowance


class Subject(Protocol):
    """A row of the catalogue, a user's pair, a stage of a model: it evaluates cases in Python and
    knows how sure their outcomes are.
    """

    @property
    def key(self) -> str:
        """The name under which it is reported and recorded."""
        ...

    @property
    def constant(self) -> bool:
        """Whether its outcome is constant by definition, so that its being so is no reason for
        mistrust.
        """
        ...

    @property
    def strict(self) -> bool:
        """Whether a result in Float32 must be of Julia's type, where Float64 agrees in everything;
        else that is a note.
        """
        ...

    def evaluate(self, case: Case) -> Outcome:
        """The Python side's outcome."""
        ...

    def responses(
        self, case: Case, julia: dict[str, Outcome], evaluate: Callable[[Case], Outcome]
    ) -> dict[str, dict[Name, np.ndarray]]:
        """Per dtype, how sensitive every entry of the outcome is, given Julia's.

        `evaluate` is its own, asked every question once.
        """
        ...

    def freed(self, python: Outcome, julia: Outcome) -> Outcome:
        """Its outcome, moved as close to Julia's as results may be that are free by nature."""
        ...

    def allowance(self, case: Case) -> Allowance:
        """What it may be off beyond the derived tolerance."""
        ...

    def known_to_differ(self, case: Case) -> frozenset[Name | None]:
        """The arrays of a case of which it is known that the sides differ (None: one of them
        refuses it); no others may.
        """
        ...
