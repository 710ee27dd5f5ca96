"""The epsilon in formulas is that of the numbers they work on, or another on request."""

import numpy as np

import pyimpl
from pyimpl.core.precision import machine_epsilon, with_epsilon_of


def test_the_epsilon_of_another_type_counts_within_the_block_only():
    with with_epsilon_of(np.float32):
        assert machine_epsilon(np.float64) == np.finfo(np.float32).eps
    assert machine_epsilon(np.float64) == np.finfo(np.float64).eps


def test_a_loss_in_double_precision_has_the_epsilon_of_single_precision_on_request():
    certain, wrong = np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])
    with with_epsilon_of(np.float32):
        pretended = pyimpl.crossentropy(certain, wrong)
    assert pretended.dtype == np.float64
    assert np.isclose(pretended, -np.log(np.finfo(np.float32).eps), rtol=1e-6)
    assert np.isclose(pyimpl.crossentropy(certain, wrong), -np.log(np.finfo(float).eps))
