"""Observations of every kind of data. What is expected: MLUtils.jl 0.4.10, indices from 0, the
observations of an array along its first axis.
"""

from collections import namedtuple

import numpy as np
import pytest

from pyimpl import (
    BatchView,
    ObsView,
    batchsize,
    getobs,
    numobs,
    obsview,
    randobs,
    shuffleobs,
)

X = np.arange(10.0).reshape(5, 2)
Pair = namedtuple("Pair", "x y")


class Squares:
    """Data of one's own: a length and an index."""

    def __len__(self):
        return 4

    def __getitem__(self, index):
        return [i * i for i in index] if isinstance(index, list | range) else index * index


class Table:
    """What a data frame looks like from here."""

    def __init__(self, rows):
        self.rows = rows
        self.iloc = self

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, index):
        return self.rows[index]


def test_how_many_there_are():
    assert numobs(X) == numobs((X, Pair(X, [0] * 5))) == numobs({"x": X}) == 5
    assert numobs(np.array(3.0)) == 1 and numobs(()) == 0 and numobs(Squares()) == 4
    with pytest.raises(ValueError, match="one number of observations .* got 5 in 'x', 2 in 'y'"):
        numobs({"x": X, "y": [1, 2]})


@pytest.mark.parametrize("index", [[3, 1], np.array([3, 1]), range(3, 0, -2), slice(3, 0, -2)])
def test_observations_of_every_kind_of_data(index):
    np.testing.assert_array_equal(getobs(X, index), X[[3, 1]])
    pair = getobs(Pair(X, list("abcde")), index)
    assert type(pair) is Pair and pair.y == ["d", "b"]
    assert getobs({"y": list("abcde")}, index) == {"y": ["d", "b"]}
    np.testing.assert_array_equal(getobs(Table(X), index), X[[3, 1]])
    assert getobs(obsview(X), index).tolist() == X[[3, 1]].tolist()


def test_a_single_observation_and_all():
    assert getobs((X, list("abcde")), 2)[1] == "c" and getobs(Squares(), 3) == 9
    np.testing.assert_array_equal(getobs(X, np.int64(4)), [8, 9])
    assert getobs(X) is X and getobs(ObsView(Squares(), [2, 0])) == [4, 0]
    picked = getobs(X, 2)
    picked[:] = 0
    assert X[2].any()  # not a view
    with pytest.raises(IndexError):
        getobs(X, 5)


def test_a_buffer_is_written_into():
    """MLCore: `getobs!(buffer, data, idx)`."""
    buffer = {"x": np.empty((2, 2)), "y": [None, None]}
    found = getobs({"x": X, "y": list("abcde")}, [1, 3], buffer)
    assert found["x"] is buffer["x"] and found["y"] == ["b", "d"]
    np.testing.assert_array_equal(buffer["x"], X[[1, 3]])
    with pytest.raises(ValueError, match=r"a buffer of shape \(2, 2\) expects .* got \(3, 2\)"):
        getobs(X, [0, 1, 2], np.empty((2, 2)))


def test_a_view_waits_until_it_is_asked():
    view = ObsView((X, Squares()[range(4)] + [16]), [4, 2, 0])
    assert len(view) == 3 and view.indices == [4, 2, 0]
    assert [y for _, y in view] == [16, 4, 0]
    again = ObsView(view, [2, 1])
    assert again.data is view.data and again.indices == [0, 2]  # none inside another
    assert again == ObsView(view.data, [0, 2]) and again != view
    assert ObsView(view, range(1, 3)).indices == [2, 0] and ObsView(Squares())[1:3].indices
    np.testing.assert_array_equal(view[[0]][0], X[[4]])
    for wrong in ([5], [-1], range(3, 7)):
        with pytest.raises(IndexError, match="ObsView expects indices from 0 to 4"):
            ObsView(X, wrong)


