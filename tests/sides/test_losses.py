"""Losses of a user's, with one contract."""

import numpy as np
import pytest

from pyimpl import mse
from pyimpl.parity.sides.losses import Loss, ScaledLoss, called

Y, T = np.array([[1.0, 2.0], [0.0, 4.0]]), np.array([[0.0, 2.0], [1.0, 1.0]])


class OfABook:
    """A loss as books write it."""

    def forward(self, y, target):
        self.difference = y - target
        return np.mean(self.difference**2)

    def backward(self, dvalue):
        return dvalue * 2 * self.difference / self.difference.size


def test_every_form_gives_the_same():
    for loss in (mse, OfABook()):
        value, back = Loss(loss).pullback(Y, T)
        assert value == pytest.approx(11 / 4)
        np.testing.assert_allclose(back(2.0)[1], (Y - T))


def test_the_users_object_is_left_alone():
    book = OfABook()
    Loss(book).pullback(Y, T)
    assert not hasattr(book, "difference")


def test_a_loss_times_a_factor_of_the_shape():
    scaled = ScaledLoss(Loss(mse), lambda shape: shape[0])
    value, back = scaled.pullback(Y.astype(np.float32), T.astype(np.float32))
    assert value == pytest.approx(11 / 2) and back(np.float32(1))[1].dtype == np.float32
    np.testing.assert_allclose(back(np.float32(1))[1], (Y - T))


def test_what_is_no_loss():
    with pytest.raises(TypeError, match="the loss sum has no gradient"):
        Loss(sum)

    class Wrong:
        def __init__(self, *gradients):
            self.gradients = gradients

        def pullback(self, y, target):
            return 1.0, lambda dvalue: self.gradients

    with pytest.raises(TypeError, match="gives 2 of the gradients, expected 3"):
        Loss(Wrong(Y, T)).pullback(Y, T)[1](1.0)
    with pytest.raises(ValueError, match=r"gradient of shape \(2,\) for an output of shape"):
        Loss(Wrong(None, Y[0], None)).pullback(Y, T)[1](1.0)
    assert (called(sum), called(Wrong())) == ("sum", "Wrong")
