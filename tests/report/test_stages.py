"""Models that were walked through, in words."""

import numpy as np
from pretended import TracedModels

import pyimpl
from pyimpl import Chain, Dense, gelu_erf, gelu_tanh, tanh
from pyimpl.parity import arrays
from pyimpl.parity.locate.walk import locate
from pyimpl.parity.report.stages import arrays_in_pairs, because, sentence

WEIGHTS = [np.random.default_rng(i).standard_normal((4, 4)) for i in range(3)]


def model(*acts):
    return Chain(*(Dense(W, True, act) for W, act in zip(WEIGHTS, acts, strict=True)))


def located(python, julia):
    reference = TracedModels(model=pyimpl.f64(julia))
    return locate(python, "model", arrays("batch,4", sizes=(3, 5)), cases=4, reference=reference)


def test_what_agrees_is_told_with_its_arrays():
    found = located(model(tanh, tanh, tanh), model(tanh, tanh, tanh))
    assert sentence(found) == "all 3 stages agree" and because(found) == []
    assert arrays_in_pairs(found) == ["6 arrays in pairs, 6 proved by moving them"]


def test_every_stage_that_differs_is_told_with_its_cause():
    found = located(model(tanh, gelu_erf, tanh), model(tanh, gelu_tanh, gelu_tanh))
    said = [sentence(found), *because(found)]
    assert said[0].startswith("the first difference arises in stage layers.1, Dense, forward")
    assert "gelu_erf in place of gelu_tanh" in said[0] and "it shows in y" in said[0]
    (other,) = [line for line in said if line.startswith("another one in stage layers.2, Dense")]
    assert "tanh in place of gelu_tanh" in other
