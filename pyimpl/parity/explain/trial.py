"""The evidence of a disagreement, and how an edited side fares on it."""

import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..case.case import Outcome
from ..case.names import Kind, Name
from ..judge.findings import Finding, promoted
from ..judge.verdict import absolute_errors, sensitivity
from ..pair.checking import judged
from ..pair.pair import Evidence, Pair, Result
from ..sides.functions import DifferencesSide, FunctionSide
from ..sides.side import PythonSide

SECONDS_EACH = 1.0  # for one evaluation of an edited program
PATIENCE = 4.0  # times as long by the clock, where others use the machine


class Deadline:
    """The end of so many seconds of computing: what is found does not depend on how busy the
    machine is.
    """

    def __init__(self, seconds: float):
        self._computed = time.process_time() + seconds
        self._passed = time.monotonic() + PATIENCE * seconds

    @property
    def over(self) -> bool:
        """Whether the time is up."""
        return time.process_time() > self._computed or time.monotonic() > self._passed


@dataclass
class Trial:
    """The evidence that edits are held against."""

    pair: Pair
    differing: list[Evidence]  # the smallest first, then the largest
    agreeing: list[Evidence]
    responses: list[dict[Name, np.ndarray]]  # how far the original side moves, per differing case
    deadline: Deadline
    complete: bool = True  # whether there was time for all edits

    @property
    def dtypes(self) -> set[str]:
        """Those of all differing cases: of a stage that is checked alone, each has one."""
        return {dtype for evidence in self.differing for dtype in evidence.julia}

    @property
    def late(self) -> bool:
        """Whether the time is up."""
        return self.deadline.over

    def findings(self, side: PythonSide, evidence: Evidence) -> list[Finding]:
        """How the edited side differs, by the project's own verdict."""
        return judged(replace(self.pair, python=side), evidence.case, evidence.julia)

    def confirms(self, side: PythonSide) -> bool:
        """Whether with this side every differing case agrees, in all dtypes, and every agreeing one
        still does.
        """
        return all(
            not self.findings(side, evidence) for evidence in [*self.differing, *self.agreeing]
        )

    def promising(self, side: PythonSide) -> bool:
        """A cheap look at a few cases, generous: what fails here cannot pass."""
        for evidence, response in zip(self.differing, self.responses, strict=False):
            if self.late:
                return False
            for dtype, julia in evidence.julia.items():
                mine = side.evaluate(evidence.case.cast(dtype))
                if not self.pair.strict and promoted(dtype, mine):
                    continue  # as the verdict has it: what Float32 does to Julia alone is a note
                if not near(mine, julia, response, self.pair.strict):
                    return False
        return True


def trial_of(result: Result, seconds: float) -> Trial | None:
    """The trial of a result, for so many seconds; None where there is nothing to go by."""
    if getattr(result.pair.python, "lost", ""):
        return None
    known = [
        evidence
        for evidence in result.evidence
        if not any(outcome.lost for outcome in evidence.julia.values())
    ]
    pair, smallest = replace(result.pair, python=limited(result.pair.python)), result.smallest
    if isinstance(pair.python, DifferencesSide):
        # The measured gradient follows from the output.
        pair = replace(pair, python=FunctionSide(pair.python.subject, seconds=SECONDS_EACH))
        known = [bare(evidence) for evidence in known]
        known = [
            replace(evidence, agrees=not judged(pair, evidence.case, evidence.julia))
            for evidence in known
        ]
        smallest = None
    differing = [evidence for evidence in known if not evidence.agrees]
    differing.sort(key=lambda evidence: -evidence.case.size)
    if smallest is not None and not any(outcome.lost for outcome in smallest.julia.values()):
        differing = [smallest, *(evidence for evidence in differing if evidence is not smallest)]
    if not any(outcome.arrays for evidence in differing for outcome in evidence.julia.values()):
        return None  # Julia raised: every edit that makes Python raise too would do
    responses = [sensitivity(pair.python.evaluate, evidence.case) for evidence in differing[:4]]
    agreeing = [evidence for evidence in known if evidence.agrees]
    return Trial(pair, differing, agreeing, responses, Deadline(seconds))


def limited(side: Any) -> PythonSide:
    """The side, with less patience."""
    return replace(side, seconds=SECONDS_EACH) if hasattr(side, "seconds") else side


def near(
    python: Outcome, julia: Outcome, response: dict[Name, np.ndarray], strict: bool = True
) -> bool:
    """Whether two outcomes are the same but for errors that no tolerance would be as large as;
    `strict`: whether another precision is a difference.
    """
    if python.lost or bool(python.error) != bool(julia.error):
        return False
    for name in set(python.arrays) | set(julia.arrays):
        mine, theirs = python.arrays.get(name), julia.arrays.get(name)
        if mine is None or theirs is None:
            if name.is_gradient and not np.any(theirs if mine is None else mine):
                continue
            return False
        alike = mine.dtype == theirs.dtype or (not strict and mine.dtype.kind == theirs.dtype.kind)
        if mine.shape != theirs.shape or not alike:
            return False
        if mine.dtype.kind != "f":
            if np.any(mine != theirs):
                return False
            continue
        eps = max(float(np.finfo(array.dtype).eps) for array in (mine, theirs))
        parts = (theirs.astype(np.float64), response.get(name, np.zeros(0)))
        scale = sum(np.max(np.abs(part), initial=0, where=np.isfinite(part)) for part in parts)
        if not np.all(absolute_errors(mine, theirs) <= 2**14 * eps * (scale + 1e-30)):
            return False
    return True


