"""A row checked: its cases in both precisions on both sides, judged together.

The four corners tell what kind of disagreement it is. Disagreement in Float64 is a difference in meaning. Agreement in Float64
and disagreement in Float32 is rounding, and the Float64 result, which both sides share, says whose error is larger.
"""

import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Protocol

import numpy as np

from .case import Case, Outcome, Remembered
from .catalogue import Row
from .draws import draw_cases
from .verdict import Difference, Verdict, compare

DTYPES = ("float64", "float32")
LIVE_CASES = 50

Answers = tuple[Row, Iterator[tuple[Case, dict[str, Outcome]]]]  # a row, and its cases with Julia's outcome per dtype


class Reference(Protocol):
    """Something that knows what Julia makes of the cases of a row."""

    name: str
    versions: dict[str, str]

    def pairs(self, row: Row, dtypes: tuple[str, ...], count: int | None, seed: int) -> Iterator[tuple[Case, dict[str, Outcome]]]:
        """Cases in Float64, each with the outcome per dtype."""
        ...

    def of_rows(self, rows: Iterable[Row], dtypes: tuple[str, ...], count: int | None, seed: int) -> Iterator[Answers]:
        """`pairs` of one row after the other; while the caller judges one, the next may be under way."""
        ...

    def seconds(self) -> dict[str, float]:
        """Where time was spent so far, in a few words each."""
        ...


class Evaluator(Protocol):
    """A Julia, or what stands in for one."""

    versions: dict[str, str]

    def evaluate_many(self, cases: Sequence[Case]) -> Iterator[Outcome]:
        """One outcome per case, in order."""
        ...


class Live:
    """Live Julia as a reference: fresh draws and the row's examples. Several Julias share the rows."""

    name = "live"

    def __init__(self, *julias: Evaluator):
        self.versions = julias[0].versions
        self._free: SimpleQueue[Evaluator] = SimpleQueue()
        for julia in julias:
            self._free.put(julia)
        self._threads = ThreadPoolExecutor(len(julias))
        self._ahead = 2 * len(julias)
        self._julias = julias
        self._drawing = 0.0  # seconds

    def seconds(self) -> dict[str, float]:
        """Where time was spent so far, in a few words each."""
        julia, bridge = (sum(getattr(one, f"{part}_seconds", 0.0) for one in self._julias) for part in ("julia", "bridge"))
        return {"drawing cases": self._drawing, f"Julia ({len(self._julias)})": julia, "bridge": bridge}

    def _evaluate(self, cases: list[Case]) -> list[Outcome]:
        julia = self._free.get()
        try:
            return list(julia.evaluate_many(cases))
        finally:
            self._free.put(julia)

    def _asked(self, row: Row, cases: list[tuple[Case, tuple[str, ...]]]) -> tuple[list[tuple[Case, tuple[str, ...]]], Future]:
        """The cases that this Flux has, and what will come of them."""
        cases = [(case, dtypes) for case, dtypes in cases if row.is_in(self.versions["Flux"], case)]
        return cases, self._threads.submit(self._evaluate, [case.cast(dtype) for case, dtypes in cases for dtype in dtypes])

    def evaluated(self, row: Row, cases: list[tuple[Case, tuple[str, ...]]]) -> Iterator[tuple[Case, dict[str, Outcome]]]:
        """The cases that this Flux has, each with its outcome in the dtypes asked for."""
        yield from _answers(*self._asked(row, cases))

    def _cases(self, row: Row, dtypes: tuple[str, ...], count: int | None, seed: int) -> list[tuple[Case, tuple[str, ...]]]:
        """The row's examples, then `count` drawn cases, each with the dtypes in which it is to be evaluated."""
        start = time.perf_counter()
        named: dict[str, Case] = {}
        wanted: dict[str, list[str]] = {}
        for dtype in dtypes:
            for case in row.named_cases(dtype):
                named[case.origin] = case.cast(np.float64)
                wanted.setdefault(case.origin, []).append(dtype)
        drawn = draw_cases(row, LIVE_CASES if count is None else count, seed)
        self._drawing += time.perf_counter() - start
        return [(case, tuple(wanted[case.origin])) for case in named.values()] + [(case, dtypes) for case in drawn]

    def pairs(self, row: Row, dtypes: tuple[str, ...], count: int | None, seed: int):
        """The row's examples, then `count` drawn cases."""
        yield from self.evaluated(row, self._cases(row, dtypes, count, seed))

    def of_rows(self, rows: Iterable[Row], dtypes: tuple[str, ...], count: int | None, seed: int) -> Iterator[Answers]:
        """`pairs` of one row after the other. Julia is given the cases of a few rows ahead, so that it need not wait for the judge."""
        waiting: deque[tuple[Row, tuple]] = deque()
        for row in rows:
            waiting.append((row, self._asked(row, self._cases(row, dtypes, count, seed))))
            if len(waiting) > self._ahead:
                judged, asked = waiting.popleft()
                yield judged, _answers(*asked)
        for row, asked in waiting:
            yield row, _answers(*asked)


def _answers(cases: list[tuple[Case, tuple[str, ...]]], evaluated: Future) -> Iterator[tuple[Case, dict[str, Outcome]]]:
    outcomes = iter(evaluated.result())
    for case, dtypes in cases:
        yield case, {dtype: next(outcomes) for dtype in dtypes}


@dataclass(frozen=True)
class Finding:
    """A disagreement: the case, where it shows, and of what kind it is."""

    case: Case
    verdict: Verdict
    kind: str  # "meaning", "rounding", "dtype", "refusal" or "lost"
    note: str = ""

    def __str__(self):
        if self.verdict.lost:
            return f"{self.case.row}, {self.case.origin}: {self.verdict.lost}"
        wrong = [str(difference) for difference in self.verdict.differences if not difference.agrees]
        return f"{self.verdict.case} [{self.case.origin}]\n    differs in {self.kind}{self.note}\n    " + "\n    ".join(wrong)


