"""Layers of `pyimpl` as the Python side."""

import numpy as np
import pytest
from pretended import checked

import pyimpl
from pyimpl.parity import arrays
from pyimpl.parity.report.story import story


@pytest.mark.parametrize("mode", ["auto", "train", "test"])
def test_a_layer_with_its_parameters_gradients_and_statistics(mode):
    rng = np.random.default_rng(0)
    model = pyimpl.Chain(pyimpl.Dense(3, 4, pyimpl.tanh, rng=rng), pyimpl.BatchNorm(4))
    result = checked(model, model, arrays("batch,3", sizes=(2, 4)), mode=mode)
    assert result.agrees and {"grad.layers.0.weight", "state.layers.1.var", "plain"} <= set(
        map(str, result.evidence[0].julia["float64"].arrays)
    )
    wrong = pyimpl.Chain(model.layers[0], pyimpl.BatchNorm(4, momentum=0.2))
    result = checked(model, wrong, arrays("batch,3", sizes=(2, 4)), mode=mode)
    assert result.agrees == (mode == "test")
    assert mode == "test" or "state.layers.1.var" in story(result)
