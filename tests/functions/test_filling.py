"""Arrays like another one: their form, and what is drawn. (The rest: the rows of the catalogue.)"""

import numpy as np
import pytest

from pyimpl import (
    falses_like,
    fill_like,
    ones_like,
    rand_like,
    randn_like,
    trues_like,
    zeros_like,
)

X = np.zeros((2, 3), np.float32)


@pytest.mark.parametrize(
    ("given", "dtype", "shape"),
    [
        ((), np.float32, (2, 3)),
        (((4, 1),), np.float32, (4, 1)),
        ((4,), np.float32, (4,)),
        ((np.float64,), np.float64, (2, 3)),
        ((int, (2,)), np.int64, (2,)),
        (("float16", 3), np.float16, (3,)),
    ],
)
def test_element_type_and_shape_are_those_of_x_unless_given(given, dtype, shape):
    """MLUtils 0.4.10: `zeros_like(x, [element_type], [dims])`, each by itself."""
    for array in (zeros_like(X, *given), ones_like(X, *given), fill_like(X, 3, *given)):
        assert (array.dtype, array.shape) == (dtype, shape)
    assert (zeros_like(X, *given) == 0).all() and (fill_like(X, 3, *given) == 3).all()
    with pytest.raises(TypeError, match="zeros_like expects an element type and a shape"):
        zeros_like(X, int, (2,), 3)


def test_booleans():
    assert trues_like(X).all() and trues_like(X, 4).shape == (4,)
    assert falses_like(X, (1, 2)).dtype == bool and not falses_like(X).any()


def test_a_value_that_the_type_cannot_hold_is_refused():
    """Julia: InexactError."""
    assert fill_like(np.zeros(2, int), 2.0).tolist() == [2, 2]
    with pytest.raises(ValueError, match="fill_like expects a value that int64 can hold, got 1.5"):
        fill_like(np.zeros(2, int), 1.5)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_what_is_drawn_comes_from_the_generator(dtype):
    for draw in (rand_like, randn_like):
        one, other = (draw(X, dtype, (50,), rng=np.random.default_rng(3)) for _ in range(2))
        np.testing.assert_array_equal(one, other)
        assert one.dtype == dtype and len(set(one.tolist())) > 25
    assert rand_like(X).shape == X.shape and randn_like(X).dtype == X.dtype


def test_integers_and_booleans_are_drawn_from_all_that_there_are():
    draws = rand_like(X, np.int8, (2000,), rng=np.random.default_rng(0))
    assert draws.dtype == np.int8 and (draws.min(), draws.max()) == (-128, 127)
    assert set(rand_like(X, bool, 50, rng=np.random.default_rng(0)).tolist()) == {True, False}
    with pytest.raises(ValueError, match="randn_like expects floating-point numbers"):
        randn_like(X, int)
    with pytest.raises(ValueError, match="rand_like expects real numbers"):
        rand_like(X, complex)
