"""Traps of small numbers: every mistake of the table is explained, its corrected pair agrees."""

import pytest
from mistakes.trying import (
    expect_agreement,
    expect_explained,
    of_topic,
    settings_with,
)

from pyimpl.parity.traps import epsilons

MISTAKES = of_topic(epsilons)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_known_mistake_is_explained(mistake):
    expect_explained(mistake)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_without_its_mistake_the_pair_agrees(mistake):
    expect_agreement(mistake)


def test_other_epsilons_and_nothing_of_what_is_none():
    tried = settings_with("eps", "eps", 1e-5)
    assert 1e-3 in tried and 1e-8 in tried and 1e-5 not in tried
    assert not settings_with("eps", "momentum", 0.1)
