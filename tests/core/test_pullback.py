"""The contract of pullbacks: what `back` takes."""

import numpy as np
import pytest

import pyimpl
from pyimpl import GRU, Chain, Dense, MaxPool, differentiable, mse, relu, softmax, supervised

X = np.arange(6.0).reshape(2, 3)

SUBJECTS = {
    "Dense": Dense(np.ones((3, 2)), np.ones(2)),
    "Chain": Chain(Dense(np.ones((3, 2)), np.ones(2), relu), Dense(np.ones((2, 2)))),
    "softmax": softmax,
    "flatten": pyimpl.flatten,
    "relu": relu,
    "unsqueeze": differentiable(lambda x: pyimpl.unsqueeze.pullback(x, 0)),
}


def same(one, other):
    for a, b in zip(one, other, strict=True):
        if isinstance(a, np.ndarray):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("subject", SUBJECTS.values(), ids=list(SUBJECTS))
def test_a_cotangent_may_be_a_list_or_one_number_for_all(subject):
    """`back([[1.0, 2.0], ...])` was an AttributeError."""
    y, back = subject.pullback(X)
    ones = np.ones_like(y)
    same(back(ones.tolist()), back(ones))
    same(back(1.0), back(ones))


@pytest.mark.parametrize(
    "subject", [one for name, one in SUBJECTS.items() if name != "relu"], ids=repr
)
@pytest.mark.parametrize("dy", [np.ones((1, 2, 2, 2)), np.ones(1), "text", [[1.0], [2.0]]])
def test_a_cotangent_of_another_shape_is_refused(subject, dy):
    _, back = subject.pullback(X)
    with pytest.raises(ValueError, match=r"back of .* expects a cotangent of shape"):
        back(dy)


def test_the_gradient_of_the_layer_alone_is_checked_as_well():
    _, back = Dense(np.ones((3, 2))).pullback(X)
    np.testing.assert_array_equal(back.own([[1.0, 0.0]] * 2).weight[:, 0], X.sum(0))
    with pytest.raises(ValueError, match=r"expects a cotangent of shape \(2, 2\), got \(3,\)"):
        back.own(np.ones(3))


def test_of_several_outputs_each_has_its_cotangent():
    rnn, x = GRU(3, 2, return_state=True), np.ones((4, 5, 3), np.float32)
    (y, state), back = rnn.pullback(x)
    same(back([np.ones_like(y), None]), back((np.ones_like(y), None)))
    for wrong, message in (
        ((np.ones_like(y),), "expects 2 cotangents, got 1"),
        (np.ones_like(y), "expects 2 cotangents, got a ndarray"),
        ((np.ones_like(y), np.ones(3)), r"expects a cotangent of shape \(4, 2\), got \(3,\)"),
    ):
        with pytest.raises(ValueError, match=message):
            back(wrong)


def test_a_scalar_has_a_number_for_a_cotangent():
    y, back = mse.pullback(X, X + 1)
    np.testing.assert_array_equal(back(1)[1], back(np.float64(1))[1])
    with pytest.raises(ValueError, match=r"back of mse expects a cotangent of shape \(\), got"):
        back(np.ones(2))
    model = Dense(np.ones((3, 1)))
    value, back = supervised(mse).pullback(model, X, np.zeros((2, 1)))
    assert back(2.0)[1].weight.shape == (3, 1)


def test_pooling_takes_a_list():
    _, back = MaxPool(2).pullback(np.array([[[1.0, 2.0, 4.0, 3.0]]]))
    np.testing.assert_array_equal(back([[[1.0, 2.0]]])[1], [[[0, 1, 2, 0]]])
