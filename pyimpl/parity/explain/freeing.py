"""Would the sides agree if their results were taken as free as they are by nature? Tried for every
output that differs: up to sign, phase, order, scale or rotation, as it stands or turned.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ..case.names import Kind, Name
from ..judge.freedoms import TURNED, UP_TO, Freedom, aligned
from ..judge.verdict import Reason
from ..pair.checking import judge_again
from ..pair.pair import Evidence, Result

MOST_ENTRIES = 10**6
NEARLY = 0.1  # relative, of what is proportional but for a small rest
ROUNDED = 1e-6  # relative: less than that is no sign of anything
CASES = 6
SHOWN = 4  # factors


def try_freedoms(result: Result) -> None:
    """Find the least freedom of every output with which all cases agree; `result.free` has them."""
    pair = result.pair
    if pair.up_to or pair.python.is_model or result.random or not _only_outputs(result):
        return
    evidence = [e for e in result.evidence if not e.agrees and not e.case.extreme][:CASES]
    chosen: list[tuple[Name | None, Freedom]] = []
    for name in _differing(result):
        found = next((f for f in _freedoms() if _fits(result, evidence, name, f)), None)
        if found is None:
            return
        chosen.append((name, found))
    if not chosen:
        return
    report = judge_again(replace(pair, up_to=tuple(chosen)), result.answers)
    if not any(not finding.case.extreme for finding in report.findings):
        result.free = tuple(chosen)


def _freedoms() -> Iterator[Freedom]:
    """The least first."""
    for up_to in ("", *UP_TO):
        for turned in ("", *TURNED):
            if up_to or turned:
                yield Freedom(up_to, turned)


def _only_outputs(result: Result) -> bool:
    return all(
        difference.array is not None
        and difference.array.kind is Kind.OUTPUT
        and difference.reason is not Reason.ONE_SIDE
        for finding in result.report.findings
        for difference in finding.verdict.differences
        if not difference.agrees
    )


def _differing(result: Result) -> list[Name]:
    """The outputs that differ, complex ones without their parts."""
    names = {
        difference.array.whole
        for finding in result.report.findings
        if not finding.case.extreme
        for difference in finding.verdict.differences
        if not difference.agrees and difference.array is not None
    }
    return sorted(names)


def _fits(result: Result, evidence: list[Evidence], name: Name, freedom: Freedom) -> bool:
    """Whether the output agrees in the evidence with this freedom."""
    pair = replace(result.pair, up_to=((name, freedom),))
    answers = [(each.case, each.julia) for each in evidence if each.case.size < MOST_ENTRIES]
    findings = judge_again(pair, answers).findings
    return bool(answers) and not any(
        difference.array is not None and difference.array.whole == name
        for finding in findings
        for difference in finding.verdict.differences
        if not difference.agrees
    )


def find_proportions(result: Result) -> None:
    """Find the outputs whose columns are Julia's times a factor but for a small rest: what one of
    the sides has not computed to the end. `result.proportional` says it in words.
    """
    if result.free or result.pair.python.is_model or not _only_outputs(result):
        return
    evidence = max(
        (e for e in result.evidence if not e.agrees and not e.case.extreme),
        key=lambda each: each.case.size,
        default=None,
    )
    if evidence is None or "float64" not in evidence.julia:
        return
    mine = result.pair.evaluate(evidence.case).arrays
    result.proportional = []
    for name in _differing(result):
        a, b = mine.get(name), evidence.julia["float64"].arrays.get(name)
        if a is None or b is None or a.shape != b.shape or a.ndim != 2 or min(a.shape) < 2:
            continue
        if not (np.isfinite(a).all() and np.isfinite(b).all()):
            continue
        moved = aligned(a, b, Freedom("scale"))
        rest = float(np.linalg.norm(moved - b) / (np.linalg.norm(b) or 1.0))
        if rest < NEARLY and a.size > 4:
            size = np.abs(a)
            axis = int(
                np.ptp(np.divide(moved, a, where=size > 0, out=np.ones_like(a)), 0).max() > 1e-9
            )
            factors = np.divide(*(np.sum(one * a, axis) for one in (moved, a)))
            if rest < ROUNDED and np.all(np.abs(factors - 1) < ROUNDED):
                continue  # the same, all but
            shown = ", ".join(f"{factor:.3g}" for factor in factors[:SHOWN])
            result.proportional.append(
                f"Julia's {name} is Python's times a factor for each {('column', 'row')[axis]} "
                f"({shown}), but for {100 * rest:.2g} % of it: one side may not have been computed "
                "to the end (a tolerance, a number of iterations)"
            )
