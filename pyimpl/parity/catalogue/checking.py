"""Rows of the catalogue checked against a reference: live Julia, which several processes may share,
or a recording.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Protocol

import numpy as np

from ...core.versions import semantics
from ..case.case import Case, Outcome
from ..case.dtypes import DTYPES
from ..judge.findings import Report, enter
from .drawing import draw_cases
from .row import Row

LIVE_CASES = 50

Asked = list[
    tuple[Case, tuple[str, ...]]
]  # cases, each with the dtypes in which it is to be evaluated
Answers = tuple[
    Row, Iterator[tuple[Case, dict[str, Outcome]]]
]  # a row, and its cases with Julia's outcome per dtype


class Reference(Protocol):
    """Something that knows what Julia makes of the cases of a row."""

    name: str
    versions: dict[str, str]

    def pairs(
        self, row: Row, dtypes: tuple[str, ...], count: int | None, seed: int
    ) -> Iterator[tuple[Case, dict[str, Outcome]]]:
        """Cases in Float64, each with the outcome per dtype."""
        ...

    def of_rows(
        self, rows: Iterable[Row], dtypes: tuple[str, ...], count: int | None, seed: int
    ) -> Iterator[Answers]:
        """`pairs` of one row after the other; while the caller judges one, the next may be under
        way.
        """
        ...

    def seconds(self) -> dict[str, float]:
        """Where time was spent so far, in a few words each."""
        ...


class Evaluator(Protocol):
    """A Julia, or what stands in for one."""

    versions: dict[str, str]

    @property
    def manner(self) -> str:
        """Interpreted or compiled."""
        ...

    def evaluate_many(self, cases: Sequence[Case]) -> Iterator[Outcome]:
        """One outcome per case, in order."""
        ...


class Live:
    """Live Julia as a reference: fresh draws and the row's examples.

    Several Julias share the rows.
    """

    name = "live"

    def __init__(self, *julias: Evaluator):
        self.versions = julias[0].versions
        self.manner = getattr(julias[0], "manner", "")
        self._free: SimpleQueue[Evaluator] = SimpleQueue()
        for julia in julias:
            self._free.put(julia)
        self._threads = ThreadPoolExecutor(len(julias))
        self._ahead = 6 * len(
            julias
        )  # rows; enough that none of them waits while a heavy one is drawn or judged
        self._julias = julias
        self._drawing = 0.0  # seconds

    def seconds(self) -> dict[str, float]:
        """Where time was spent so far, in a few words each."""
        julia, bridge = (
            sum(getattr(one, f"{part}_seconds", 0.0) for one in self._julias)
            for part in ("julia", "bridge")
        )
        return {
            "drawing cases": self._drawing,
            f"Julia ({len(self._julias)})": julia,
            "bridge": bridge,
        }

    def _evaluate(self, cases: list[Case]) -> list[Outcome]:
        julia = self._free.get()
        try:
            return list(julia.evaluate_many(cases))
        finally:
            self._free.put(julia)

    def _asked(self, row: Row, cases: Asked) -> tuple[Asked, Future]:
        """The cases that this Flux has, and what will come of them."""
        flux = self.versions["Flux"]
        with semantics(flux):
            cases = [
                (row.named_as_now(case), dtypes) for case, dtypes in cases if row.is_in(flux, case)
            ]
        return cases, self._threads.submit(
            self._evaluate, [case.cast(dtype) for case, dtypes in cases for dtype in dtypes]
        )

    def evaluated(self, row: Row, cases: Asked) -> Iterator[tuple[Case, dict[str, Outcome]]]:
        """The cases that this Flux has, each with its outcome in the dtypes asked for."""
        yield from _answers(*self._asked(row, cases))

    def _cases(self, row: Row, dtypes: tuple[str, ...], count: int | None, seed: int) -> Asked:
        """The row's examples, then `count` drawn cases, each with the dtypes in which it is to be
        evaluated.
        """
        start = time.perf_counter()
        named: dict[str, Case] = {}
        wanted: dict[str, list[str]] = {}
        for dtype in dtypes:
            for case in row.named_cases(dtype):
                named[case.origin] = case.cast(np.float64)
                wanted.setdefault(case.origin, []).append(dtype)
        drawn = draw_cases(row, LIVE_CASES if count is None else count, seed)
        self._drawing += time.perf_counter() - start
        return [(case, tuple(wanted[case.origin])) for case in named.values()] + [
            (case, dtypes) for case in drawn
        ]

    def pairs(self, row: Row, dtypes: tuple[str, ...], count: int | None, seed: int):
        """The row's examples, then `count` drawn cases."""
        yield from self.evaluated(row, self._cases(row, dtypes, count, seed))

    def of_rows(
        self, rows: Iterable[Row], dtypes: tuple[str, ...], count: int | None, seed: int
    ) -> Iterator[Answers]:
        """`pairs` of one row after the other, those first that are there first.

        Julia is given the cases of some rows ahead, so that it need not wait for the judge, nor the
        judge for a row that takes long.
        """
        waiting: list[tuple[Row, Asked, Future]] = []
        for row in rows:
            waiting.append((row, *self._asked(row, self._cases(row, dtypes, count, seed))))
            if len(waiting) > self._ahead:
                yield _next(waiting)
        while waiting:
            yield _next(waiting)


def _next(waiting: list[tuple[Row, Asked, Future]]) -> Answers:
    """Takes out the first row that is evaluated, and waits for one where none is."""
    wait([evaluated for *_, evaluated in waiting], return_when=FIRST_COMPLETED)
    row, cases, evaluated = found = next(entry for entry in waiting if entry[2].done())
    waiting.remove(found)
    return row, _answers(cases, evaluated)


def _answers(cases: Asked, evaluated: Future) -> Iterator[tuple[Case, dict[str, Outcome]]]:
    outcomes = iter(evaluated.result())
    for case, dtypes in cases:
        yield case, {dtype: next(outcomes) for dtype in dtypes}


def check_row(
    row: Row,
    reference: Reference,
    dtypes: tuple[str, ...] = DTYPES,
    count: int | None = None,
    seed: int = 0,
) -> Report[Row]:
    """Check one row of the catalogue against the reference."""
    return _report(row, reference.pairs(row, dtypes, count, seed), reference)


def check_rows(
    rows: Iterable[Row],
    reference: Reference,
    dtypes: tuple[str, ...] = DTYPES,
    count: int | None = None,
    seed: int = 0,
) -> Iterator[Report[Row]]:
    """Check rows of the catalogue: a report for each, those first that are done first."""
    for row, answers in reference.of_rows(rows, dtypes, count, seed):
        yield _report(row, answers, reference)


def _report(
    row: Row, answers: Iterable[tuple[Case, dict[str, Outcome]]], reference: Reference
) -> Report[Row]:
    report = Report(row, newer=row.newer_than(reference.versions["Flux"]))
    for case, outcomes in answers:
        report.cases += 1
        start = time.perf_counter()
        enter(report, case, outcomes)
        report.seconds += time.perf_counter() - start
    return report


@dataclass(frozen=True)
class Summary:
    """How many rows came to which verdict."""

    reports: tuple[Report[Row], ...]

    def count(self, verdict: str) -> int:
        """The number of rows with that verdict."""
        return sum(report.verdict == verdict for report in self.reports)

    @property
    def exit_code(self) -> int:
        """0: all agree (what is newer than the reference is not counted); 1: some disagree; 3: some
        had no reference; 5: of some the agreement proves nothing.
        """
        if self.count("disagrees"):
            return 1
        if self.count("absent") or self.count("lost"):
            return 3
        return 5 if self.count("mistrusted") else 0
