"""Parameters that are stepped together take the same steps as alone."""

import numpy as np
import pytest

import pyimpl
from pyimpl import (
    Adam,
    Chain,
    Dense,
    Gradient,
    Momentum,
    OptimiserChain,
    WeightDecay,
    adjust,
    freeze,
    setup,
    update,
)


def gradient_of(model, value=1.0):
    return Gradient(
        layers=tuple(
            Gradient(weight=np.full_like(d.weight, value), bias=np.full_like(d.bias, value))
            for d in model.layers
        )
    )


def test_small_parameters_stepped_together_take_the_same_steps_as_alone():
    rng = np.random.default_rng(5)
    together, alone = (
        Chain(Dense(2, 3, rng=np.random.default_rng(1)), Dense(3, 1, rng=np.random.default_rng(2)))
        for _ in range(2)
    )
    joined, parted = (
        setup(OptimiserChain(WeightDecay(0.1), Adam(0.1)), model) for model in (together, alone)
    )
    parted.layers[0].weight.part()
    for _ in range(4):
        gradient = gradient_of(together, rng.standard_normal())
        update(joined, together, gradient)
        update(parted, alone, gradient)
    for path, array in pyimpl.trainables(together).items():
        np.testing.assert_array_equal(array, pyimpl.trainables(alone)[path])
    np.testing.assert_array_equal(
        joined.layers[0].weight.state[1][1], parted.layers[0].weight.state[1][1]
    )


@pytest.mark.parametrize("how", ["freeze one", "adjust one", "leave one out"])
def test_a_parameter_treated_differently_parts_from_the_others_and_keeps_its_state(how):
    model = Chain(Dense(2, 3), Dense(3, 1))
    opt = setup(Momentum(0.1), model)
    update(opt, model, gradient_of(model))
    before = opt.layers[1].weight.state.copy()
    gradient = gradient_of(model)
    if how == "freeze one":
        freeze(opt.layers[0].bias)
    elif how == "adjust one":
        adjust(opt.layers[0].bias, 0.0)
    else:
        gradient.layers[0].bias = None
    bias = model.layers[0].bias.copy()
    update(opt, model, gradient)
    np.testing.assert_allclose(opt.layers[1].weight.state, 0.9 * before + 0.1, rtol=1e-6)
    moved = 0.09 if how == "adjust one" else 0.0
    np.testing.assert_allclose(bias - model.layers[0].bias, moved, atol=1e-7)
