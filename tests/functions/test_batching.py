"""Arrays put together and taken apart: what the rows do not show."""

import numpy as np
import pytest

import pyimpl
from pyimpl import batch, chunk, stack, unbatch, unsqueeze, unstack


def test_batches_of_tuples_and_dicts_have_gradients_of_their_form():
    observations = [(np.full(2, float(i)), {"label": np.float64(i)}) for i in range(3)]
    (x, labels), back = batch.pullback(observations)
    np.testing.assert_array_equal(x, [[0, 0], [1, 1], [2, 2]])
    np.testing.assert_array_equal(labels["label"], [0, 1, 2])
    _, dxs = back((10 * x, {"label": labels["label"]}))
    np.testing.assert_array_equal(dxs[2][0], [20, 20])
    assert dxs[2][1]["label"] == 2


def test_what_is_taken_apart_can_be_put_together():
    x = np.arange(24.0).reshape(2, 3, 4)
    np.testing.assert_array_equal(batch(unbatch(x)), x)
    for dims in (-3, -2, -1, 0, 1, 2):
        np.testing.assert_array_equal(stack(unstack(x, dims), dims), x)
    np.testing.assert_array_equal(np.concatenate(chunk(x, 2, dims=-1), axis=-1), x)
    assert [part.shape[0] for part in chunk(np.arange(5), 4)] == [2, 2, 1]
    assert unsqueeze(x, 0).shape == (1, 2, 3, 4)
    assert np.shares_memory(chunk(x, size=1)[0], x) and not np.shares_memory(unstack(x, 0)[0], x)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: batch([]), "batch expects observations of one shape, got shapes of none"),
        (
            lambda: stack([np.ones(2), np.ones(3)]),
            r"stack expects arrays of one shape, got shapes \(2,\), \(3,\)",
        ),
        (
            lambda: unstack(np.ones((2, 3)), 2),
            r"unstack expects dims from -2 to 1, got 2 for an array of shape \(2, 3\)",
        ),
        (lambda: unsqueeze(np.ones(2), 2), "unsqueeze expects dims from -2 to 1, got 2"),
        (lambda: chunk(np.ones(4)), "either a number of parts or a size, got n=None and size=None"),
        (lambda: chunk(np.ones(4), 0), "at least one part and a size of at least 1, got n=0"),
        (lambda: chunk(np.ones(4), size=[1, 2]), r"sizes that add up to 4, got \[1, 2\]"),
        (
            lambda: pyimpl.pad_reflect(np.ones((2, 3)), (3, 0), 1),
            r"pad_reflect expects padding of at most 2 along axis 1, got \(3, 0\)",
        ),
        (
            lambda: pyimpl.pad_zeros(np.ones((2, 3)), (1, 1), 5),
            r"pad_zeros expects dims that x has, got \(5,\) for x of shape \(2, 3\)",
        ),
        (
            lambda: pyimpl.batched_mul(np.ones((2, 3, 4)), np.ones((2, 5, 4))),
            r"batched_mul expects .* got \(2, 3, 4\) and \(2, 5, 4\)",
        ),
        (
            lambda: pyimpl.batched_vec(np.ones((2, 3, 4)), np.ones((2, 4))),
            r"batched_vec expects .* got \(2, 3, 4\) and \(2, 4\)",
        ),
        (
            lambda: pyimpl.jacobian(pyimpl.unbatch, np.ones((2, 3))),
            "a Jacobian needs a function with one array for output, got tuple",
        ),
    ],
)
def test_what_does_not_fit_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_sequences_of_different_lengths():
    """MLUtils: `batchseq([[1, 2, 3], [4, 5]], 0)` and the examples of `batch_sequence`."""
    steps = pyimpl.batchseq([np.array([1, 2, 3]), np.array([4, 5])], 0)
    assert [step.tolist() for step in steps] == [[1, 4], [2, 5], [3, 0]]
    one, other = np.ones((3, 2)), np.full((5, 2), 2.0)
    y = pyimpl.batch_sequence((one, other), pad=-1)
    assert y.shape == (2, 5, 2) and (y[0, 3:] == -1).all()
    with pytest.raises(ValueError, match=r"differ on the first axis only, got shapes \(3, 2\), "):
        pyimpl.batch_sequence([one, np.ones((3, 1))])
    with pytest.raises(ValueError, match="got shapes of none"):
        pyimpl.batchseq([])


def test_parts_by_number():
    """MLUtils: `chunk(x, [1, 2, 2, 3, 3])`, the parts counted from 0."""
    x = np.arange(10).reshape(5, 2)
    assert [part.tolist() for part in chunk(x, [0, 1, 1, 2, 2])] == [
        [[0, 1]],
        [[2, 3], [4, 5]],
        [[6, 7], [8, 9]],
    ]
    assert [len(part) for part in chunk(x, [0, 0, 2, 2, 2], npartitions=4)] == [2, 0, 3, 0]
    assert [part.shape for part in chunk(x, [0, 1], dims=1)] == [(5, 1), (5, 1)]
    for wrong in ([1, 0, 0, 0, 0], [0, 1], [-1, 0, 0, 0, 0]):
        with pytest.raises(ValueError, match="for each of 5 entries the number of its part"):
            chunk(x, wrong)
    with pytest.raises(ValueError, match="the number of its part"):
        chunk(x, [0, 1, 2, 3, 4], npartitions=3)


@pytest.mark.parametrize(
    "observations", [[(1, 2), (3,)], [{"a": 1}, {"b": 2}], [{"a": 1}, {"a": 1, "b": 2}], [(1,), 2]]
)
def test_observations_of_different_forms_make_no_batch(observations):
    """MLUtils: "Cannot batch tuples with different lengths"; what only some had was lost."""
    with pytest.raises(ValueError, match="tuples of one length, or dicts with the same keys"):
        batch(observations)
