"""Can the sides be compared at all? One ulp of the inputs is put to either of them.

Where that moves a side as far as the sides are apart, the difference says nothing: two correct
programs, or one program on two machines, would show it as well.

    sin(exp(t^2)) for t near 10: exp is 1e43, off by an ulp, 1e27; its sine may be anything.

A jump is another matter. Where one ulp makes `round` give 8.31 in place of 8.32 there are two
values and no more, and which of them a side gives is what its author chose.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..case.case import Case, Outcome
from ..case.names import Kind, Name
from ..judge.findings import Finding
from ..judge.verdict import Reason, absolute_errors
from .held_against import PairReference
from .pair import Evidence, Pair

NUDGES = 8  # of all inputs by one to four ulp, up or down at random
MOVING = 6  # of them must move a side, each to a place of its own
SHARE = 0.25  # of the distance between the sides
SECONDS = 10.0  # for all cases that differ


@dataclass(frozen=True)
class Doubt:
    """That one ulp of the inputs moves a side as far as the sides are apart, in one array."""

    case: Case
    array: Name
    side: str  # python or julia
    moved: float  # the largest movement of an entry
    apart: float  # the largest distance between the sides
    size: float  # the largest entry

    @property
    def digits(self) -> int:
        """How many decimal digits of the result an ulp of the inputs leaves alone."""
        return max(0, int(-np.log10(self.moved / self.size))) if self.moved and self.size else 0

    def __str__(self):
        left = f"{self.digits} digits are left" if self.digits else "no digit is left"
        return (
            f"one ulp of the inputs moves {self.array} of {self.side} by {self.moved:.2g}, the "
            f"sides are {self.apart:.2g} apart: {left} to compare"
        )


def doubts(
    pair: Pair,
    answers: Sequence[tuple[Case, dict[str, Outcome]]],
    findings: Sequence[Finding],
    reference: PairReference,
) -> dict[int, Doubt]:
    """Of the cases that these findings are of those that cannot be compared, by the identity of the
    case: every array that differs there in its values, or agrees only by a tolerance that swallows
    it, moves as far under an ulp of the inputs.

    Where the time is up and none of those that were tried can be compared, the rest is taken to be
    of their sort.
    """
    deadline = time.monotonic() + SECONDS
    of_case: dict[int, list[Finding]] = {}
    for finding in findings:
        of_case.setdefault(id(finding.case), []).append(finding)
    found: dict[int, Doubt] = {}
    left = [each for each in answers if id(each[0]) in of_case and _can_be_nudged(each[0])]
    left.sort(key=lambda each: each[0].size)
    tried = 0
    while left and time.monotonic() < deadline:
        case, julia = left.pop()
        tried += 1
        doubt = _doubt(pair, Evidence(case, julia, False), of_case[id(case)], reference)
        if doubt is not None:
            found[id(case)] = doubt
    if found and len(found) == tried:
        last = next(iter(found.values()))
        found |= {id(case): last for case, _ in left if _of_values(of_case[id(case)])}
    return found


def _of_values(findings: Sequence[Finding]) -> bool:
    return all(
        d.reason in (Reason.VALUE, Reason.NOT_FINITE)
        for finding in findings
        for d in finding.verdict.differences
        if not d.agrees
    )


def _can_be_nudged(case: Case) -> bool:
    return any(array.dtype.kind == "f" and np.any(array) for array in case.all(Kind.INPUT))


def _doubt(
    pair: Pair, evidence: Evidence, findings: Sequence[Finding], reference: PairReference
) -> Doubt | None:
    if not _of_values(findings):
        return None
    last: Doubt | None = None
    for finding in findings:
        wrong = [d for d in finding.verdict.differences if not d.agrees or d.blunt]
        dtype = str(finding.verdict.case.dtype)
        names = [d.array for d in wrong if d.array is not None]
        moves = dict(_moves(pair, evidence, dtype, reference))
        for name in names:
            last = _of_array(evidence, dtype, name, pair, moves)
            if last is None:
                return None
    return last


def _moves(
    pair: Pair, evidence: Evidence, dtype: str, reference: PairReference
) -> Iterator[tuple[str, list[Outcome]]]:
    """Each side's outcomes of the nudged case."""
    cases = [_nudged(evidence.case, probe, float(np.finfo(dtype).eps)) for probe in range(NUDGES)]
    yield "python", [pair.evaluate(case.cast(dtype)) for case in cases]
    if reference.asks:
        yield "julia", [found[dtype] for _, found in reference.outcomes(pair, cases, (dtype,))]


def _nudged(case: Case, probe: int, ulp: float) -> Case:
    """All inputs an ulp or a few away: where one probe goes up, the next goes down."""
    rng, way = np.random.default_rng(probe // 2), (1 + probe // 2) * (1 if probe % 2 else -1)
    arrays = {
        name: array * (1 + ulp * way * rng.choice((-1.0, 1.0), array.shape))
        if name.kind is Kind.INPUT and array.dtype.kind == "f"
        else array
        for name, array in case.arrays.items()
    }
    return replace(case, arrays=arrays)


def _of_array(
    evidence: Evidence, dtype: str, name: Name, pair: Pair, moves: dict[str, list[Outcome]]
) -> Doubt | None:
    mine = pair.evaluate(evidence.case.cast(dtype)).arrays.get(name)
    theirs = evidence.julia[dtype].arrays.get(name)
    if mine is None or theirs is None or mine.shape != theirs.shape or theirs.dtype.kind != "f":
        return None
    apart = float(np.max(absolute_errors(mine, theirs), initial=0))
    if not apart:
        return None
    for side, base in (("python", mine), ("julia", theirs)):
        moved = [
            outcome.arrays[name]
            for outcome in moves.get(side, [])
            if name in outcome.arrays and outcome.arrays[name].shape == base.shape
        ]
        far = [float(np.max(absolute_errors(one, base), initial=0)) for one in moved]
        moving = [
            one.tobytes() for one, how in zip(moved, far, strict=True) if how >= SHARE * apart
        ]
        if len(set(moving)) >= MOVING and np.isfinite(apart):
            size = float(np.max(np.abs(base), initial=0, where=np.isfinite(base)))
            return Doubt(evidence.case, name, side, float(np.median(far)), apart, size)
    return None
