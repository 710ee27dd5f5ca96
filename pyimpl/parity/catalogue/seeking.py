"""Long checks: cases are not drawn but sought. Hypothesis follows what moves the sides apart, the
worst case of every row is kept for the next time, and training runs for a thousand steps.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, Phase, given, seed, settings, target

from ..case.case import Case, Outcome
from ..case.draws import seeded_fill
from ..case.dtypes import DTYPES
from ..case.names import Name
from ..judge.findings import Report, enter
from ..judge.verdict import noise
from ..reference import recorded
from .checking import Live
from .drawing import cases
from .row import Row
from .training import TRAIN_ROW

LONG_CASES = 2000  # per row
STEPS = 1000  # of a trajectory
Outcomes = dict[str, Outcome]


@dataclass
class Sought:
    """What came of a row: its report, and the case in which the sides were furthest apart."""

    report: Report[Row]
    case: Case | None = None
    outcomes: Outcomes | None = None
    ulps: float = -1.0

    def take(self, case: Case, outcomes: Outcomes) -> float:
        """Judge a case, and enter what came of it; the largest error, in ulp."""
        one = Report(self.report.subject)
        enter(one, case, outcomes)
        self.report.cases += 1
        self.report.take(one)
        ulps = max((worst.ulps for worst in one.worst.values()), default=0.0)
        if ulps > self.ulps and not case.known:
            self.case, self.outcomes, self.ulps = case, outcomes, ulps
        return ulps


def seek(
    row: Row,
    reference: Live,
    dtypes: tuple[str, ...] = DTYPES,
    count: int = LONG_CASES,
    start: int = 0,
    before: Path | None = None,
    progress: Callable[[int], None] = lambda done: None,
) -> Sought:
    """Check a row on its examples, on the worst case of `before` (a folder that `keep` wrote), and
    on `count` cases that are sought from a seed.
    """
    found = Sought(Report(row, newer=row.newer_than(reference.versions["Flux"])))
    named = {case.origin: case.cast(np.float64) for d in dtypes for case in row.named_cases(d)}
    first = [(case, dtypes) for case in (*named.values(), *_kept(row, before))]
    for case, outcomes in reference.evaluated(row, first):
        found.take(case, outcomes)

    @seed(start)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.target),
        suppress_health_check=list(HealthCheck),
    )
    @given(cases(row))
    def ask(case: Case) -> None:
        for asked, outcomes in reference.evaluated(row, [(case, dtypes)]):
            ulps = found.take(asked, outcomes)
            if math.isfinite(ulps):
                target(ulps)
        progress(found.report.cases)

    ask()
    return found


def _kept(row: Row, folder: Path | None) -> list[Case]:
    if folder is None or not folder.is_dir():
        return []
    try:
        kept = recorded.RecordedRows(folder).of_row(row.key)
        return [case for case, _ in kept.pairs(row, DTYPES, None, 0)]
    except recorded.NoRecording:
        return []


def keep(found: Sought, folder: Path, provenance: Mapping[str, object]) -> None:
    """Write the worst case of a row as a recording, in place of the one that was there: a search
    that began with that one has found none that is worse.
    """
    if found.case is None or found.outcomes is None:
        return
    row = found.report.subject
    about = {**provenance, "ulp": found.ulps}
    recorded.write_row(folder, row.kind, row.key, [(found.case, found.outcomes)], about)


class Trajectory(Row):
    """The row of training runs, held to the band in which a run stays when all that goes into it is
    off by an ulp: over a thousand steps, training makes of rounding what it likes.
    """

    def responses(
        self, case: Case, julia: Outcomes, evaluate: Callable[[Case], Outcome]
    ) -> dict[str, dict[Name, np.ndarray]]:
        """How far every entry moves, per unit of rounding."""
        return {
            dtype: {
                name: band / np.finfo(dtype).eps
                for name, band in noise(evaluate, case, dtype).items()
            }
            for dtype in julia
        }


def trajectories(
    reference: Live,
    dtypes: tuple[str, ...] = DTYPES,
    steps: int = STEPS,
    start: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Report[Row]:
    """Training runs of a thousand steps, one of every structure of the row, held against Julia's at
    each step.
    """
    row = Trajectory(**{each.name: getattr(TRAIN_ROW, each.name) for each in fields(TRAIN_ROW)})
    report = Report[Row](row)
    for number, structure in enumerate(row.structures):
        progress(number, len(row.structures))
        config = {**structure, "n_in": 3, "batch": 4, "steps": steps}
        case = row.complete(config, seeded_fill(f"trajectory {number}, {start}"))
        for asked, outcomes in reference.evaluated(row, [(case, dtypes)]):
            enter(report, asked, outcomes)
            report.cases += 1
    return report
