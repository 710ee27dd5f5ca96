"""Names at the border: what a parameter is called in Julia, and how it lies there, where the Python
model calls it something else.

Cases go over in Julia's names, outcomes come back in Python's. A model of `pyimpl` has Julia's own
names, and needs none of it.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..case.case import Case, Outcome
from ..case.names import ORDER, Kind, Name
from .matching import Match

OF_PARAMETERS = (Kind.PARAMETER, Kind.PARAMETER_GRADIENT, Kind.STATE)
STATISTICS = ("mean", "var")  # Zygote gives gradients of them in test mode, which nobody uses


def sent(case: Case, matches: Sequence[Match]) -> Case:
    """The case with its parameters as Julia calls and lays them; one that Julia has not is left
    out. Without matches it is as it was.
    """
    if not matches:
        return case
    arrays = {name: array for name, array in case.arrays.items() if name.kind is not Kind.PARAMETER}
    blocks: dict[str, dict[int, np.ndarray]] = {}
    for match in matches:
        own = case.arrays.get(Name(Kind.PARAMETER, match.python))
        if own is not None and not match.again:
            block = match.mapping.undone(match.python_piece.block_of(own))
            blocks.setdefault(match.julia, {})[match.julia_piece.block] = block
    axes = {match.julia: match.julia_piece.axis for match in matches}
    for name, parts in blocks.items():
        arrays[Name(Kind.PARAMETER, name)] = joined(parts, axes[name])
    return replace(case, arrays=arrays)


def joined(parts: dict[int, np.ndarray], axis: int) -> np.ndarray:
    """The blocks in order, one after the other along an axis."""
    ordered = [parts[block] for block in sorted(parts)]
    if len(ordered) == 1:
        return np.ascontiguousarray(ordered[0])
    return np.ascontiguousarray(np.concatenate(ordered, axis))


def received(
    outcome: Outcome,
    matches: Sequence[Match],
    dropped: Sequence[Kind] = (Kind.PLAIN,),
    statistics: bool = False,
) -> Outcome:
    """Julia's outcome in Python's names, without what a model of another library cannot have: the
    kinds that are `dropped`, and unless asked for, gradients of running statistics.

    Where several of Julia's arrays are one of Python's, as of layers that share it, their gradients
    are summed.
    """
    theirs = {match.julia for match in matches}
    arrays: dict[Name, np.ndarray] = {}
    none: set[Name] = set()
    for name, array in outcome.arrays.items():
        if matches and not statistics and _of_statistics(name):
            continue
        if name.kind in OF_PARAMETERS and name.path in theirs:
            continue
        if name.kind not in dropped:
            arrays[name] = array
    for name in outcome.none:
        if not (name.kind in OF_PARAMETERS and name.path in theirs):
            none.add(name)
    steps = {(name.kind, name.step) for name in (*outcome.arrays, *outcome.none)}
    for kind, step in sorted(steps, key=lambda each: (ORDER[each[0]], each[1])):
        if kind in OF_PARAMETERS:
            found, missing = _mine(outcome, matches, kind, step, statistics)
            arrays |= found
            none |= missing
    return replace(outcome, arrays=arrays, none=frozenset(none))


def _of_statistics(name: Name) -> bool:
    return name.kind is Kind.PARAMETER_GRADIENT and name.last in STATISTICS


def _mine(
    outcome: Outcome, matches: Sequence[Match], kind: Kind, step: int, statistics: bool
) -> tuple[dict[Name, np.ndarray], set[Name]]:
    """Julia's arrays of a kind as Python's, and the names of those for which there is nothing."""
    blocks: dict[str, dict[int, np.ndarray]] = {}
    missing: dict[str, list[Match]] = {}
    for match in matches:
        name = Name(kind, match.julia, step)
        if not statistics and _of_statistics(name):
            continue
        array = outcome.arrays.get(name)
        if array is None:
            if name in outcome.none:
                missing.setdefault(match.python, []).append(match)
            continue
        block = match.mapping.forth(match.julia_piece.block_of(array))
        parts, at = blocks.setdefault(match.python, {}), match.python_piece.block
        if at in parts and kind is Kind.PARAMETER_GRADIENT:
            parts[at] = parts[at] + block
        elif at not in parts:
            parts[at] = block
    pieces = {match.python: match.python_piece for match in matches}
    for path, absent in missing.items():  # a part without a gradient beside others that have one
        if path in blocks:
            like = next(iter(blocks[path].values()))
            for match in absent:
                blocks[path].setdefault(match.python_piece.block, np.zeros_like(like))
    found = {
        Name(kind, path, step): joined(parts, pieces[path].axis)
        for path, parts in blocks.items()
        if len(parts) == pieces[path].blocks
    }
    return found, {Name(kind, path, step) for path in missing if path not in blocks}


def by_field(outcome: Outcome, fields: Sequence[str]) -> Outcome:
    """Julia's outcome, where it is a plain tuple, by the fields of Python's named one.

    >>> found = by_field(Outcome({"y.0": np.ones(2), "y.1": np.ones(1)}), ("mean", "var"))
    >>> [str(name) for name in found.outputs()]
    ['y.mean', 'y.var']
    """
    outputs = [name for name in outcome.arrays if name.kind is Kind.OUTPUT]
    firsts = {name.path.partition(".")[0] for name in outputs}
    if not fields or not firsts <= set(map(str, range(len(fields)))):
        return outcome

    def renamed(name: Name) -> Name:
        first, dot, rest = name.path.partition(".")
        return replace(name, path=f"{fields[int(first)]}{dot}{rest}") if name in outputs else name

    return replace(outcome, arrays={renamed(name): a for name, a in outcome.arrays.items()})


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
