"""Padding: how many numbers `pad` may have. Expected values: NNlib 0.9.36, `src/padding.jl`."""

import numpy as np
import pytest

import pyimpl

FRAMES = (pyimpl.pad_constant, pyimpl.pad_zeros)
MIRRORS = (pyimpl.pad_repeat, pyimpl.pad_reflect, pyimpl.pad_symmetric, pyimpl.pad_circular)


@pytest.mark.parametrize("pad_frame", FRAMES)
@pytest.mark.parametrize(
    ("shape", "pad", "dims", "expected"),
    [
        ((2, 2), (1, 2), None, (4, 6)),  # one number an axis: both of its ends
        ((1, 1, 1, 1), (1, 1, 2, 2), None, (3, 3, 5, 5)),
        ((2, 2), (1, 2, 3, 4), None, (5, 9)),  # low and high of every axis
        ((3, 3, 3), (2, 1), 2, (3, 3, 6)),
        ((3, 3, 3), (2, 1), (0, 2), (7, 3, 5)),
        ((3, 3), 1, None, (5, 5)),
    ],
)
def test_a_frame_takes_one_number_or_two_for_each_axis(pad_frame, shape, pad, dims, expected):
    """`pad_zeros(ones((2, 2)), (1, 2))` gave (2, 5): the numbers went to the last axis."""
    x = np.ones(shape)
    y, back = pad_frame.pullback(x, pad, dims=dims)
    assert y.shape == expected and y.sum() == x.sum()
    np.testing.assert_array_equal(back(y)[1], x)


def test_the_frame_that_nnlib_s_documentation_prints():
    """`pad_constant(r, (1, 2, 3, 4), 8)`: integers, and they stay so."""
    r = np.array([[1, 2], [3, 4]])  # Julia's [1 3; 2 4], axes reversed
    y = pyimpl.pad_constant(r, (3, 4, 1, 2), 8)
    assert y.shape == (9, 5) and y.dtype == r.dtype
    np.testing.assert_array_equal(y[3:5, 1:3], r)
    assert (y == 8).sum() == 45 - 4


@pytest.mark.parametrize("pad", [(1,), (1, 1, 1), (1, 1, 1, 1, 1), (1, -1), (1, 0.5), (True, 1)])
@pytest.mark.parametrize("pad_any", FRAMES + MIRRORS)
def test_another_number_of_numbers_is_refused(pad_any, pad):
    """Two axes are asked for; NNlib: `Could not parse padding (2, 1, 3) and dims (1, 2)`."""
    with pytest.raises(ValueError, match="expects pad"):
        pad_any(np.ones((3, 4, 5)), pad, dims=(0, 1))


@pytest.mark.parametrize("pad_mirror", MIRRORS)
def test_one_number_an_axis_is_for_frames_only(pad_mirror):
    """NNlib: "The number of dims should be equal to the number of padding dimensions"."""
    with pytest.raises(ValueError, match=r"low and high for each of 2 axes, got \(1, 1\)"):
        pad_mirror(np.ones((3, 4)), (1, 1), dims=(0, 1))
    with pytest.raises(ValueError, match="every axis once"):
        pad_mirror(np.ones((3, 4)), (1, 1, 1, 1), dims=(0, -2))


@pytest.mark.parametrize(("value", "dtype"), [(0.5, int), (np.nan, int), (2, bool)])
def test_a_value_that_the_array_cannot_hold_is_refused(value, dtype):
    """Julia: InexactError."""
    with pytest.raises(ValueError, match="expects a value that"):
        pyimpl.pad_constant(np.ones(2, dtype), 1, value)


@pytest.mark.parametrize(
    ("x", "n", "options", "expected"),
    [
        ([1, 2], 4, {"value": -1}, [1, 2, -1, -1]),
        ([1, 2, 3], 2, {}, [1, 2, 3]),
        ([[1, 2], [3, 4]], 3, {"dims": 1}, [[1, 2, 0], [3, 4, 0]]),
        ([[1, 2], [3, 4]], 3, {}, [[1, 2, 0], [3, 4, 0], [0, 0, 0]]),
        ([[1, 2]], (2, 3), {"dims": (0, 1)}, [[1, 2, 0], [0, 0, 0]]),
    ],
)
def test_padding_up_to_a_length(x, n, options, expected):
    """The examples of `MLUtils.rpad_constant`, axes reversed."""
    y = pyimpl.rpad_constant(np.array(x), n, **options)
    assert y.tolist() == expected
    with pytest.raises(ValueError, match="n as an integer or 1 integers"):
        pyimpl.rpad_constant(np.ones(2), (1, 2))
