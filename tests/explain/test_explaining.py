"""What is no known mistake is explained by nothing, nothing is said for sure that is wrong, and how
explanations are found. (Known mistakes: tests/traps.)
"""

import functools
import threading

import numpy as np
import pytest
from mistakes.table import MISTAKES, UNKNOWN
from mistakes.trying import NAMES, causes, explained, recording
from pretended import pretended

from pyimpl.parity.case.case import Case, Outcome
from pyimpl.parity.case.inputs import arrays
from pyimpl.parity.explain import explain
from pyimpl.parity.pair.checking import check_pair
from pyimpl.parity.pair.pair import Result, make_pair
from pyimpl.parity.traps import library_calls
from pyimpl.parity.traps.table import TRAPS


@pytest.mark.parametrize("mistake", UNKNOWN, ids=str)
def test_what_is_no_known_mistake_is_not_explained(mistake):
    assert not causes(mistake)
    assert check_pair(mistake.corrected(), recording()).agrees


def test_every_cause_has_a_mistake():
    # test_settings.py, test_broadcasting.py, test_clipping.py, test_library_calls.py
    elsewhere = {"sign", "nesterov", "broadcasting", "table", "clipping"}
    elsewhere |= {trap.name for trap in library_calls.TRAPS}
    assert {mistake.cause for mistake in MISTAKES} | elsewhere == set(TRAPS)


def test_it_is_said_where():
    by_name = {str(mistake): mistake for mistake in MISTAKES}
    (found,) = explained(by_name["data-standardise"])
    assert found.where.startswith(f"data.py:{by_name['data-standardise'].line}, np.std(x, axis=0)")
    assert found.change == "np.std(x, axis=0, ddof=1)"
    assert (
        found.confident
        and "20 differing cases that were kept agree (float64 and float32), and the 4 that "
        "agreed still do"
        in found.evidence
    )


# Pairs whose Julia side is played by a right Python function.


def result_of(wrong, right, inputs, dtypes=("float64", "float32"), **options) -> Result:
    return check_pair(make_pair(wrong, "right", inputs, **options), pretended(right), dtypes)


rng = np.random.default_rng(0)
MANY = [(rng.integers(-128, 128, (n, 3)) / 32,) for n in (2, 3, 4, 5)]


def spread(x):
    return np.std(x, axis=0)


def corrected_spread(x):
    return np.std(x, axis=0, ddof=1)


def test_the_users_function_is_as_it_was():
    code, defaults = spread.__code__, spread.__defaults__
    assert explain(result_of(spread, corrected_spread, MANY))[0].confident
    assert spread.__code__ is code and spread.__defaults__ is defaults
    np.testing.assert_array_equal(spread(MANY[0][0]), np.std(MANY[0][0], axis=0))


def test_too_little_evidence_is_not_sure():
    (found,) = explain(result_of(spread, corrected_spread, MANY[:1]))
    assert not found.confident and "too few" in found.evidence
    (found,) = explain(result_of(spread, corrected_spread, MANY, ("float64",)))
    assert not found.confident


def test_two_ways_that_the_evidence_cannot_part_are_both_told():
    above = next(
        mistake for mistake in MISTAKES if mistake.name == "above"
    )  # of whole numbers: x > t - 1 is x >= t
    assert causes(above) == ["ties", "index"]
    assert not any(found.confident for found in explained(above))
    assert "on nothing that was tried do the two differ" in explained(above)[0].evidence


def test_a_closure_and_a_decorated_function():
    offset = 0.5

    def shifted(function):
        @functools.wraps(function)
        def call(x):
            return function(x) + offset

        return call

    @shifted
    def deviation(x):
        return np.std(x, axis=0) * offset

    def right(x):
        return np.std(x, axis=0, ddof=1) * offset + offset

    (found,) = explain(result_of(deviation, right, MANY))
    assert found.cause == TRAPS["corrected"].cause and found.change == "np.std(x, axis=0, ddof=1)"


def test_an_edit_that_never_ends_is_left_behind():
    def halvings(x):
        n, size = 0, float(np.max(np.abs(x))) + 1
        while size > 0.5:
            size, n = size / 2, n + 1
        return x * n

    def right(x):
        return halvings(x) * 1.001

    assert explain(result_of(halvings, right, MANY)) == []


def test_an_error_on_the_python_side_only_is_explained():
    def entry(x):
        return x[len(x)]

    def right(x):
        return x[len(x) - 1]

    (found,) = explain(result_of(entry, right, MANY))
    assert found.cause == TRAPS["index"].cause


def test_the_output_alone_is_explained_in_part():
    def logarithm(x):
        return np.log(np.abs(x) + 1)

    def back(dy, x):
        return dy * x

    result = result_of(logarithm, lambda x: np.log10(np.abs(x) + 1), MANY, backward=back)
    for evidence in result.evidence:
        for dtype, outcome in evidence.julia.items():
            outcome.arrays["grad.x1"] = np.full(evidence.case.arrays["x1"].shape, 7, dtype)
    (found,) = explain(result)
    assert (
        found.cause == TRAPS["log"].cause
        and not found.confident
        and "explains a part" in found.evidence
    )


