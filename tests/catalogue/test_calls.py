"""Calls of a public name, seen while they are made."""

import numpy as np
import pytest

import pyimpl
from pyimpl import textbook
from pyimpl.parity.catalogue.calls import watched


@pytest.mark.parametrize(
    ("subject", "call", "given"),
    [
        (pyimpl.Conv, lambda: pyimpl.Conv((2,), 1, 2), ["kernel", "n_in", "n_out"]),
        (pyimpl.mse, lambda: pyimpl.mse(np.ones(2), np.ones(2)), ["prediction", "target"]),
        (pyimpl.elu, lambda: pyimpl.elu.pullback(np.ones(2), 0.5), ["x", "alpha"]),
        (pyimpl.ones32, lambda: pyimpl.ones32((2,)), ["shape"]),
        (pyimpl.chunk, lambda: pyimpl.chunk(np.ones(4), 2), ["x", "n"]),
        (textbook.SGD, lambda: textbook.SGD(lr=0.5), ["lr"]),
    ],
)
def test_calls_are_seen_of_classes_functions_and_activations(subject, call, given):
    expected = call()
    with watched(subject) as calls:
        result = call()
    assert [list(arguments) for _, arguments in calls] == [given]
    assert type(result) is type(expected)
    call()
    assert len(calls) == 1  # and no more afterwards


def test_a_layer_inside_another_is_no_call_of_its_base():
    with watched(pyimpl.CrossCor) as calls:
        pyimpl.Conv((2,), 1, 2)
    assert calls == []
