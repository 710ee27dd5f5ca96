"""Weights that were not carried over rightly, as an explanation where they are all there is."""

import numpy as np
from pretended import TracedModels

import pyimpl
from pyimpl.parity import arrays
from pyimpl.parity.explain import explain
from pyimpl.parity.explain.carried import CAUSE
from pyimpl.parity.pair.checking import check_pair
from pyimpl.parity.pair.held_against import LivePair
from pyimpl.parity.pair.pair import make_pair

RNG = np.random.default_rng(0)
FIRST, SECOND = RNG.standard_normal((2, 4, 4))


def explained(julia):
    python = pyimpl.Chain(pyimpl.Dense(FIRST, True, pyimpl.tanh), pyimpl.Dense(SECOND))
    reference = LivePair(TracedModels(model=pyimpl.f64(julia)))
    pair = make_pair(python, "model", arrays("batch,4"), weights="as-they-are")
    return explain(check_pair(pair, reference, count=10))


def test_a_matrix_that_was_not_transposed_is_named():
    found = explained(pyimpl.Chain(pyimpl.Dense(FIRST.T, True, pyimpl.tanh), pyimpl.Dense(SECOND)))
    (one,) = found
    assert one.cause == CAUSE and one.confident and one.where == "layers.0.weight"
    assert "Julia's is Python's transposed, and ought to be as it is" in one.change
    assert one.evidence.startswith("put right, all")


def test_where_something_else_is_wrong_besides_the_weights_are_not_the_explanation():
    other = pyimpl.Chain(pyimpl.Dense(FIRST.T, True, pyimpl.sigmoid), pyimpl.Dense(SECOND))
    assert all(each.cause != CAUSE for each in explained(other))
