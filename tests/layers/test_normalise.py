"""LayerNorm's sizes, and settings as NumPy numbers. What is expected: Flux 0.16.9,
`src/layers/normalise.jl`.
"""

import numpy as np
import pytest

from pyimpl import BatchNorm, GroupNorm, InstanceNorm, LayerNorm, normalise, tanh


@pytest.mark.parametrize("layer", [LayerNorm(3, 4, tanh), LayerNorm((3, 4), tanh)])
def test_a_size_may_be_several_integers(layer):
    """Flux: `LayerNorm(size...; kw...)` and `LayerNorm(size..., λ)`."""
    assert layer.size == (3, 4) and layer.act is tanh and layer.diag.scale.shape == (3, 4)
    assert LayerNorm(np.int64(3)).size == (3,)
    with pytest.raises(ValueError, match="LayerNorm expects its size in integers"):
        LayerNorm(2.5)
    with pytest.raises(ValueError, match="LayerNorm expects its size in integers"):
        LayerNorm()


@pytest.mark.parametrize(
    "layer",
    [
        BatchNorm(2, eps=np.float64(1e-3), momentum=np.float64(0.5)),
        InstanceNorm(2, eps=np.float64(1e-3)),
        GroupNorm(2, 1, eps=np.float64(1e-3)),
        LayerNorm(3, eps=np.float64(1e-3)),
    ],
    ids=repr,
)
def test_an_epsilon_leaves_the_precision_alone(layer):
    """Flux: `convert(float(T), l.ϵ)`; a NumPy number made float64 of float32."""
    x = np.random.default_rng(0).standard_normal((4, 2, 3)).astype(np.float32)
    y, back = layer.pullback(x)
    assert layer(x).dtype == y.dtype == back(np.ones_like(y))[1].dtype == np.float32
    assert normalise(x, eps=np.float64(1e-3)).dtype == np.float32


def test_nothing_is_normalised_to_nothing():
    x = np.zeros((0, 3))
    y, back = normalise.pullback(x)
    assert y.shape == back(y)[1].shape == x.shape
