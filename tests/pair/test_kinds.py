"""What is called differently in different libraries."""

import pytest
import torch

import pyimpl
from pyimpl.functions.activations import ACTIVATIONS
from pyimpl.parity.pair.kinds import FAMILIES, FUNCTION, OTHER, family_of, kind_of


@pytest.mark.parametrize(
    ("python", "julia"),
    [
        ("Conv2d", "Conv"),
        ("Linear", "Dense"),
        ("MultiheadAttention", "MultiHeadAttention"),
        ("BatchNorm1d", "BatchNorm"),
        ("ReLU", "relu"),
        ("add", "+"),
        ("cat", "vcat"),
        ("AvgPool2d", "MeanPool"),
        ("Sigmoid", "σ"),
        ("SiLU", "swish"),
        ("LSTMCell", "LSTM"),
        ("Flatten", "flatten"),
        ("log_softmax", "logsoftmax"),
    ],
)
def test_one_kind_under_two_names(python, julia):
    assert kind_of(python) == kind_of(julia)
    assert family_of(python) == family_of(julia) not in (OTHER, FUNCTION)


def test_every_activation_of_both_libraries_is_one():
    theirs = [name for name in vars(torch.nn.modules.activation) if name[0].isupper()]
    modules = [name for name in theirs if isinstance(getattr(torch.nn, name, None), type)]
    no_activations = ("Module", "Parameter", "Tensor", "MultiheadAttention", "NonDynamically")
    for name in modules:
        if not name.startswith(no_activations):
            assert family_of(name) == "activation", name
    for name in ACTIVATIONS:
        assert name == "identity" or family_of(name) == "activation", name


def test_every_layer_of_the_twin_is_of_a_family():
    containers = ("Chain", "Parallel", "SkipConnection", "PairwiseFusion", "Layer", "Cell")
    for name in pyimpl.layers.__all__:
        part = getattr(pyimpl, name)
        if isinstance(part, type) and not name.startswith(containers):
            assert family_of(name) != FUNCTION, name


def test_names_that_say_nothing():
    assert family_of("#12") == FUNCTION and family_of("Block") == OTHER
    assert len({kind for kinds in FAMILIES.values() for kind in kinds.split()}) == sum(
        len(kinds.split()) for kinds in FAMILIES.values()
    )
