"""Initialisers by their laws: bounds, distributions, orthogonality, numbers of zeros; and rrelu,
which is random too.
"""

import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pyimpl
from pyimpl import Chain, Dense
from pyimpl.functions.rrelu import rrelu
from pyimpl.initialise import fans

SHAPES = [(300,), (40, 50), (12, 10, 3, 5)]


def drawn(name, shape, **options):
    return getattr(pyimpl, name)(shape, rng=np.random.default_rng(7), **options)


def distance_from(cdf, array) -> float:
    """Kolmogorov and Smirnov's distance times the root of the count: above 1.95 once in a
    thousand.
    """
    values = np.sort(array.ravel())
    expected = np.array([cdf(float(value)) for value in values])
    steps = np.arange(values.size + 1) / values.size
    return math.sqrt(values.size) * max(np.max(steps[1:] - expected), np.max(expected - steps[:-1]))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("name", "half_width"),
    [
        ("glorot_uniform", lambda fan_in, fan_out: math.sqrt(6 / (fan_in + fan_out))),
        ("kaiming_uniform", lambda fan_in, fan_out: math.sqrt(6 / fan_in)),
    ],
)
def test_uniform_initialisers_fill_their_interval(name, half_width, shape):
    bound = half_width(*fans(shape))
    array = drawn(name, shape)
    assert array.dtype == np.float32
    assert np.abs(array).max() <= bound * (1 + 1e-6)
    assert distance_from(lambda x: (x / bound + 1) / 2, array) < 1.95
    np.testing.assert_allclose(
        drawn(name, shape, gain=0.5),
        array * (0.5 if name == "glorot_uniform" else 0.5 / math.sqrt(2)),
        rtol=1e-6,
    )


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("name", "std"),
    [
        ("glorot_normal", lambda fan_in, fan_out: math.sqrt(2 / (fan_in + fan_out))),
        ("kaiming_normal", lambda fan_in, fan_out: math.sqrt(2 / fan_in)),
        ("randn32", lambda fan_in, fan_out: 1.0),
    ],
)
def test_normal_initialisers_have_their_standard_deviation(name, std, shape):
    array = drawn(name, shape)
    assert array.dtype == np.float32
    assert distance_from(NormalDist(0, std(*fans(shape))).cdf, array) < 1.95


def test_rand32_is_uniform_between_0_and_1():
    array = drawn("rand32", (40, 50))
    assert (array.dtype, array.min() >= 0, array.max() < 1) == (np.float32, True, True)
    assert distance_from(lambda x: x, array) < 1.95


@pytest.mark.parametrize(
    "limits",
    [
        {},
        {"mean": 0.5, "std": 2.0},
        {"std": 0.25, "lo": -0.125, "hi": 0.5},
        {"mean": -1, "lo": -1.5, "hi": 3},
    ],
)
def test_truncated_normal_is_the_part_between_the_limits(limits):
    array = drawn("truncated_normal", (40, 50), **limits)
    lo, hi = limits.get("lo", -2), limits.get("hi", 2)
    normal = NormalDist(limits.get("mean", 0), limits.get("std", 1))
    assert (array.min() >= lo, array.max() <= hi) == (True, True)
    assert (
        distance_from(
            lambda x: (normal.cdf(x) - normal.cdf(lo)) / (normal.cdf(hi) - normal.cdf(lo)), array
        )
        < 1.95
    )


def test_truncated_normal_warns_of_a_mean_far_outside():
    with pytest.warns(
        UserWarning, match=r"expects a mean within 2 std of \[-2, 2\], got mean 10 and std 1"
    ):
        array = drawn("truncated_normal", (20,), mean=10)
    assert array.max() <= 2


@pytest.mark.parametrize("shape", [(3, 2), (40, 50)])
def test_lecun_normal_has_its_limits_at_2_whatever_the_fan(shape):
    array = np.concatenate(
        [pyimpl.lecun_normal(shape, rng=np.random.default_rng(seed)).ravel() for seed in range(3)]
    )
    normal = NormalDist(0, 1 / math.sqrt(fans(shape)[0]))
    assert (
        distance_from(
            lambda x: (normal.cdf(x) - normal.cdf(-2)) / (normal.cdf(2) - normal.cdf(-2)), array
        )
        < 1.95
    )


