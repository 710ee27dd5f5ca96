"""Upsampling: which axes, and where the corners are. What is expected: NNlib 0.9.36,
`src/upsample.jl`, and PyTorch, whose numbers its tests have.
"""

import numpy as np
import pytest

import pyimpl
from pyimpl import (
    Upsample,
    upsample_bilinear,
    upsample_linear,
    upsample_nearest,
    upsample_trilinear,
)

X = np.arange(24.0).reshape(1, 2, 3, 4)


@pytest.mark.parametrize(
    ("scale", "shape"),
    [
        (2, (1, 2, 6, 8)),
        ((2,), (1, 2, 3, 8)),  # Julia's first axis
        ((3, 2), (1, 2, 9, 8)),
        ((2, 1, 2), (1, 4, 3, 8)),
        ((2, 1, 1, 3), (2, 2, 3, 12)),
        (np.int64(2), (1, 2, 6, 8)),
        ((2.0, 2.0), (1, 2, 6, 8)),
    ],
)
def test_fewer_scales_than_axes_belong_to_the_last(scale, shape):
    """NNlib: `upsample_nearest(x, scales::NTuple{S})` for S from 1 to all axes; it raised."""
    for layer in (Upsample(scale), pyimpl.differentiable(lambda x: nearest_of(x, scale))):
        y, back = layer.pullback(X)
        assert y.shape == shape
        np.testing.assert_array_equal(np.unique(y), np.unique(X))
        np.testing.assert_array_equal(back(np.ones_like(y))[1], y.size / X.size)
    step = tuple(m // n for m, n in zip(shape, X.shape, strict=True))
    np.testing.assert_array_equal(y[tuple(slice(None, None, s) for s in step)], X)


def nearest_of(x, scale):
    return upsample_nearest.pullback(x, scale)


def test_sizes_of_the_last_axes_and_arrays_without_batch():
    assert Upsample(size=(8,))(X).shape == (1, 2, 3, 8)
    assert upsample_nearest(X, size=(6, 8)).shape == (1, 2, 6, 8)
    r = np.array([[1, 2], [3, 4]])
    y = upsample_nearest(r, (2, 1))
    assert y.dtype == r.dtype
    np.testing.assert_array_equal(y, [[1, 2], [1, 2], [3, 4], [3, 4]])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Upsample((1,) * 5)(X), "expects one to 4 scales or sizes"),
        (lambda: Upsample(())(X), "expects one to 4 scales or sizes"),
        (lambda: Upsample(1.5)(X), "expects scale as an integer"),
        (lambda: Upsample(0)(X), "expects scale of at least 1, got 0"),
        (lambda: Upsample(size=(5,))(X), r"a size divisible by \(4,\), got \(5,\)"),
        (lambda: Upsample(2)(X[0, 0]), r"expects \(batch, channels, \*space\)"),
        (lambda: Upsample("bilinear", scale=(2,))(X), "one scale for all axes or 2 of them"),
        (lambda: Upsample("bilinear", scale=0)(X), "above 0, got 0"),
        (lambda: Upsample("bilinear", size=(1, 3))(X), "at least two points along every axis"),
        (lambda: upsample_linear(X, 2, (1, 2)), "expects either scale or size"),
        (lambda: upsample_nearest(X), "expects either scale or size"),
        (lambda: upsample_linear(X[0, 0], 2), r"expects \(batch, channels, \*space\)"),
    ],
)
def test_what_does_not_fit_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


CORNERS = {
    # PyTorch: interpolate(arange(1, 5).reshape(1, 1, 4), size, mode="linear", align_corners=False)
    ("line", 8): [1.0, 1.25, 1.75, 2.25, 2.75, 3.25, 3.75, 4.0],
    ("line", 2): [1.5, 3.5],
    ("line", 3): [1 + 1 / 6, 2.5, 3 + 5 / 6],
    ("line", 1): [2.5],
}


@pytest.mark.parametrize(("what", "expected"), CORNERS.items())
def test_corners_that_are_not_aligned(what, expected):
    x = np.arange(1.0, 5).reshape(1, 1, 4)
    y = upsample_linear(x, size=(what[1],), align_corners=False)
    np.testing.assert_allclose(y[0, 0], expected, rtol=1e-15)


@pytest.mark.parametrize("align_corners", [True, False])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("function", "shape", "size"),
    [
        (upsample_linear, (2, 1, 3), (5,)),
        (upsample_bilinear, (1, 2, 3, 4), (7, 3)),
        (upsample_trilinear, (1, 1, 2, 3, 2), (3, 2, 5)),
    ],
)
def test_interpolation_is_that_of_pytorch(function, shape, size, dtype, align_corners):
    """In both manners, value and gradient; NNlib says of itself that it is PyTorch's."""
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    x, dy = rng.standard_normal(shape).astype(dtype), rng.standard_normal((*shape[:2], *size))
    y, back = function.pullback(x, size=size, align_corners=align_corners)
    theirs = torch.tensor(x, requires_grad=True)
    mode = {1: "linear", 2: "bilinear", 3: "trilinear"}[len(size)]
    out = torch.nn.functional.interpolate(theirs, size, mode=mode, align_corners=align_corners)
    out.backward(torch.tensor(dy.astype(dtype)))
    tolerance = 50 * np.finfo(dtype).eps
    np.testing.assert_allclose(y, out.detach().numpy(), rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(
        back(dy.astype(dtype))[1], theirs.grad.numpy(), rtol=tolerance, atol=tolerance
    )


def test_integers_are_rounded():
    """NNlib: "The algo internally works with floats and then rounds", half to even."""
    x = np.array([[[0, 1, 4]]])
    y = upsample_linear(x, size=(5,))
    assert y.dtype == x.dtype and y[0, 0].tolist() == [0, 0, 1, 2, 4]
    assert upsample_linear(x, 1).dtype == x.dtype
