"""Modules of Flax as the Python side."""

import numpy as np
import pytest
from pretended import checked

import pyimpl
from pyimpl.parity import arrays
from pyimpl.parity.sides.flax_modules import FLAX
from pyimpl.parity.sides.frameworks import framework_of, side_of

nnx = pytest.importorskip("flax.nnx")


class Net(nnx.Module):
    """Its attributes are not in alphabetical order, and layers stand in a list."""

    def __init__(self, rngs):
        self.start = nnx.Linear(3, 4, rngs=rngs)
        self.layers = nnx.List([nnx.Linear(4, 4, rngs=rngs), nnx.Linear(4, 2, rngs=rngs)])

    def __call__(self, x):
        """Two hidden layers."""
        x = nnx.tanh(self.start(x))
        return self.layers[1](nnx.tanh(self.layers[0](x)))


def twin():
    """The same in Flux's layers."""
    rng = np.random.default_rng(0)
    return pyimpl.Chain(
        pyimpl.Dense(3, 4, pyimpl.tanh, rng=rng),
        pyimpl.Dense(4, 4, pyimpl.tanh, rng=rng),
        pyimpl.Dense(4, 2, rng=rng),
    )


def test_arrays_stand_in_the_order_of_the_module():
    module = Net(nnx.Rngs(0))
    assert framework_of(module) is FLAX
    assert list(side_of(module).parameters()) == [
        "start.kernel",
        "start.bias",
        "layers.0.kernel",
        "layers.0.bias",
        "layers.1.kernel",
        "layers.1.bias",
    ]
    assert [path for path, _ in FLAX.parts(module)] == ["", "start", "layers.0", "layers.1"]


def test_a_module_agrees_with_its_twin_and_is_left_as_it_was():
    module = Net(nnx.Rngs(0))
    before = {name: array.copy() for name, array in side_of(module).parameters().items()}
    assert checked(module, twin(), arrays("batch,3", sizes=(1, 4)), count=5).agrees
    after = side_of(module).parameters()
    assert all(np.array_equal(array, after[name]) for name, array in before.items())


@pytest.mark.parametrize("mode", ["train", "test"])
def test_running_statistics_move_in_training_and_have_no_gradient(mode):
    module = nnx.BatchNorm(2, momentum=0.75, epsilon=1e-5, rngs=nnx.Rngs(0))
    result = checked(module, module, arrays("batch,2", sizes=(2, 4)), mode=mode, count=4)
    assert result.agrees
    evidence = result.evidence[-1]
    outcome = side_of(module).evaluate(evidence.case)
    names = set(map(str, outcome.arrays))
    assert {"state.mean", "grad.scale"} <= names and "grad.mean" not in names
    arrays_of = {str(name): array for name, array in evidence.case.arrays.items()}
    moved = outcome.arrays[next(n for n in outcome.arrays if str(n) == "state.mean")]
    x, mean = arrays_of["x1"], arrays_of["param.mean"]
    expected = 0.75 * mean + 0.25 * x.mean(axis=0) if mode == "train" else mean
    np.testing.assert_allclose(moved, expected, rtol=1e-6)


def test_settings_and_dropout():
    module = nnx.Sequential(nnx.Linear(2, 2, rngs=nnx.Rngs(0)), nnx.Dropout(0.5, rngs=nnx.Rngs(0)))
    side = side_of(module)
    assert FLAX.drops(side) and not FLAX.drops(side_of(Net(nnx.Rngs(0))))
    assert ("rate", 0.5) in {(each.name, each.value) for each in FLAX.settings(side)}


def test_the_share_of_what_comes_is_a_setting_too():
    module = nnx.BatchNorm(2, momentum=0.75, rngs=nnx.Rngs(0))
    settings = {each.name: each for each in FLAX.settings(side_of(module))}
    assert settings["1 - momentum"].value == 0.25
    settings["1 - momentum"].put(module, 0.5)
    assert module.momentum == 0.5
