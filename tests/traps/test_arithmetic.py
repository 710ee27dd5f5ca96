"""Traps of arithmetic: every mistake of the table is explained, and its corrected pair agrees."""

import numpy as np
import pytest
from mistakes.trying import (
    expect_agreement,
    expect_explained,
    of_topic,
    results_of,
)

from pyimpl.parity.traps import arithmetic

MISTAKES = of_topic(arithmetic)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_known_mistake_is_explained(mistake):
    expect_explained(mistake)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_without_its_mistake_the_pair_agrees(mistake):
    expect_agreement(mistake)


def test_results_times_known_numbers():
    x = np.array([1.0, -3.0])
    for trap, factor in [("log", np.log(2)), ("degrees", np.pi / 180), ("sign", -1.0)]:
        ways = results_of(trap, x, x)
        assert any(np.allclose(way, x * factor) for way in ways), trap
    wrapped = results_of("overflow", np.array([300]), np.array([44]))
    assert any(way.tolist() == [44] for way in wrapped)
