"""Two causes together, where none alone explains: an edit that brings the sides nearer to each
other, and every further edit of what it made.

Neither alone makes the cases agree, so that one of the two is looked for by how much is left: the
first must take away a part of what differs, the second all the rest.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..case.case import Outcome
from ..case.names import Name
from ..pair.pair import Evidence
from ..sides.side import PythonSide
from . import program
from .edit import Edit
from .settings import changed_settings
from .trial import Trial, limited

TRIED_ON = 3  # cases on which it is seen whether an edit brings the sides nearer
NEARER = 0.95  # times what differs at first: more is no step forward
FIRST_EDITS = 12  # that are gone on from, the nearest first
SAME = 1e-9  # relative: two edits that leave the same difference do the same
MOST_PAIRS = 4  # that are looked at before the search ends


@dataclass
class Both:
    """Two edits that explain together what neither does alone."""

    first: Edit
    second: Edit

    @property
    def cost(self) -> float:
        """Of both."""
        return self.first.cost + self.second.cost

    @property
    def side(self) -> PythonSide:
        """The side with both."""
        return self.second.side


def two_together(trial: Trial, single: Sequence[Edit]) -> list[Both]:
    """The pairs of edits with which all cases agree, the cheapest first; none where time is up."""
    found: list[Both] = []
    for first in _steps_forward(trial, single):
        for second in _further(trial, first):
            if trial.late or len(found) >= MOST_PAIRS:
                trial.complete &= not trial.late
                return sorted(found, key=lambda both: both.cost)
            if trial.promising(second.side) and trial.confirms(second.side):
                found.append(Both(first, second))
    return sorted(found, key=lambda both: both.cost)


def _steps_forward(trial: Trial, single: Sequence[Edit]) -> list[Edit]:
    """The edits of source and settings that take away a part of what differs, each effect once."""
    cases = _cases(trial)
    at_first = _left(trial.pair.python, cases)
    left: list[tuple[float, float, Edit]] = []
    for edit in single:
        if trial.late:
            break
        if edit.part is None and not edit.of_setting:
            continue
        rest = _left(edit.side, cases)
        same = any(abs(rest - other) <= SAME * rest and edit.cost >= cost
                   for other, cost, _ in left)  # fmt: skip
        if rest < NEARER * at_first and not same:
            left.append((rest, edit.cost, edit))
    left.sort(key=lambda one: one[:2])
    return [edit for _, _, edit in left[:FIRST_EDITS]]


def _cases(trial: Trial) -> list[Evidence]:
    """The largest of the differing ones: the smallest have little to differ in."""
    return sorted(trial.differing, key=lambda evidence: -evidence.case.size)[:TRIED_ON]


def _left(side: PythonSide, cases: Sequence[Evidence]) -> float:
    """How much differs, from 0 to 1."""
    shares = []
    for evidence in cases:
        dtype, julia = max(evidence.julia.items())  # float64, if it was asked for
        shares.append(_share(side.evaluate(evidence.case.cast(dtype)), julia))
    return sum(shares) / max(len(shares), 1)


def _share(python: Outcome, julia: Outcome) -> float:
    if bool(python.error) != bool(julia.error) or python.lost:
        return 1.0
    names = set(python.arrays) | set(julia.arrays)
    parts = [_apart(name, python.arrays, julia.arrays) for name in names]
    return sum(parts) / max(len(parts), 1)


def _apart(name: Name, python: dict[Name, np.ndarray], julia: dict[Name, np.ndarray]) -> float:
    mine, theirs = python.get(name), julia.get(name)
    if mine is None or theirs is None or mine.shape != theirs.shape:
        return 1.0
    with np.errstate(all="ignore"):
        a, b = (x.astype(np.result_type(x, np.float64)).ravel() for x in (mine, theirs))
        both = np.isfinite(a) & np.isfinite(b)
        sizes = np.linalg.norm(a[both]) + np.linalg.norm(b[both])
        share = np.linalg.norm(a[both] - b[both]) / sizes if sizes > 0 else 0.0
        odd = np.mean(np.isfinite(a) != np.isfinite(b)) if a.size else 0.0
    return min(1.0, float(share) + float(odd))


def _further(trial: Trial, first: Edit) -> Iterator[Edit]:
    """Every edit of what the first edit has made, the cheapest first."""
    if first.part is None:
        found = list(_of_settings(first.side, []))
    else:
        side = limited(trial.pair.python)
        found = [*_of_source(side, first.part), *_of_settings(side, [first.part])]
    return iter(sorted(found, key=lambda edit: edit.cost))


def _of_source(side: PythonSide, part: program.Part) -> Iterator[Edit]:
    edited, rewriting = part
    after = program.rescoped(edited, rewriting)
    for scope in program.scopes_of(side):
        own = scope.function is edited.function
        if own and after is None:
            continue
        changing = after if own and after is not None else scope
        parts = [] if own else [part]
        for further in program.rewritings_of(changing):
            yield Edit(
                further.cause,
                program.where(changing, further),
                program.change(changing, further),
                program.Edited(side, [*parts, (changing, further)]),
                further.cost,
                (changing, further),
            )


def _of_settings(side: PythonSide, parts: list[program.Part]) -> Iterator[Edit]:
    for trap, where, change, changed in changed_settings(side):
        made = program.Edited(limited(changed), parts) if parts else changed
        yield Edit(trap.name, where, change, made, 2.0, of_setting=True)
