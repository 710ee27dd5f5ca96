"""Convolutions against their definition."""

from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pyimpl import Conv, CrossCor
from pyimpl.core.windows import output_size


@st.composite
def convolutions(draw):
    """A CrossCor and an input, in whole numbers, so that no sum is rounded."""
    rank, groups = draw(st.integers(1, 3)), draw(st.integers(1, 2))

    def sizes(low, high):
        return tuple(draw(st.integers(low, high)) for _ in range(rank))

    kernel, stride, dilation, space = sizes(1, 3), sizes(1, 2), sizes(1, 2), sizes(1, 6)
    if draw(st.booleans()):
        stride = (1,) * rank
    pad = tuple(draw(st.integers(0, 2)) for _ in range(2 * rank))
    try:
        output_size(space, kernel, stride, dilation, tuple(zip(pad[::2], pad[1::2], strict=True)))
    except ValueError:
        assume(False)
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    batch, n_in, n_out = draw(st.integers(1, 3)), draw(st.integers(1, 2)), draw(st.integers(1, 2))
    weight = rng.integers(-3, 4, (groups * n_out, n_in, *kernel)).astype(float)
    layer = Conv(
        weight[(..., *(slice(None, None, -1),) * rank)].copy(),
        False,
        stride=stride,
        dilation=dilation,
        pad=pad,
        groups=groups,
    )
    return layer, weight, rng.integers(-3, 4, (batch, groups * n_in, *space)).astype(float)


def by_definition(layer, weight, x):
    """(y, reads): the outcome, and for every (n, o, i) its products as (entry of weight, entry of
    x).
    """
    geometry = (x.shape[2:], weight.shape[2:], layer.stride, layer.dilation, layer.pad)
    out = output_size(*geometry)
    y, reads = np.zeros((len(x), len(weight), *out)), {}
    per_group = len(weight) // layer.groups
    for n, o, i in product(range(len(x)), range(len(weight)), product(*map(range, out))):
        reads[n, o, *i] = []
        for c, k in product(range(weight.shape[1]), product(*map(range, weight.shape[2:]))):
            at = [
                p * s + t * d - low
                for p, s, t, d, (low, _) in zip(
                    i, layer.stride, k, layer.dilation, layer.pad, strict=True
                )
            ]
            if all(0 <= a < size for a, size in zip(at, x.shape[2:], strict=True)):
                reads[n, o, *i].append(((o, c, *k), (n, o // per_group * weight.shape[1] + c, *at)))
                y[n, o, *i] += weight[o, c, *k] * x[reads[n, o, *i][-1][1]]
    return y, reads


@given(convolutions())
def test_a_convolution_and_its_gradients_are_what_the_definition_says(convolution):
    layer, weight, x = convolution
    expected, reads = by_definition(layer, weight, x)
    y, back = layer.pullback(x)
    np.testing.assert_array_equal(y, expected)
    dy = np.arange(1.0, y.size + 1).reshape(y.shape) % 7 - 3
    dweight, dx = np.zeros_like(weight), np.zeros_like(x)
    for place, pairs in reads.items():
        for w, at in pairs:
            dweight[w] += dy[place] * x[at]
            dx[at] += dy[place] * weight[w]
    gradient, found = back(dy)
    np.testing.assert_array_equal(
        gradient.weight[(..., *(slice(None, None, -1),) * (x.ndim - 2))], dweight
    )
    np.testing.assert_array_equal(found, dx)
    np.testing.assert_array_equal(back.own(dy).weight, gradient.weight)


@pytest.mark.parametrize("wrong", [np.inf, np.nan])
def test_what_is_not_finite_reaches_only_what_reads_it(wrong):
    layer, x = CrossCor(np.ones((1, 1, 3, 3)), False), np.ones((1, 1, 6, 6))
    x[0, 0, 2, 5] = wrong  # the first column of the kernel never reads it
    y, back = layer.pullback(x)
    assert np.isfinite(y[..., :3]).all() and not np.isfinite(y[0, 0, :3, 3]).any()
    dweight = back(np.ones_like(y))[0].weight
    assert np.isfinite(dweight[..., :2]).all() and not np.isfinite(dweight[0, 0, :, 2]).any()
    x[0, 0, 2, 5] = 1
    layer.weight[0, 0, 1, 2] = (
        wrong  # never reads the first two columns, the first and the last line
    )
    y, back = layer.pullback(x)
    dx = back(np.ones_like(y))[1]
    assert (
        np.isfinite(dx[..., :2]).all()
        and np.isfinite(dx[..., [0, -1], :]).all()
        and not np.isfinite(dx[0, 0, 1:-1, 2:]).any()
    )
