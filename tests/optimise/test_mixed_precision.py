"""Rules on a copy in higher precision."""

import numpy as np
import pytest

import pyimpl
from pyimpl import (
    Adam,
    Chain,
    Dense,
    Descent,
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


def test_a_copy_in_higher_precision_keeps_steps_that_the_parameter_loses():
    model = pyimpl.f16(Chain(Dense(np.ones((1, 1)), np.ones(1))))
    lost, kept = (setup(rule, model) for rule in (Descent(1e-4), MixedPrecision(Descent(1e-4))))
    for _ in range(5):
        update(lost, model, gradient_of(model))
    assert model.layers[0].weight == 1
    for _ in range(5):
        update(kept, model, gradient_of(model))
    assert model.layers[0].weight == np.float16(1 - 5e-4)
    assert model.layers[0].weight.dtype == np.float16
    assert kept.layers[0].weight.state[0].dtype == np.float32


def test_adam_in_mixed_precision_as_flux_computes_it():
    x, rule = (
        np.array([1, 2], np.float16),
        MixedPrecision(Adam(0.001)),
    )  # the numbers are Flux 0.16.9's
    state = rule.init(x)
    for _ in range(3):
        state, dx = rule.apply(state, x, np.array([0.5, -0.25], np.float16))
        assert dx is None
    np.testing.assert_array_equal(x, np.array([0.997, 2.004], np.float16))
    copy, (m, v, powers) = state
    np.testing.assert_allclose(copy, np.array([0.99700004, 2.0029998], np.float32), rtol=1e-7)
    np.testing.assert_allclose(m, np.array([0.13550003, -0.067750014], np.float32), rtol=1e-7)
    np.testing.assert_allclose(v, np.array([0.00074924063, 0.00018731016], np.float32), rtol=1e-7)
    np.testing.assert_allclose(powers, (0.6560999, 0.9960061), rtol=1e-7)


def test_mixed_precision_is_adjusted_inside_and_wraps_whole_chains():
    model = Chain(Dense(2, 3), Dense(3, 1))
    opt = setup(MixedPrecision(np.float64, OptimiserChain(WeightDecay(), Descent())), model)
    adjust(opt, 0.5)
    rule = opt.layers[0].weight.rule
    assert (rule.precision, rule.rule.rules[1].eta) == (np.float64, 0.5)
    with pytest.raises(
        ValueError, match="OptimiserChain expects rules that MixedPrecision can wrap as a whole"
    ):
        OptimiserChain(WeightDecay(), MixedPrecision(Adam()))
    for wrong in ((Adam(), np.float32), (np.int64, Adam()), (3,)):
        with pytest.raises(TypeError, match="MixedPrecision expects a rule"):
            MixedPrecision(*wrong)
