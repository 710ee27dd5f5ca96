"""Probes of the comparison: two outcomes, and what is to be said of them."""

from typing import Any

import numpy as np

from ...case.case import Case, Outcome
from ...case.names import Name
from ...judge.verdict import (
    Allowance,
    compare,
)
from .probe import gave, listed, posed, probe

EPS = 2.0**-52
X = np.array([1.0, 2.0, 3.0])


def case(**marks: Any) -> Case:
    """A case of one input, and a cotangent."""
    arrays = {"x1": np.array([1.0, -2.0, 4.0]), "dy1": np.array([0.5, 8.0, 1.0])}
    return posed("row", {}, arrays, "function", **marks)


def said(python: Any, julia: Any, response: Any = None, allowance: Any = None, **marks: Any) -> str:
    """The verdict of two outcomes, in words: arrays by name, or a single output."""
    one, other = (
        side if isinstance(side, Outcome) else gave(side if isinstance(side, dict) else {"y": side})
        for side in (python, julia)
    )
    named = {Name.parse(name): np.asarray(array) for name, array in (response or {}).items()}
    verdict = compare(case(**marks), one, other, named, allowance or Allowance())
    if verdict.lost is not None:
        return f"lost: {verdict.lost}"
    wrong = [f"{d.what}{d.at} {d.reason.value}" for d in verdict.differences if not d.agrees]
    words = f"differs in {listed(wrong)}" if wrong else "agrees"
    blind = f"; blind: {listed(sorted(verdict.blind))}" if verdict.blind else ""
    return words + blind


def off(ulps: float, at: int = 0, dtype: type = np.float64) -> np.ndarray:
    """`X`, one entry of it off by so many ulps of its size."""
    moved: np.ndarray = X.astype(dtype)
    moved[at] = moved[at] * (1 + ulps * np.finfo(dtype).eps)
    return moved


@probe("agrees, agrees, differs in y[0] value, differs in y[0] value")
def thirty_ulp_agree_and_thirty_four_differ():
    return listed(said(off(ulps), X) for ulps in (30, -30, 34, -34))


@probe("agrees, differs in y[2] value")
def the_last_entry_counts_as_the_first():
    return listed(said(off(ulps, 2), X) for ulps in (30, 36))


@probe("agrees, differs in y[1] value")
def float32_is_judged_by_its_own_unit():
    one = X.astype(np.float32)
    return listed(said(off(ulps, 1, np.float32), one) for ulps in (30, 36))


@probe("agrees, differs in y[0] value")
def the_size_is_that_of_julia():
    return listed(
        said(np.array([v, 2.0, 3.0]), np.array([w, 2.0, 3.0]))
        for v, w in ((1 + 31 * EPS, 1.0), (1e-300, 1e-15))
    )


@probe("agrees, differs in y[1] value")
def sensitivity_widens_the_entry_that_is_sensitive():
    response = {"y": np.array([1000.0, 0.0, 0.0])}
    return listed(said(off(3000, at), X, response) for at in (0, 1))


@probe("differs in y[0] value")
def sensitivity_has_a_limit():
    return said(off(34_000), X, {"y": np.array([1000.0, 0.0, 0.0])})


@probe("agrees, agrees, differs in y[0] not finite, differs in y[0] not finite")
def nan_and_infinity_agree_with_their_like_only():
    def one(value):
        return np.array([value, 2.0, 3.0])

    pairs = ((np.nan, np.nan), (np.inf, np.inf), (np.nan, 1.0), (np.inf, -np.inf))
    return listed(said(one(v), one(w)) for v, w in pairs)


@probe("differs in y[1] not finite")
def a_number_where_julia_has_nan_differs():
    return said(X, np.array([1.0, np.nan, 3.0]))


@probe("agrees")
def signed_zeros_are_equal():
    return said(np.array([0.0, 2.0]), np.array([-0.0, 2.0]))


@probe("differs in y shape, differs in y shape; blind: y, differs in y shape")
def shapes_are_not_broadcast():
    return listed(
        said(v, w)
        for v, w in ((X[None], X), (np.ones((2, 3)), np.ones((3, 2))), (np.ones(1), np.ones(())))
    )


@probe("differs in y[0] dtype, differs in y dtype, differs in y dtype")
def types_are_part_of_the_result():
    return listed(
        said(v, w)
        for v, w in (
            (X.astype(np.float32), X),
            (np.array([1, 2]), np.array([1.0, 2.0])),
            (np.array([1], np.int32), np.array([1], np.int64)),
        )
    )


@probe("differs in y[0] value")
def a_wrong_value_of_another_type_is_a_wrong_value():
    return said((2 * X).astype(np.float32), X)


@probe("agrees, differs in y[1] value, differs in y[0] value")
def whole_numbers_and_truths_are_equal_or_not():
    return listed(
        said(np.array(v), np.array(w))
        for v, w in (([1, 2], [1, 2]), ([1, 3], [1, 2]), ([True, False], [False, False]))
    )


@probe("differs in y.1 one side only, differs in y.1 one side only")
def an_output_on_one_side_only_differs():
    two = {"y.0": X, "y.1": X}
    return listed((said(two, {"y.0": X}), said({"y.0": X}, two)))


@probe("agrees, agrees, differs in grad.x1 one side only, differs in grad.w one side only")
def a_missing_gradient_is_zeros_and_nothing_else():
    zeros, ones = np.zeros(3), np.ones(3)
    return listed(
        (
            said({"y": X, "grad.x1": zeros}, {"y": X}),
            said({"y": X}, {"y": X, "grad.w": zeros}),
            said({"y": X}, {"y": X, "grad.x1": np.array([0.0, 0.0, 1.0])}),
            said({"y": X, "grad.w": ones}, {"y": X}),
        )
    )


