"""What a check found: cases in both precisions on both sides, judged together.

The four corners tell what kind of disagreement it is. Disagreement in Float64 is a difference in
meaning. Agreement in Float64 and disagreement in Float32 is rounding, and the Float64 result, which
both sides share, says whose error is larger.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, TypeVar

import numpy as np

from ..case.case import Case, Outcome, Remembered
from ..case.names import Kind, Name
from .subject import Subject
from .verdict import Difference, Reason, Verdict, compare

S = TypeVar("S", bound=Subject)


class Sort(StrEnum):
    """What sort of disagreement a case shows."""

    MEANING = "meaning"  # in Float64, or in shape or presence of an array
    ROUNDING = "rounding"  # in Float32, where Float64 agrees
    DTYPE = "dtype"  # of the type of the result alone, where Float64 agrees
    REFUSAL = "refusal"  # one side raised an error
    NO_METHOD = "no method"  # Julia's function takes Float64 alone
    LOST = "lost"  # a side did not come to an end
    NOTHING = "nothing"  # the sides are known to differ here, and do not
    ILL = "ill-conditioned"  # an ulp of the inputs moves a side as far as the sides are apart


@dataclass(frozen=True)
class Finding:
    """A disagreement: the case, where it shows, and of what kind it is."""

    case: Case
    verdict: Verdict
    kind: Sort
    note: str = ""

    def __str__(self):
        if self.verdict.lost:
            return f"{self.case.row}, {self.case.origin}: {self.verdict.lost}"
        wrong = [
            str(difference) for difference in self.verdict.differences if not difference.agrees
        ]
        return (
            f"{self.verdict.case} [{self.case.origin}]\n    differs in {self.kind}{self.note}\n    "
            + "\n    ".join(wrong)
        )


@dataclass
class Report(Generic[S]):
    """What the check of one subject came to: of a row, a pair, a stage."""

    subject: S
    cases: int = 0
    known: int = 0  # cases in which the sides are known to differ, and do
    per_dtype: dict[str, int] = field(default_factory=dict)
    worst: dict[str, Difference] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    # What differs and is no disagreement: the type of a result in Float32, what cannot be compared.
    notes: list[Finding] = field(default_factory=list)
    # What agrees only because a tolerance swallows it.
    unsure: list[Finding] = field(default_factory=list)
    trusted: set[Name] = field(default_factory=set)
    blind: set[Name] = field(default_factory=set)
    seconds: float = 0.0  # spent on the Python side and on judging
    newer: list[str] = field(
        default_factory=list
    )  # releases that brought what the reference, an older Flux, does not have

    def take(self, other: "Report") -> None:
        """Enter what another report of the same subject has."""
        self.known += other.known
        for dtype, count in other.per_dtype.items():
            self.per_dtype[dtype] = self.per_dtype.get(dtype, 0) + count
        for dtype, worst in other.worst.items():
            if dtype not in self.worst or worst.ulps > self.worst[dtype].ulps:
                self.worst[dtype] = worst
        self.findings += other.findings
        self.notes += other.notes
        self.unsure += other.unsure
        self.trusted |= other.trusted
        self.blind |= other.blind

    @property
    def mistrusted(self) -> set[Name]:
        """Arrays that were blind in every case (zero, constant, not finite, or swallowed by the
        tolerance): their agreement proves nothing.
        """
        return self.blind - self.trusted

    @property
    def verdict(self) -> str:
        """One word: agrees, disagrees, lost, mistrusted, absent where the reference has no case,
        newer where it cannot have one.
        """
        if not self.cases:
            return "newer" if self.newer else "absent"
        if any(finding.kind is not Sort.LOST for finding in self.findings):
            return "disagrees"
        if self.findings:
            return "lost"
        return "mistrusted" if self.mistrusted else "agrees"


def enter(report: Report, case: Case, outcomes: dict[str, Outcome]) -> None:
    """Judge one case, given Julia's outcome per dtype, and enter what came of it."""
    subject = report.subject
    evaluate = Remembered(subject.evaluate)
    known = subject.known_to_differ(case)
    cast = {dtype: case.cast(dtype) for dtype in outcomes}
    twins = {
        dtype: subject.freed(evaluate(cast[dtype]), outcome) for dtype, outcome in outcomes.items()
    }
    responses: dict[str, dict[Name, np.ndarray]] = {dtype: {} for dtype in outcomes}
    if any(_measurable(twins[dtype], outcome) for dtype, outcome in outcomes.items()):
        responses = subject.responses(case, outcomes, evaluate)
    verdicts = {
        dtype: compare(
            cast[dtype], twins[dtype], outcome, responses[dtype], subject.allowance(cast[dtype])
        )
        for dtype, outcome in outcomes.items()
    }
    for dtype, verdict in verdicts.items():
        report.per_dtype[dtype] = report.per_dtype.get(dtype, 0) + 1
        worst = verdict.worst
        if (
            worst
            and not case.known
            and (dtype not in report.worst or worst.ulps > report.worst[dtype].ulps)
        ):
            report.worst[dtype] = worst
        if not subject.constant:
            report.blind |= verdict.blind
        if verdict.agrees and any(difference.blunt for difference in verdict.differences):
            report.unsure.append(Finding(case, verdict, Sort.ILL))
        if not case.refused:
            report.trusted |= {
                d.array for d in verdict.differences if d.array is not None
            } - verdict.blind
        unknown = [d for d in verdict.differences if not d.agrees and d.array not in known]
        if unknown or verdict.lost:
            finding = Finding(case, verdict, *_kind(dtype, verdicts, twins, outcomes))
            aside = not subject.strict and (
                finding.kind in (Sort.DTYPE, Sort.NO_METHOD) or promoted(dtype, twins[dtype])
            )
            (report.notes if aside else report.findings).append(finding)

    if not case.known:
        return
    differing = {
        d.array for verdict in verdicts.values() for d in verdict.differences if not d.agrees
    }
    report.known += bool(known & differing)
    if gone := known - differing:
        names = ", ".join(sorted("refusal" if name is None else str(name) for name in gone))
        said = f" in {names}, but was known to: {case.known}"
        report.findings.append(Finding(case, verdict, Sort.NOTHING, said))


