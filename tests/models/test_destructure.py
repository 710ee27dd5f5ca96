"""A model as a vector, and back."""

import numpy as np
import pytest
from small_models import network

from pyimpl import (
    Chain,
    Dense,
    mse,
    relu,
    supervised,
    testmode,
    trainables,
)
from pyimpl.models.destructure import destructure


def test_a_model_as_a_vector_and_back():
    model, x = (
        testmode(network()),
        np.random.default_rng(0).standard_normal((3, 1, 4, 4)).astype(np.float32),
    )
    flat, re = destructure(model)
    np.testing.assert_array_equal(
        flat, np.concatenate([array.ravel() for array in trainables(model).values()])
    )
    np.testing.assert_array_equal(re(flat)(x), model(x))
    np.testing.assert_array_equal(re(x, flat), model(x))
    moved = re(flat + 1)
    np.testing.assert_array_equal(moved.layers[1].shift, 1)
    np.testing.assert_array_equal(model.layers[1].shift, 0)
    assert moved.layers[1].mean is model.layers[1].mean  # as in Flux: only parameters are copied
    assert trainables(re(flat.astype(np.float64)))["layers.0.weight"].dtype == np.float32
    assert (len(re), repr(re)) == (flat.size, f"Restructure(Chain, ..., {flat.size})")


def test_the_gradient_of_a_vector_is_that_of_its_model():
    tied = Dense(2, 2)
    model, x, y = Chain(tied, tied), np.ones((3, 2), np.float32), np.zeros((3, 2), np.float32)
    flat, re = destructure(model)
    rebuilt, re_back = re.pullback(flat)
    _, dmodel, *_ = supervised(mse).pullback(rebuilt, x, y)[1](np.float32(1))
    dflat = re_back(dmodel)[1]
    expected = [
        sum(getattr(layer, name).ravel() for layer in dmodel.layers) for name in ("weight", "bias")
    ]
    np.testing.assert_array_equal(dflat, np.concatenate(expected))
    (_, re), back = destructure.pullback(model)
    dmodel = back((dflat, None))[1]
    np.testing.assert_array_equal(dmodel.layers[1].weight.ravel(), dflat[:4])
    assert dmodel.layers[0].act is None


def test_vectors_without_parameters_and_of_mixed_precision():
    assert destructure(relu)[0].size == 0
    flat, _ = destructure(Chain(Dense(np.ones((2, 2)), np.ones(2)), Dense(2, 1)))
    assert flat.dtype == np.float64
    with pytest.raises(
        ValueError,
        match=r"Restructure expects a vector of 6 parameters, got an array of shape \(1, 6\)",
    ):
        destructure(Dense(2, 2))[1](np.ones((1, 6)))