@probe("differs in state.mean one side only")
def a_missing_state_of_zeros_differs():
    return said({"y": X}, {"y": X, "state.mean": np.zeros(3)})


@probe("differs in grad.w[1] value, state.var[2] value")
def every_array_is_named():
    return said(
        {"y": X, "grad.w": off(100, 1), "state.var": off(100, 2)},
        {"y": X, "grad.w": X, "state.var": X},
    )


@probe("agrees, differs in y[2] value")
def an_exact_case_allows_nothing():
    return listed(said(off(ulps, 2), X, exact=True) for ulps in (0, 1))


@probe("agrees, differs in y[0] value")
def slack_counts_at_the_largest_number():
    # the largest of inputs and outcome together is 4 + 3: 100 ulp of slack are 700 eps
    return listed(said(off(ulps), X, allowance=Allowance(100.0)) for ulps in (720, 745))


@probe("agrees, differs in y[0] value")
def slack_has_a_bound():
    bounded = Allowance(100.0, bound=1.0)
    return listed(said(off(ulps), X, allowance=bounded) for ulps in (420, 445))


@probe("agrees, differs in grad.x1[0] value")
def slack_of_a_gradient_counts_at_the_cotangent():
    def gradients(ulps):
        return said({"grad.x1": off(ulps)}, {"grad.x1": X}, None, Allowance(10.0))

    # cotangent 8 times input 4, and the largest term 3: 35 eps for each ulp of slack
    return listed(map(gradients, (370, 390)))


@probe("agrees; blind: y, agrees; blind: y, agrees; blind: y, agrees; blind: y, agrees")
def what_any_program_gives_proves_nothing():
    same = (np.zeros(3), np.ones(3), np.full(3, np.nan), np.zeros(1), np.array([2.0]))
    return listed(said(array, array) for array in same)


@probe("agrees, agrees; blind: y, agrees; blind: grad.x1")
def a_constant_state_is_expected_and_a_constant_gradient_is_not():
    ones = np.ones(3)
    return listed(
        (
            said({"y": X, "state.mean": ones}, {"y": X, "state.mean": ones}),
            said({"y": ones, "after.x1": ones}, {"y": ones, "after.x1": ones}),
            said({"y": X, "grad.x1": ones}, {"y": X, "grad.x1": ones}),
        )
    )


@probe("agrees; blind: y")
def a_tolerance_that_swallows_the_array_proves_nothing():
    return said(X, X, {"y": np.full(3, 1e16)})


@probe("agrees")
def a_tolerance_that_swallows_one_entry_of_three_does_not_blind():
    return said(X, X, {"y": np.array([1e16, 0.0, 0.0])})


@probe("agrees; blind: y, agrees")
def an_empty_array_proves_nothing_and_agrees():
    empty = np.zeros((0, 3))
    return listed((said(empty, empty), said({"y": X, "grad.w": X}, {"y": X, "grad.w": X})))


@probe("differs in y shape; blind: y")
def an_empty_array_of_another_shape_differs():
    return said(np.zeros((0, 3)), np.zeros((3, 0)))


@probe("agrees, differs in y.imag[1] value, differs in y.real[0] value")
def complex_numbers_are_judged_by_both_parts():
    one = np.array([1 + 2j, 3 + 4j])
    return listed((said(one, one), said(one.conj() * 1.0 + [4j, 0], one), said(one - [1, 0], one)))


@probe("agrees, agrees; blind: y.imag, y.real")
def a_constant_part_of_complex_numbers_is_no_reason_for_mistrust():
    real, zero = np.array([1.0, 2.0]), np.zeros(2)
    return listed((said(real + 0j, real + 0j), said(zero + 0j, zero + 0j)))


@probe("agrees, differs in refusal refusal, differs in refusal refusal, differs in refusal refusal")
def refusals_agree_with_refusals_only():
    refused, answer = Outcome(error="no"), gave({"y": X})
    return listed(
        (
            said(refused, refused),
            said(refused, answer),
            said(answer, refused),
            said(answer, answer, refused=True),
        )
    )


@probe("agrees")
def what_both_must_refuse_is_refused():
    return said(Outcome(error="no"), Outcome(error="neither"), refused=True)


@probe("lost: too slow, lost: crashed")
def a_side_that_did_not_come_to_an_end_is_no_verdict():
    answer = gave({"y": X})
    return listed(
        (
            said(Outcome(error="too slow", lost=True), answer),
            said(answer, Outcome(error="crashed", lost=True)),
        )
    )


@probe("False")
def a_lost_case_does_not_agree():
    lost = Outcome(error="slow", lost=True)
    return compare(case(), lost, gave({"y": X}), {}).agrees


@probe("grad.w, grad.w, y")
def the_array_that_disagrees_most_is_the_worst():
    def worst(y, gradient):
        verdict = compare(
            case(), gave({"y": off(y), "grad.w": off(gradient)}), gave({"y": X, "grad.w": X}), {}
        )
        return verdict.worst.what if verdict.worst else ""

    return listed((worst(30, 40), worst(100, 200), worst(3, 2)))


@probe("agrees, differs in y[0] not finite, differs in y[0] not finite")
def at_the_limits_nan_and_infinity_are_one_and_numbers_are_not():
    def one(value):
        return np.array([value, 2.0])

    extreme = {"origin": "extreme: large"}
    return listed(
        (
            said(one(np.nan), one(np.inf), **extreme),
            said(one(1.0), one(np.inf), **extreme),
            said(one(np.nan), one(np.inf)),
        )
    )


@probe("differs in y[0] value, agrees")
def below_the_normal_numbers_something_underflowed():
    small = np.array([0.0, 1.0])
    return listed(said(small + [tiny, 0], small) for tiny in (1e-280, 1e-293))
