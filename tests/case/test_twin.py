"""The NumPy side of a case: a twin is built, placed, nudged and evaluated."""

import numpy as np
import pytest

import pyimpl
from pyimpl.parity.case import twin
from pyimpl.parity.case.case import Case


def network():
    return pyimpl.Chain(pyimpl.Dense(np.eye(2), np.zeros(2)), pyimpl.Dense(np.eye(2), np.zeros(2)))


def test_random_numbers_are_those_of_the_case():
    numbers = np.array([0.25, 0.5])
    outcome = twin.evaluate(
        Case("row", {}, {"noise": numbers}, "draw"), lambda case: lambda rng: rng.random((2, 1))
    )
    np.testing.assert_array_equal(outcome.output, [[0.25], [0.5]])


def test_a_layer_gives_outputs_gradients_and_states():
    case = Case("row", {}, {"x1": np.ones((3, 2)), "dy1": np.ones((3, 2))}, "train")
    outcome = twin.evaluate(case, lambda case: pyimpl.BatchNorm(2))
    assert {"y", "plain", "grad.x1", "grad.scale", "state.mean", "state.var"} <= set(
        map(str, outcome.arrays)
    )
    assert outcome.arrays["state.mean"][0] == pytest.approx(0.1)


def test_an_error_of_the_twin_is_an_outcome_and_a_mistake_in_a_row_is_not():
    case = Case("row", {}, {"x1": np.ones((3, 5))}, "auto")
    assert twin.evaluate(case, lambda case: network()).error.startswith("ValueError: Dense(2 => 2)")
    with pytest.raises(AttributeError):
        twin.evaluate(case, lambda case: case.nothing)


def test_arrays_are_placed_and_misplaced_ones_are_errors():
    model = twin.place(network(), {"layers.1.bias": np.array([1.0, 2.0])})
    np.testing.assert_array_equal(model.layers[1].bias, [1, 2])
    with pytest.raises(ValueError, match="no array 'layers.2.bias'"):
        twin.place(model, {"layers.2.bias": np.ones(2)})
    with pytest.raises(ValueError, match=r"has shape \(2,\), the case gives \(3,\)"):
        twin.place(model, {"layers.1.bias": np.ones(3)})


def test_jitter_moves_what_passes_between_layers_and_the_same_way_again():
    x = np.ones((4, 2))
    moved = []
    for _ in range(2):
        model = network()
        twin.jitter(model, 0, 2.0**-10)
        y, back = model.pullback(x)
        moved.append((y, back(np.ones_like(y))[1]))
    for one, again in zip(*moved, strict=True):
        np.testing.assert_array_equal(one, again)
        assert (one != x).any() and np.abs(one - x).max() <= 2 * 2.0**-10 + 2.0**-19


def test_a_rule_is_followed_step_by_step():
    arrays = {"x": np.array([1.0]), "g1": np.array([1.0]), "g2": np.array([2.0])}
    outcome = twin.evaluate(Case("row", {}, arrays, "steps"), lambda case: pyimpl.Descent(0.25))
    assert {str(name): array[0] for name, array in outcome.arrays.items()} == {
        "x@1": 0.75,
        "x@2": 0.25,
    }
    assert arrays["x"][0] == 1
