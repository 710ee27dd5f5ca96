"""The points that the article of the first walk-through makes."""

import numpy as np
import pytest

import pyimpl
from pyimpl import (
    Adam,
    mse,
    setup,
    supervised,
    testmode,
    trainables,
    trainmode,
    update,
    withgradient,
)
from pyimpl.core.pullback import Gradient
from pyimpl.parity.experiments import experiment, images

DIGITS = images.load("digits")


SEED = 1  # of what is recorded


def regression(dtype="float32"):
    loaded = experiment.load("regression")
    arrays = loaded.draw(loaded.size("quick"), SEED, DIGITS)
    return (
        loaded.script.build(dtype, arrays),
        arrays[f"{dtype}.features"],
        arrays[f"{dtype}.target"],
    )


def test_trainable_arrays_are_weights_biases_shift_and_scale_and_nothing_else():
    model, *_ = regression()
    names = [
        "layers.0.weight",
        "layers.0.bias",
        "layers.1.shift",
        "layers.1.scale",
        "layers.2.weight",
        "layers.2.bias",
    ]
    assert sorted(trainables(model)) == sorted(names)


def test_test_mode_leaves_the_running_statistics_alone():
    model, features, target = regression()
    norm = model.layers[1]
    testmode(model)
    before = norm.mean.copy(), norm.var.copy()
    state = setup(Adam(), model)
    update(state, model, withgradient(supervised(mse), model, features[:20], target[:20])[1][0])
    np.testing.assert_array_equal((norm.mean, norm.var), before)
    trainmode(model)
    withgradient(supervised(mse), model, features[:20], target[:20])
    assert (norm.mean != before[0]).all() and (norm.var != before[1]).all()


def test_a_batch_of_one_or_two_works_in_test_mode():
    model, features, _ = regression()
    testmode(model)
    np.testing.assert_allclose(model(features[:1]), model(features[:2])[:1], rtol=1e-6)


def test_a_vector_is_an_error_and_a_reshape_its_cure():
    model, features, _ = regression()
    testmode(model)
    with pytest.raises(ValueError, match=r"BatchNorm.*\(batch, .*got .*\(10,\)"):
        model(features[0])
    assert model(features[0].reshape(1, -1)).shape == (1, 1)


def test_a_loss_of_a_column_and_a_vector_is_an_error_that_names_both_shapes():
    model, features, target = regression()
    with pytest.raises(ValueError, match=r"\(300, 1\) and \(300,\)"):
        mse(model(features), target[:, 0])


def test_the_old_adam_is_adam_but_for_rounding():
    script = experiment.load("regression").script
    rng = np.random.default_rng(0)
    ours, theirs = (pyimpl.Dense(rng.random((3, 2)), np.zeros(2)) for _ in range(2))
    theirs.weight[...] = ours.weight
    states = [setup(rule, model) for rule, model in ((script.OldAdam(), ours), (Adam(), theirs))]
    for _ in range(20):
        gradient = Gradient(weight=rng.standard_normal((3, 2)), bias=np.ones(2), act=None)
        for state, model in zip(states, (ours, theirs), strict=True):
            update(state, model, gradient)
    np.testing.assert_allclose(
        ours.weight, theirs.weight, rtol=1e-6
    )  # Adam's settings are Float32 numbers today
