"""The gradient by central differences."""

import math

import numpy as np
import pytest

from pyimpl import textbook
from pyimpl.textbook import numerical_gradient


def test_the_numerical_gradient_leaves_its_argument_as_it_was():
    x = np.array([1.0, 2.0])
    gradient = numerical_gradient(lambda v: float(v[0] ** 2 * v[1]), x)
    np.testing.assert_allclose(gradient, [4.0, 1.0], rtol=1e-7)
    np.testing.assert_array_equal(x, [1.0, 2.0])


@pytest.mark.parametrize(
    "function", [textbook.softmax_with_loss, textbook.softmax_with_summed_loss]
)
def test_the_gradient_knows_nothing_of_the_small_number(function):
    scores, labels = np.array([[2.0, -1.0, 0.5], [0.0, 0.0, 9.0]]), np.array([0, 1])
    _, back = function.pullback(scores, labels)
    y = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    wanted = y - np.eye(3)[labels]
    share = 2 if function is textbook.softmax_with_loss else 1
    np.testing.assert_allclose(back(1.0)[1], wanted / share, rtol=1e-12)
    assert math.isfinite(function(scores, labels))
