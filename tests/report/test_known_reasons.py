"""Why two sides differ, where no edit of the Python side shows it."""

import numpy as np
from pretended import checked

from pyimpl.parity import arrays
from pyimpl.parity.report.known_reasons import reason_without_edits
from pyimpl.parity.report.story import story


def test_a_change_in_place_is_told_in_words():
    def doubles(x):
        x *= 2
        return x + 1

    text = story(checked(doubles, lambda x: 2 * x + 1, arrays("n")))
    assert "argument x[0] after the call" in text
    assert "python changes its argument in place, the other side does not; all else agrees" in text


def test_what_numpy_makes_nan_of_and_julia_refuses():
    class DomainError(Exception):
        pass

    def root(x):
        if (x < 0).any():
            raise DomainError("-1.0")
        return np.sqrt(x)

    assert "NumPy makes NaN, where Julia raises DomainError" in story(
        checked(np.sqrt, root, arrays("n"))
    )


def test_arguments_that_julia_takes_by_keyword():
    class MethodError(Exception):
        pass

    def scaled(x, gain):
        return gain * x

    def refusing(x, gain):
        raise MethodError("no method matching julia(::Vector{Float64}, ::Float64)")

    text = story(checked(scaled, refusing, arrays("n", "")))
    assert "write it as `(x, gain) -> julia(x; gain)`" in text


def test_what_no_rule_knows_has_no_reason():
    assert reason_without_edits(checked(np.tanh, np.sin, arrays("n"))) == ""


def test_a_side_that_refuses_some_inputs_or_all():
    def of_several(x):
        if len(x) < 2:
            raise ValueError("at least two entries")
        return 2 * x

    def never(x):
        raise ValueError("never")

    text = reason_without_edits(checked(of_several, lambda x: 2 * x, arrays("n")))
    assert text == "python refuses some inputs with ValueError, julia does not; all else agrees"
    text = reason_without_edits(checked(lambda x: 2 * x, never, arrays("n")))
    assert text == "julia refuses every input with ValueError, python none"


def test_errors_of_both_sides_that_say_other_things():
    class BoundsError(Exception):
        pass

    def missing(x):
        return {}["a"] if x[0] > 0 else x

    def outside(x):
        if x[0] > 0:
            raise BoundsError("attempt to access")
        return x

    text = story(checked(missing, outside, arrays("2")))
    assert "but python with KeyError and julia with BoundsError" in text
    assert "both sides refuse" not in story(checked(missing, missing, arrays("2")))


TALLY = {"calls": 0}


def counting(x):
    TALLY["calls"] += 1
    return x + TALLY["calls"]


def test_what_is_kept_from_call_to_call_is_named():
    text = story(checked(counting, lambda x: x, arrays("n")))
    assert "python gave more than one result for the same inputs: python changes TALLY" in text
    assert "why: python changes TALLY from call to call" in text


SIGN = [1.0]


def turning(x):
    SIGN[0] = -SIGN[0]
    return x * SIGN[0]


def test_what_a_second_call_undoes_is_named_as_well():
    SIGN[0] = -1.0
    text = story(checked(turning, lambda x: x, arrays("2"), calls=2))
    assert "it changes what it keeps from call to call (SIGN)" in text