def _measurable(python: Outcome, julia: Outcome) -> bool:
    """Whether anything in the outcomes can be off by rounding: numbers that both sides have, in the
    same shape. What is refused, a text, a count or of another shape agrees or not as it stands, and
    so do arguments that nobody has changed.
    """
    both = (
        (name, python.arrays[name], theirs)
        for name, theirs in julia.arrays.items()
        if name in python.arrays
    )
    return any(
        theirs.dtype.kind in "fc"
        and theirs.shape == mine.shape
        and not (name.kind is Kind.ARGUMENT and np.array_equal(mine, theirs, equal_nan=True))
        for name, mine, theirs in both
    )


def promoted(dtype: str, twin: Outcome) -> bool:
    """Whether Python computes in Float64 though it was given Float32: then what Float32 does to
    Julia is not a difference between the two.
    """
    if dtype == "float32" and twin.in_double:
        return True
    outputs = [array.dtype for array in twin.outputs().values() if array.dtype.kind == "f"]
    return dtype == "float32" and bool(outputs) and all(d == np.float64 for d in outputs)


def _takes_float64_alone(dtype: str, julias: dict[str, Outcome]) -> bool:
    """Whether Julia has a method of this function for Float64, and none for Float32."""
    double, error = julias.get("float64"), julias[dtype].error or ""
    missing = error.startswith("MethodError: no method matching") and "Float32" in error
    return missing and double is not None and double.error is None


def _kind(
    dtype: str, verdicts: dict[str, Verdict], twins: dict[str, Outcome], julias: dict[str, Outcome]
) -> tuple[Sort, str]:
    verdict = verdicts[dtype]
    if verdict.lost:
        return Sort.LOST, ""
    if any(difference.reason is Reason.REFUSAL for difference in verdict.differences):
        return (Sort.NO_METHOD if _takes_float64_alone(dtype, julias) else Sort.REFUSAL), ""
    if dtype == "float64" or "float64" not in verdicts or not verdicts["float64"].agrees:
        return Sort.MEANING, ""
    differing = [d for d in verdict.differences if not d.agrees]
    values = [d for d in differing if d.reason is not Reason.DTYPE]
    if not values:
        return Sort.DTYPE, ""
    worst = max(values, key=lambda d: d.ulps)
    assert worst.array is not None
    if worst.reason in (Reason.SHAPE, Reason.ONE_SIDE):
        return Sort.MEANING, ""
    truth = julias["float64"].arrays.get(worst.array)
    mine, theirs = twins[dtype].arrays.get(worst.array), julias[dtype].arrays.get(worst.array)
    if (
        truth is None
        or mine is None
        or theirs is None
        or not truth.shape == mine.shape == theirs.shape
    ):
        return Sort.ROUNDING, ""
    with np.errstate(invalid="ignore"):
        error = {
            "python": np.max(np.abs(mine - truth), initial=0),
            "julia": np.max(np.abs(theirs - truth), initial=0),
        }
    larger = max(error, key=lambda side: error[side])
    sizes = f"{error[larger]:.3g}, the other {min(error.values()):.3g}"
    return (
        Sort.ROUNDING,
        f" (Float64 agrees; in {worst.array} the error of {larger} is the larger: {sizes})",
    )
