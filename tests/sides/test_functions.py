"""A user's own functions as the Python side: what they return, raise and do to their arguments."""

import dataclasses

import numpy as np
from pretended import checked

from pyimpl.parity import arrays
from pyimpl.parity.report.story import story


def square(x):
    return x * x


def test_what_one_side_does_to_its_arguments_is_seen():
    def in_place(x):
        x += 1
        return x

    result = checked(in_place, lambda x: x + 1, arrays("n"))
    assert "after.x1" in str(result.report.findings[0])


def test_an_exit_is_an_error_like_any_other():
    def leaves(x):
        raise SystemExit(0)

    assert "python raised «SystemExit: 0 (" in story(checked(leaves, square, arrays("n")))


def test_a_function_that_does_not_return_is_asked_once():
    def hangs(x):
        while True:
            pass

    result = checked(hangs, square, arrays("n"), seconds=0.5)
    assert result.report.verdict == "lost" and "gave no answer for 0.5 s" in story(result)


def test_outputs_of_every_structure():
    def several(x):
        return {"sum": x.sum(), "parts": (x, [1, 2]), "spectrum": np.fft.fft(x), "none": None}

    result = checked(several, several, arrays("n"))
    assert result.agrees
    assert {str(name) for e in result.evidence for name in e.julia["float64"].arrays} == {
        *("y.sum", "y.parts.0", "y.parts.1", "y.spectrum.real", "y.spectrum.imag", "after.x1")
    }
    assert "y.text" in story(checked(lambda x: "text", square, arrays("n")))
    assert "expected arrays of numbers" in story(checked(lambda x: object(), square, arrays("n")))


@dataclasses.dataclass
class Fit:
    slope: float
    method: str
    converged: bool


def test_dataclasses_and_texts_are_compared_part_by_part():
    def fit(x):
        return Fit(float(x.sum()), "ridge", True)

    def other(x):
        return {"slope": float(x.sum()), "method": "lasso", "converged": True}

    assert checked(fit, fit, arrays("n")).agrees
    result = checked(fit, other, arrays("n"))
    differing = {str(d.array) for f in result.report.findings for d in f.verdict.differences
                 if not d.agrees}  # fmt: skip
    assert differing == {"y.method.text"}
    assert "python 'r'" in story(result) and "julia  'l'" in story(result)


def test_an_integer_beyond_all_machine_integers_is_an_error():
    assert "which no machine integer holds" in story(
        checked(lambda n: int(n) + 2**70, square, arrays(":int"))
    )
