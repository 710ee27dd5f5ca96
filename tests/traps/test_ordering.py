"""Traps of ordering: every mistake of the table is explained, and its corrected pair agrees."""

import numpy as np
import pytest
from mistakes.trying import (
    expect_agreement,
    expect_explained,
    of_topic,
    results_of,
)

from pyimpl.parity.traps import ordering

MISTAKES = of_topic(ordering)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_known_mistake_is_explained(mistake):
    expect_explained(mistake)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_without_its_mistake_the_pair_agrees(mistake):
    expect_agreement(mistake)


def test_nothing_is_tried_on_whole_arrays():
    x = np.arange(3.0)
    assert not results_of("ties", x, x) and not results_of("nan", x, x)
