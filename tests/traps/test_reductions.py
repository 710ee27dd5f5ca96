"""Traps of reductions: every mistake of the table is explained, and its corrected pair agrees."""

import numpy as np
import pytest
from mistakes.trying import (
    expect_agreement,
    expect_explained,
    of_topic,
    results_of,
)

from pyimpl.parity.traps import reductions

MISTAKES = of_topic(reductions)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_known_mistake_is_explained(mistake):
    expect_explained(mistake)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_without_its_mistake_the_pair_agrees(mistake):
    expect_agreement(mistake)


def test_results_with_other_axes():
    x = np.arange(6.0).reshape(2, 3)
    assert any(np.array_equal(way, x.T) for way in results_of("axes", x, x.T))
    kept = results_of("keepdims", x[0], x[:1])
    assert any(np.array_equal(way, x[:1]) for way in kept)
