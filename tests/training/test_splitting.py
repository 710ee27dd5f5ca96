"""Parts and folds. What is expected: MLUtils.jl 0.4.10 and its examples, indices from 0."""

import numpy as np
import pytest

from pyimpl import kfolds, leavepout, splitobs

X = np.arange(10)


@pytest.mark.parametrize(
    ("n", "at", "sizes"),
    [
        (100, 0.7, (70, 30)),
        (100, (0.1, 0.4), (10, 40, 50)),
        (10, 3, (3, 7)),
        (10, (1, 2), (1, 2, 7)),
        (5, 0.5, (2, 3)),  # half to even, as in Julia
        (7, 0.5, (4, 3)),
        (10, 0.0, (0, 10)),
        (10, 1.0, (10, 0)),
        (10, 1, (1, 9)),
        (10, (), (10,)),
    ],
)
def test_sizes_of_the_parts(n, at, sizes):
    parts = splitobs(n, at=at)
    assert tuple(map(len, parts)) == sizes
    assert [i for part in parts for i in part] == list(range(n))
    assert tuple(map(len, splitobs(np.arange(n), at=at))) == sizes


def test_parts_of_every_kind_of_data():
    train, test = splitobs({"x": X, "n": list(range(10))}, at=0.5)
    assert np.shares_memory(train["x"], X) and test["n"] == [5, 6, 7, 8, 9]
    (x, y), _ = splitobs((X, -X), at=0.7, shuffle=True, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(x, -y)
    assert len(x) == 7 and x.tolist() != list(range(7))
    one, other = splitobs(10, at=0.5, shuffle=True, rng=np.random.default_rng(0))
    assert sorted([*one, *other]) == list(range(10))


def test_every_part_gets_its_share_of_every_label():
    """`splitobs(1:10, at=0.5, stratified=[0,0,0,0,1,1,1,1,1,1])`: 2 zeros and 3 ones in each."""
    labels = [0] * 4 + [1] * 6
    one, other = splitobs(X, at=0.5, stratified=labels)
    assert (one.tolist(), other.tolist()) == ([0, 1, 4, 5, 6], [2, 3, 7, 8, 9])
    one, _ = splitobs(X, at=0.5, stratified=labels, shuffle=True, rng=np.random.default_rng(1))
    assert sorted(np.array(labels)[one]) == [0, 0, 1, 1, 1]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: splitobs(10, at=1.5), "shares from 0 to 1"),
        (lambda: splitobs(10, at=(0.5, 0.75)), "add up to no more"),
        (lambda: splitobs(10, at=(1.0, 0.0)), "shares from 0 to 1"),
        (lambda: splitobs(10, at=11), "shares from 0 to 1"),
        (lambda: splitobs(10, at=(0.5, 2)), "at in integers or in floats"),
        (lambda: splitobs(10, at="half"), "at in integers or in floats"),
        (lambda: splitobs(X, at=0.5, stratified=[0, 1]), "a label for each of 10 observations"),
        (lambda: kfolds(10, 1), "from 2 to 10 folds of 10 observations, got 1"),
        (lambda: kfolds(10, 11), "from 2 to 10 folds"),
        (lambda: kfolds(X, 3, stratified=[0] * 9 + [1]), "from 2 to 2 folds of 1 observations"),
        (lambda: leavepout(10, 6), "p from 1 to 5 of 10 observations, got 6"),
        (lambda: leavepout(10, 0), "p from 1 to 5"),
    ],
)
def test_what_cannot_be_cut_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_folds():
    """`kfolds(10, 5)` of MLUtils\' documentation, and 10 observations in 3 folds."""
    training, validation = kfolds(10, 5)
    assert validation == [range(0, 2), range(2, 4), range(4, 6), range(6, 8), range(8, 10)]
    assert training[1] == [0, 1, 4, 5, 6, 7, 8, 9]
    assert list(map(len, kfolds(10, 3)[1])) == [4, 3, 3]
    folds = list(kfolds((X, -X), 3, shuffle=True, rng=np.random.default_rng(0)))
    assert sorted(i for _, (x, _) in folds for i in x) == list(range(10))
    for (x, y), (other, _) in folds:
        np.testing.assert_array_equal(x, -y)
        assert not set(x) & set(other)
    assert len(list(kfolds(X))) == 5


def test_folds_keep_the_share_of_every_label():
    labels = np.array([0, 1] * 5)
    for options in ({}, {"shuffle": True, "rng": np.random.default_rng(2)}):
        for training, validation in kfolds(X, 5, stratified=labels, **options):
            assert sorted(labels[validation]) == [0, 1] and len(training) == 8


def test_so_many_are_left_out():
    assert [len(v) for v in leavepout(10, 2)[1]] == [2] * 5
    assert [len(v) for _, v in leavepout(np.arange(7), 2)] == [3, 2, 2]
    assert len(leavepout(4)[0]) == 4
