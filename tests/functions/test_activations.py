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


PARAMETERS = {"leakyrelu": 0.1, "elu": 0.5, "celu": 0.5, "trelu": 0.5, "softshrink": 0.25}


@pytest.mark.parametrize("kind", [float, np.float64, np.float32, np.array])
@pytest.mark.parametrize("name", PARAMETERS)
def test_a_parameter_leaves_the_precision_alone(name, kind):
    """`leakyrelu(x32, np.float64(0.1))` was float64. NNlib 0.9.36: `oftf(x, ...)`."""
    x, act = X.astype(np.float32), ACTIVATIONS[name]
    y, back = act.pullback(x, kind(PARAMETERS[name]))
    assert y.dtype == act(x, kind(PARAMETERS[name])).dtype == np.float32
    dx = back(np.ones_like(x))[1]
    assert dx.dtype == np.float32
    exact = act(X, PARAMETERS[name])
    np.testing.assert_allclose(y, exact, rtol=1e-6)


@pytest.mark.parametrize("dtype", [float, np.float32, np.float16])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_a_number_is_an_array_without_axes(name, dtype):
    """`gradient(relu, 3.0)` raised TypeError. Zygote: `gradient(relu, 3.0) == (1.0,)`."""
    act = ACTIVATIONS[name]
    vector, back = act.pullback(np.array([0.5], dtype))
    for number in (dtype(0.5), np.array(0.5, dtype)):
        y = act(number)
        (dx,) = pyimpl.gradient(act, number)
        assert np.ndim(y) == np.ndim(dx) == 0
        assert np.asarray(y).dtype == np.asarray(dx).dtype == dtype
        if name != "rrelu":
            assert (y, dx) == (vector[0], back(np.ones(1, dtype))[1][0])
    assert pyimpl.gradient(pyimpl.relu, 3) == (1.0,)
    assert pyimpl.gradient(pyimpl.relu, -3.0) == (0.0,)


@pytest.mark.parametrize(
    ("act", "x", "parameter", "y", "slope"),
    [
        ("leakyrelu", -2.0, -0.5, 1.0, 1.0),  # NNlib takes the slope from the sign of the result
        ("leakyrelu", -2.0, 3.0, -6.0, 3.0),
        ("celu", -1.0, -1.0, 1 - np.e, 1 - (1 - np.e)),
        ("elu", -1.0, -1.0, 1 - np.exp(-1), 1.0),
        ("trelu", -1.0, -2.0, -1.0, 0.0),
        ("softshrink", 0.25, -0.5, -0.25, 1.0),
        ("softshrink", 1.0, -0.5, 1.5, 1.0),
    ],
)
def test_parameters_beyond_what_they_are_meant_for(act, x, parameter, y, slope):
    """As NNlib 0.9.36 has it, `src/activations.jl`: the formulas are those for any parameter."""
    value, back = ACTIVATIONS[act].pullback(np.array([x]), parameter)
    np.testing.assert_allclose(value, [y], rtol=1e-15)
    np.testing.assert_allclose(back(np.ones(1))[1], [slope], rtol=1e-15)


def test_a_threshold_is_compared_in_its_own_precision():
    """Julia: `0.1f0 <= 0.1` is false, for 0.1f0 is 0.10000000149011612."""
    x = np.array([0.1], np.float32)
    assert pyimpl.trelu(x, 0.1) == x and pyimpl.trelu(x, np.float32(0.1)) == 0
    assert np.isnan(pyimpl.celu(np.array([np.nan]))) and np.isnan(pyimpl.softshrink(np.nan))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_single_precision_stays(name):
    y, back = ACTIVATIONS[name].pullback(X.astype(np.float32))
    assert y.dtype == back(np.ones_like(y))[1].dtype == np.float32
