"""Pairs of models whose arrays have other names, rules, and training.

`pyimpl` plays the Julia side; Julia does where it is live.
"""

import dataclasses

import numpy as np
import pytest
from small_models import BATCH, Net, checked_model, flux, in_torch

from pyimpl import (
    Adam,
    AdamW,
    Chain,
    Dense,
    Descent,
    Momentum,
    mae,
    mse,
    tanh,
)
from pyimpl.parity import Training, arrays
from pyimpl.parity.pair.checking import NothingCompared
from pyimpl.parity.pair.pair import make_pair
from pyimpl.parity.report.story import story


class SGD:
    """As books write it."""

    def __init__(self, rate):
        self.rate = rate

    def update(self, parameters, gradients):
        for name in parameters:
            parameters[name] -= parameters[name].dtype.type(self.rate) * gradients[name]


@pytest.mark.parametrize(
    ("rule", "state"),
    [(Adam(), "state.0@1"), (Momentum(0.1, 0.9), "state@1"), (AdamW(0.01, lam=0.1), "state.0@1")],
)
def test_a_rule_with_its_state(rule, state):
    result = checked_model(rule, rule, arrays("3,n"), Training(steps=4))
    assert result.agrees and {"x@4", state} <= set(
        map(str, result.evidence[0].julia["float64"].arrays)
    )


def test_rules_of_torch_and_of_ones_own():
    torch, _ = in_torch()
    result = checked_model(
        lambda parameters: torch.optim.Adam(parameters), Adam(), arrays("3,n"), Training()
    )
    assert result.agrees, story(result)
    assert "state.0@1" not in result.evidence[0].julia["float64"].arrays
    assert checked_model(SGD(0.1), Descent(0.1), arrays("n"), Training()).agrees


def test_training_agrees_with_every_array_after_every_step():
    model = flux()
    result = checked_model(model, model, training=Training((mse, "mse"), (Adam(), "Adam()"), 3))
    names = set(map(str, result.evidence[0].julia["float64"].arrays))
    assert (
        result.agrees
        and {"loss@1", "loss@3", "param.layers.1.var@3", "param.layers.0.weight@2"} <= names
    )
    assert {"x1", "t1", "x3", "t3"} <= set(
        map(str, result.evidence[0].case.arrays)
    ) and "x4" not in result.evidence[0].case.arrays


def test_training_in_torch_and_in_ones_own_class():
    torch, model = in_torch()
    mine = Training(
        (torch.nn.functional.mse_loss, "mse"),
        (lambda parameters: torch.optim.Adam(parameters), "Adam()"),
    )
    result = checked_model(
        model, flux(), training=mine, of_julia=Training((mse, "mse"), (Adam(), "Adam()"))
    )
    assert result.agrees and all(found.proved for found in result.pair.matches), story(result)
    net, twin = Net(), Chain(Dense(3, 4, tanh), Dense(4, 2))
    own, descent = (
        Training((mse, "mse"), (rule, "Descent(0.1)")) for rule in (SGD(0.1), Descent(0.1))
    )
    result = checked_model(net, twin, training=own, of_julia=descent)
    assert result.agrees, story(result)
    assert checked_model(net, twin, training=Training((mse, "mse"), (Adam(), "Adam()"))).agrees
    assert checked_model(flux(), flux(), training=own, of_julia=descent).agrees


class SquaredError:
    """A loss as books write it."""

    def forward(self, y, target):
        self.difference = y - target
        return np.mean(self.difference**2)

    def backward(self, dvalue):
        return dvalue * 2 * self.difference / self.difference.size


def test_losses_of_ones_own():
    book = Training((SquaredError(), "mse"), (Descent(0.1), "Descent(0.1)"))
    assert checked_model(
        flux(),
        flux(),
        training=book,
        of_julia=Training((mse, "mse"), (Descent(0.1), "Descent(0.1)")),
    ).agrees

    class Short:
        def pullback(self, y, target):
            return np.mean((y - target) ** 2), lambda dvalue: (y - target, target - y)

    with pytest.raises(NothingCompared, match="gives 2 of the gradients, expected 3"):
        checked_model(
            flux(), flux(), training=Training((Short(), "mse"), (Descent(0.1), "Descent(0.1)"))
        )


def test_what_rounding_alone_moves_is_no_difference():
    """The gradient of a bias before a batch normalisation is zero but for rounding, and Adam
    divides by its size.
    """
    forward = flux()

    @dataclasses.dataclass
    class Backwards:
        """The same loss, whose gradient is rounded in another way."""

        def pullback(self, y, target):
            difference = target - y
            return np.mean(difference * difference), lambda dvalue: (
                None,
                -(difference * dvalue * 2) / y.dtype.type(y.size),
                None,
            )

    one, other = (
        Training((mse, "mse"), (Adam(), "Adam()")),
        Training((Backwards(), "mse"), (Adam(), "Adam()")),
    )
    result = checked_model(forward, forward, training=one, of_julia=other, cases=30)
    assert result.agrees, story(result)
    biases = [
        evidence.julia["float32"].arrays["param.layers.0.bias@5"] for evidence in result.evidence
    ]
    mine = [
        result.pair.evaluate(evidence.case.cast("float32")).arrays["param.layers.0.bias@5"]
        for evidence in result.evidence
    ]
    assert max(np.abs(a - b).max() for a, b in zip(biases, mine, strict=True)) > 1e-5, (
        "nothing was tested"
    )


@pytest.mark.parametrize(
    ("python", "training", "inputs", "options", "error", "message"),
    [
        (
            flux(),
            lambda: Training((mse, "mse")),
            BATCH,
            {},
            ValueError,
            "takes a loss and a rule, got the loss alone",
        ),
        (flux(), lambda: Training(steps=0), BATCH, {}, ValueError, "at least 1 step, got 0"),
        (
            flux(),
            lambda: Training(mse, (Adam(), "Adam()")),
            BATCH,
            {},
            TypeError,
            "the loss is given for both sides",
        ),
        (
            flux(),
            lambda: Training((mae, "mae"), (Adam(), "Adam()")),
            arrays("n,3"),
            {},
            ValueError,
            "takes 2 inputs, batch and target, got 1",
        ),
        (
            Adam(),
            lambda: Training(),
            BATCH,
            {},
            ValueError,
            "takes 1 input, the array that a rule changes, got 2",
        ),
        (3, lambda: Training(), arrays("n"), {}, TypeError, "expected to have `init"),
        (
            np.sin,
            lambda: Training((mse, "mse"), (Adam(), "Adam()")),
            BATCH,
            {},
            TypeError,
            "must be a layer or a module",
        ),
        (
            flux(),
            lambda: Training((np.mean, "mse"), (Adam(), "Adam()")),
            BATCH,
            {},
            TypeError,
            "the loss mean has no gradient",
        ),
        (
            flux(),
            lambda: Training((mse, "mse"), (3, "Adam()")),
            BATCH,
            {},
            TypeError,
            "the rule is expected to have",
        ),
        (
            flux(),
            lambda: Training((mse, "mse"), (Adam(), "Adam()")),
            BATCH,
            {"layout": "same"},
            ValueError,
            "training takes no layout",
        ),
    ],
)
def test_what_cannot_be_trained(python, training, inputs, options, error, message):
    with pytest.raises(error, match=message):
        make_pair(python, "julia", inputs, training=training(), **options)
