"""Jacobians."""

import numpy as np

import pyimpl


def test_jacobians_of_dense_are_its_weight():
    dense = pyimpl.Dense(3, 2)
    y, (jacobian,) = pyimpl.withjacobian(dense, np.ones(3, np.float32))
    np.testing.assert_array_equal(jacobian, dense.weight)
    assert y.shape == (2,)
