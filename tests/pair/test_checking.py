"""A user's own pair: drawn and shrunk, judged, told, bundled.

Where there is no Julia, a second Python function stands in for it.
"""

import numpy as np
import pytest
from pretended import checked

import pyimpl
from pyimpl.parity import arrays
from pyimpl.parity.explain import explain
from pyimpl.parity.pair.checking import NothingCompared
from pyimpl.parity.report.story import story


def square(x):
    return x * x


def standard(x):
    return (x - x.mean(0)) / np.sqrt(x.var(0) + x.dtype.type(1e-3))


def corrected(x):
    return (x - x.mean(0)) / np.sqrt(x.var(0) * len(x) / max(len(x) - 1, 1) + x.dtype.type(1e-3))


def square_backward(dy, x):
    return 2 * x * dy


def test_equal_functions_agree():
    result = checked(standard, standard, arrays("batch,5"))
    assert result.agrees and result.report.cases == 50 and result.report.worst["float32"].ulps == 0


def test_a_difference_is_shrunk_to_a_small_case_with_short_numbers():
    result = checked(standard, corrected, arrays("batch,5"))
    assert not result.agrees
    x = result.smallest.case.arrays["x1"]
    assert x.shape == (2, 5) and np.count_nonzero(x) == 1
    assert sum(evidence.agrees for evidence in result.evidence) >= 1  # a single row
    text = story(result)
    worst = result.report.findings[0].verdict.worst
    assert (
        repr(worst.python) in text
        and repr(worst.julia) in text
        and f"[{', '.join(map(str, worst.index))}]" in text
    )


def test_a_wrong_backward_is_found_though_the_output_agrees():
    result = checked(square, square, arrays("n"), square_backward, lambda dy, x: x * dy)
    assert {
        d.what for f in result.report.findings for d in f.verdict.differences if not d.agrees
    } == {"grad.x1"}
    assert result.smallest.case.arrays["x1"].size == 1


def test_a_gradient_that_only_julia_has_is_held_against_differences():
    result = checked(
        np.sin,
        np.sin,
        arrays("n"),
        gradient="differences",
        other_backward=lambda dy, x: dy * np.cos(x),
    )
    assert result.agrees and result.report.worst["float64"].what
    assert {"grad.x1"} <= set(map(str, result.evidence[0].julia["float64"].arrays))
    result = checked(
        np.sin,
        np.sin,
        arrays("n"),
        gradient="differences",
        other_backward=lambda dy, x: dy * np.cos(x) * x.dtype.type(1.001),
    )
    assert {
        d.what for f in result.report.findings for d in f.verdict.differences if not d.agrees
    } == {"grad.x1"}
    with pytest.raises(ValueError, match="for functions only"):
        checked(pyimpl.Dense(2, 2), square, arrays("n,2"), gradient="differences")


def test_where_both_sides_refuse_everything_nothing_was_compared():
    def fails(x):
        raise KeyError("no such key")

    with pytest.raises(
        NothingCompared, match=r"(?s)python: KeyError: 'no such key' \(.*julia: TypeError"
    ):
        checked(fails, lambda: None, arrays("n"))
    short = checked(lambda x: x + 1 / len(x[2:]), lambda x: x + 1 / len(x[2:]), arrays("n"))
    assert short.agrees and 0 < short.refused < short.report.cases


def test_an_error_of_julias_is_not_explained_by_what_makes_python_fail():
    def fails(x):
        raise KeyError("no such key")

    result = checked(lambda x: 2 * x, fails, arrays("n"))
    assert "differ: one side raised an error" in story(result) and not explain(result)


def test_a_dtype_that_differs_does_not_hide_the_rest():
    result = checked(
        lambda x: np.where(x > 1, x + 1, x),
        lambda x: np.where(x > 1, x + 2, x).astype(np.float64),
        arrays("n"),
    )
    assert result.report.findings[0].kind == "meaning" and "off by 1, " in story(result)
    result = checked(square, lambda x: (x * x).astype(np.float64), arrays("n"))
    assert {finding.kind for finding in result.report.findings} == {"dtype"}


def test_dtypes_and_shapes_are_part_of_the_agreement():
    result = checked(square, lambda x: np.asarray(x * x, np.float64), arrays("n"))
    assert "python has dtype float32, julia float64" in story(result)
    result = checked(lambda x: x.sum(0), lambda x: x.sum(0, keepdims=True), arrays("n,2"))
    assert "python has shape (2,), julia (1, 2)" in story(result)


def test_a_loss_of_precision_is_rounding_not_meaning():
    def through_half(x):
        return x.astype(np.float16).astype(x.dtype) if x.dtype == np.float32 else x

    result = checked(lambda x: through_half(x / 3), lambda x: x / x.dtype.type(3), arrays("n"))
    assert {finding.kind for finding in result.report.findings} == {"rounding"}
    assert "the error of python is the larger" in story(result)


def test_cancellation_inside_a_function_is_no_difference():
    """Of two rows the standardised ones are plus and minus one: the gradient is what is left of
    numbers a thousand times as large.
    """
    x, dy = np.zeros((2, 3)), np.zeros((2, 3))
    x[0, 1], dy[0, 1] = 0.84375, 0.21875

    def one_way(dy, x):
        centred, root = x - x.mean(0), np.sqrt(x.var(0) + x.dtype.type(1e-3))
        return (dy - dy.mean(0) - centred * (dy * centred).mean(0) / root**2) / root

    def another_way(dy, x):
        y = standard(x)
        return (dy - dy.mean(0) - y * (dy * y).mean(0)) / np.sqrt(x.var(0) + x.dtype.type(1e-3))

    assert checked(lambda x: standard(x), standard, [(x,)], one_way, another_way).agrees
    result = checked(standard, standard, arrays("batch,3"), one_way, another_way)
    assert result.agrees, story(result)


def test_nan_is_equal_to_nan_alone():
    x = np.array([1.0, np.nan, 3.0])
    assert checked(np.cumsum, np.cumsum, x).agrees
    result = checked(np.nansum, np.sum, x)
    assert not result.agrees and "nan" in story(result)
