"""Cases that cannot be compared are told from those that differ."""

import numpy as np
import pytest
from pretended import checked

from pyimpl.parity.case.inputs import arrays


def chirp(stop):
    return np.sin(np.exp(np.linspace(0, stop, 60) ** 2))


def other_chirp(stop):
    return np.sin(np.exp((np.arange(60) / 59 * stop) ** 2))


def test_what_an_ulp_moves_as_far_as_the_sides_are_apart_cannot_be_compared():
    wild = checked(chirp, other_chirp, [(np.asarray(10.0),), (np.asarray(11.5),)])
    assert not wild.differs and not wild.agrees
    assert "one ulp of the inputs moves y" in wild.unsaid and "no digit is left" in wild.unsaid
    assert not wild.report.findings and wild.smallest is None


def test_the_same_functions_agree_where_they_can_be_compared():
    assert checked(chirp, other_chirp, [(np.asarray(1.5),)]).agrees


def test_a_few_cases_that_cannot_be_compared_are_a_note_beside_those_that_agree():
    cases = [(np.asarray(stop),) for stop in (0.5, 1.0, 1.5, 11.0)]
    result = checked(chirp, other_chirp, cases)
    assert result.agrees and len(result.doubts) == 1 and len(result.report.notes) >= 1


@pytest.mark.parametrize("wrong", [lambda x: chirp(x) + 1e-3, lambda x: chirp(x) * 2])
def test_a_difference_in_meaning_is_one(wrong):
    assert checked(chirp, wrong, [(np.asarray(1.5),)]).differs


def test_a_jump_is_a_difference():
    """8.315 * 100 is 831.5 or a little less: one ulp decides, and only two values are there."""

    def cents(x):
        return np.array([round(float(x), 2)])

    result = checked(cents, lambda x: np.round([x], 2), [(np.asarray(8.315),)])
    assert result.differs and not result.doubts


def test_a_wrong_gradient_of_a_sensitive_function_is_not_excused():
    """Sensitive, but not beyond all digits: an error of a thousandth stands out."""

    def steep(x):
        return np.exp(20 * x)

    result = checked(steep, lambda x: steep(x) * 1.001, arrays("n:small"))
    assert result.differs and not result.doubts


def test_what_float32_does_to_julia_alone_is_a_note_where_python_computes_in_float64():
    def python(stop):
        return np.linspace(0.0, float(stop), 5) ** 2  # of a number of Python's: Float64

    def julia(stop):
        if stop.dtype == np.float32:
            raise ValueError("too large for Float32")
        return np.linspace(0.0, stop, 5) ** 2

    case = [(np.asarray(1.5),)]
    result = checked(python, julia_sees_numpy(julia), case, strict=False)
    assert result.agrees and result.report.notes
    assert checked(python, julia_sees_numpy(julia), case, strict=True).differs


def julia_sees_numpy(function):
    """A side that is handed NumPy's number, which has the precision of the case."""

    def seeing(x):
        return function(x if isinstance(x, np.generic) else _asking(x))

    return seeing


def _asking(x):
    return x.dtype  # which a float has not: NumPy's number is handed over in its place
