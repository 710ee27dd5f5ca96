"""Traps of statistics: every mistake of the table is explained, and its corrected pair agrees."""

import pytest
from mistakes.trying import (
    expect_agreement,
    expect_explained,
    of_topic,
)

from pyimpl.parity.traps import statistics
from pyimpl.parity.traps.table import TRAPS

MISTAKES = of_topic(statistics)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_known_mistake_is_explained(mistake):
    expect_explained(mistake)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_without_its_mistake_the_pair_agrees(mistake):
    expect_agreement(mistake)


def test_factors_are_those_of_n_and_n_minus_1():
    factors = {factor.words: factor.factor(5.0) for factor in TRAPS["corrected"].factors}
    assert sorted(factors.values()) == pytest.approx(
        sorted([5 / 4, 4 / 5, (5 / 4) ** 0.5, (4 / 5) ** 0.5])
    )
