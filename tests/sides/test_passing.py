"""What reaches the user's function is what the user would pass."""

import types

import numpy as np
import pytest

from pyimpl.parity.case.case import Case
from pyimpl.parity.sides.functions import FunctionSide
from pyimpl.parity.sides.passing import (
    as_passed,
    computes_in_double,
    knows_arrays,
    names_arrays,
)

NUMBERS = {"x1": np.asarray(1.5), "x2": np.asarray(3), "x3": np.asarray(True)}


def case_of(**arrays):
    return Case("f", {}, arrays, "function")


def without_arrays(source: str):
    """A function of a module that names no library of arrays."""
    module = types.ModuleType("plain")
    exec(source, module.__dict__)
    return module.f


def test_numbers_are_pythons_own():
    seen = as_passed(lambda *xs: None, case_of(**NUMBERS)).places
    assert [type(x) for x in seen] == [float, int, bool]


def test_arrays_stay_arrays_where_the_code_knows_them():
    (x,) = as_passed(np.sum, case_of(x1=np.ones(3))).places
    assert type(x) is np.ndarray


def test_code_that_knows_no_arrays_is_given_entries_of_python():
    f = without_arrays("def f(xs): return [type(x).__name__ for x in xs] + [type(xs[0]).__name__]")
    (x,) = as_passed(f, case_of(x1=np.ones(2))).places
    assert f(x) == ["float"] * 3
    assert np.array_equal(2 * x + 1, [3, 3])  # and still counts as an array


def test_a_list_where_the_annotation_says_so():
    f = without_arrays("def f(xs: list[float], ys: 'Sequence[int]', zs): return 0")
    arrays = {"x1": np.ones(2), "x2": np.arange(2), "x3": np.ones(2)}
    assert [type(x) for x in as_passed(f, case_of(**arrays)).places][:2] == [list, list]


@pytest.mark.parametrize(
    ("source", "knows"),
    [
        ("def f(x): return x", False),
        ("import math\ndef f(x): return math.exp(x)", False),
        ("import numpy as np\ndef f(x): return np.exp(x)", True),
        ("from numpy import exp\ndef f(x): return exp(x)", True),
        ("def f(x):\n    import numpy\n    return numpy.exp(x)", True),
        ("def f(x):\n    def inner():\n        import torch\n    return inner", True),
    ],
)
def test_whether_code_knows_arrays(source, knows):
    assert knows_arrays(without_arrays(source)) is knows


def test_a_function_that_asks_a_number_for_its_type_is_given_numpys():
    side = FunctionSide(lambda x: np.zeros(2, x.dtype) + x)
    y = side.evaluate(case_of(x1=np.asarray(1.5, np.float32))).arrays["y"]
    assert y.dtype == np.float32 and np.array_equal(y, [1.5, 1.5])


def test_pythons_numbers_behave_as_pythons():
    side = FunctionSide(without_arrays("def f(x): return x ** 2"))
    assert "OverflowError" in side.evaluate(case_of(x1=np.asarray(1e200))).error
    assert side.evaluate(case_of(x1=np.asarray(2**62))).error  # which no machine integer can hold
    rounds = FunctionSide(without_arrays("def f(xs): return [round(x, 2) for x in xs]"))
    y = rounds.evaluate(case_of(x1=np.array([8.315, 2.675]))).arrays["y"]
    assert np.array_equal(y, [8.31, 2.67])  # NumPy's rounding gives 8.32 and 2.68


def test_changes_of_a_list_are_seen():
    f = without_arrays("def f(xs: list):\n    xs[0] = 7.0")
    after = FunctionSide(f).evaluate(case_of(x1=np.ones(2, np.float32))).arrays["after.x1"]
    assert after.dtype == np.float32 and np.array_equal(after, [7, 1])


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("import numpy as np\ndef f(x): return x", False),
        ("import numpy as np\ndef f(x): return np.exp(x)", True),
        ("import numpy as np\ndef g(x): return np.exp(x)\ndef f(x): return g(x)", True),
        ("import numpy as np\ndef f(x): return f(x - 1) if x else 0", False),
    ],
)
def test_whether_a_function_itself_names_arrays(source, names):
    assert names_arrays(without_arrays(source)) is names


def test_pythons_numbers_are_in_float64_whatever_the_case_is():
    plain = without_arrays("def f(x): return x")
    single = case_of(x1=np.ones(2, np.float32))
    assert computes_in_double(np.sum, case_of(x1=np.asarray(1.5, np.float32)))
    assert computes_in_double(plain, single) and not computes_in_double(np.sum, single)
    assert not computes_in_double(plain, case_of(x1=np.asarray(3)))
    listed = without_arrays("import numpy as np\ndef f(xs: list): return xs")
    assert computes_in_double(listed, single)
