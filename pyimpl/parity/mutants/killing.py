"""A mutant held against the catalogue or against the probes, in the program that has it.

This module is imported anew, with all of the package, once the mutant is planted (`planting.py`):
what it imports is broken. It gives plain data back.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...core.versions import semantics
from ..catalogue import CATALOGUE
from ..catalogue.row import Row
from ..judge.findings import Report, Sort, enter
from ..reference.recorded import RecordedRows
from . import rules_in_use


@dataclass(frozen=True)
class Kill:
    """The row and the array in which a mutant shows, in which way, and in how many words."""

    by: str
    array: str
    words: str


def against_rows(folder: Path, first: list[str], others: bool) -> dict[str, Any]:
    """Hold the twin against a recording: the rows named first in all their cases, then, where none
    of them disagrees, all others until one does.
    """
    reference = RecordedRows(folder)
    traces: dict[str, list[str]] = {rule: [] for rule in rules_in_use.named_rules()}
    kill: Kill | None = None
    with semantics(reference.versions["Flux"]):
        for key in first:
            kill = _in_row(CATALOGUE[key], reference, traces) or kill
        if kill is None and others:
            rest = (CATALOGUE[key] for key in CATALOGUE if key not in first)
            kill = next(filter(None, (_in_row(row, reference) for row in rest)), None)
    return {"kill": vars(kill) if kill else None, "rules": traces}


def _in_row(
    row: Row, reference: RecordedRows, traces: dict[str, list[str]] | None = None
) -> Kill | None:
    """The first disagreement; where `traces` are wanted, all cases are gone through."""
    report: Report[Row] = Report(row)
    for number, (case, outcomes) in enumerate(
        reference.pairs(row, ("float32", "float64"), None, 0)
    ):
        enter(report, case, outcomes)
        if traces is None:
            if any(_kills(report)):
                break
            continue
        for dtype, julia in outcomes.items():
            asked = case.cast(dtype)
            for rule in rules_in_use.called_wrong(asked, row.evaluate(asked), julia):
                traces[rule].append(f"{row.key} {number} {dtype}")
    return next(_kills(report), None)


def _kills(report: Report[Row]) -> Iterator[Kill]:
    for finding in report.findings:
        if finding.kind is not Sort.LOST:
            worst = finding.verdict.worst
            yield Kill(report.subject.key, worst.what if worst else "", str(finding))


def against_probes(probes: list[str] | None = None) -> dict[str, Any]:
    """Ask the probes, until one gives another answer than it is known to give."""
    from .probes import PROBES

    for name, probe in PROBES.items():
        if (probes is not None and name not in probes) or not probe.can_be_asked:
            continue
        answer = probe.answer()
        if answer != probe.known:
            words = f"answers {answer!r}, known is {probe.known!r}"
            return {"kill": {"by": name, "array": answer, "words": words}, "rules": {}}
    return {"kill": None, "rules": {}}
