"""A configuration that says otherwise than the expression is refused."""

import numpy as np
import pytest
from reference_folder.confirming import same
from reference_folder.conversions import (
    COLON,
    Untranslatable,
)
from reference_folder.entries import translate

import pyimpl

X = np.arange(12.0).reshape(3, 4) / 4 - 1


def layer(julia: str, config=None, row="a row", **parameters):
    """The twin of a layer's expression."""
    return translate(julia, config or {}, row, "test", parameters)


def rule(julia: str, config=None):
    return translate(julia, config or {}, "a rule", "steps", {})


@pytest.mark.parametrize(
    ("config", "what"),
    [
        ({"colour": 3}, "option colour=3 of row Dense"),
        ({"act": "relu"}, r"option act='relu' \(the expression has tanh\) of row Dense"),
        ({"act": "wiggle"}, r"option act='wiggle' \(the expression has tanh\) of row Dense"),
        ({"bias": False}, "option bias=False"),
        ({"expr": "Dense()"}, "option expr"),
    ],
)
def test_every_key_of_the_configuration_is_held_against_the_expression(config, what):
    twin = layer(
        "p -> Dense(p.weight, p.bias, tanh)",
        config,
        "Dense",
        weight=np.ones((4, 2)),
        bias=np.ones(2),
    )
    with pytest.raises(Untranslatable, match=what):
        twin.pullback(X)


@pytest.mark.parametrize(
    ("julia", "config"),
    [
        ("Adam(0.1)", {"eta": 0.1}),
        ("Adam(0.1)", {"eta": 0.1, "beta": [0.9, 0.999], "epsilon": 1e-8}),
        ("AdamW(; lambda=0.1)", {"lambda": 0.1, "expr": "AdamW(; lambda=0.1)"}),
        ("OptimiserChain(ClipGrad(0.5), Adam())", {"delta": 0.5, "zero_grad_at": [0, 3]}),
    ],
)
def test_a_configuration_that_says_the_same_is_confirmed(julia, config):
    assert rule(julia, config)


def test_a_setting_of_a_rule_that_is_another_is_refused():
    with pytest.raises(Untranslatable, match="option eta=0.2"):
        rule("Adam(0.1)", {"eta": 0.2})


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("tanh", pyimpl.tanh),
        ("σ", pyimpl.sigmoid),
        ("+", pyimpl.add),
        ([2, 2], 2),
        ([1, 0], (1, 1, 0, 0)),
        (1, (1, 1)),
        (0.001, np.float32(0.001)),
        (True, np.ones(3)),
        ("SamePad", pyimpl.SamePad()),
        (":", COLON),
    ],
)
def test_two_ways_to_say_the_same(said, value):
    assert same(said, value)


@pytest.mark.parametrize(
    ("said", "value"),
    [("tanh", pyimpl.tanh_fast), ([1, 2], (2, 1)), (False, 0), (1, True), (0.1, 0.11), ("a", 1)],
)
def test_two_ways_to_say_something_else(said, value):
    assert not same(said, value)
