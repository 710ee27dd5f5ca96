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
    Embedding,
    Gradient,
    Momentum,
    OptimiserChain,
    WeightDecay,
    adjust,
    destructure,
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


def tied_by_transpose():
    embedding = Embedding(3, 2)
    return Chain(embedding, Dense(embedding.weight.T, False))


@pytest.mark.parametrize("rule", [Adam(1.0), OptimiserChain(Descent(1.0)), Momentum(1.0)])
def test_a_transpose_is_the_same_parameter(rule):
    """`Adam(1.0)` moved `Dense(embedding.weight.T)` by 2. In Flux 0.16.9 `transpose(weight)` has
    the same Leaf: the sum of both gradients makes one step.
    """
    model = tied_by_transpose()
    one, other = np.arange(6.0).reshape(3, 2) + 1, np.arange(6.0).reshape(2, 3)
    alone = model.layers[0].weight.copy()
    opt = setup(rule, model)
    assert opt.layers[0].weight is opt.layers[1].weight
    update(opt, model, Gradient(layers=(Gradient(weight=one), Gradient(weight=other))))
    _, dx = rule.apply(rule.init(alone), alone, (one + other.T).astype(np.float32))
    np.testing.assert_allclose(model.layers[0].weight, alone - dx, rtol=1e-6)
    np.testing.assert_array_equal(model.layers[1].weight, model.layers[0].weight.T)


def test_a_transpose_is_once_in_the_vector():
    model = tied_by_transpose()
    flat, re = destructure(model)
    np.testing.assert_array_equal(flat, model.layers[0].weight.ravel())
    rebuilt, back = re.pullback(np.arange(6.0, dtype=np.float32))
    rebuilt.layers[0].weight[2, 1] = 7
    assert rebuilt.layers[1].weight[1, 2] == 7
    one, other = np.ones((3, 2)), np.arange(6.0).reshape(2, 3)
    dflat = back(Gradient(layers=(Gradient(weight=one), Gradient(weight=other))))[1]
    np.testing.assert_array_equal(dflat, (one + other.T).ravel())
    _, back = destructure.pullback(model)
    dmodel = back((np.arange(6.0), None))[1]
    np.testing.assert_array_equal(dmodel.layers[1].weight, dmodel.layers[0].weight.T)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (
            lambda w: (w, w[:1]),
            "expects arrays that are apart or the same, got model.0 and model.1",
        ),
        (lambda w: (np.broadcast_to(w[:1], (2, 2)),), "model.0 expects to be changed in place"),
    ],
)
def test_arrays_that_cannot_be_stepped_are_refused(weights, message):
    """Flux: "model must be fully mutable"; half of an array is stepped twice in silence there."""
    with pytest.raises(ValueError, match=message):
        setup(Descent(), weights(np.ones((2, 2))))


@pytest.mark.parametrize("key", ["a", 1, (1, 2), None])
@pytest.mark.parametrize("rule", [Descent(0.5), Momentum(0.5)])
def test_a_model_may_be_a_dict(key, rule):
    """A dict of gradients was ignored, and an integer for a key raised KeyError. Optimisers 0.4.8:
    `mapvalue` over a Dict.
    """
    model = {key: np.ones(2), "b": {"c": np.ones((2, 2))}, "d": np.arange(3)}
    opt = setup(rule, model)
    update(opt, model, {key: np.ones(2), "b": {"c": np.full((2, 2), 2.0)}})
    np.testing.assert_array_equal(model[key], 0.5)
    np.testing.assert_array_equal(model["b"]["c"], 0.0)
    freeze(opt[key])
    update(opt, model, {key: np.ones(2)})
    np.testing.assert_array_equal(model[key], 0.5)
    assert opt.b.c is opt["b"]["c"] and "d" not in opt
    flat, re = destructure(model)
    assert flat.shape == (6,) and list(re(flat)) == list(model)
    dmodel = destructure.pullback(model)[1]((np.arange(6.0), None))[1]
    np.testing.assert_array_equal(dmodel[key], [0, 1])
    update(opt, model, dmodel)


def test_the_gradient_of_a_layer_may_be_a_dict():
    """In Flux a NamedTuple; in silence it was ignored."""
    model = Dense(np.ones((1, 1)), np.ones(1))
    update(setup(Descent(0.5), model), model, {"weight": np.ones((1, 1))})
    assert (model.weight, model.bias) == (0.5, 1)


@pytest.mark.parametrize("act", [freeze, thaw, lambda model: adjust(model, 0.5)])
@pytest.mark.parametrize(
    "model",
    [Chain(Dense(2, 2)), np.ones(2), [np.ones(2)], {"a": np.ones(2)}, (Dense(2, 2),), Adam()],
)
def test_the_walks_over_a_state_refuse_a_model(act, model):
    """They did nothing in silence. Optimisers 0.4.8: "must not be applied to a model, only to the
    state tree from `setup`".
    """
    with pytest.raises(ValueError, match="expects the state that setup made, or a part of it"):
        act(model)


def test_a_part_without_parameters_is_a_state():
    model = (Dense(2, 2), 3)
    opt = setup(Adam(), model)
    freeze(opt[1])
    thaw(opt)
    with pytest.raises(ValueError, match="adjust expects a learning rate"):
        adjust(opt)
    with pytest.raises(TypeError, match="setup expects a rule such as Adam"):
        setup(model, Adam())
    with pytest.raises(ValueError, match="update expects the state that setup made"):
        update(Adam(), model, (Gradient(weight=np.ones((2, 2))), None))


@pytest.mark.parametrize(
    ("gradient", "message"),
    [
        (lambda m: (gradient_of(m), None), "got a tuple"),
        (
            lambda m: Gradient(layers=(Gradient(weight=np.ones((3, 3)), bias=None),)),
            r"model.layers.0.weight has shape \(2, 2\), its gradient \(3, 3\)",
        ),
        (
            lambda m: Gradient(layers=(Gradient(weight=1j * np.ones((2, 2))),)),
            "model.layers.0.weight holds float32, its gradient complex128",
        ),
        (lambda m: Gradient(layers=()), "model.layers has 1 parts, its gradient 0"),
        (lambda m: np.ones(3), "model expects a gradient for its parts, got ndarray"),
    ],
)
def test_gradients_that_do_not_fit_are_refused(gradient, message):
    model = Chain(Dense(2, 2))
    before = model.layers[0].weight.copy()
    with pytest.raises(ValueError, match=message):
        update(setup(Adam(), model), model, gradient(model))
    np.testing.assert_array_equal(model.layers[0].weight, before)
