"""The arrays of two models, matched by running both."""

import numpy as np
import pytest
from pretended import TracedModels

import pyimpl
from pyimpl.parity import arrays
from pyimpl.parity.pair.meeting import met, without
from pyimpl.parity.pair.pair import make_pair
from pyimpl.parity.sides.trace import Call, Trace
from pyimpl.parity.sides.training import Training

torch = pytest.importorskip("torch")

JULIA = pyimpl.Chain(
    pyimpl.Conv((3,), 2, 3, pyimpl.relu), pyimpl.flatten, pyimpl.Dense(12, 4), pyimpl.Dense(4, 4)
)


def python():
    torch.manual_seed(0)
    layers = [torch.nn.Conv1d(2, 3, 3), torch.nn.ReLU(), torch.nn.Flatten()]
    return torch.nn.Sequential(*layers, torch.nn.Linear(12, 4), torch.nn.Linear(4, 4))


def test_arrays_of_models_that_are_cut_differently():
    pair = make_pair(python(), "model", arrays("batch,2,6"))
    found = met(pair, TracedModels(model=JULIA))
    assert found.same_shapes
    assert [match.pair for match in found.matches] == [
        "0.weight = layers.0.weight, with its kernel flipped",
        "0.bias = layers.0.bias",
        "3.weight = layers.2.weight, transposed",
        "3.bias = layers.2.bias",
        "4.weight = layers.3.weight, transposed",
        "4.bias = layers.3.bias",
    ]


def test_of_models_in_training_the_target_is_no_input():
    training = Training(
        (lambda y, t: ((y - t) ** 2).mean(), "mse"), (torch.optim.SGD, "Descent()"), 2
    )
    pair = make_pair(python(), "model", arrays("batch,2,6", "batch,4"), training=training)
    assert len(met(pair, TracedModels(model=JULIA)).matches) == 6


def test_what_cannot_be_laid_side_by_side_is_left_to_others():
    pair = make_pair(torch.nn.Linear(3, 2), "model", arrays("batch,3"))
    assert met(pair, TracedModels(model=pyimpl.Dense(3, 2))) is None  # a single call: by name
    pair = make_pair(python(), "model", arrays("batch,2,6"))
    other = pyimpl.Chain(*JULIA.layers, pyimpl.Dense(4, 4))
    assert met(pair, TracedModels(model=other)) is None
    assert met(make_pair(python(), "model", arrays("batch,2,7")), TracedModels(model=JULIA)) is None


def test_arrays_without_a_counterpart_are_left_out_of_a_trace():
    call = Call("a", "LSTM", (0,), (1,), {"a.w": (2,), "a.b": (2,)})
    trace = Trace((0,), (1,), [call], {0: np.ones(1)})
    assert list(without(trace, ["a.b"]).calls[0].arrays) == ["a.w"]
    assert without(trace, []) is trace
