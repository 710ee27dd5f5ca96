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