def test_measured_gradients_follow_from_the_output():
    (found, *_) = explain(result_of(spread, corrected_spread, MANY, gradient="differences"))
    assert found.cause == TRAPS["corrected"].cause


def test_outside_the_main_thread_nothing_hangs():
    found = []
    thread = threading.Thread(
        target=lambda: found.extend(explain(result_of(spread, corrected_spread, MANY)))
    )
    thread.start()
    thread.join(60)
    assert found and found[0].cause == TRAPS["corrected"].cause


def test_a_lost_case_is_no_evidence():
    result = result_of(spread, corrected_spread, MANY)
    for evidence in result.evidence:
        for dtype in evidence.julia:
            evidence.julia[dtype] = Outcome(error="Julia crashed", lost=True)
    assert explain(result) == []


def test_the_cases_of_the_recording_are_in_float64():
    case = next(case for case, _ in recording().pairs(MISTAKES[0].pair(), ("float64",), None, 0))
    assert isinstance(case, Case) and case.dtype == np.float64


# Found by pairs that were written by somebody who did not know the rules.


def told(wrong, right, inputs, wrong_backward=None, right_backward=None):
    pair = make_pair(wrong, "julia", inputs, backward=wrong_backward)
    return explain(check_pair(pair, pretended(right, right_backward)))


def from_the_left(a, b):
    system = b @ b.T + np.eye(len(b), dtype=b.dtype)
    return np.linalg.solve(system, a)


def from_the_right(a, b):
    system = b @ b.T + np.eye(len(b), dtype=b.dtype)
    return np.linalg.solve(system.T, a.T).T


def test_a_division_of_matrices_from_the_other_side():
    (found,) = told(from_the_left, from_the_right, arrays("n,n", "n,n", sizes=(2, 4)))
    assert NAMES[found.cause] == "matrix" and found.confident
    assert found.change == "over(a, system) (over: `a / b` of matrices: a times the inverse of b)"


def squared_error(y, t):
    return ((y - t) ** 2).sum() / len(y)


def of_the_sum(dy, y, t):
    dx = 2 * dy * (y - t)
    dt = -2 * dy * (y - t) / len(y)
    return dx, dt


def of_the_mean(dy, y, t):
    dx = 2 * dy * (y - t) / len(y)
    return dx, -dx


def test_a_gradient_that_is_not_divided_by_the_batch():
    found = told(squared_error, squared_error, arrays("n,3", "n,3"), of_the_sum, of_the_mean)
    assert NAMES[found[0].cause] == "mean" and "per_sample(2 * dy * (y - t))" in found[0].change, [
        str(each) for each in found
    ]


class Tracking:
    def __init__(self, corrected=0):
        self.corrected = corrected
        self.mean, self.var = np.zeros(3), np.ones(3)

    def track(self, old, new):
        return old + (new - old) / 8

    def forward(self, x):
        var = x.var(axis=0)
        y = (x - x.mean(axis=0)) / np.sqrt(var + 2.0**-10)
        self.mean = self.track(self.mean, x.mean(axis=0))
        self.var = self.track(self.var, var)
        return y


class Corrected(Tracking):
    def track(self, old, new):
        if np.array_equal(old, self.var):
            new = new * (self.count / (self.count - 1))
        return old + (new - old) / 8

    def forward(self, x):
        self.count = len(x)
        return super().forward(x)


def test_a_running_variance_is_corrected_where_it_is_used():
    (found,) = told(Tracking(), Corrected(), arrays("n,3", sizes=(2, 5)))
    assert (
        NAMES[found.cause] == "corrected"
        and "self.track(self.var, corrected(var, x))" in found.change
    )


@pytest.mark.parametrize(
    ("module", "options", "wrong"),
    [
        (
            "Conv2d",
            {"in_channels": 1, "out_channels": 2, "kernel_size": 3, "padding": 1},
            {"padding_mode": "replicate"},
        ),
        ("AvgPool2d", {"kernel_size": 2, "stride": 2, "padding": 1}, {"count_include_pad": False}),
    ],
)
def test_padding_of_modules(module, options, wrong):
    kind = getattr(pytest.importorskip("torch").nn, module)
    right, other = kind(**options), kind(**options, **wrong)
    other.load_state_dict(right.state_dict())
    (found,) = told(other, right, arrays("n,1,5,5", sizes=(1, 2)))
    assert NAMES[found.cause] == "padding" and found.confident


def test_arguments_are_called_as_the_user_calls_them():
    found = told(
        eval("lambda image, kernel: image @ kernel"),
        lambda image, kernel: image @ kernel.T,
        arrays("n,n", "n,n", sizes=(2, 3)),
    )
    assert any("kernel" in each.where for each in found)


def to_one_place(xs: list):
    return [round(x * 3, 1) for x in xs]


def test_a_row_of_numbers_has_no_axes_that_could_lie_otherwise():
    pair = make_pair(to_one_place, "julia", arrays("8:decimal"), strict=False)
    rounds = pretended(lambda xs: np.round(np.asarray(xs) * 3, 1))
    (found,) = explain(check_pair(pair, rounds))
    assert found.change == "np.round(x * 3, 1)" and found.confident
