"""The walk over a model: in place, shared arrays, missing gradients, frozen and adjusted parts; and
whole training runs.
"""

import numpy as np
import pytest

from pyimpl import (
    Adam,
    Chain,
    Dense,
    Descent,
    Gradient,
    Momentum,
    OptimiserChain,
    WeightDecay,
    adjust,
    freeze,
    setup,
    thaw,
    update,
)


def gradient_of(model, value=1.0):
    return Gradient(
        layers=tuple(
            Gradient(weight=np.full_like(d.weight, value), bias=np.full_like(d.bias, value))
            for d in model.layers
        )
    )


def test_parameters_change_in_place():
    model = Chain(Dense(2, 3), Dense(3, 1))
    weight, before = model.layers[0].weight, model.layers[0].weight.copy()
    update(setup(Descent(0.5), model), model, gradient_of(model))
    assert model.layers[0].weight is weight
    np.testing.assert_array_equal(weight, before - np.float32(0.5))


def test_a_missing_gradient_leaves_parameter_and_state_alone():
    model = Chain(Dense(2, 2))
    opt = setup(OptimiserChain(WeightDecay(0.5), Momentum()), model)
    before = model.layers[0].weight.copy()
    update(opt, model, Gradient(layers=(Gradient(weight=None, bias=np.ones(2, np.float32)),)))
    np.testing.assert_array_equal(model.layers[0].weight, before)
    assert not opt.layers[0].weight.state[1].any()
    assert opt.layers[0].bias.state[1].any()


def test_gradients_of_a_shared_array_are_summed():
    dense = Dense(2, 2)
    model = Chain(dense, dense)
    opt = setup(Descent(1.0), model)
    assert opt.layers[0].weight is opt.layers[1].weight
    before = dense.weight.copy()
    update(opt, model, gradient_of(model))
    np.testing.assert_allclose(dense.weight, before - 2, rtol=1e-6)


def test_freeze_thaw_and_adjust():
    model = Chain(Dense(2, 2), Dense(2, 2))
    opt = setup(Descent(1.0), model)
    freeze(opt.layers[0])
    frozen, moving = model.layers[0].weight.copy(), model.layers[1].weight.copy()
    update(opt, model, gradient_of(model))
    np.testing.assert_array_equal(model.layers[0].weight, frozen)
    np.testing.assert_array_equal(model.layers[1].weight, moving - 1)
    thaw(opt)
    adjust(opt, 0.25)
    update(opt, model, gradient_of(model))
    np.testing.assert_array_equal(model.layers[0].weight, frozen - np.float32(0.25))


@pytest.mark.parametrize(
    ("gradient", "message"),
    [
        (lambda m: (gradient_of(m), None), "got a tuple"),
        (
            lambda m: Gradient(layers=(Gradient(weight=np.ones((3, 3)), bias=None),)),
            r"model.layers.0.weight has shape \(2, 2\), its gradient \(3, 3\)",
        ),
    ],
)
def test_gradients_that_do_not_fit_are_refused(gradient, message):
    model = Chain(Dense(2, 2))
    with pytest.raises(ValueError, match=message):
        update(setup(Adam(), model), model, gradient(model))
