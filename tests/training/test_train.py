"""A training run: it learns, and stops before a model is spoilt."""

import numpy as np
import pytest

import pyimpl
from pyimpl import (
    Adam,
    Chain,
    ClipGrad,
    Dense,
    Descent,
    Momentum,
    OptimiserChain,
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


def one_step(rule):
    model, x = Chain(Dense(np.ones((1, 1)), np.zeros(1))), np.ones((2, 1))
    train(supervised(mse), model, [(x, 3 * x)], rule)
    return model.layers[0].weight[0, 0]


def test_a_rule_stands_for_its_state():
    """Flux 0.16.9: `train!(loss, model, data, Descent())`; it was an AttributeError. The slope of
    (w - 3)^2 at 1 is -4.
    """
    assert one_step(Descent(0.25)) == 2.0
    assert one_step(OptimiserChain(ClipGrad(1.0), Descent(0.25))) == 1.25


def test_a_rule_whose_state_is_lost_warns():
    """Flux: "Optimiser Momentum has state which will be discarded after `train!` finishes"."""
    with pytest.warns(UserWarning, match="Momentum has a state that is gone"):
        assert one_step(Momentum(0.25)) == 2.0


def test_what_is_no_tuple_is_passed_whole():
    """Flux: `loss(model, d)` for any other d, such as a dict that a DataLoader gives."""

    def objective(model, d):
        return supervised(mse).pullback(model, d["x"], d["y"])

    model = Dense(np.ones((1, 1)), np.zeros(1))
    data = [{"x": np.ones((2, 1)), "y": np.full((2, 1), 3.0)}]
    train(pyimpl.differentiable(objective), model, data, setup(Descent(0.25), model))
    assert model.weight == 2.0


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
