"""Traps of indices: every mistake of the table is explained, its corrected pair agrees."""

import numpy as np
import pytest
from mistakes.trying import (
    expect_agreement,
    expect_explained,
    of_topic,
    results_of,
)

from pyimpl.parity.traps import indices

MISTAKES = of_topic(indices)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_known_mistake_is_explained(mistake):
    expect_explained(mistake)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_without_its_mistake_the_pair_agrees(mistake):
    expect_agreement(mistake)


def test_whole_numbers_by_one_and_entries_in_the_other_order():
    indices = np.array([0, 4])
    assert {tuple(way) for way in results_of("index", indices, indices)} == {(1, 5), (-1, 3)}
    x = np.arange(6.0).reshape(2, 3)
    ways = results_of("order", x, x)
    assert any(np.array_equal(way.ravel(), x.T.ravel()) for way in ways)


def test_the_extent_of_a_padding_is_tried_smaller_and_larger():
    tried = dict(indices._other_padding("output_padding", (1, 1)))
    assert set(tried.values()) == {(0, 0), (2, 2), (3, 3)}
    assert "in Julia outpad = (1, 1)" in next(iter(tried))
    assert set(dict(indices._other_padding("padding", 1)).values()) == {0, 2, 3}
    assert not list(indices._other_padding("padding", "same"))
