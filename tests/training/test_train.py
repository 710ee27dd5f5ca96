"""A training run: it learns, and stops before a model is spoilt."""

import numpy as np
import pytest

import pyimpl
from pyimpl import (
    Adam,
    Chain,
    Dense,
    Descent,
    mse,
    setup,
    supervised,
)
from pyimpl.training.train import train


def test_training_stops_before_the_model_is_spoilt():
    model = Chain(Dense(1, 1))
    before = model.layers[0].weight.copy()
    x = np.array([[1.0], [np.inf]], np.float32)
    with pytest.raises(FloatingPointError, match="batch 0"), np.errstate(invalid="ignore"):
        train(supervised(mse), model, [(x, np.ones((2, 1), np.float32))], setup(Descent(), model))
    np.testing.assert_array_equal(model.layers[0].weight, before)


def test_a_network_learns():
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (200, 1)).astype(np.float32)
    y = np.sin(3 * x)
    model = Chain(Dense(1, 16, pyimpl.tanh, rng=rng), pyimpl.BatchNorm(16), Dense(16, 1, rng=rng))
    opt = setup(Adam(0.01), model)
    loader = pyimpl.DataLoader((x, y), batchsize=20, shuffle=True, rng=rng)
    first = mse(model(x), y)
    for _ in range(40):
        train(supervised(mse), model, loader, opt)
    assert mse(model(x), y) < 0.02 * first
