"""What edited programs call: Julia's meaning, held against definitions and numbers of Julia's."""

import numpy as np
import pytest

from pyimpl.parity.traps import operations as julia


def test_functions_of_matrices():
    a = np.array([[1.0, 2.0], [0.5, -1.0]])
    values, vectors = np.linalg.eig(a)
    exponential = (vectors * np.exp(values)) @ np.linalg.inv(vectors)
    np.testing.assert_allclose(julia.matrix_exp(a), exponential, rtol=1e-12)
    assert julia.matrix_exp(a.astype(np.float32)).dtype == np.float32
    square = a @ a.T + np.eye(2)
    root = julia.matrix_sqrt(square)
    np.testing.assert_allclose(root @ root, square, rtol=1e-12)
    np.testing.assert_allclose(julia.matrix_log(julia.matrix_exp(a @ a.T)), a @ a.T, rtol=1e-9)
    np.testing.assert_allclose(julia.over(a, square) @ square, a, rtol=1e-12)
    with pytest.raises(ValueError, match="square"):
        julia.matrix_exp(np.ones((2, 3)))
    with pytest.raises(ValueError, match="vectors"):
        julia.matrix_product(np.ones(2), np.ones(2))


def test_rounding_and_division():
    x = np.array([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5])
    assert julia.half_away(x).tolist() == [-3, -2, -1, 1, 2, 3]
    assert julia.half_up(x).tolist() == [-2, -1, 0, 1, 2, 3]
    assert julia.half_away(np.array([0.25]), 1).tolist() == [0.3]
    a, b = np.array([7, -7, 7, -7]), np.array([2, 2, -2, -2])
    assert julia.divide_towards_zero(a, b).tolist() == [3, -3, -3, 3]


def test_statistics_and_extremes():
    x = np.array([[1.0, 4.0], [3.0, 4.0], [3.0, 2.0]])
    np.testing.assert_allclose(julia.corrected(x.var(0), x), x.var(0, ddof=1))
    np.testing.assert_allclose(julia.corrected_mean(x**2, axis=0), (x**2).sum(0) / 2)
    assert np.isinf(julia.corrected(np.array(1.0), np.ones(1)))
    np.testing.assert_array_equal(julia.per_sample(x), x / 3)
    assert julia.last_argmax(x, 0).tolist() == [2, 1] and julia.last_argmin(x, 0).tolist() == [0, 2]
    assert julia.last_argmax(np.array([1, 5, 5])) == 2
    assert julia.unique_in_order(np.array([3, 1, 3, 2])).tolist() == [3, 1, 2]
    assert julia.stable_descending(np.array([1, 3, 1])).tolist() in ([1, 0, 2], [3, 1, 1])


def test_machine_integers():
    assert julia.wrapped(np.array([127, 128, -129]), 8).tolist() == [127, -128, 127]
    assert julia.wrapped(np.array([256, -1]), 8, signed=False).tolist() == [0, 255]
    assert julia.wrapped(2**63) == -(2**63)
    assert julia.wide(np.array([1], np.int8)).dtype == np.int64
    with pytest.raises(TypeError, match="whole numbers"):
        julia.wrapped(np.array([0.5]))


def test_variants_of_gelu_are_close_and_other_functions_are_none():
    x = np.linspace(-3, 3, 13)
    exact, by_tanh, by_sigmoid = julia.gelu_erf(x), julia.gelu_tanh(x), julia.gelu_sigmoid(x)
    assert exact[-1] == pytest.approx(2.9959502, abs=1e-6)  # of a table of the normal distribution
    assert 0 < np.abs(exact - by_tanh).max() < 1e-3 < np.abs(exact - by_sigmoid).max() < 0.03
    np.testing.assert_array_equal(julia.variant(exact, by_tanh), by_tanh)
    with pytest.raises(ValueError, match="not a variant"):
        julia.variant(x, exact)


def test_reading_down_the_columns_and_centred_convolutions():
    x = np.arange(6).reshape(2, 3)
    assert julia.column_major(np.ravel, x).tolist() == [0, 3, 1, 4, 2, 5]
    x, k = np.arange(5.0), np.array([1.0, 2.0, 4.0])
    np.testing.assert_array_equal(julia.centred(x, k), np.convolve(x, k, "same"))
    np.testing.assert_array_equal(julia.centred(x, k, 1), np.convolve(x, k)[2:7])
