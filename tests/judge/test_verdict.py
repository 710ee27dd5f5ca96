"""The comparator itself: what it must let pass, what it must not."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyimpl.parity.case.case import Case, Outcome
from pyimpl.parity.case.names import OUTPUT, Name
from pyimpl.parity.judge.verdict import (
    FACTOR,
    NUDGE,
    Allowance,
    compare,
    nudged,
    sensitivity,
)


def case_of(**arrays) -> Case:
    return Case("none", {}, {name: np.asarray(array) for name, array in arrays.items()}, "function")


def verdict_of(mine, theirs, response=None, **marks):
    arrays = [Outcome({"y": np.asarray(side)}) for side in (mine, theirs)]
    return compare(dataclasses.replace(case_of(x1=np.ones(1)), **marks), *arrays, response or {})


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_few_ulps_pass_and_many_do_not(dtype):
    y = np.array([1.0, -3.0, 1e-20], dtype)
    eps = np.finfo(dtype).eps
    assert verdict_of(y * (1 + np.asarray(4 * eps, dtype)), y).agrees
    assert not verdict_of(y * (1 + np.asarray(3 * FACTOR * eps, dtype)), y).agrees


@given(st.integers(0, 2))
def test_one_wrong_entry_among_many_is_found_and_named(at):
    y = np.array([100.0, 1.0, 0.01])
    mine = y.copy()
    mine[at] *= 1 + 1e-9
    verdict = verdict_of(mine, y)
    assert not verdict.agrees
    assert verdict.worst.index == (at,)
    assert (verdict.worst.python, verdict.worst.julia) == (mine[at], y[at])


def test_equal_nan_and_infinities_agree_and_nothing_else_does():
    odd = np.array([np.nan, np.inf, -np.inf])
    assert verdict_of(odd, odd).agrees
    for wrong in (
        [0.0, np.inf, -np.inf],
        [np.nan, -np.inf, -np.inf],
        [np.nan, np.nan, -np.inf],
        [np.nan, 1e308, -np.inf],
    ):
        assert not verdict_of(np.array(wrong), odd).agrees
        assert not verdict_of(odd, np.array(wrong)).agrees


def test_zero_against_a_small_number_disagrees():
    assert not verdict_of(np.array([0.0, 1.0]), np.array([1e-12, 1.0])).agrees
    assert verdict_of(np.array([0.0]), np.array([-0.0])).agrees


def test_exact_cases_allow_nothing():
    y = np.array([1.0, 2.0])
    assert verdict_of(y, y, exact=True).agrees
    assert not verdict_of(np.nextafter(y, 3), y, exact=True).agrees


@pytest.mark.parametrize(
    "theirs", [np.ones((2, 1)), np.ones(3), np.ones(2, np.float32), np.ones(2, np.int64)]
)
def test_shape_and_dtype_must_be_the_same(theirs):
    assert not verdict_of(np.ones(2), theirs).agrees


def test_nothing_may_equal_a_zero_gradient_and_nothing_else():
    zero, one = Outcome({"grad.x1": np.zeros(2)}), Outcome({"grad.x1": np.ones(2)})
    nothing = Outcome({}, frozenset({"grad.x1"}))
    case = case_of(x1=np.ones(2))
    assert compare(case, zero, nothing, {}).agrees and compare(case, nothing, zero, {}).agrees
    assert not compare(case, one, nothing, {}).agrees and not compare(case, nothing, one, {}).agrees
    assert not compare(case, Outcome({"y": np.zeros(2)}), Outcome({}), {}).agrees


def test_errors_agree_only_with_errors():
    case, fine, error = (
        case_of(x1=np.ones(1)),
        Outcome({"y": np.ones(1)}),
        Outcome(error="ValueError: no"),
    )
    assert compare(case, error, error, {}).agrees
    assert not compare(case, error, fine, {}).agrees and not compare(case, fine, error, {}).agrees
    assert not compare(dataclasses.replace(case, refused=True), fine, fine, {}).agrees
    lost = compare(case, fine, Outcome(error="gone", lost=True), {})
    assert not lost.agrees and lost.lost == "gone"


@pytest.mark.parametrize(
    "blind", [np.zeros(3), np.full(3, 7.0), np.full(3, np.nan), np.zeros(()), np.ones((0, 2))]
)
def test_what_proves_nothing_is_marked(blind):
    assert set(map(str, verdict_of(blind, blind).blind)) == {"y"}


def test_what_proves_something_is_not_marked():
    assert not verdict_of(np.array([1.0, 2.0]), np.array([1.0, 2.0])).blind
    assert not verdict_of(np.float64(3.0), np.float64(3.0)).blind


def test_sensitivity_sees_the_terms_behind_a_cancellation():
    """`a - b` for large a and b: the result is small, its error is that of a and b."""
    case = case_of(x1=np.array([1000.0]), x2=np.array([999.5]))
    response = sensitivity(lambda c: Outcome({"y": c.arrays["x1"] - c.arrays["x2"]}), case)
    assert 1 < response["y"][0] < 4000
    python, julia = (Outcome({"y": np.array([0.5 + error])}) for error in (2e-13, 0.0))
    assert compare(case, python, julia, response).agrees
    assert not compare(case, python, julia, {}).agrees


def test_a_jump_grants_nothing():
    """At a kink the outcome jumps under the smallest nudge: that is no reason for tolerance."""
    case = case_of(x1=np.array([3.0, 3.0, 3.0]))
    response = sensitivity(lambda c: Outcome({"y": (c.arrays["x1"] > 3) * 1000.0}), case)
    assert not response["y"].any()


def test_what_parts_at_the_large_nudge_alone_grants_nothing():
    """A near tie: entries that part by less than the large nudge and by more than the small one."""
    x = np.array([1.0, 1.0 + NUDGE / 2])

    def winner(c):
        one, other = c.arrays["x1"]
        return Outcome({"y": np.array([1000.0, 1.0] if one > other else [1.0, 1000.0])})

    response = sensitivity(winner, case_of(x1=x))
    assert not response["y"].any()


def test_an_array_whose_tolerance_swallows_it_proves_nothing():
    y = np.array([1.0, 2.0, 3.0])
    swallowed = {OUTPUT: np.full(3, 1e16)}
    verdict = verdict_of(y, -y, swallowed)
    assert verdict.agrees and set(map(str, verdict.blind)) == {"y"}
    sharp = verdict_of(y, y, {OUTPUT: np.array([1e16, 1.0, 1.0])})  # one entry alone is unsure
    assert not sharp.blind


def test_what_cancels_to_nothing_beside_its_inputs_is_no_swallowed_array():
    """The gradient of a key's bias in attention is rounding and nothing else: a wrong one is
    large.
    """
    rounding = np.array([1e-17, -2e-17])
    assert not verdict_of(rounding, rounding, {OUTPUT: np.full(2, 1.0)}).blind


def test_slack_counts_at_the_largest_number_that_the_outcome_is_made_of():
    case, y = case_of(x1=np.array([100.0])), np.array([1.0])
    off = Outcome({"y": y * (1 + 100 * np.finfo(float).eps)})
    assert compare(case, off, Outcome({"y": y}), {}, Allowance(12)).agrees
    assert not compare(case, off, Outcome({"y": y}), {}, Allowance(12, bound=1.0)).agrees


def test_nudges_leave_equal_numbers_equal_in_every_third_probe_and_part_them_in_the_others():
    x = np.array([1.5, 1.5, 0.0, -1.5, 2.0, 2.0])
    parted = []
    for probe in range(8):
        moved = nudged(case_of(x1=x), probe, 1e-6).arrays["x1"]
        parted.append(moved[0] != moved[1] or moved[4] != moved[5])
        assert moved[2] == 0
        np.testing.assert_allclose(moved, x, rtol=1.1e-6)
    assert not any(parted[::3]) and any(parted[1::3]) and any(parted[2::3])


def test_what_cancels_between_equal_numbers_is_seen():
    response = sensitivity(
        lambda case: Outcome({"y": case.arrays["x1"][:1] - case.arrays["x1"].mean()}),
        case_of(x1=np.full(4, 3.0)),
    )
    assert response["y"] > 1


def test_one_part_of_complex_numbers_may_be_constant():
    real, imag = np.array([1.0, 2.0]), np.ones(2)
    outcome = Outcome({"y.real": real, "y.imag": imag})
    assert not compare(case_of(x1=real), outcome, outcome, {}).blind
    both = Outcome({"y.real": imag, "y.imag": imag})
    assert len(compare(case_of(x1=real), both, both, {}).blind) == 2


@pytest.mark.parametrize("after", [{}, {"after.x1": [1.0, 2.0]}])
def test_two_sides_that_do_nothing_prove_nothing(after):
    case = Case("f", {}, {Name.parse("x1"): np.array([1.0, 2.0])}, "function")
    arrays = {Name.parse(name): np.array(array) for name, array in after.items()}
    verdict = compare(case, Outcome(arrays), Outcome(dict(arrays)), {})
    assert Name.parse("y") in verdict.blind and set(arrays) <= verdict.blind
    changed = {Name.parse("after.x1"): np.array([2.0, 4.0])}
    assert not compare(case, Outcome(changed), Outcome(dict(changed)), {}).blind