@given(
    shape=st.sampled_from([(3,), (2, 5), (5, 2), (1, 4), (6, 1, 3), (2, 3, 2, 2)]),
    gain=st.sampled_from([1.0, 0.5]),
)
def test_orthogonal_has_orthonormal_rows_or_columns(shape, gain):
    array = drawn("orthogonal", shape, gain=gain).reshape(shape[0], -1)
    product = array @ array.T if array.shape[0] <= array.shape[1] else array.T @ array
    np.testing.assert_allclose(product, gain**2 * np.eye(len(product)), atol=1e-6)
    assert array.dtype == np.float32


def test_orthogonal_matrices_favour_no_direction():
    first = np.array(
        [pyimpl.orthogonal((2, 2), rng=np.random.default_rng(seed))[0] for seed in range(400)]
    )
    angle = np.arctan2(
        first[:, 1], first[:, 0]
    )  # uniform, which it would not be without the signs of R
    assert distance_from(lambda x: (x / math.pi + 1) / 2, angle) < 1.95


@given(
    rows=st.integers(1, 5),
    columns=st.integers(1, 9),
    sparsity=st.sampled_from([-0.5, 0.0, 0.1, 0.3, 0.5, 1.0, 1.5]),
)
def test_sparse_init_has_exactly_so_many_zeros_in_every_row(rows, columns, sparsity):
    array = drawn("sparse_init", (rows, columns), sparsity=sparsity, std=2.0)
    expected = min(max(math.ceil(min(1.0, sparsity) * columns), 0), columns)
    np.testing.assert_array_equal((array == 0).sum(1), expected)


def test_sparse_init_puts_its_zeros_anywhere():
    array = drawn("sparse_init", (2000, 4), sparsity=0.25)
    assert np.all(np.abs((array == 0).mean(0) - 0.25) < 0.04)
    assert distance_from(NormalDist(0, 0.01).cdf, array[array != 0]) < 1.95
    with pytest.raises(
        ValueError, match=r"sparse_init expects a shape \(n_in, n_out\), got \(2, 3, 4\)"
    ):
        drawn("sparse_init", (2, 3, 4), sparsity=0.5)


def test_identity_init_makes_layers_that_do_nothing():
    x = np.random.default_rng(0).standard_normal((2, 3, 5, 4)).astype(np.float32)
    np.testing.assert_array_equal(Dense(4, 4, init=pyimpl.identity_init)(x), x)
    np.testing.assert_array_equal(
        pyimpl.Conv((3, 3), 3, 3, pad=pyimpl.SamePad(), init=pyimpl.identity_init)(x), x
    )
    wide = pyimpl.Conv((3, 5), 3, 4, pad=pyimpl.SamePad(), init=pyimpl.identity_init)(x)
    np.testing.assert_array_equal(wide[:, :3], x)
    assert not wide[:, 3].any()


def test_identity_init_with_gain_and_shift():
    np.testing.assert_array_equal(
        pyimpl.identity_init((2, 3), gain=0.5, shift=1), [[0, 0.5, 0], [0, 0, 0.5]]
    )
    np.testing.assert_array_equal(
        pyimpl.identity_init((2, 3), shift=(1, 1)), [[0, 0, 1], [0, 1, 0]]
    )
    assert not pyimpl.identity_init((3,)).any()
    with pytest.raises(
        ValueError, match=r"expects shift as an integer or 2 integers, got \(1, 2, 3\)"
    ):
        pyimpl.identity_init((2, 3), shift=(1, 2, 3))


def test_rrelu_draws_a_slope_for_every_entry_and_keeps_it_for_the_gradient(monkeypatch):
    monkeypatch.setattr(rrelu, "rng", np.random.default_rng(3))
    x = np.linspace(-4, -1, 3000, dtype=np.float32).reshape(50, 60)
    y, back = rrelu.pullback(x)
    _, dx = back(np.ones_like(y))
    np.testing.assert_allclose(y, dx * x, rtol=1e-6)
    assert (dx.dtype, dx.min() >= 1 / 8, dx.max() <= 1 / 3) == (np.float32, True, True)
    assert distance_from(lambda a: (a - 1 / 8) / (1 / 3 - 1 / 8), dx) < 1.95
    assert not np.array_equal(rrelu(x), rrelu(x))
    np.testing.assert_array_equal(rrelu(-x), -x)


def test_rrelu_between_other_limits_and_in_a_layer():
    x = -np.ones((3, 4))
    assert np.all((rrelu(x, 0.5, 0.75) <= -0.5) & (rrelu(x, 0.5, 0.75) >= -0.75))
    model = Chain(Dense(np.eye(4), False, rrelu))
    y, back = model.pullback(x)
    np.testing.assert_allclose(back(np.ones_like(y))[1], -y)
