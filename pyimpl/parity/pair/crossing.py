"""Names at the border: what a parameter is called in Julia, and how it lies there, where the Python
model calls it something else.

Cases go over in Julia's names, outcomes come back in Python's. A model of `pyimpl` has Julia's own
names, and needs none of it.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..case.case import Case, Outcome
from ..case.names import Kind, Name
from .matching import Match

OF_PARAMETERS = (Kind.PARAMETER, Kind.PARAMETER_GRADIENT, Kind.STATE)
STATISTICS = ("mean", "var")  # Zygote gives gradients of them in test mode, which nobody uses


def sent(case: Case, matches: Sequence[Match]) -> Case:
    """The case with its parameters as Julia calls and lays them; one that Julia has not is left
    out. Without matches it is as it was.
    """
    if not matches:
        return case
    by_name = {found.python: found for found in matches}
    arrays = {}
    for name, array in case.arrays.items():
        if name.kind is not Kind.PARAMETER:
            arrays[name] = array
        elif found := by_name.get(name.path):
            array = np.ascontiguousarray(found.mapping.undone(array))
            arrays[replace(name, path=found.julia)] = array
    return replace(case, arrays=arrays)


def received(
    outcome: Outcome, matches: Sequence[Match], dropped: Sequence[Kind] = (Kind.PLAIN,)
) -> Outcome:
    """Julia's outcome in Python's names, without what a model of another library cannot have: the
    kinds that are `dropped`.
    """
    by_name = {found.julia: found for found in matches}
    arrays: dict[Name, np.ndarray] = {}
    for name, array in outcome.arrays.items():
        if matches and name.kind is Kind.PARAMETER_GRADIENT and name.last in STATISTICS:
            continue
        if name.kind in OF_PARAMETERS and name.path in by_name:
            match = by_name[name.path]
            arrays[replace(name, path=match.python)] = match.mapping.forth(array)
        elif name.kind not in dropped:
            arrays[name] = array
    none = {
        replace(name, path=by_name[name.path].python)
        if name.kind in OF_PARAMETERS and name.path in by_name
        else name
        for name in outcome.none
    }
    return replace(outcome, arrays=arrays, none=frozenset(none))


def compared(outcome: Outcome, alone: Sequence[str]) -> Outcome:
    """Python's outcome without the parameters that only Python has."""
    if not alone:
        return outcome
    return replace(
        outcome,
        arrays={
            name: array
            for name, array in outcome.arrays.items()
            if name.kind not in OF_PARAMETERS or name.path not in alone
        },
    )
