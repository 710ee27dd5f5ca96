"""Scale: its constructors and its broadcasting. What is expected: Flux 0.16.9,
`src/layers/basic.jl`, axes reversed.
"""

import numpy as np
import pytest

from pyimpl import Scale, gradient, relu, supervised, tanh, zeros32
from pyimpl.losses import mse


@pytest.mark.parametrize(
    ("layer", "shape", "act"),
    [
        (Scale(10), (10,), "identity"),
        (Scale(10, relu), (10,), "relu"),
        (Scale(3, 4, tanh), (3, 4), "tanh"),
        (Scale(3, 4, act=tanh), (3, 4), "tanh"),
        (Scale(np.int64(2)), (2,), "identity"),
    ],
)
def test_a_size_makes_ones_and_zeros(layer, shape, act):
    """Flux: `Scale(size...; bias=true, init=ones32)`; `Scale(10)` raised here."""
    assert layer.scale.shape == layer.bias.shape == shape and repr(layer.act) == act
    assert layer.scale.dtype == np.float32 and layer.scale.all() and not layer.bias.any()


def test_options_and_arrays():
    assert Scale(3, bias=False).bias is None
    assert not Scale(3, init=zeros32).scale.any()
    np.testing.assert_array_equal(Scale(2, bias=np.array([1, 2])).bias, [1, 2])
    layer = Scale(np.array([1, 2]), False, relu)
    assert layer.bias is None and layer.scale.dtype == np.float64
    assert not Scale(np.ones(2)).bias.any()
    np.testing.assert_array_equal(Scale(2)([3, 4]), [3, 4])
    with pytest.raises(ValueError, match=r"Scale expects a bias of shape \(2,\), got \(3,\)"):
        Scale(np.ones(2), np.ones(3))
    with pytest.raises(ValueError, match="Scale expects its size in integers, got"):
        Scale(2.5)


@pytest.mark.parametrize(
    ("size", "shape", "result"),
    [
        ((3,), (2, 3), (2, 3)),
        ((1,), (2, 3), (2, 3)),  # one number for everything
        ((3,), (2, 1), (2, 3)),  # x is what is repeated
        ((2, 1), (4, 2, 3), (4, 2, 3)),
        ((4, 3), (3,), (4, 3)),
        ((2, 3), (5, 2, 3), (5, 2, 3)),
    ],
)
@pytest.mark.parametrize("bias", [True, False])
def test_it_broadcasts_and_its_gradient_is_summed_again(size, shape, result, bias):
    """Flux: `σ.(scale .* x .+ bias)`."""
    rng = np.random.default_rng(0)
    layer = Scale(rng.standard_normal(size), rng.standard_normal(size) if bias else False, tanh)
    x, target, step = rng.standard_normal(shape), rng.standard_normal(result), 1e-6
    assert layer(x).shape == result
    loss = supervised(mse)
    _, back = layer.pullback(x)
    dy = rng.standard_normal(result)
    gradient_of, dx = back(dy)
    assert dx.shape == shape and gradient_of.scale.shape == size
    for array, given in ((x, dx), (layer.scale, gradient_of.scale), (layer.bias, gradient_of.bias)):
        if array is None:
            assert given is None
            continue
        place = tuple(n - 1 for n in array.shape)
        values = []
        for sign in (1, -1):
            array[place] += sign * step
            values.append(np.sum(dy * layer(x)))
            array[place] -= sign * step
        np.testing.assert_allclose(given[place], (values[0] - values[1]) / (2 * step), rtol=1e-5)
    assert gradient(loss, layer, x, target)[0].scale.shape == size


def test_what_does_not_broadcast_is_refused():
    with pytest.raises(ValueError, match=r"Scale\(3,\) expects x of shape \(..., 3\), got \(2, 4"):
        Scale(3)(np.ones((2, 4)))
