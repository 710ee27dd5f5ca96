"""Traps of products: every mistake of the table is explained, and its corrected pair agrees."""

import pytest
from mistakes.trying import (
    expect_agreement,
    expect_explained,
    of_topic,
)
from pretended import checked

from pyimpl.parity.case.inputs import arrays
from pyimpl.parity.explain import explain
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


# Decay in place, after programs of people who write their optimiser by hand.


def scaled_first(x, gradient, m):
    x *= 1 - 0.1 * 0.05
    m += 0.1 * (gradient - m)
    x -= 0.1 * m


def shrunk(x, gradient, m):
    x = x * (1 - 0.1 * 0.05)
    m = m + 0.1 * (gradient - m)
    return x - 0.1 * m, m


def taken_off(x, gradient, m):
    x -= 0.1 * 0.05 * x
    m += 0.1 * (gradient - m)
    x -= 0.1 * m


def added(x, gradient, m):
    g = gradient + 0.05 * x
    m += 0.1 * (g - m)
    x -= 0.1 * m


def added_and_given_back(x, gradient, m):
    g = gradient + 0.05 * x
    m = m + 0.1 * (g - m)
    return x - 0.1 * m, m


def decoupled_in_julia(x, gradient, m):
    old = x.copy()
    m += 0.1 * (gradient - m)
    x -= 0.1 * (m + 0.05 * old)


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        (scaled_first, added),
        (taken_off, added),
        (shrunk, added_and_given_back),
        (added, decoupled_in_julia),
    ],
)
def test_a_decay_in_place_is_told_from_one_in_the_gradient(hasty_shrinking, wrong, right):
    result = checked(wrong, right, arrays("n", "n", "n"), strict=False)
    assert result.differs
    explanations = explain(result)
    assert explanations[0].cause == TRAPS["coupled"].cause, [str(each) for each in explanations]