@dataclass
class RowReport:
    """What the check of one row came to."""

    row: Row
    cases: int = 0
    known: int = 0  # cases in which the sides are known to differ, and do
    per_dtype: dict[str, int] = field(default_factory=dict)
    worst: dict[str, Difference] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    trusted: set[str] = field(default_factory=set)
    blind: set[str] = field(default_factory=set)
    seconds: float = 0.0  # spent on the Python side and on judging
    newer: list[str] = field(default_factory=list)  # releases that brought what the reference, an older Flux, does not have

    @property
    def mistrusted(self) -> set[str]:
        """Arrays that were zero, constant or not finite in every case: their agreement proves nothing."""
        return self.blind - self.trusted

    @property
    def verdict(self) -> str:
        """One word: agrees, disagrees, lost, mistrusted, absent where the reference has no case, newer where it cannot have one."""
        if not self.cases:
            return "newer" if self.newer else "absent"
        if any(finding.kind != "lost" for finding in self.findings):
            return "disagrees"
        if self.findings:
            return "lost"
        return "mistrusted" if self.mistrusted else "agrees"


def check_row(row: Row, reference: Reference, dtypes: tuple[str, ...] = DTYPES, count: int | None = None, seed: int = 0) -> RowReport:
    """Check one row of the catalogue against the reference."""
    return _report(row, reference.pairs(row, dtypes, count, seed), reference)


def check_rows(
    rows: Iterable[Row], reference: Reference, dtypes: tuple[str, ...] = DTYPES, count: int | None = None, seed: int = 0
) -> Iterator[RowReport]:
    """Check rows of the catalogue, one report after the other."""
    for row, answers in reference.of_rows(rows, dtypes, count, seed):
        yield _report(row, answers, reference)


def _report(row: Row, answers: Iterable[tuple[Case, dict[str, Outcome]]], reference: Reference) -> RowReport:
    report = RowReport(row, newer=row.newer_than(reference.versions["Flux"]))
    for case, outcomes in answers:
        report.cases += 1
        start = time.perf_counter()
        enter(report, case, outcomes)
        report.seconds += time.perf_counter() - start
    return report


def enter(report: RowReport, case: Case, outcomes: dict[str, Outcome]) -> None:
    """Judge one case, given Julia's outcome per dtype, and enter what came of it."""
    row = report.row
    evaluate = Remembered(row.evaluate)
    responses = row.responses(case, outcomes, evaluate)
    slack = row.slack_ulps(case)
    cast = {dtype: case.cast(dtype) for dtype in outcomes}
    twins = {dtype: evaluate(cast[dtype]) for dtype in outcomes}
    verdicts = {dtype: compare(cast[dtype], twins[dtype], outcome, responses[dtype], slack) for dtype, outcome in outcomes.items()}
    for dtype, verdict in verdicts.items():
        report.per_dtype[dtype] = report.per_dtype.get(dtype, 0) + 1
        worst = verdict.worst
        if worst and not case.known and (dtype not in report.worst or worst.ulps > report.worst[dtype].ulps):
            report.worst[dtype] = worst
        if not row.constant:
            report.blind |= verdict.blind
        if not case.refused:
            report.trusted |= {difference.array for difference in verdict.differences} - verdict.blind
        if not verdict.agrees and not (case.known and not verdict.lost):
            report.findings.append(Finding(case, verdict, *_kind(dtype, verdicts, twins, outcomes)))

    if case.known and not all(verdict.agrees for verdict in verdicts.values()):
        report.known += 1
    elif case.known:
        report.findings.append(Finding(case, verdict, "nothing", f", but was known to: {case.known}"))


def _kind(dtype: str, verdicts: dict[str, Verdict], twins: dict[str, Outcome], julias: dict[str, Outcome]) -> tuple[str, str]:
    verdict = verdicts[dtype]
    if verdict.lost:
        return "lost", ""
    if any(difference.array == "refusal" for difference in verdict.differences):
        return "refusal", ""
    if dtype == "float64" or "float64" not in verdicts or not verdicts["float64"].agrees:
        return "meaning", ""
    worst = verdict.worst
    assert worst is not None
    if worst.reason:
        return "dtype" if " has dtype " in worst.reason else "meaning", ""
    truth = julias["float64"].arrays.get(worst.array)
    mine, theirs = twins[dtype].arrays.get(worst.array), julias[dtype].arrays.get(worst.array)
    if truth is None or mine is None or theirs is None or not truth.shape == mine.shape == theirs.shape:
        return "rounding", ""
    with np.errstate(invalid="ignore"):
        error = {"python": np.max(np.abs(mine - truth), initial=0), "julia": np.max(np.abs(theirs - truth), initial=0)}
    larger = max(error, key=lambda side: error[side])
    sizes = f"{error[larger]:.3g}, the other {min(error.values()):.3g}"
    return "rounding", f" (Float64 agrees; in {worst.array} the error of {larger} is the larger: {sizes})"


@dataclass(frozen=True)
class Summary:
    """How many rows came to which verdict."""

    reports: tuple[RowReport, ...]

    def count(self, verdict: str) -> int:
        """The number of rows with that verdict."""
        return sum(report.verdict == verdict for report in self.reports)

    @property
    def exit_code(self) -> int:
        """0: all agree (mistrusted rows are counted, not failed, newer ones neither); 1: some disagree; 3: some had no reference."""
        if self.count("disagrees"):
            return 1
        return 3 if self.count("absent") or self.count("lost") else 0