def counted(trial: Trial) -> str:
    dtypes = " and ".join(sorted(trial.dtypes, reverse=True))
    count = len(trial.differing)
    every = f"all {count} differing cases that were kept agree"
    text = f"with it {every if count > 1 else 'the differing case agrees'} ({dtypes})"
    if trial.agreeing:
        kept = len(trial.agreeing)
        text += (
            f", and {'the one' if kept == 1 else f'the {kept}'} that agreed still "
            f"{'does' if kept == 1 else 'do'}"
        )
    return text


def telling(trial: Trial) -> bool:
    """Whether the evidence is rich enough that a wrong edit would hardly pass by chance."""
    if len(trial.dtypes) < 2:
        return False
    cases, values = 0, 0.0
    for evidence in trial.differing:
        told = 0.0
        for dtype, julia in evidence.julia.items():
            mine = trial.pair.python.evaluate(evidence.case.cast(dtype))
            arrays = [
                (array, mine.arrays.get(name))
                for name, array in julia.arrays.items()
                if name.kind is not Kind.ARGUMENT or not julia.outputs()
            ]
            told = max(told, sum(_numbers(*both) for both in arrays))
        cases += told > 0
        values += told
    return (cases >= 3 and values >= 6) or values >= 16


def _numbers(julia: np.ndarray, mine: np.ndarray | None) -> float:
    """How many different numbers an array has that differs; zeros alone and NaN tell nothing, whole
    numbers half as much.
    """
    if (
        mine is not None
        and mine.dtype == julia.dtype
        and mine.shape == julia.shape
        and np.array_equal(mine, julia, equal_nan=julia.dtype.kind == "f")
    ):
        return 0.0
    shown = np.unique(julia[np.isfinite(julia)])
    return len(shown) * (1.0 if julia.dtype.kind == "f" else 0.5) if shown.any() else 0.0


def without_limits(trial: Trial, seconds: float) -> Trial | None:
    """The same without the differing cases at the limits, for so many seconds; None where there
    are none of these, or no others.
    """
    kept = [evidence for evidence in trial.differing if not evidence.case.extreme]
    if not kept or len(kept) == len(trial.differing):
        return None
    responses = [sensitivity(trial.pair.python.evaluate, evidence.case) for evidence in kept[:4]]
    deadline = Deadline(seconds)
    return replace(trial, differing=kept, responses=responses, deadline=deadline, complete=True)


def only_dtypes(trial: Trial, dtypes: set[str]) -> Trial | None:
    kept = [
        (
            replace(
                evidence,
                julia={
                    dtype: outcome for dtype, outcome in evidence.julia.items() if dtype in dtypes
                },
            ),
            response,
        )
        for evidence, response in zip(
            trial.differing, [*trial.responses, *({} for _ in trial.differing)], strict=False
        )
    ]
    kept = [
        (evidence, response)
        for evidence, response in kept
        if evidence.julia and trial.findings(trial.pair.python, evidence)
    ]
    if len(kept) < 3 or len(trial.dtypes) < 2:
        return None
    return replace(
        trial,
        differing=[evidence for evidence, _ in kept],
        responses=[response for _, response in kept if response],
    )


def only_outputs(trial: Trial) -> Trial | None:
    """The same without gradients; None where there are none, or where nothing else differs."""
    if not any(name.kind is Kind.COTANGENT for name in trial.differing[0].case.arrays):
        return None
    differing = [bare(evidence) for evidence in trial.differing]
    kept = [
        (evidence, response)
        for evidence, response in zip(
            differing, [*trial.responses, *({} for _ in differing)], strict=False
        )
    ]
    kept = [
        (evidence, response)
        for evidence, response in kept
        if trial.findings(trial.pair.python, evidence)
    ]
    if len(kept) < 3:
        return None
    return replace(
        trial,
        differing=[evidence for evidence, _ in kept],
        agreeing=[bare(evidence) for evidence in trial.agreeing],
        responses=[response for _, response in kept if response],
    )


def bare(evidence: Evidence) -> Evidence:
    """The evidence without gradients."""
    case = replace(
        evidence.case,
        arrays={
            name: a for name, a in evidence.case.arrays.items() if name.kind is not Kind.COTANGENT
        },
    )
    julia = {
        dtype: replace(
            outcome,
            arrays={name: a for name, a in outcome.arrays.items() if not name.is_gradient},
            none=frozenset(),
        )
        for dtype, outcome in evidence.julia.items()
    }
    return replace(evidence, case=case, julia=julia)
