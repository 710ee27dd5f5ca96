"""Chains: several arguments, and parts of them. What is expected: Flux 0.16.9,
`src/layers/basic.jl`.
"""

import numpy as np
import pytest

import pyimpl
from pyimpl import Chain, Dense, Embedding, Parallel, add, identity, relu, tanh

X = np.ones((2, 2), np.float32)


def test_several_arguments_are_a_tuple():
    """Flux: `Chain(identity)(1, 2, 3) == (1, 2, 3)`; it raised."""
    assert Chain(identity)(1, 2, 3) == (1, 2, 3)
    assert Chain()(1, 2, 3) == (1, 2, 3) and Chain()(1) == 1
    assert Chain(identity, identity)(1, "a") == (1, "a")
    y, back = Chain(identity, Parallel(add, relu, tanh)).pullback(X, -X)
    np.testing.assert_array_equal(y, X + np.tanh(-X))
    gradient, dx, dz = back(X)
    np.testing.assert_array_equal(dx, X)
    np.testing.assert_allclose(dz, 1 - np.tanh(X) ** 2, rtol=1e-6)
    assert gradient.layers == (None, pyimpl.Gradient(connection=None, layers=(None, None)))


def test_a_chain_of_nothing_is_the_identity():
    y, back = Chain().pullback(X)
    np.testing.assert_array_equal(y, X)
    gradient, dx = back(2 * X)
    assert gradient.layers == () and back.own(X).layers == ()
    np.testing.assert_array_equal(dx, 2 * X)


def test_identity_leaves_everything_as_it_is():
    index = np.array([0, 2])
    assert Chain(identity, Embedding(3, 2))(index).shape == (2, 2)
    assert identity(index) is index and identity("a") == "a"


def test_parts_are_chosen_by_number_name_slice_and_list():
    """Flux: `getindex(c, i)`; a slice of a chain with names keeps them."""
    one, two, three = Dense(2, 2), relu, Dense(2, 1)
    chain = Chain(one, two, three)
    named = Chain(first=one, act=two, last=three)
    assert chain[0] is one and chain[-1] is three and named["act"] is two and named[0] is one
    assert chain[1:].layers == (two, three) and chain[[2, 0]].layers == (three, one)
    assert named[1:].layers == {"act": two, "last": three}
    assert named[["last", "first"]].layers == {"last": three, "first": one}
    assert len(chain[:0]) == 0
    for wrong in (5, "act"):
        with pytest.raises((IndexError, KeyError)):
            chain[wrong]


def test_names_that_are_fields_are_refused():
    """Flux: "a Chain cannot have a named layer called `layers`"."""
    with pytest.raises(ValueError, match="Chain expects other names than layers"):
        Chain(layers=relu)
