"""Activations: the table, other names, and slopes against central differences. (Values: the rows of
the catalogue.)
"""

import numpy as np
import pytest

import pyimpl
from pyimpl import ACTIVATIONS

X = np.array([-2.3, -0.7, -0.1, 0.2, 0.9, 2.6])  # no kink of any of them


def test_the_table_has_every_activation_by_its_name():
    for name, act in ACTIVATIONS.items():
        assert getattr(pyimpl, name) is act
    assert pyimpl.silu is pyimpl.swish and pyimpl.thresholdrelu is pyimpl.trelu
    np.testing.assert_array_equal(pyimpl.identity(X), X)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_slope_is_that_of_the_value(name):
    act, step = ACTIVATIONS[name], 1e-6
    if name == "rrelu":
        pytest.skip("random")
    y, back = act.pullback(X)
    np.testing.assert_array_equal(y, act(X))
    measured = (act(X + step) - act(X - step)) / (2 * step)
    np.testing.assert_allclose(back(np.ones_like(X))[1], measured, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_single_precision_stays(name):
    y, back = ACTIVATIONS[name].pullback(X.astype(np.float32))
    assert y.dtype == back(np.ones_like(y))[1].dtype == np.float32
