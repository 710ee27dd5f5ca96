"""What a case shows is entered into a report: the four corners, and what proves nothing."""

import numpy as np
import pytest

from pyimpl.parity.case.case import Case, Outcome
from pyimpl.parity.case.dtypes import DTYPES
from pyimpl.parity.case.names import OUTPUT
from pyimpl.parity.judge.findings import Report, Sort, enter
from pyimpl.parity.judge.verdict import Allowance, sensitivity

X = np.array([0.3, -1.7, 2.9])


class Subject:
    """Twice its input, or what it is told to give."""

    key, constant, strict = "double", False, True

    def __init__(self, give=lambda x: 2 * x):
        self.give = give

    def evaluate(self, case):
        return Outcome({"y": self.give(case.arrays["x1"])})

    def responses(self, case, julia, evaluate):
        return dict.fromkeys(julia, sensitivity(evaluate, case))

    def freed(self, python, julia):
        return python

    def allowance(self, case):
        return Allowance()

    def known_to_differ(self, case):
        return frozenset({OUTPUT}) if case.known else frozenset()


def entered(julia, give=lambda x: 2 * x, dtypes=DTYPES, **marks) -> Report:
    report = Report(Subject(give))
    case = Case("double", {}, {"x1": X}, "function", **marks)
    enter(report, case, {dtype: julia(X.astype(dtype)) for dtype in dtypes})
    return report


def twice(factor64=2.0, factor32=2.0):
    def julia(x):
        factor = factor64 if x.dtype == np.float64 else factor32
        return Outcome({"y": x * x.dtype.type(factor)})

    return julia


@pytest.mark.parametrize(
    ("julia", "kinds"),
    [
        (twice(), []),
        (twice(2.001, 2.001), ["meaning", "meaning"]),
        (twice(2.0, 2.001), ["rounding"]),
        (twice(2.0 + 1e-9, 2.0), ["meaning"]),
        (lambda x: Outcome(error="no"), ["refusal", "refusal"]),
        (lambda x: Outcome(error="gone", lost=True), ["lost", "lost"]),
        (lambda x: Outcome({"y": 2 * x[:2]}), ["meaning", "meaning"]),
        (lambda x: Outcome({"y": (2 * x).astype(np.float64)}), ["dtype"]),
    ],
)
def test_the_corners_tell_the_sort_of_disagreement(julia, kinds):
    assert [finding.kind for finding in entered(julia).findings] == list(map(Sort, kinds))


def test_float64_says_whose_error_is_the_larger():
    (finding,) = entered(twice(2.0, 2.001)).findings
    assert "the error of julia is the larger" in finding.note
    wrong = lambda x: (2 * x) if x.dtype == np.float64 else x * np.float32(2.001)  # noqa: E731
    (finding,) = entered(twice(), wrong).findings
    assert "the error of python is the larger" in finding.note


def test_float32_alone_is_a_difference_in_meaning():
    (finding,) = entered(twice(2, 2.001), dtypes=("float32",)).findings
    assert finding.kind is Sort.MEANING


def test_verdicts_of_a_report():
    assert Report(Subject()).verdict == "absent"
    assert Report(Subject(), newer=["0.16"]).verdict == "newer"
    for julia, verdict in [
        (twice(), "agrees"),
        (twice(3.0, 3.0), "disagrees"),
        (lambda x: Outcome(error="gone", lost=True), "lost"),
    ]:
        report = entered(julia)
        report.cases = 1
        assert report.verdict == verdict
    blind = entered(lambda x: Outcome({"y": 0 * x}), lambda x: 0 * x)
    blind.cases = 1
    assert blind.verdict == "mistrusted" and {str(name) for name in blind.mistrusted} == {"y"}


def test_a_known_difference_must_be_there_and_no_other():
    there = entered(twice(3.0, 3.0), known="a bug")
    assert there.known == 1 and not there.findings
    other = entered(lambda x: Outcome({"y": 3 * x, "grad.x1": x}), known="a bug")
    assert other.known == 1
    assert {d.what for d in other.findings[0].verdict.differences} == {"y", "grad.x1"}
    gone = entered(twice(), known="a bug")
    assert [finding.kind for finding in gone.findings] == [Sort.NOTHING]
    assert "was known to: a bug" in str(gone.findings[0])


def double_alone(x):
    """A function of Julia's that has a method for Float64, and none for Float32."""
    if x.dtype == np.float64:
        return Outcome({"y": 2 * x})
    return Outcome(error="MethodError: no method matching f(::Vector{Float32})")


def test_a_function_that_takes_float64_alone_is_compared_there():
    report = entered(double_alone)
    assert [finding.kind for finding in report.findings] == [Sort.NO_METHOD]
    lenient = Report(Subject())
    lenient.subject.strict = False
    case = Case("double", {}, {"x1": X}, "function")
    enter(lenient, case, {dtype: double_alone(X.astype(dtype)) for dtype in DTYPES})
    assert not lenient.findings and [note.kind for note in lenient.notes] == [Sort.NO_METHOD]


def test_a_method_that_is_missing_in_float64_as_well_is_a_refusal():
    report = entered(lambda x: Outcome(error="MethodError: no method matching f(::Float32)"))
    assert {finding.kind for finding in report.findings} == {Sort.REFUSAL}


def test_what_float32_does_to_julia_alone_is_a_note_where_python_has_numbers_of_its_own():
    class OfNumbers(Subject):
        strict = False

        def evaluate(self, case):
            return Outcome({"y": self.give(case.arrays["x1"])}, in_double=True)

    report = Report(OfNumbers())
    case = Case("double", {}, {"x1": X}, "function")
    enter(report, case, {dtype: twice(2.0, 2.001)(X.astype(dtype)) for dtype in DTYPES})
    assert not report.findings and [note.kind for note in report.notes] == [Sort.ROUNDING]
    enter(report, case, {dtype: twice(2.001, 2.001)(X.astype(dtype)) for dtype in DTYPES})
    assert [finding.kind for finding in report.findings] == [Sort.MEANING]
