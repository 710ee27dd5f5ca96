"""Programs that agree on ordinary numbers and differ at the limits are caught."""

import math

import numpy as np
import pytest
from pretended import checked

from pyimpl.parity.case.inputs import arrays
from pyimpl.parity.report.story import story


def unfiltered_max(x):
    return np.max(x, axis=-1)


@pytest.mark.parametrize(
    ("python", "julia", "shape", "theme"),
    [
        (lambda x: float(x) ** 2, lambda x: np.float64(x) ** 2, "", "large numbers"),
        (unfiltered_max, lambda x: np.nanmax(x, axis=-1), "n,3", "NaN"),
        (lambda x: math.copysign(1.0, x), lambda x: -1.0 if x < 0 else 1.0, "", "zeros"),
        (lambda n: n * n, lambda n: int(np.int64(n) * np.int64(n)), ":int", "large numbers"),
        (lambda x: np.round(x), lambda x: np.floor(x + 0.5), "n", "ties of rounding"),
    ],
)
def test_it_differs_at_the_limits(python, julia, shape, theme):
    result = checked(python, julia, arrays(shape))
    assert result.differs, theme
    themes = {f.case.origin for f in result.report.findings if f.case.extreme}
    assert f"extreme: {theme}" in themes


def test_it_is_said_that_ordinary_cases_agree():
    result = checked(lambda x: float(x) ** 2, lambda x: np.float64(x) ** 2, arrays(""))
    assert result.report.cases == 50 and result.extremes > 10
    assert "agree in 50 cases and differ at the limits" in story(result)
    assert "large numbers" in story(result)


def test_not_a_number_and_infinity_are_one_where_only_the_order_of_steps_decides():
    """A Fourier transform as sums of products: infinity times zero is NaN in some of them only."""

    def ones(x):
        return np.cumsum(np.append(x, 0.0))

    def sums(x):
        return np.append(x, 0.0) @ np.triu(np.ones((x.size + 1, x.size + 1)))

    infinite = checked(ones, sums, [(np.array([1.0, np.inf]),)])
    assert infinite.differs  # the caller's own inputs are compared to the letter
    agrees = checked(np.copy, np.copy, arrays("n"))
    assert agrees.agrees and agrees.extremes == 7


def test_a_model_and_own_inputs_have_none():
    assert checked(np.copy, np.copy, [(np.ones(3),)]).extremes == 0


def test_what_takes_long_is_left_out():
    def counting(n):
        total = 0
        while total < abs(n) and abs(n) > 10**6:
            total += 0
        return n

    result = checked(counting, lambda n: n, arrays(":int"))
    assert result.agrees and 0 < result.extremes < 10
