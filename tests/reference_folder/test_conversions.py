"""Sizes, paddings, axes and indices of Julia's as ours."""

import pytest
from reference_folder.conversions import (
    COLON,
    axes,
    reverse,
    reverse_pad,
    zero_based,
)

import pyimpl


@pytest.mark.parametrize(
    ("julia", "ours"), [((3, 2), (2, 3)), ([3, 2, 1], (1, 2, 3)), (2, 2), (None, None)]
)
def test_sizes_are_reversed(julia, ours):
    assert reverse(julia) == ours


@pytest.mark.parametrize(
    ("julia", "rank", "ours"),
    [
        (1, 2, 1),
        ((1, 2), 2, (2, 1)),
        ((1, 2), 1, (1, 2)),
        ((1, 2, 3, 4), 2, (3, 4, 1, 2)),
        (pyimpl.SamePad(), 2, pyimpl.SamePad()),
    ],
)
def test_pairs_of_a_padding_are_reversed_and_low_stays_before_high(julia, rank, ours):
    assert reverse_pad(julia, rank) == ours


@pytest.mark.parametrize(("julia", "ours"), [(1, -1), (3, -3), ((1, 2), (-1, -2)), (COLON, None)])
def test_dimensions_are_counted_from_the_other_end(julia, ours):
    assert axes(julia) == ours


def test_written_indices_count_from_0():
    assert zero_based([1, 3]).tolist() == [0, 2]
