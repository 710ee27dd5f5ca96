"""The textbook family beyond its rows: the tape, the numerical gradient, initial scales."""

import numpy as np
import pytest

import pyimpl
from pyimpl import textbook
from pyimpl.textbook import Variable, linear, mean_squared_error, numerical_gradient
from pyimpl.textbook.tape import relu, sigmoid, tanh


def network(rng, hidden=sigmoid):
    parameters = [Variable(rng.standard_normal(shape)) for shape in ((1, 10), (10,), (10, 1), (1,))]

    def loss(x, y):
        w1, b1, w2, b2 = parameters
        return mean_squared_error(linear(hidden(linear(x, w1, b1)), w2, b2), y)

    return parameters, loss


@pytest.mark.parametrize("hidden", [sigmoid, tanh, relu])
def test_the_tape_gives_the_numerical_gradient(hidden):
    rng = np.random.default_rng(0)
    parameters, loss = network(rng, hidden)
    x, y = rng.random((20, 1)), rng.random((20, 1))
    value = loss(x, y)
    value.backward()
    for parameter in parameters:
        measured = numerical_gradient(lambda _: float(loss(x, y).data), parameter.data)
        np.testing.assert_allclose(parameter.grad, measured, rtol=1e-5, atol=1e-7)


def test_gradients_accumulate_until_cleared():
    a, b = Variable(np.array(2.0)), Variable(np.array(3.0))
    (a * b + a).backward()
    assert (a.grad, b.grad) == (4.0, 2.0)
    (a * b).backward()
    assert a.grad == 7.0
    a.cleargrad()
    assert a.grad is None
    (a**3 / 4 - a).backward()
    assert a.grad == pytest.approx(2.0)


def test_broadcasting_is_undone():
    a, b = Variable(np.ones((3, 4))), Variable(np.arange(4.0))
    (a * b).sum().backward()
    np.testing.assert_array_equal(b.grad, np.full(4, 3.0))
    assert a.grad.shape == (3, 4)


def test_a_node_used_twice_and_a_long_chain():
    x = Variable(np.array(1.5))
    y = x * x
    (y * y).backward()
    assert x.grad == pytest.approx(4 * 1.5**3)
    z = Variable(np.array(1.0))
    w = z
    for _ in range(5000):
        w = w + 0.0
    w.backward()
    assert z.grad == 1.0


def test_the_tape_takes_layers_and_their_gradients_go_to_the_optimiser():
    rng = np.random.default_rng(1)
    model = pyimpl.Chain(pyimpl.Dense(2, 3, pyimpl.tanh, rng=rng), pyimpl.Dense(3, 1, rng=rng))
    x, y = rng.random((8, 2)).astype(np.float32), rng.random((8, 1)).astype(np.float32)
    loss = mean_squared_error(textbook.apply(model, Variable(x)), y)
    loss.backward()
    _, (dmodel, *_) = pyimpl.withgradient(pyimpl.supervised(pyimpl.mse), model, x, y)
    np.testing.assert_allclose(
        loss.layer_grads[model].layers[0].weight, dmodel.layers[0].weight, rtol=1e-5
    )
