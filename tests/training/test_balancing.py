"""Classes of one size. What is expected: MLUtils.jl 0.4.10, `src/resample.jl` and its examples."""

import numpy as np
import pytest

from pyimpl import group_counts, oversample, undersample

X, Y = np.arange(12).reshape(6, 2), ["a", "b", "b", "b", "b", "a"]


def test_every_class_gets_as_many():
    x, y = oversample(X, Y)
    assert x.shape == (8, 2) and group_counts(y) == {"a": 4, "b": 4}
    assert {tuple(row) for row in x.tolist()} == {tuple(row) for row in X.tolist()}
    x, y = undersample(X, Y)
    assert x.shape == (4, 2) and group_counts(y) == {"a": 2, "b": 2}


def test_the_order_without_shuffling():
    x, y = oversample(X, Y, shuffle=False)
    assert y == [*Y, "a", "a"] and x[6:].tolist() == [X[0].tolist(), X[5].tolist()]
    x, y = oversample(X, ["a"] + ["b"] * 5, fraction=0.5, shuffle=False)
    assert y[6:] == ["a"]  # half of 5 is 2, half to even
    x, y = undersample(X, Y, shuffle=False)
    assert y == ["a", "b", "b", "a"] and x[:, 0].tolist() == [0, 2, 4, 10]


def test_many_times_as_many():
    _, y = oversample(X, ["a"] + ["b"] * 5, shuffle=False)
    assert group_counts(y) == {"a": 5, "b": 5}


@pytest.mark.parametrize("balance", [oversample, undersample])
def test_what_is_drawn_comes_from_the_generator(balance):
    results = [balance((X, -X, np.array(Y)), rng=np.random.default_rng(seed)) for seed in (1, 1, 2)]
    x, minus, y = results[0]
    np.testing.assert_array_equal(x, -minus)
    assert (np.array(Y)[x[:, 0] // 2] == y).all()
    np.testing.assert_array_equal(x, results[1][0])
    assert x.tolist() != results[2][0].tolist()


@pytest.mark.parametrize("balance", [oversample, undersample])
def test_a_class_for_each_observation(balance):
    with pytest.raises(ValueError, match="a class for each of 6 observations, at least one, got 2"):
        balance(X, [0, 1])
    with pytest.raises(ValueError, match="expects classes, or data in a tuple"):
        balance(X)
