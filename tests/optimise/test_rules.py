"""Rules: their settings and what they keep. (Their steps: the rows of the catalogue.)"""

import numpy as np

from pyimpl import (
    Adam,
    Chain,
    Dense,
    Gradient,
    MixedPrecision,
    OptimiserChain,
    WeightDecay,
    adjust,
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


def test_adjust_reaches_into_chains_and_keeps_the_state():
    model = Chain(Dense(1, 1))
    opt = setup(OptimiserChain(WeightDecay(), Adam()), model)
    update(opt, model, gradient_of(model))
    state = opt.layers[0].weight.state[1][0].copy()
    adjust(opt, 0.5, lam=0.125, unknown=1)
    rule = opt.layers[0].weight.rule
    assert (rule.rules[0].lam, rule.rules[1].eta) == (0.125, 0.5)
    np.testing.assert_array_equal(opt.layers[0].weight.state[1][0], state)


def test_adam_squares_a_gradient_in_the_gradient_s_own_precision():
    """MixedPrecision(Adam()) of Flux 0.16.9 makes -9 of 1 with a Float16 gradient of 1e-4, for its
    square is 0 in Float16.
    """
    x = np.array([1], np.float16)
    rule = MixedPrecision(Adam(0.001))
    rule.apply(rule.init(x), x, np.array([1e-4], np.float16))
    assert x == -9
