"""Whether an array of Python's is the one of Julia's that it was matched with: proved by moving it.

In a run of Julia's, the gradient of an array says how far a number made of the outputs moves when
the array does. Python's outputs are moved by the same small change: where the number moves as far,
the arrays are the same, in the way in which they were matched. Where it does not, other ways are
tried, each on all arrays of the stage that can be made so.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from ..case.case import Case
from ..case.names import Kind, Name
from ..pair.matching import Match, is_of_gates, mappings
from ..pair.pair import Evidence
from ..traps.trap import Way
from .stages import Stage

STEP = 2.0**-20  # of a change, relative to the size of the array
DIRECTIONS = 4
ALIKE = 0.01  # by how much two movements may differ, relative to them
NOTHING = 1e-11  # a gradient that is nothing, relative to the sum of the cotangents


def proved(stage: Stage, evidence: Evidence) -> list[Match]:
    """Every match of a stage with its proof: `evidence` is a case with what came back in Julia."""
    return [_proof(stage, match, evidence) for match in stage.matches]


def _proof(stage: Stage, match: Match, evidence: Evidence) -> Match:
    (julia,) = evidence.julia.values()
    gradient = julia.arrays.get(Name(Kind.PARAMETER_GRADIENT, match.python))
    case = evidence.case
    own = case.arrays.get(Name(Kind.PARAMETER, match.python))
    if gradient is None or own is None or gradient.shape != own.shape:
        return match
    cotangents = sum(float(np.abs(dy).sum()) for dy in case.all(Kind.COTANGENT))
    if not np.abs(gradient).max(initial=0) > NOTHING * cotangents:
        return replace(match, proved=None)
    changes = _directions(own)
    wanted = np.array([float(np.vdot(gradient, change)) for change in changes])

    def alike(name: str, moves: Sequence[np.ndarray], start: Case) -> bool:
        found = np.array([_movement(stage, start, name, change) for change in moves])
        return bool(np.linalg.norm(found - wanted) <= ALIKE * np.linalg.norm(wanted))

    if alike(match.python, changes, case):
        return replace(match, proved=True)
    others = [
        other.python
        for other in stage.matches
        if other is not match
        and case.arrays[Name(Kind.PARAMETER, other.python)].shape == own.shape
        and alike(other.python, changes, case)
    ]
    if others:
        return replace(match, proved=False, instead=f"{others[0]} in its place")
    for way in mappings(own.shape, is_of_gates(match, stage.matches)):
        for start in _starts(case, match.python, way, stage.matches):
            if alike(match.python, [way.forth(change) for change in changes], start):
                return replace(match, proved=False, instead=way.words)
    return replace(match, proved=False)


def _directions(array: np.ndarray) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    size = STEP * max(1.0, float(np.abs(array).max(initial=0)))
    return [size * rng.standard_normal(array.shape) for _ in range(DIRECTIONS)]


def _movement(stage: Stage, case: Case, name: str, change: np.ndarray) -> float:
    """How far the outputs, weighed by the cotangents, move with an array: by half the change in
    either direction. NaN where they do not come to be.
    """
    moved = []
    for sign in (0.5, -0.5):
        arrays = dict(case.arrays)
        arrays[Name(Kind.PARAMETER, name)] = arrays[Name(Kind.PARAMETER, name)] + sign * change
        plain = {n: a for n, a in arrays.items() if n.kind is not Kind.COTANGENT}
        outcome = stage.pair.evaluate(replace(case, arrays=plain))
        floats = [y for y in outcome.outputs().values() if y.dtype.kind == "f"]
        dys = case.all(Kind.COTANGENT)
        if len(floats) != len(dys) or any(
            y.shape != dy.shape for y, dy in zip(floats, dys, strict=True)
        ):
            return np.nan
        moved.append(sum(float(np.vdot(dy, y)) for y, dy in zip(floats, dys, strict=True)))
    return moved[0] - moved[1]


def _starts(case: Case, name: str, way: Way, matches: Sequence[Match]) -> Iterator[Case]:
    """Where a change is made from: the arrays as they are, with this one made so, and with all that
    can be.

    An output that is not linear in an array moves alike only where it stands alike.
    """
    yield case
    yield _mapped(case, {name: way})
    alike = {
        other.python: found
        for other in matches
        if (found := _same_way(case.arrays[Name(Kind.PARAMETER, other.python)].shape, way))
    }
    yield _mapped(case, alike | {name: way})


def _same_way(shape: tuple[int, ...], way: Way) -> Way | None:
    """The way of that name for another array; of gates, along its last axis."""
    return next((w for w in reversed(list(mappings(shape))) if w.words == way.words), None)


def _mapped(case: Case, ways: dict[str, Way]) -> Case:
    arrays = dict(case.arrays)
    for name, way in ways.items():
        arrays[Name(Kind.PARAMETER, name)] = way.forth(arrays[Name(Kind.PARAMETER, name)])
    return replace(case, arrays=arrays)
