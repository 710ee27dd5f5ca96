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
