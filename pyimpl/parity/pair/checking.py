"""A pair checked on drawn, given or recorded cases; where the sides differ, the smallest case on
which they do.

A check does not draw conclusions: see `explain`.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis import seed as seeded
from hypothesis.errors import Flaky

from ..case.case import Case, Outcome
from ..case.draws import generated
from ..case.dtypes import DTYPES
from ..case.inputs import Given
from ..case.names import TEXT, Kind, numbered, text_of
from ..judge.findings import Finding, Report, Sort, enter
from ..judge.verdict import Reason, absolute_errors
from ..progress import busy
from ..sides.functions import FunctionSide
from ..sides.training import model_of
from .conditioning import doubts
from .extremes import extreme_cases
from .held_against import PairReference
from .matching import Match, prove
from .pair import SMALLEST, Evidence, Pair, Result

CASES = 50
SHRINK_SECONDS = 10.0
AGAIN = 4  # times a side is asked the same
RECOMPILED = 1e-9  # times the size: what the compiled program may round otherwise
KEPT = 24  # cases of each sort that are kept as evidence for `explain`


class NothingCompared(ValueError):
    """Both sides raised an error in every case; the message has both errors."""


def check_pair(
    pair: Pair,
    reference: PairReference,
    dtypes: tuple[str, ...] = DTYPES,
    count: int = CASES,
    seed: int = 0,
) -> Result:
    """Check a pair on `count` drawn cases, or on all that were given or recorded; where they
    differ, look for the smallest that does.
    """
    pair = reference.prepare(pair)
    report = Report(pair)
    result = Result(
        pair, report, reference.name, reference.versions, provenance=reference.provenance
    )
    kept = reference.kept(pair, dtypes, seed)
    if kept is not None:
        for case, outcomes in kept:
            _judge(result, case, outcomes)
    elif isinstance(pair.inputs, Given):
        cases = [
            pair.completed([xs], _seeded(seed), f"given {i}")
            for i, xs in enumerate(pair.inputs.cases, 1)
        ]
        for case, outcomes in reference.outcomes(pair, cases, dtypes):
            _judge(result, case, outcomes)
    else:
        with busy("drawing cases"):
            cases = generated(pair.cases(), count, str(seed))
            cases += extreme_cases(pair, seed)
        known: Known = {}
        with busy("case") as step:
            for number, (case, outcomes) in enumerate(reference.outcomes(pair, cases, dtypes), 1):
                step(number, len(cases))
                known[case.fingerprint] = outcomes, _judge(result, case, outcomes)
        if any(not finding.case.extreme for finding in result.report.findings) and not any(
            finding.verdict.lost for finding in result.report.findings
        ):
            with busy("looking for smaller inputs that differ"):
                _shrink(result, reference, dtypes, count, seed, known)
    if result.report.cases and result.refused == result.report.cases:
        last = result.evidence[-1]
        python, julia = pair.evaluate(last.case).error, next(iter(last.julia.values())).error
        raise NothingCompared(
            f"both sides refuse every case, so nothing was compared\n  python: {python}\n  "
            f"julia: {julia}"
        )
    if reference.asks and pair.matches and (result.agrees or not pair.laid_out):
        result.pair = replace(pair, matches=_proved(result, reference))
    differing = [evidence for evidence in result.evidence if not evidence.agrees]
    if result.smallest is None and differing:
        result.smallest = min(
            differing, key=lambda evidence: (evidence.case.origin != SMALLEST, evidence.case.size)
        )
    result.random = _random(result, reference)
    result.keeping = _keeping(result, reference)
    if not result.random:
        _set_aside(result, reference)
    result.report.findings.sort(
        key=lambda finding: (
            result.smallest is None or finding.case is not result.smallest.case,
            finding.case.size,
        )
    )
    return result


def _random(result: Result, reference: PairReference) -> list[str]:
    """The sides that give other numbers for the same inputs.

    Each is asked the same thing several times in a row, whether it agreed or not: what changes from
    call to call agrees, or does not, by the number of calls before.
    """
    asked = [each for each in result.evidence if not each.case.extreme]
    case = result.smallest.case if result.smallest else asked[-1].case if asked else None
    if case is None or any(finding.verdict.lost for finding in result.report.findings):
        return []  # once more would be lost as well
    pair, case = result.pair, case.cast(np.float64)
    again = {"python": [pair.evaluate(case) for _ in range(AGAIN)]}
    if reference.asks:
        questions = [replace(case) for _ in range(AGAIN)]
        again["julia"] = [
            outcomes["float64"] for _, outcomes in reference.outcomes(pair, questions, ("float64",))
        ]
    return [
        side
        for side, (one, *others) in again.items()
        if not all(_same(one, other) for other in others)
    ]


def _keeping(result: Result, reference: PairReference) -> dict[str, list[str]]:
    """Of a side whose answers change from call to call: the globals that it changes."""
    pair, calls = result.pair, result.pair.config.get("calls", 1)
    case = result.smallest.case if result.smallest else None
    if case is None and result.evidence:
        case = result.evidence[-1].case
    if case is None or not (result.random or (calls > 1 and result.report.findings)):
        return {}
    # once: a second call may undo what the first has changed
    case, found = replace(case.cast(np.float64), config=case.config | {"calls": 1}), {}
    if isinstance(pair.python, FunctionSide):
        found["python"] = pair.python.changes(case)
        if reference.asks:
            watched = replace(case, config=case.config | {"watched": True})
            ((_, outcomes),) = reference.outcomes(pair, [watched], ("float64",))
            outputs = outcomes["float64"].outputs().items()
            found["julia"] = [text_of(array) for name, array in outputs if name.last == TEXT]
    return {side: names for side, names in found.items() if names}


def _same(one: Outcome, other: Outcome) -> bool:
    """Whether two answers to one question are the same, but for what another compilation of the
    same program may round.
    """
    if one.lost or other.lost:
        return True  # which says nothing of its numbers
    if bool(one.error) != bool(other.error) or one.arrays.keys() != other.arrays.keys():
        return False
    return all(_equal(array, other.arrays[name]) for name, array in one.arrays.items())


def _equal(one: np.ndarray, other: np.ndarray) -> bool:
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    if one.dtype.kind != "f":
        return bool(np.array_equal(one, other))
    size = np.max(np.abs(one), initial=0, where=np.isfinite(one))
    return bool(np.all(absolute_errors(one, other) <= RECOMPILED * size))


def _set_aside(result: Result, reference: PairReference) -> None:
    """Cases that cannot be compared are no disagreements: they become notes."""
    report = result.report
    suspects = [*report.findings, *report.unsure]
    result.doubts = doubts(result.pair, result.answers, suspects, reference)
    aside = [finding for finding in suspects if id(finding.case) in result.doubts]
    if not aside:
        return
    report.notes += [replace(finding, kind=Sort.ILL) for finding in aside]
    report.findings = [f for f in report.findings if id(f.case) not in result.doubts]
    if result.smallest is not None and id(result.smallest.case) in result.doubts:
        left = [e for e in result.evidence if not e.agrees and id(e.case) not in result.doubts]
        result.smallest = min(left, key=lambda each: each.case.size, default=None)


def _proved(result: Result, reference: PairReference) -> tuple[Match, ...]:
    """The matches, proved on the most varied case of which Julia made something: in test mode,
    where every array moves the output.
    """
    pair = replace(
        result.pair,
        python=model_of(result.pair.python),
        training=None,
        config={},
        mode="test",
        weighed=None,
    )
    whole = [
        evidence.case
        for evidence in result.evidence
        if not any(outcome.error for outcome in evidence.julia.values())
    ]
    if not whole:
        return pair.matches
    case = max(
        whole,
        key=lambda case: sum(
            len(np.unique(array)) for name, array in case.arrays.items() if name.kind is Kind.INPUT
        ),
    )
    first = numbered(Kind.INPUT, 1)
    inputs = {
        name
        for name in case.arrays
        if name.kind is Kind.INPUT and (name == first or not result.pair.training)
    }
    arrays = {
        name: array
        for name, array in case.arrays.items()
        if name.kind is Kind.PARAMETER or name in inputs
    }

    def ask(cases: Sequence[Case]) -> Iterator[Outcome]:
        return (
            outcomes["float64"] for _, outcomes in reference.outcomes(pair, cases, ("float64",))
        )

    return tuple(
        prove(
            list(pair.matches),
            replace(case, arrays=arrays, config={}, mode="test"),
            pair.evaluate,
            ask,
        )
    )


def _judge(result: Result, case: Case, outcomes: dict[str, Outcome]) -> list[Finding]:
    """Enter what comes of a case; its disagreements."""
    result.answers.append((case, outcomes))
    found = _entered(result.report, case, outcomes)
    if found is None:
        return []
    agrees = not found.findings
    if case.extreme:
        result.extremes += 1
    else:
        result.refused += agrees and all(outcome.error for outcome in outcomes.values())
    if sum(other.agrees == agrees for other in result.evidence) < KEPT:
        result.evidence.append(Evidence(case, outcomes, agrees))
    return found.findings


def _entered(report: Report, case: Case, outcomes: dict[str, Outcome]) -> Report | None:
    """What comes of one case, which has been entered into the report: of one that goes to the
    limits its disagreements alone; None where that was too much for a side, which is no word on
    whether they agree.
    """
    found = Report(report.subject)
    enter(found, case, outcomes)
    if not case.extreme:
        report.cases += 1
        report.take(found)
        return found
    if any(finding.verdict.lost for finding in found.findings):
        return None
    report.findings += found.findings
    report.notes += found.notes
    return found


def manner(finding: Finding) -> Reason:
    """In what way it differs: that of its worst array."""
    worst = finding.verdict.worst
    return Reason.REFUSAL if worst is None else worst.reason


Known = dict[
    bytes, tuple[dict[str, Outcome], list[Finding]]
]  # what came of a case, by its fingerprint: Julia's outcomes, disagreements


def _shrink(
    result: Result,
    reference: PairReference,
    dtypes: tuple[str, ...],
    count: int,
    seed: int,
    known: Known,
) -> None:
    """Hypothesis goes through the same draws again, and from the first case that differs to ever
    smaller ones, for so many seconds.

    It keeps to the most frequent manner of differing: the smallest of all is often a degenerate
    case that has troubles of its own. A dtype differs in every case where it does, and would hide
    all else. What is `known` is not asked again.
    """
    pair, deadline = result.pair, time.monotonic() + SHRINK_SECONDS
    last: list[Evidence] = []
    manners = Counter(manner(finding) for finding in result.report.findings)
    wanted = max(
        manners,
        key=lambda reason: (reason is not Reason.DTYPE, manners[reason], reason is Reason.VALUE),
    )

    class Differs(Exception):
        pass

    @seeded(str(seed))
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
        print_blob=False,
        verbosity=Verbosity.quiet,
    )
    @given(pair.cases())
    def agree(case):
        question = case.fingerprint
        if question not in known:
            if time.monotonic() > deadline:
                return  # to Hypothesis it agrees, and the search comes to an end
            ((_, outcomes),) = reference.outcomes(pair, [case], dtypes)
            known[question] = outcomes, judged(pair, case, outcomes)
        outcomes, findings = known[question]
        if any(manner(finding) == wanted for finding in findings):
            last[:] = [Evidence(case, outcomes, False)]
            raise Differs

    try:
        agree()
    except (Differs, Flaky):
        result.smallest = last[0]
        found = [
            replace(finding, case=last[0].case) for finding in known[last[0].case.fingerprint][1]
        ]
        result.report.findings = (
            sorted(found, key=lambda finding: manner(finding) != wanted) + result.report.findings
        )


def judge_again(pair: Pair, answers: Sequence[tuple[Case, dict[str, Outcome]]]) -> Report:
    """The report of a pair with another Python side, given what Julia has said before."""
    report = Report(pair)
    for case, outcomes in answers:
        _entered(report, case, outcomes)
    report.findings.sort(key=lambda finding: finding.case.size)
    return report


def judged(pair: Pair, case: Case, outcomes: dict[str, Outcome]) -> list[Finding]:
    """The disagreements of one case."""
    report = Report(pair)
    enter(report, case, outcomes)
    return report.findings


def _seeded(seed: int) -> Callable[[tuple[int, ...], str], np.ndarray]:
    rng = np.random.default_rng(seed)
    return lambda shape, kind: np.asarray(rng.integers(-128, 129, shape) / 32)
