"""Losses: what the rows of the catalogue do not show."""

import numpy as np
import pytest

import pyimpl

OPTIONS = {
    "huber_loss": {"delta": 0.5},
    "siamese_contrastive_loss": {"margin": 0.75},
    "dice_coeff_loss": {"smooth": 0.5},
    "tversky_loss": {"beta": 0.25},
    "focal_loss": {"gamma": 1.5},
    "binary_focal_loss": {"gamma": 1.5},
    "crossentropy": {"eps": 1e-3},
    "binarycrossentropy": {"eps": 1e-3},
    "kldivergence": {"eps": 1e-3},
    "msle": {"eps": 1e-3},
}
PREDICTION = np.array([[0.1, 0.7, 0.2], [0.3, 0.3, 0.4]])
TARGET = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])


@pytest.mark.parametrize("kind", [float, np.float64, np.float32])
@pytest.mark.parametrize("name", OPTIONS)
def test_an_option_leaves_the_precision_alone(name, kind):
    """A NumPy number made float64 of float32. Flux 0.16.9: `ofeltype(ŷ, delta)`, and for an eps and
    a margin, which it does not convert, Flux's own default.
    """
    loss = getattr(pyimpl, name)
    options = {option: kind(value) for option, value in OPTIONS[name].items()}
    single = (PREDICTION.astype(np.float32), TARGET.astype(np.float32))
    y, back = loss.pullback(*single, **options)
    gradients = back(np.float32(1))[1:]
    assert y.dtype == np.float32 and all(dx.dtype == np.float32 for dx in gradients)
    np.testing.assert_allclose(y, loss(PREDICTION, TARGET, **OPTIONS[name]), rtol=1e-5)
