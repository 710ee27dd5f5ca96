"""Joint layers and their parts. What is expected: Flux 0.16.9, `src/layers/basic.jl`."""

import numpy as np
import pytest

from pyimpl import Dense, Maxout, PairwiseFusion, Parallel, add, relu, tanh, vcat


@pytest.mark.parametrize("kind", [Parallel, PairwiseFusion])
def test_the_layers_of_a_joint_layer_are_chosen_as_those_of_a_chain(kind):
    """Flux: `getindex(m::Parallel, i)`; it raised."""
    one, two = Dense(2, 2), tanh
    numbered, named = kind(add, one, two, relu), kind(add, a=one, b=two)
    assert numbered[0] is one and numbered[-1] is relu and named["a"] is one and named[1] is two
    some = numbered[1:]
    assert type(some) is kind and some.connection is add and some.layers == (two, relu)
    assert named[["b"]].layers == {"b": two} and named[:1].layers == {"a": one}
    assert len(numbered) == 3
    with pytest.raises(IndexError):
        numbered[3]


def test_the_layers_of_a_maxout():
    one, two = Dense(2, 2), Dense(2, 2)
    layer = Maxout(one, two)
    assert layer[1] is two and len(layer) == 2
    assert type(layer[:1]) is Maxout
    assert len(Maxout(lambda: Dense(2, 2), np.int64(3))) == 3


def test_names_that_are_fields_are_refused():
    """Flux: "a Parallel layer cannot have a named sub-layer called `connection` or `layers`"."""
    with pytest.raises(ValueError, match="Parallel expects other names than layers and connection"):
        Parallel(vcat, layers=relu)
