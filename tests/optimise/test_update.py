"""The walk over a model: in place, shared arrays, missing gradients, frozen and adjusted parts; and
whole training runs.
"""

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
    Momentum,
    OptimiserChain,
    WeightDecay,
    adjust,
    freeze,
    mse,
    setup,
    supervised,
    thaw,
    update,
)
from pyimpl.training.train import train


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


def test_adjust_reaches_into_chains_and_keeps_the_state():
    model = Chain(Dense(1, 1))
    opt = setup(OptimiserChain(WeightDecay(), Adam()), model)
    update(opt, model, gradient_of(model))
    state = opt.layers[0].weight.state[1][0].copy()
    adjust(opt, 0.5, lam=0.125, unknown=1)
    rule = opt.layers[0].weight.rule
    assert (rule.rules[0].lam, rule.rules[1].eta) == (0.125, 0.5)
    np.testing.assert_array_equal(opt.layers[0].weight.state[1][0], state)


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


def test_adam_squares_a_gradient_in_the_gradient_s_own_precision():
    """MixedPrecision(Adam()) of Flux 0.16.9 makes -9 of 1 with a Float16 gradient of 1e-4, for its
    square is 0 in Float16.
    """
    x = np.array([1], np.float16)
    rule = MixedPrecision(Adam(0.001))
    rule.apply(rule.init(x), x, np.array([1e-4], np.float16))
    assert x == -9


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
