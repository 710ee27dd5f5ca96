"""Known constants: a difference that a Float32 literal explains to the last bit is told once, and
the check goes on with it.

Flux writes `eps = 1f-5` and `momentum = 0.1f0` into its layers: in Float64 these are not 1e-5 and
0.1, and a model differs in every case by parts in 10^9. That must not drown what else differs, so
the Python side takes Julia's numbers over, and all cases are judged again.
"""

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from ..judge.findings import Finding, Report
from ..judge.verdict import Reason
from ..pair.checking import judge_again
from ..pair.pair import Result
from ..sides.side import PythonSide
from ..sides.training import RuleSide, TrainingSide
from ..traps.table import TRAPS
from . import program
from .settings import with_settings

LITERALS = TRAPS["literals"]
KIND = "literals: float32"  # of its rewritings: a number as a Float32 literal makes it
SECONDS = 10.0  # for the whole search
TRIED = 4  # cases that a change is tried on first
PART = 0.25  # of the cases that differ must agree with it
FEW = 5  # changes of which every combination is tried


def adopt(result: Result, seconds: float = SECONDS) -> None:
    """Where Float32 literals explain all that differs in value in some case, take them over: all
    that there are at once, or else as few as will do.

    The result is that of the pair with these numbers; `result.adopted` names them.
    """
    first = [finding for finding in result.report.findings if _of_values(finding)][:TRIED]
    if result.random or not first:
        return
    tried = {id(finding.case) for finding in first}
    answers = [each for each in result.answers if id(each[0]) in tried]
    deadline = time.monotonic() + seconds
    for words, side in _with_literals(result.pair.python):
        if time.monotonic() > deadline:
            return
        pair = replace(result.pair, python=side)
        if len({id(f.case) for f in judge_again(pair, answers).findings}) == len(answers):
            continue
        report = judge_again(pair, result.answers)
        if _explains(result.report, report):
            result.adopt(pair, report, words)
            return


def adopt_ties(result: Result) -> None:
    """Where Julia's choice among entries that are nearly equal explains all that differs in some
    case, take it over: which of them is the largest is no matter of meaning.
    """
    side = result.pair.python
    changed = None if result.random else side.framework.ties_as_in_julia(side)
    if changed is None:
        return
    words, other = changed
    pair = replace(result.pair, python=other)
    report = judge_again(pair, result.answers)
    was = judge_again(result.pair, result.answers)
    before, after = ({_place(f) for f in each.findings} for each in (was, report))
    if after < before:
        result.adopt(pair, report, result.adopted)
        result.ties = words


def _of_values(finding: Finding) -> bool:
    """Whether values differ in Float64, for ordinary inputs."""
    values = [d for d in finding.verdict.differences if d.reason is Reason.VALUE and not d.agrees]
    return bool(values and finding.verdict.case.dtype == np.float64 and not finding.case.extreme)


def _explains(before: Report, after: Report) -> bool:
    """Whether nothing differs that agreed before, and a good part of what differed in Float64
    agrees.
    """
    was, remains = ({_place(f) for f in report.findings} for report in (before, after))
    of_values = {_place(finding) for finding in before.findings if _of_values(finding)}
    return remains <= was and len(of_values - remains) > PART * len(of_values)


def _place(finding: Finding) -> tuple[int, str]:
    return id(finding.case), str(finding.verdict.case.dtype)


Change = tuple[str, Callable[[PythonSide], PythonSide]]  # in words, and of a side


def _with_literals(side: PythonSide) -> Iterator[tuple[list[str], PythonSide]]:
    """The side with numbers that Float32 cannot hold rounded to it, in its settings, its optimiser
    rule or its source; each with what was changed.
    """
    changes = [*_of_settings(side), *_of_source(side)]
    most = len(changes) if len(changes) <= FEW else 1
    for count in dict.fromkeys((len(changes), *range(1, most))):
        for chosen in itertools.combinations(changes, count):
            changed = side
            for _, change in chosen:
                changed = change(changed)
            if chosen:
                yield [words for words, _ in chosen], changed


def _of_settings(side: PythonSide) -> Iterator[Change]:
    if isinstance(side, RuleSide):
        for words, name, value in _of_rule(side.subject):
            yield words, partial(_with_rule_setting, name=name, value=value)
        return
    if isinstance(side, TrainingSide):
        for words, change in _of_settings(side.base):
            yield words, partial(_with_changed_base, change=change)
        for words, name, value in _of_rule(side.rule):
            yield words, partial(_with_rule_setting, name=name, value=value)
        return
    for number, setting in enumerate(side.framework.settings(side)):
        for words, value in LITERALS.settings(setting.name, setting.value):
            if _rounded(setting.value, value):
                change = partial(_with_setting, number=number, value=value)
                yield f"{setting.where}: {words}", change


def _of_source(side: PythonSide) -> Iterator[Change]:
    for scope in program.scopes_of(side):
        for rewriting in program.rewritings_of(scope):
            if rewriting.cause == LITERALS.name and rewriting.kind == KIND:
                words = f"{program.where(scope, rewriting)}: {program.change(scope, rewriting)}"
                yield words, partial(_edited, part=(scope, rewriting))


def _with_setting(side: Any, number: int, value: Any) -> PythonSide:
    setting = list(side.framework.settings(side))[number]
    return replace(with_settings(side, [(setting, value)]), seconds=side.seconds)  # type: ignore[type-var]


def _with_changed_base(side: Any, change: Callable[[PythonSide], PythonSide]) -> PythonSide:
    return side.with_base(change(side.base))


def _with_rule_setting(side: Any, name: str, value: Any) -> PythonSide:
    rule = side.rule if isinstance(side, TrainingSide) else side.subject
    settings = {one.name: one for one in RuleSide(rule).framework.rule_settings(rule)}
    changed = settings[name].changed(value)
    return replace(
        side, **({"rule": changed} if isinstance(side, TrainingSide) else {"subject": changed})
    )


def _edited(side: Any, part: Any) -> PythonSide:
    if isinstance(side, program.Edited):
        return program.Edited(side.base, [*side.parts, part])
    return program.Edited(side, [part])


def _of_rule(rule: Any) -> Iterator[tuple[str, str, Any]]:
    for setting in RuleSide(rule).framework.rule_settings(rule):
        for words, value in LITERALS.settings(setting.name, setting.value):
            if _rounded(setting.value, value):
                yield f"the rule: {words}", setting.name, value


def _rounded(before: Any, after: Any) -> bool:
    """Whether the other value is the first in single precision, not a decimal written anew."""
    if isinstance(before, tuple) and isinstance(after, tuple):
        return len(before) == len(after) and all(
            map(lambda one, other: one == other or _rounded(one, other), before, after)
        )
    return isinstance(before, float) and after == float(np.float32(before)) != before
