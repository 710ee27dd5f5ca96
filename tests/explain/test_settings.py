"""Differences of losses, rules and settings of layers are explained."""

import dataclasses

import numpy as np
import pytest
from small_models import checked_model, flux, in_torch

from pyimpl import (
    Adam,
    AdamW,
    Descent,
    Momentum,
    Nesterov,
    mse,
)
from pyimpl.parity import Training, arrays
from pyimpl.parity.explain import explain
from pyimpl.parity.report.story import story
from pyimpl.parity.traps.table import TRAPS

NAMES = {trap.cause: name for name, trap in TRAPS.items()}


def test_defaults_of_torch_are_not_single_precision():
    torch, model = in_torch()
    model[2] = torch.nn.BatchNorm1d(4)
    result = checked_model(model, flux(), arrays("batch,3", sizes=(2, 5)))
    assert "state.2.running_mean" in story(result)
    (found,) = explain(result)
    assert NAMES[found.cause] == "literals" and found.confident and found.where == "all layers"


@pytest.mark.parametrize(
    ("mine", "theirs", "cause"),
    [
        (Adam(eps=1e-7), Adam(), "eps"),
        (Adam(0.1), Adam(float(np.float32(0.1))), "literals"),
        (Momentum(0.1, 0.9), Nesterov(0.1, 0.9), "nesterov"),
        (Momentum(0.1, 0.9), Momentum(0.1, 0.1), "momentum"),
        (Adam(beta=(0.999, 0.9)), Adam(), "momentum"),
        (AdamW(0.01, lam=0.1), AdamW(0.01, lam=0.1, couple=False), "coupled"),
    ],
    ids=str,
)
def test_a_rule_that_differs_is_explained(mine, theirs, cause):
    result = checked_model(mine, theirs, arrays("3,n"), Training())
    assert not result.agrees
    found = explain(result)
    assert [NAMES[explanation.cause] for explanation in found][:1] == [cause], [
        str(each) for each in found
    ]
    assert found[0].where == "the rule"


def test_weight_decay_of_torch_is_explained():
    torch, _ = in_torch()
    if (
        "decoupled_weight_decay"
        not in torch.optim.Adam([torch.nn.Parameter(torch.zeros(1))]).param_groups[0]
    ):
        pytest.skip("this PyTorch keeps AdamW apart from Adam")

    def coupled(parameters):
        return torch.optim.Adam(parameters, weight_decay=0.1)

    def decoupled(parameters):
        return torch.optim.AdamW(parameters, weight_decay=0.1)

    result = checked_model(coupled, decoupled, arrays("n"), Training())
    assert [NAMES[explanation.cause] for explanation in explain(result)] == ["coupled"]


@dataclasses.dataclass
class Summed:
    """A loss of one's own."""

    def pullback(self, y, target):
        return np.sum((y - target) ** 2), lambda dvalue: (None, 2 * dvalue * (y - target), None)


@pytest.mark.parametrize(
    ("mine", "theirs", "cause", "where"),
    [
        ((mse, Descent(0.1)), (Summed(), Descent(0.1)), "mean", "the loss"),
        ((mse, Descent(0.1)), (mse, Descent(float(np.float32(0.1)))), "literals", "the rule"),
        ((mse, Adam(eps=1e-5)), (mse, Adam()), "eps", "the rule"),
        ((mse, Momentum(0.1, 0.9)), (mse, Nesterov(0.1, 0.9)), "nesterov", "the rule"),
    ],
    ids=["sum", "literal", "eps", "nesterov"],
)
def test_training_that_differs_is_explained_and_told_from_its_first_step(
    mine, theirs, cause, where
):
    one, other = (Training((loss, "loss"), (rule, "rule")) for loss, rule in (mine, theirs))
    result = checked_model(flux(), flux(), training=one, of_julia=other)
    result.explanations = explain(result)
    assert [(NAMES[found.cause], found.where) for found in result.explanations][:1] == [
        (cause, where)
    ]
    text = story(result)
    assert (
        "more arrays in later steps" in text
        and "@5" not in text
        and "and the 8 arrays of the model" in text
    )


def test_a_layer_that_differs_in_training_is_explained():
    wrong = flux()
    wrong.layers[1].momentum = 0.9
    result = checked_model(
        wrong, flux(), training=Training((mse, "mse"), (Descent(0.1), "Descent(0.1)"))
    )
    assert "param.layers.1.mean@1" in story(result)
    assert NAMES[explain(result)[0].cause] == "momentum"
