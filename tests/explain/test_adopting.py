"""Float32 literals of Julia's are told once, and the check goes on with them."""

import numpy as np
import pytest
from pretended import checked

import pyimpl
from pyimpl.parity.case.inputs import arrays
from pyimpl.parity.explain import adopt
from pyimpl.parity.report.story import story
from pyimpl.parity.sides.training import Training

SINGLE = float(np.float32(0.1))


def scaled(x):
    return 0.1 * x


def scaled_in_julia(x):
    return float(np.float32(0.1)) * x


def test_a_literal_is_taken_over_and_named():
    result = checked(scaled, scaled_in_julia, arrays("n"))
    assert result.differs
    adopt(result)
    assert result.agrees and "0.1" in str(result.adopted)
    assert "single precision" in story(result) and "--exact-literals" in story(result)


def test_what_else_differs_is_seen_through_it():
    def refusing(x):
        if len(x) == 1:
            raise ValueError("one is not enough")
        return 0.1 * x

    result = checked(refusing, scaled_in_julia, arrays("n"))
    adopt(result)
    assert result.differs and result.adopted
    assert all(len(f.case.arrays["x1"]) == 1 for f in result.report.findings)
    assert len(result.smallest.case.arrays["x1"]) == 1


@pytest.mark.parametrize("julia", [lambda x: 0.1001 * x, lambda x: 0.1 * x + 1e-9, np.copy])
def test_another_difference_is_none_of_it(julia):
    result = checked(scaled, julia, arrays("n"))
    adopt(result)
    assert result.differs and not result.adopted


def test_settings_of_layers_and_rules_are_literals_too():
    inputs = arrays("batch,3", sizes=(3, 5))
    mine, theirs = (pyimpl.BatchNorm(3, momentum=momentum) for momentum in (0.1, SINGLE))
    result = checked(mine, theirs, inputs, mode="train")
    adopt(result)
    assert result.agrees and any("momentum" in words for words in result.adopted)
    rules = [pyimpl.Momentum(0.1), pyimpl.Momentum(float(np.float32(0.1)))]
    trained = checked(rules[0], rules[1], arrays("3"), training=Training(steps=3))
    adopt(trained)
    assert trained.agrees and "eta" in str(trained.adopted)
