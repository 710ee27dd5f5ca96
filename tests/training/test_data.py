"""Batches of observations."""

import numpy as np
import pytest

from pyimpl import DataLoader

X, Y = np.arange(10.0).reshape(5, 2), np.arange(5)


def test_batches_are_in_order_and_the_last_is_smaller_or_dropped():
    loader = DataLoader((X, Y), batchsize=2)
    batches = list(loader)
    assert len(loader) == 3 and [len(y) for _, y in batches] == [2, 2, 1]
    np.testing.assert_array_equal(np.concatenate([x for x, _ in batches]), X)
    whole = DataLoader(X, batchsize=2, partial=False)
    assert len(whole) == 2 and [len(x) for x in whole] == [2, 2]
    assert [x.shape for x in DataLoader(X)] == [(1, 2)] * 5


def test_shuffled_batches_keep_observations_together_and_differ_each_time():
    loader = DataLoader((X, Y), batchsize=5, shuffle=True, rng=np.random.default_rng(0))
    orders = []
    for _ in range(4):
        ((x, y),) = loader
        np.testing.assert_array_equal(x, X[y])
        assert sorted(y) == list(Y)
        orders.append(tuple(y))
    assert len(set(orders)) > 1
    again = DataLoader((X, Y), batchsize=5, shuffle=True, rng=np.random.default_rng(0))
    assert tuple(next(iter(again))[1]) == orders[0]


def test_what_makes_no_batches():
    with pytest.raises(ValueError, match=r"one number of observations .*\(5, 2\), \(4,\)"):
        DataLoader((X, Y[:4]))
    with pytest.raises(ValueError, match="batchsize of at least 1, got 0"):
        DataLoader(X, batchsize=0)
