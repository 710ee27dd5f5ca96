"""Traps of moving averages: every mistake of the table is explained, its corrected pair agrees."""

import pytest
from mistakes.trying import (
    expect_agreement,
    expect_explained,
    of_topic,
    settings_with,
)

from pyimpl.parity.traps import averages

MISTAKES = of_topic(averages)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_known_mistake_is_explained(mistake):
    expect_explained(mistake)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_without_its_mistake_the_pair_agrees(mistake):
    expect_agreement(mistake)


def test_weights_the_other_way_round():
    assert 0.9 in settings_with("momentum", "momentum", 0.1)
    assert settings_with("momentum", "beta", (0.9, 0.999)) == [(0.999, 0.9)]
    assert settings_with("nesterov", "nesterov", False) == [True]
    assert not settings_with("momentum", "momentum", None)
