"""What a place without arrays computes, by what goes in and comes out."""

import numpy as np
import pytest

from pyimpl.functions.activations import ACTIVATIONS
from pyimpl.parity.locate.joints import formula_of

RNG = np.random.default_rng(0)
A, B, C = RNG.standard_normal((3, 4, 3))


@pytest.mark.parametrize(
    ("xs", "y", "said"),
    [
        ((A, B), np.maximum(A + B, 0), "relu(a + b)"),
        ((A, B), np.maximum(A, 0) + np.maximum(B, 0), "relu(a) + relu(b)"),
        ((A, B), np.maximum(A, 0) + B, "relu(a) + b"),
        ((A, B), B - A, "b - a"),
        ((A, B), np.concatenate([B, A], -1), "cat(b, a) along axis -1"),
        ((A, B), B, "b"),
        ((A, B, C), A + C, "a + c"),
        ((A, B, C), np.tanh(A + B + C), "tanh(a + b + c)"),
        ((A,), ACTIVATIONS["gelu_erf"].value(A), "gelu_erf(a)"),
        ((A,), A, "a"),
    ],
)
def test_known_formulas_are_found(xs, y, said):
    assert formula_of([(xs, y), (xs, y)], ["a", "b", "c"]) == said


def test_nothing_is_said_that_does_not_hold_in_every_run():
    runs = [((A, B), A + B), ((A, C), A - C)]
    assert formula_of(runs, ["a", "b"]) == ""
    assert formula_of([((A, B), A @ B.T)], ["a", "b"]) == ""
    assert formula_of([((A, B, C, A), A)], list("abcd")) == "" and formula_of([], []) == ""
