"""Batches of observations."""

from collections import namedtuple

import numpy as np
import pytest

from pyimpl import DataLoader, eachobs

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
    with pytest.raises(ValueError, match=r"one number of observations .* got 5 in 0, 4 in 1"):
        DataLoader((X, Y[:4]))
    with pytest.raises(ValueError, match="batchsize in integers, got 1.5"):
        DataLoader(X, batchsize=1.5)


def test_data_may_be_a_dict_or_a_named_tuple():
    """It raised; MLUtils: named tuples and dicts give batches of their kind."""
    batches = list(DataLoader({"x": X, "y": {"label": Y}}, batchsize=2))
    assert [b["y"]["label"].tolist() for b in batches] == [[0, 1], [2, 3], [4]]
    np.testing.assert_array_equal(batches[1]["x"], X[2:4])
    Pair = namedtuple("Pair", "x y")
    first = next(iter(DataLoader(Pair(X, Y), batchsize=3)))
    assert type(first) is Pair and first.y.tolist() == [0, 1, 2]
    loader = DataLoader(X, batchsize=2)
    assert loader.data is X


@pytest.mark.parametrize("size", [-1, 0])
def test_single_observations(size):
    """MLUtils: "If less than 0, iterates over individual observations"."""
    loader = DataLoader((X, Y), batchsize=size)
    assert len(loader) == 5 and [int(y) for _, y in loader] == [0, 1, 2, 3, 4]
    assert [x.shape for x in eachobs(X)] == [(2,)] * 5
    assert [len(x) for x in eachobs(X, batchsize=2, partial=False)] == [2, 2]


def test_observations_are_collated():
    loader = DataLoader(list("abcd"), batchsize=2, collate="".join)
    assert list(loader) == ["ab", "cd"]  # MLUtils\' own example
    (x, y), *_ = DataLoader((X, Y), batchsize=2, collate=False)
    assert x[1] == 0 and y[1] == 1
    x, y = next(iter(DataLoader([(X[i], i) for i in range(5)], batchsize=3, collate=True)))
    assert x.shape == (3, 2) and y.tolist() == [0, 1, 2]


def test_a_buffer_is_used_again():
    loader = DataLoader((X, Y), batchsize=2, partial=False, buffer=True)
    seen = [(x, y, x.copy()) for x, y in loader]
    assert seen[0][0] is seen[1][0] and seen[0][1] is seen[1][1]
    np.testing.assert_array_equal(np.concatenate([copy for _, _, copy in seen]), X[:4])
    own = np.empty((2, 2))
    assert all(x is own for x in DataLoader(X, batchsize=2, partial=False, buffer=own))
    with pytest.raises(ValueError, match="partial=False leaves the last, smaller batch out"):
        list(DataLoader(X, batchsize=2, buffer=True))
    observations = list(DataLoader(X, batchsize=2, partial=False, collate=False, buffer=True))
    assert observations[0][0] is observations[1][0]


def test_shuffling_differs_for_every_kind_of_batch():
    for options in ({"batchsize": -1}, {"batchsize": 2, "collate": True}, {"batchsize": 5}):
        loader = DataLoader((X, Y), shuffle=True, rng=np.random.default_rng(1), **options)
        orders = [np.hstack([np.ravel(y) for _, y in loader]).tolist() for _ in range(3)]
        assert all(sorted(order) == [0, 1, 2, 3, 4] for order in orders)
        assert orders[0] != orders[1]


def test_fewer_observations_than_a_batch():
    with pytest.warns(UserWarning, match="fewer than batchsize=9"):
        loader = DataLoader(X, batchsize=9, partial=False)
    assert len(loader) == 1 and next(iter(loader)).shape == (5, 2)
    assert list(DataLoader(np.zeros((0, 2)), batchsize=3)) == []
