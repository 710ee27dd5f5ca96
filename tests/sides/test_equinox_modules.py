"""Modules of Equinox as the Python side."""

import numpy as np
import pytest
from pretended import checked

import pyimpl
from pyimpl.parity import arrays
from pyimpl.parity.sides.equinox_modules import EQUINOX
from pyimpl.parity.sides.frameworks import framework_of, side_of

jax = pytest.importorskip("jax")
eqx = pytest.importorskip("equinox")
KEY = jax.random.PRNGKey(0)


def model():
    """Two layers, whose first weight is square."""
    first, last = jax.random.split(KEY)
    return eqx.nn.Sequential(
        [
            eqx.nn.Linear(3, 3, key=first),
            eqx.nn.Lambda(jax.numpy.tanh),
            eqx.nn.Linear(3, 2, key=last),
        ]
    )


def twin():
    """The same in Flux's layers."""
    rng = np.random.default_rng(0)
    first = pyimpl.Dense(3, 3, pyimpl.tanh, rng=rng)
    return pyimpl.Chain(first, pyimpl.Dense(3, 2, rng=rng))


class Batched(eqx.Module):
    """A module of one's own that takes a batch as a whole."""

    weight: jax.Array
    shift: jax.Array
    name: str = "batched"

    def __call__(self, x):
        """Centred over the batch."""
        assert x.ndim == 2
        return (x - x.mean(axis=0)) @ self.weight + self.shift


def test_what_takes_one_observation_is_mapped_over_the_batch():
    result = checked(model(), twin(), arrays("batch,3", sizes=(1, 4)), count=6)
    assert result.agrees
    outcome = result.evidence[0].julia["float64"]
    assert {"grad.layers.0.weight", "state.layers.2.bias"} <= set(map(str, outcome.arrays))


def test_what_takes_a_batch_gets_it_whole():
    module = Batched(jax.numpy.ones((3, 2)), jax.numpy.zeros(2))
    side = side_of(module)
    assert framework_of(module) is EQUINOX and list(side.parameters()) == ["weight", "shift"]
    assert checked(module, module, arrays("batch,3", sizes=(2, 4)), count=4).agrees


def test_only_equinox_s_own_weights_are_known_to_be_turned():
    assert EQUINOX.transposed(side_of(model()), "layers.0.weight")
    table = eqx.nn.Embedding(3, 3, key=KEY)
    assert not EQUINOX.transposed(side_of(table), "weight")
    module = Batched(jax.numpy.ones((3, 3)), jax.numpy.zeros(3))
    assert not EQUINOX.transposed(side_of(module), "weight")


def test_settings_are_those_of_all_parts_and_can_be_put():
    net = eqx.nn.Sequential([eqx.nn.Linear(3, 3, key=KEY), eqx.nn.LayerNorm(3)])
    side = side_of(net)
    (eps,) = (each for each in EQUINOX.settings(side) if each.name == "eps")
    assert (eps.where, eps.value) == ("layer layers.1 (LayerNorm)", 1e-5)
    changed = eqx.tree_at(lambda m: m.layers[0].weight, net, net.layers[0].weight)
    eps.put(changed, 0.5)
    assert changed.layers[1].eps == 0.5


def test_dropout_is_seen():
    assert EQUINOX.drops(side_of(eqx.nn.Sequential([eqx.nn.Dropout(0.5)])))
    assert not EQUINOX.drops(side_of(model()))
