"""The matrices that convolutions are computed with, against the definition of a convolution."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pyimpl.textbook import Pooling


@given(
    st.integers(1, 3),
    st.integers(1, 3),
    st.integers(1, 3),
    st.integers(3, 7),
    st.booleans(),
    st.integers(0, 100),
)
def test_pooling_sends_the_gradient_to_the_first_maximum(pool, stride, channels, size, ceil, start):
    x = np.random.default_rng(start).integers(0, 3, (2, channels, size, size)).astype(float)
    y, back = Pooling(pool, pool, stride=stride, ceil=ceil).pullback(x)
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(*y.shape):
        window = x[n, c, i * stride : i * stride + pool, j * stride : j * stride + pool]
        assert y[n, c, i, j] == window.max()
        k, m = np.unravel_index(window.argmax(), window.shape)
        dx[n, c, i * stride + k, j * stride + m] += 1
    np.testing.assert_array_equal(back(np.ones_like(y))[1], dx)
