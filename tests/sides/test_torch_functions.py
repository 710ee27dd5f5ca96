"""Functions of PyTorch's tensors."""

import numpy as np
import pytest

from pyimpl.parity import arrays
from pyimpl.parity.case.case import Case
from pyimpl.parity.case.names import Name
from pyimpl.parity.pair.pair import make_pair
from pyimpl.parity.sides.frameworks import side_of

torch = pytest.importorskip("torch")
X = np.array([[0.5, -1.0], [2.0, 0.25]])


def outcome(function, backward=None, **given):
    """What comes of a function of some arrays."""
    named = {Name.parse(name): np.asarray(array) for name, array in given.items()}
    return side_of(function, backward).evaluate(Case("f", {}, named, "function"))


def squares(x):
    return torch.square(x)


def test_gradients_are_autograd_s():
    found = outcome(squares, x1=X, dy1=3 * np.ones_like(X))
    np.testing.assert_array_equal(found.arrays[Name.parse("grad.x1")], 6 * X)
    single = outcome(squares, x1=X.astype(np.float32), dy1=np.ones((2, 2), np.float32))
    assert {array.dtype for array in single.arrays.values()} == {np.dtype(np.float32)}


def test_what_is_done_to_an_argument_is_told_and_does_no_harm_to_the_gradient():
    def doubles(x):
        x.mul_(torch.tensor(2.0, dtype=x.dtype))
        return x

    found = outcome(doubles, x1=X, dy1=np.ones_like(X))
    np.testing.assert_array_equal(found.arrays[Name.parse("after.x1")], 2 * X)
    np.testing.assert_array_equal(found.arrays[Name.parse("grad.x1")], 2 * np.ones_like(X))


def test_what_has_no_gradient_is_told_so():
    def signs(x):
        return torch.sign(x).detach()

    found = outcome(signs, x1=X, dy1=np.ones_like(X))
    assert found.error is None and found.none == {Name.parse("grad.x1")}


def test_a_backward_pass_of_the_user_s_takes_tensors():
    side = side_of(squares, lambda dy, x: torch.mul(dy, x) * 2)
    given = {Name.parse("x1"): X, Name.parse("dy1"): np.ones_like(X)}
    found = side.evaluate(Case("f", {}, given, "function"))
    np.testing.assert_array_equal(found.arrays[Name.parse("grad.x1")], 2 * X)


def test_its_gradient_is_not_measured():
    with pytest.raises(ValueError, match="central differences"):
        make_pair(squares, "julia", arrays("2,2"), gradient="differences")
