"""The rules in use, each at its edge, and what they are asked about."""

import numpy as np
import pytest

from pyimpl.parity.case.case import Case, Outcome
from pyimpl.parity.mutants.rules_in_use import RULES, as_torch_does, called_wrong, named_rules

ALL = set(named_rules())


def case(**marks) -> Case:
    return Case("row", {}, {"x1": np.ones(2)}, "function", **marks)


@pytest.mark.parametrize(
    ("rule", "near", "far"),
    [
        ("numpy.testing.assert_allclose", 1 + 0.9e-7, 1 + 1.1e-7),
        ("torch.testing.assert_close", 1 + 1.9e-7, 1 + 2.1e-7),
        ("equal means", 1 + 1.9e-5, 1 + 2.1e-5),
        ("within 25 %", 1.24, 1.26),
    ],
)
def test_a_rule_has_its_tolerance(rule, near, far):
    one = np.array([1.0, 1.0])
    assert RULES[rule](np.array([near, 1.0]), one)
    assert not RULES[rule](np.array([far, 1.0]), one)


def test_torch_wants_the_same_dtype_and_shape():
    one = np.ones(2)
    assert not as_torch_does(one.astype(np.float32), one)
    assert not as_torch_does(one[:1], one)
    assert as_torch_does(np.array([True]), np.array([True]))


def test_gradients_count_where_they_are_asked_for():
    julia = Outcome({"y": np.ones(2), "grad.x1": np.ones(2)})
    python = Outcome({"y": np.ones(2), "grad.x1": np.array([1.0, 3.0])})
    wrong = set(called_wrong(case(), python, julia))
    assert wrong == {name for name in ALL if name.endswith("outputs and gradients")}


def test_a_gradient_that_is_missing_is_called_wrong_unless_it_is_zero():
    julia = Outcome({"y": np.ones(2), "grad.x1": np.ones(2)})
    assert set(called_wrong(case(), Outcome({"y": np.ones(2)}), julia))
    julia = Outcome({"y": np.ones(2), "grad.x1": np.zeros(2)})
    assert not set(called_wrong(case(), Outcome({"y": np.ones(2)}), julia))


def test_a_refusal_is_seen_by_all_and_what_julia_refuses_by_none():
    julia = Outcome({"y": np.ones(2)})
    assert set(called_wrong(case(), Outcome(error="no"), julia)) == ALL
    assert not set(called_wrong(case(), julia, Outcome(error="no")))
    assert not set(called_wrong(case(known="a bug"), Outcome({"y": np.zeros(2)}), julia))
