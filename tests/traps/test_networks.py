"""Traps of networks: every mistake of the table is explained, and its corrected pair agrees."""

import numpy as np
import pytest
from mistakes.trying import (
    expect_agreement,
    expect_explained,
    of_topic,
)

from pyimpl.parity.traps import networks
from pyimpl.parity.traps.table import TRAPS

MISTAKES = of_topic(networks)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_known_mistake_is_explained(mistake):
    expect_explained(mistake)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_without_its_mistake_the_pair_agrees(mistake):
    expect_agreement(mistake)


def test_blocks_in_another_order_have_their_way_back():
    x = np.arange(24.0).reshape(8, 3)
    ways = list(TRAPS["gates"].inputs(x))
    assert ways
    for way in ways:
        np.testing.assert_array_equal(way.undone(way.forth(x)), x)
        assert not np.array_equal(way.forth(x), x) and sorted(way.forth(x).flat) == sorted(x.flat)
