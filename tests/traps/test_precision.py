"""Traps of precision: every mistake of the table is explained, and its corrected pair agrees."""

import numpy as np
import pytest
from mistakes.trying import (
    expect_agreement,
    expect_explained,
    of_topic,
    results_of,
    settings_with,
)

from pyimpl.parity.traps import precision

MISTAKES = of_topic(precision)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_known_mistake_is_explained(mistake):
    expect_explained(mistake)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_without_its_mistake_the_pair_agrees(mistake):
    expect_agreement(mistake)


def test_literals_in_the_other_precision():
    single = float(np.float32(0.1))
    assert settings_with("literals", "momentum", 0.1) == [single]
    assert 0.1 in settings_with("literals", "momentum", single)
    x = np.array([1, 2], np.int32)
    assert any(way.dtype == np.int64 for way in results_of("dtype", x, x.astype(np.int64)))
