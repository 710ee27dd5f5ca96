"""Whole arrays transformed on their way into the Python side and out of it."""

import numpy as np

from pyimpl.parity.case.case import Case
from pyimpl.parity.case.names import Name
from pyimpl.parity.explain.transformations import Transformed, of_inputs, of_results, scaled
from pyimpl.parity.sides.frameworks import side_of
from pyimpl.parity.traps.trap import Way

X = np.arange(6.0).reshape(2, 3)
TURNED = Way("{0} with its axes reversed", np.transpose, np.transpose)


def twice(x):
    return 2 * x


def case(**more):
    return Case("p", {}, {"x1": X} | more, "function")


def test_gradients_of_what_is_transformed_come_back_as_they_lie():
    side = side_of(twice, lambda dy, x: 2 * dy)
    moved = Transformed(side, {Name.parse("x1"): TURNED}, {Name.parse("y"): TURNED})
    outcome = moved.evaluate(case(dy1=X + 1))
    np.testing.assert_array_equal(outcome.arrays["y"], 2 * X)
    np.testing.assert_array_equal(outcome.arrays["grad.x1"], 2 * (X + 1))
    np.testing.assert_array_equal(moved.evaluate(case()).arrays["after.x1"], X)


def test_where_no_gradient_passes_the_case_is_lost():
    oneway = Way("{0} rounded", np.round, None)
    side = Transformed(side_of(twice, lambda dy, x: 2 * dy), outputs={Name.parse("y"): oneway})
    assert not side.evaluate(case()).lost
    outcome = side.evaluate(case(dy1=X))
    assert outcome.lost and "cannot be undone" in outcome.error


def test_what_is_tried_has_the_shapes_of_the_case():
    tried = {(trap.name, where) for trap, _, where in of_inputs(case(x2=np.array([1, 2])))}
    assert ("axes", "argument x1") in tried and ("index", "argument x2") in tried
    assert ("index", "argument x1") not in tried
    results = {trap.name for trap, *_ in of_results({Name.parse("y"): X}, {Name.parse("y"): X.T})}
    assert "axes" in results and not list(of_results({Name.parse("y"): X}, {}))


def test_factors_that_are_sizes():
    sides = {
        words: side for _, _, words, side in scaled(side_of(twice), case(), {Name.parse("y"): X})
    }
    said = {words: side.evaluate(case()).output for words, side in sides.items()}
    assert any(np.allclose(y, 2 * X / 3) for y in said.values()), list(said)
    assert any(np.allclose(y, 2 * X * 6) for y in said.values()), list(said)
