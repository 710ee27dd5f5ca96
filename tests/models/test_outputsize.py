"""outputsize is the shape of what the model gives, and says which layer does not fit."""

import copy

import numpy as np
import pytest

import pyimpl
from pyimpl import (
    BatchNorm,
    Chain,
    Conv,
    Dense,
    Dropout,
    Embedding,
    MultiHeadAttention,
    Parallel,
    flatten,
    state,
    trainmode,
    vcat,
)
from pyimpl.core.tree import leaves
from pyimpl.models.outputsize import outputsize
from pyimpl.parity.case.names import Kind
from pyimpl.parity.catalogue import CATALOGUE
from pyimpl.parity.catalogue.drawing import draw_cases

CASES = [
    case
    for row in CATALOGUE.values()
    if row.kind == "layer" and row.family == "flux"
    for case in draw_cases(row, 12, 0)
]
ONE_INPUT = [case for case in CASES if len(case.all(Kind.INPUT)) == 1]


def test_it_is_the_shape_of_the_output_of_every_layer():
    assert len({case.row for case in ONE_INPUT}) > 30
    for case in ONE_INPUT:
        layer, x = CATALOGUE[case.row].build(case), case.arrays["x1"]
        y = pyimpl.testmode(layer)(x)
        expected = tuple(np.shape(part) for part in y) if isinstance(y, tuple) else np.shape(y)
        assert outputsize(layer, x.shape, dtype=x.dtype) == expected, case


def test_a_batch_axis_and_several_inputs():
    joined = Parallel(vcat, Dense(5, 9), Dense(7, 11))
    assert outputsize(Dense(10, 4), (10,), padbatch=True) == (1, 4)
    assert outputsize(joined, (64, 5), (64, 7)) == (64, 20)
    assert outputsize(Chain(joined, Dense(20, 13), pyimpl.softmax), (5,), (7,), padbatch=True) == (
        1,
        13,
    )
    assert outputsize([Dense(10, 4), Dense(4, 2)], (1, 10)) == (1, 2)
    assert outputsize(MultiHeadAttention(8), (2, 5, 8)) == ((2, 5, 8), (2, 8, 5, 5))
    assert outputsize(Embedding(5, 3), (2, 4), dtype=int) == (2, 4, 3)


def test_the_model_is_left_as_it_was():
    model = trainmode(Chain(Dense(3, 4), BatchNorm(4), Dropout(0.5, rng=np.random.default_rng(1))))
    before = copy.deepcopy(state(model))
    assert outputsize(model, (7, 3)) == (7, 4)
    assert (model.layers[1].active, model.layers[2].active) == (True, True)
    for (path, old), (_, new) in zip(leaves(before), leaves(state(model)), strict=True):
        np.testing.assert_array_equal(old, new, err_msg=path)
    assert model.layers[2].rng.random() == np.random.default_rng(1).random()


def test_the_input_takes_no_memory():
    assert outputsize(pyimpl.identity, (2**20, 2**20, 2**20)) == (2**20, 2**20, 2**20)


@pytest.mark.parametrize(
    ("model", "shape", "message"),
    [
        (
            Chain(Dense(3, 2), Dense(3, 2)),
            (5, 3),
            r"model.layers.1: Dense\(3 => 2\) expects 3 features, got x of shape \(5, 2\)",
        ),
        (
            Chain(a=Conv((3, 3), 1, 2), b=Chain(flatten, Dense(3, 2))),
            (2, 1, 5, 5),
            r"model.layers.b.layers.1: Dense\(3 => 2\) expects 3",
        ),
        (Embedding(5, 3), (4,), "model: .* expects integers"),
    ],
)
def test_the_layer_that_does_not_fit_is_named(model, shape, message):
    with pytest.raises(ValueError, match=message):
        outputsize(model, shape)


def test_an_input_is_needed():
    with pytest.raises(
        ValueError, match="outputsize expects the shape of at least one input, got none"
    ):
        outputsize(Dense(2, 3))