def test_views_of_arrays_are_arrays():
    assert np.shares_memory(obsview(X, range(1, 4)), X) and np.shares_memory(obsview(X), X)
    np.testing.assert_array_equal(obsview(X, range(4, -1, -2)), X[[4, 2, 0]])
    np.testing.assert_array_equal(obsview(X, [3, 3]), X[[3, 3]])
    assert obsview(X, range(0)).shape == (0, 2) and obsview(list("abc"), [2, 0]) == ["c", "a"]
    assert isinstance(obsview(Squares(), [1]), ObsView)
    parts = obsview({"x": X, "y": (X,)}, range(2))
    assert parts["x"].shape == parts["y"][0].shape == (2, 2)
    with pytest.raises(IndexError, match="obsview expects indices from 0 to 4"):
        obsview(X, range(3, 7))


def test_observations_along_another_axis():
    """MLUtils: `obsview(data, idxs, ObsDim(d))`; several observations keep the axis."""
    view = obsview(X, [1, 0], dims=-1)
    assert numobs(view) == 2
    np.testing.assert_array_equal(getobs(view, 0), X[:, 1])
    np.testing.assert_array_equal(getobs(view), X[:, ::-1])
    np.testing.assert_array_equal(getobs(view, [1]), X[:, :1])
    assert [x.shape for x in obsview(X, dims=1)] == [(5,), (5,)]
    for make, message in (
        (lambda: obsview(X, dims=2), "dims that the array has, got 2"),
        (lambda: obsview([1, 2], dims=1), "an array for dims=1, got list"),
    ):
        with pytest.raises(ValueError, match=message):
            make()
    with pytest.raises(IndexError):
        obsview(X, [2], dims=1)


def test_random_observations():
    rng = np.random.default_rng(0)
    shuffled = shuffleobs((X, np.arange(5)), rng)
    np.testing.assert_array_equal(shuffled[0], X[shuffled[1]])
    assert sorted(shuffled[1]) == [0, 1, 2, 3, 4] and shuffled[1].tolist() != [0, 1, 2, 3, 4]
    x, y = randobs((X, np.arange(5)), 40, rng)
    assert set(y) == {0, 1, 2, 3, 4}
    np.testing.assert_array_equal(x, X[y])
    assert randobs(X).shape == (2,) and randobs(X, 3).shape == (3, 2)


def test_batches_as_a_sequence():
    view = BatchView((X, list("abcde")), 2)
    assert (len(view), batchsize(view)) == (3, 2)
    assert [y for _, y in view] == [["a", "b"], ["c", "d"], ["e"]]
    assert view[-1][1] == ["e"] and view[[2, 0]][1] == ["e", "a", "b"]
    assert getobs(view)[1] == list("abcde")
    assert len(BatchView(X, 2, partial=False)) == 2
    with pytest.raises(IndexError, match="there are 3 batches, got the index 3"):
        view[3]


@pytest.mark.parametrize(
    ("collate", "first"),
    [
        (None, [[0, 1], [2, 3]]),
        (True, [[0, 1], [2, 3]]),
        (False, [[0, 1], [2, 3]]),
        (lambda found: [x.sum() for x in found], [1, 5]),
    ],
)
def test_batches_are_collated(collate, first):
    batch = BatchView(X, 2, collate=collate)[0]
    assert isinstance(batch, np.ndarray) == (collate in (None, True))
    assert [np.asarray(part).tolist() for part in batch] == first


def test_fewer_observations_than_a_batch_are_one_batch():
    """MLUtils: "decreasing the batch-size to 5"."""
    with pytest.warns(UserWarning, match="there are 5 observations, fewer than batchsize=7"):
        view = BatchView(X, 7, partial=False)
    assert len(view) == 1 and view[0].shape == (5, 2)
    for make, message in (
        (lambda: BatchView(X, 0), "batchsize of at least 1, got 0"),
        (lambda: BatchView(X, 2, collate="stack"), "collate as None, True, False or a function"),
    ):
        with pytest.raises(ValueError, match=message):
            make()
