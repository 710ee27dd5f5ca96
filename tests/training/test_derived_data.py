"""Data made of other data. What is expected: MLUtils.jl 0.4.10, indices from 0."""

import math

import numpy as np
import pytest

from pyimpl import (
    DataLoader,
    filterobs,
    getobs,
    groupobs,
    joinobs,
    mapobs,
    numobs,
    slidingwindow,
)

X = np.arange(10.0).reshape(5, 2)


def test_nothing_is_mapped_before_it_is_asked_for():
    asked = []

    def double(x):
        asked.append(np.shape(x))
        return 2 * x

    data = mapobs(double, X)
    assert numobs(data) == 5 and not asked
    np.testing.assert_array_equal(data[1], 2 * X[1])
    np.testing.assert_array_equal(data[[0, 2]], 2 * X[[0, 2]])
    np.testing.assert_array_equal(mapobs(double, X)[:2], 2 * X[:2])
    assert asked == [(2,), (2, 2), (2, 2)]
    mapobs(double, X, batched="never")[[0, 1]], mapobs(double, X, batched="always")[0]
    assert asked[3:] == [(2,), (2,), (1, 2)]
    with pytest.raises(ValueError, match="batched as auto, never, always, got 'sometimes'"):
        mapobs(double, X, batched="sometimes")


def test_several_functions_and_names():
    roots, logs = mapobs((math.sqrt, math.log), [1.0, 4.0])
    assert (roots[1], logs[0]) == (2.0, 0.0)
    named = mapobs({"root": math.sqrt, "log": math.log}, [1.0, 4.0])
    assert getobs(named, 1) == {"root": 2.0, "log": math.log(4.0)}
    assert named.root[1] == named["root"][1] == 2.0 and len(named) == 2
    with pytest.raises(AttributeError):
        _ = named.cube


def test_the_batches_of_a_loader_are_mapped():
    """MLUtils: `mapobs(f, d::DataLoader)`."""
    loader = mapobs(lambda x: x.sum(), DataLoader(X, batchsize=2, collate=True))
    assert list(loader) == [6.0, 22.0, 17.0]
    parts = mapobs(len, DataLoader(X, batchsize=2, collate=False, partial=False))
    assert list(parts) == [2, 2]
    with pytest.raises(ValueError, match="mapobs expects a DataLoader with a batchsize"):
        mapobs(len, DataLoader(X, batchsize=2))


def test_some_and_groups():
    np.testing.assert_array_equal(filterobs(lambda x: x.sum() > 9, X), X[3:])
    assert filterobs(lambda n: n > 5, list(range(1, 11))) == [6, 7, 8, 9, 10]
    groups = groupobs(lambda pair: pair[1], (X, np.array([0, 1, 0, 1, 1])))
    assert list(groups) == [0, 1]
    np.testing.assert_array_equal(groups[1][0], X[[1, 3, 4]])


def test_data_one_after_the_other():
    joined = joinobs(joinobs(list(range(1, 11)), range(11, 21)), [21])
    assert len(joined) == 21 and len(joined.datas) == 3
    assert (getobs(joined, 14), joined[-1], joined[[0, 20]]) == (15, 21, [1, 21])
    with pytest.raises(IndexError, match="there are 21 observations, got the index 21"):
        joined[21]


def test_windows():
    """The example of MLUtils: `slidingwindow(11:30, size=6, stride=3)`."""
    windows = slidingwindow(list(range(11, 31)), size=6, stride=3)
    assert [(w[0], w[-1]) for w in windows] == [(11, 16), (14, 19), (17, 22), (20, 25), (23, 28)]
    assert windows[-1][0] == 23 and windows[[1, 0]][0][0] == 14
    assert [w.shape for w in slidingwindow(X, 2, obsdim=1)] == [(5, 2)]
    for options, message in (
        ({"size": 0}, "size as an integer of at least 1"),
        ({"size": 2, "stride": 0}, "stride as an integer of at least 1"),
        ({"size": 6}, "size of at most 5 observations, got 6"),
    ):
        with pytest.raises(ValueError, match=message):
            slidingwindow(X, **options)
    with pytest.raises(IndexError, match="there are 4 windows"):
        slidingwindow(X, 2)[4]
