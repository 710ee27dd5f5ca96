"""Traps of products: every mistake of the table is explained, and its corrected pair agrees."""

import pytest
from mistakes.trying import (
    expect_agreement,
    expect_explained,
    of_topic,
)

from pyimpl.parity.traps import products
from pyimpl.parity.traps.table import TRAPS

MISTAKES = of_topic(products)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_known_mistake_is_explained(mistake):
    expect_explained(mistake)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_without_its_mistake_the_pair_agrees(mistake):
    expect_agreement(mistake)


def test_a_gru_with_the_reset_before_its_product():
    words = [step.words for step in TRAPS["reset"].steps["GRU"]()]
    assert any("reset before the product" in text for text in words), words
