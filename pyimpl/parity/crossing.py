"""Names at the border: what a parameter is called in Julia, and how it lies there, where the Python model calls it something else.

Cases go over in Julia's names, outcomes come back in Python's. A model of `pyimpl` has Julia's own names, and needs none of it.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from .case import Case, Outcome
from .matching import Match

STATISTICS = ("mean", "var")  # Zygote gives gradients of them in test mode, which nobody uses


def sent(case: Case, matches: Sequence[Match]) -> Case:
    """The case with its parameters as Julia calls and lays them; one that Julia has not is left out."""
    by_name = {found.python: found for found in matches}
    arrays = {}
    for name, array in case.arrays.items():
        if not name.startswith("param."):
            arrays[name] = array
        elif found := by_name.get(name.removeprefix("param.")):
            arrays[f"param.{found.julia}"] = np.ascontiguousarray(found.mapping.back(array))
    return replace(case, arrays=arrays)


def received(outcome: Outcome, matches: Sequence[Match], dropped: Sequence[str] = ("plain",)) -> Outcome:
    """Julia's outcome in Python's names, without what a model of another library cannot have: the sorts that are `dropped`."""
    by_name = {found.julia: found for found in matches}
    arrays, none = {}, set()
    for name, array in outcome.arrays.items():
        sort, path, step = split(name)
        if sort == "grad" and path.rpartition(".")[2] in STATISTICS:
            continue
        if sort in ("grad", "state", "param") and path in by_name:
            arrays[f"{sort}.{by_name[path].python}{step}"] = by_name[path].mapping.there(array)
        elif sort not in dropped:
            arrays[name] = array
    for name in outcome.none:
        sort, path, step = split(name)
        none.add(f"{sort}.{by_name[path].python}{step}" if path in by_name else name)
    return replace(outcome, arrays=arrays, none=frozenset(none))


def compared(outcome: Outcome, alone: Sequence[str]) -> Outcome:
    """Python's outcome without the parameters that only Python has."""
    if not alone:
        return outcome
    return replace(outcome, arrays={name: array for name, array in outcome.arrays.items() if split(name)[1] not in alone})


def split(name: str) -> tuple[str, str, str]:
    """Sort, path and step of an array's name: grad, layers.0.weight, and nothing or @3."""
    whole, at, step = name.partition("@")
    sort, _, path = whole.partition(".")
    return sort, path, at + step
