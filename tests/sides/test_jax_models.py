"""What models of JAX have in common: training, what is compiled once."""

import numpy as np
import pytest
from pretended import checked

import pyimpl
from pyimpl.parity import arrays
from pyimpl.parity.case.case import Case
from pyimpl.parity.case.names import Name
from pyimpl.parity.sides.frameworks import side_of
from pyimpl.parity.sides.training import Training

jax = pytest.importorskip("jax")
eqx = pytest.importorskip("equinox")


def model():
    """A hidden layer."""
    first, last = jax.random.split(jax.random.PRNGKey(0))
    return eqx.nn.Sequential(
        [
            eqx.nn.Linear(3, 4, key=first),
            eqx.nn.Lambda(jax.numpy.tanh),
            eqx.nn.Linear(4, 2, key=last),
        ]
    )


def twin():
    """The same in Flux's layers."""
    rng = np.random.default_rng(0)
    return pyimpl.Chain(pyimpl.Dense(3, 4, pyimpl.tanh, rng=rng), pyimpl.Dense(4, 2, rng=rng))


def test_training_with_a_rule_of_optax():
    optax = pytest.importorskip("optax")

    def mse(y, target):
        return ((y - target) ** 2).mean()

    ours = Training((mse, "mse"), (optax.sgd(0.125), "Descent(0.125)"), steps=3)
    theirs = Training((pyimpl.mse, "mse"), (pyimpl.Descent(0.125), "Descent(0.125)"), steps=3)
    inputs = arrays("batch,3", "batch,2", sizes=(1, 4))
    result = checked(model(), twin(), inputs, training=ours, of_julia=theirs, count=4)
    assert result.agrees
    with pytest.raises(TypeError, match="optax"):
        checked(model(), twin(), inputs, training=theirs, count=4)


def test_what_is_compiled_of_one_model_is_not_taken_for_another():
    x = {Name.parse("x1"): np.ones((2, 3))}
    case = Case("f", {}, x, "test")
    one, other = model(), eqx.tree_at(lambda m: m.layers[1].fn, model(), jax.numpy.sin)
    outputs = [side_of(each).evaluate(case).arrays[Name.parse("y")] for each in (one, other, one)]
    np.testing.assert_array_equal(outputs[0], outputs[2])
    assert np.abs(outputs[0] - outputs[1]).max() > 1e-3
