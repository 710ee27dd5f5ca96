"""Probes of the sides: what the user's code is called with, and what is made of what it gives."""

from typing import Any

import numpy as np

import pyimpl

from ...case.case import Case
from ...case.names import Name
from ...sides.frameworks import side_of
from ...sides.functions import DifferencesSide
from ...sides.passing import knows_arrays
from ...sides.side import as_arrays
from .probe import X1, listed, posed, probe, shown, written

X = np.array([[1.0, 2.0]])


def asked(mode: str = "function", config: Any = None, **arrays: Any) -> Case:
    """A case with these arrays; `param__w` stands for `param.w`."""
    named = {name.replace("__", "."): np.asarray(array) for name, array in arrays.items()}
    return posed("side", config or {}, named, mode)


def outcome(subject: Any, case: Case, backward: Any = None) -> str:
    """What the side of a subject makes of a case, in words."""
    return written(side_of(subject, backward).evaluate(case))


def only(text: str, *kinds: str) -> str:
    """Of an outcome in words, the arrays whose names begin so."""
    return "; ".join(part for part in text.split("; ") if part.startswith(kinds))


# Functions.


def product(a, b):
    """a times b."""
    return a * b


@probe(
    "y float64 [[3, 8]]; grad.x1 float64 [[30, 4]]; grad.x2 float64 [[10, 2]]; "
    "after.x1 float64 [[1, 2]]; after.x2 float64 [[3, 4]]"
)
def a_backward_pass_is_given_the_cotangent_first():
    case = asked(x1=X, x2=[[3.0, 4.0]], dy1=[[10.0, 1.0]])
    return outcome(product, case, lambda dy, a, b: (dy * b, dy * a))


@probe("y float64 [[2, 4]]; grad.x1 float64 [[2, 2]]; after.x1 float64 [[1, 2]]; grad.x2 none")
def no_gradient_is_told_from_an_array():
    return outcome(
        lambda x, n: x * n, asked(x1=X, x2=2, dy1=np.ones((1, 2))), lambda dy, x, n: (dy * n, None)
    ).replace("; after.x2 int64 2", "")


@probe("y float64 [[1, 4]]; grad.x1 float64 [[2, 4]]; after.x1 float64 [[1, 2]]")
def a_pullback_is_used_where_there_is_one():
    square = pyimpl.differentiable(lambda x: (x * x, lambda dy: (None, 2 * x * dy)))
    return outcome(square, asked(x1=X, dy1=np.ones((1, 2))))


@probe("y float64 [[1, 2]]; after.x1 float64 [[5, 2]]")
def a_function_that_changes_its_argument_is_found_out():
    def wrong(x):
        y = x.copy()
        x[0, 0] = 5
        return y

    return outcome(wrong, asked(x1=X))


@probe("float64 [[1, 2]]")
def a_case_is_not_changed_by_a_function_that_does():
    def wrong(x):
        x[...] = 0
        return x

    case = asked(x1=X)
    outcome(wrong, case)
    return shown(case.arrays[X1])


@probe("y float64 1; y@2 float64 2; y@3 float64 3")
def every_call_has_its_result():
    class Counts:
        def __init__(self):
            self.calls = 0

        def __call__(self, x):
            self.calls += 1
            return float(self.calls)

    return only(outcome(Counts(), asked(config={"calls": 3}, x1=X)), "y")


@probe("1, 1")
def state_does_not_pass_from_case_to_case():
    class Counts:
        def __init__(self):
            self.calls = 0

        def __call__(self, x):
            self.calls += 1
            return float(self.calls)

    side = side_of(Counts())
    return listed(f"{side.evaluate(asked(x1=X)).output:g}" for _ in range(2))


@probe("y.0 float64 [[1, 2]]; y.1.a float64 2; y.1.b int64 [3]")
def several_outputs_are_named_by_number_and_key():
    return only(outcome(lambda x: (x, {"a": 2.0, "b": np.array([3])}), asked(x1=X)), "y")


@probe("float32, int64, float32 [1, 2], bool")
def floats_of_python_have_the_precision_of_the_case():
    def one(value):
        (array,) = as_arrays(Name.parse("y"), value, np.dtype(np.float32)).values()
        return array

    return listed(
        (
            one(1.0).dtype,
            one(1).dtype,
            shown(one([1.0, 2])),
            one(True).dtype,
        )
    )


@probe("y.imag float64 [2]; y.real float64 [1]")
def complex_numbers_are_given_in_two_parts():
    return only(outcome(lambda x: np.array([1 + 2j]), asked(x1=X)), "y")


@probe("error: ValueError: wrong, error: TypeError: y is a object")
def what_is_raised_is_an_outcome():
    def fails(x):
        raise ValueError("wrong")

    return listed((outcome(fails, asked(x1=X)), outcome(lambda x: object(), asked(x1=X))))


def halves(n):
    """Half of a number, as Python has it."""
    return type(n).__name__


@probe("float int, array, list")
def what_is_passed_is_what_a_user_would_pass():
    seen: list[str] = []

    def take(a, b):
        seen.append(f"{type(a).__name__} {type(b).__name__}")
        return 1.0

    def table(x: list):
        seen.append(type(x).__name__)
        return 1.0

    def arrays(x):
        seen.append("array" if type(x) is np.ndarray else type(x).__name__)
        return 1.0

    outcome(take, asked(x1=2.0, x2=3))
    outcome(arrays, asked(x1=X))
    outcome(table, asked(x1=X))
    return listed(seen)


@probe("True, False")
def code_that_names_no_library_of_arrays_is_given_entries_of_python():
    plain: dict[str, Any] = {}
    exec("def f(x):\n    return x\n", plain)  # a module that has imported nothing
    return listed((knows_arrays(product), knows_arrays(plain["f"])))


@probe("grad.x1 [[6, 4.5]]; grad.x2 [[3, 6]], True")
def central_differences_measure_the_gradient():
    def quarter(a, b):
        return a * a * b / 2 + a * b * 0 + b

    side = DifferencesSide(lambda a, b: 3 * a * b)
    case = asked(x1=X, x2=[[2.0, 1.5]], dy1=np.ones((1, 2)))
    found = side.differences(case)
    told = "; ".join(
        f"{name} {np.round(value, 6).tolist()}".replace(".0", "")
        for name, (value, _) in found.items()
    )
    small = all(float(np.max(error)) < 1e-9 for _, error in found.values())
    return f"{told}, {small}"


@probe("grad.x1 [3, 12]")
def central_differences_are_extrapolated():
    side = DifferencesSide(lambda x: x**3)
    (value, _) = side.differences(asked(x1=[1.0, 2.0], dy1=[1.0, 1.0]))[Name.parse("grad.x1")]
    return f"grad.x1 {np.round(value, 7).tolist()}".replace(".0", "")
