"""Rules: their settings and what they keep. (Their steps: the rows of the catalogue.)"""

import numpy as np
import pytest

from pyimpl import (
    AccumGrad,
    AdaBelief,
    AdaDelta,
    AdaGrad,
    Adam,
    AdaMax,
    AdamW,
    AMSGrad,
    Chain,
    ClipGrad,
    ClipNorm,
    Dense,
    Descent,
    Gradient,
    Lion,
    MixedPrecision,
    Momentum,
    NAdam,
    Nesterov,
    OAdam,
    OptimiserChain,
    RAdam,
    RMSProp,
    Rprop,
    SignDecay,
    WeightDecay,
    adjust,
    setup,
    update,
)
from pyimpl.core.tree import leaves


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


RULES = [
    Descent(),
    Momentum(),
    Nesterov(),
    RMSProp(),
    RMSProp(centred=True),
    Adam(),
    AdamW(lam=0.1),
    RAdam(),
    OAdam(),
    AdaGrad(),
    AdaDelta(),
    NAdam(),
    AdaBelief(),
    Lion(),
    WeightDecay(),
    SignDecay(),
    ClipNorm(0.5),
    AccumGrad(2),
    AdaMax(),
    AMSGrad(),
    Rprop(),
    ClipGrad(0.5),
    MixedPrecision(np.float64, Adam()),
    OptimiserChain(WeightDecay(), Momentum()),
]
ORDERED = (AdaMax, AMSGrad, Rprop, ClipGrad)  # `isless` of complex numbers: a MethodError in Julia
COMPLEX = [rule for rule in RULES if not isinstance(rule, (*ORDERED, MixedPrecision))]

every_rule = pytest.mark.parametrize("rule", RULES, ids=repr)


def run(rule, x, gradients):
    """The parameter after every step, and the last state."""
    x, state, steps = x.copy(), rule.init(x), []
    for g in gradients:
        state, dx = rule.apply(state, x, np.asarray(g, x.dtype))
        if dx is not None:
            x -= dx
        steps.append(x.copy())
    return np.stack(steps), state


@every_rule
def test_a_parameter_without_axes_takes_the_steps_of_one_with_one(rule):
    """Adam, AdamW, RAdam and OAdam raised TypeError."""
    gradients = np.array([0.3, -0.2, 0.7, 0.1])
    vector, _ = run(rule, np.array([0.5]), gradients[:, None])
    number, state = run(rule, np.array(0.5), gradients)
    np.testing.assert_array_equal(number, vector[:, 0])
    model = {"x": np.array(0.5)}
    opt = setup(rule, model)
    for g in gradients:
        update(opt, model, {"x": g})
    np.testing.assert_array_equal(model["x"], number[-1])


@every_rule
def test_a_gradient_in_double_precision_leaves_the_state_in_that_of_the_parameter(rule):
    """Optimisers.jl writes into arrays that `init` made like x; here Momentum's velocity became
    float64.
    """
    x = np.array([0.5, -1.0], np.float32)
    kept = {np.dtype(np.float32), *([np.dtype(np.float64)] * isinstance(rule, MixedPrecision))}
    state = rule.init(x)
    for _ in range(3):
        state, dx = rule.apply(state, x, np.array([0.3, -0.1]))
        x -= 0 if dx is None else dx
    assert {leaf.dtype for _, leaf in leaves(state) if isinstance(leaf, np.ndarray)} <= kept


@pytest.mark.parametrize("rule", COMPLEX, ids=repr)
def test_a_complex_step_turns_with_its_gradient(rule):
    """Optimisers 0.4.8 has `abs2(dx)` where the square of a gradient is meant: times i, parameter
    and gradients, everything is times i. Here `g * g` changed sign.
    """
    x, gradients = np.array([0.5, -1.0, 0.25]), np.random.default_rng(0).standard_normal((4, 3))
    real, _ = run(rule, x, gradients)
    turned, _ = run(rule, 1j * x, 1j * gradients)
    np.testing.assert_allclose(turned, 1j * real, rtol=1e-12)


def test_the_first_step_of_adam_goes_against_a_complex_gradient():
    """`Adam(1.0)` with the gradient i steps by -i (it stepped by -1, for i * i is -1)."""
    x, _ = run(Adam(1.0), np.zeros(1, complex), [[1j]])
    np.testing.assert_allclose(x[0], -1j, rtol=1e-7)


@pytest.mark.parametrize("rule", [*(kind() for kind in ORDERED), MixedPrecision(Adam())], ids=repr)
def test_rules_that_compare_entries_refuse_complex_parameters(rule):
    x = np.ones(2, complex)
    with pytest.raises(ValueError, match="expects a real parameter, got complex128"):
        rule.apply(rule.init(x), x, x)


def test_float16_has_an_epsilon_of_its_own():
    """Optimisers 0.4.8, `_eps`: at least 1e-7 in Float16, where 1e-8 is 0; not for AdamW, and not
    for an epsilon of 0.
    """
    x, g = np.zeros(1, np.float16), np.zeros(1, np.float16)
    for rule in (Adam(), RMSProp(), AdaDelta(), NAdam(), AdaBelief(), OAdam(), AdaMax()):
        assert rule.apply(rule.init(x), x, g)[1] == 0, rule
    with np.errstate(invalid="ignore"):
        for rule in (AdamW(), Adam(eps=0)):
            assert np.isnan(rule.apply(rule.init(x), x, g)[1]), rule


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Adam("0.1"), "Adam expects a number for eta, got '0.1'"),
        (lambda: Adam(0.1, 0.9), "Adam expects two numbers for beta, got 0.9"),
        (lambda: Rprop(ell=(0.5,)), r"Rprop expects two numbers for ell, got \(0.5,\)"),
        (lambda: Momentum(rho=1j), "Momentum expects a number for rho, got 1j"),
        (lambda: AccumGrad(0), "AccumGrad expects at least one gradient to add up, got 0"),
        (lambda: AdaMax(-1), "learning rate of at least 0"),
    ],
)
def test_settings_that_are_none_are_refused_at_once(make, message):
    """Optimisers 0.4.8, `@def`: "is not a number", "is not a tuple"."""
    with pytest.raises(ValueError, match=message):
        make()


def test_accumgrad_has_no_default():
    """Optimisers 0.4.8: no method `AccumGrad()`."""
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'n'"):
        AccumGrad()


def test_whether_rmsprop_is_centred_cannot_be_adjusted():
    """Optimisers 0.4.8: "the variants store different states"."""
    opt = setup(RMSProp(), Dense(1, 1))
    with pytest.raises(ValueError, match="RMSProp expects to stay centred or not"):
        adjust(opt, centred=True)
