"""Probes of the sides of objects of one's own, and of training."""

from typing import Any

import numpy as np

import pyimpl

from ...sides.frameworks import side_of
from ...sides.training import RuleSide, Training, training_side
from .probe import listed, probe, written
from .sides import X, asked, only, outcome


class Affine:
    """A layer as books write it."""

    def __init__(self):
        self.W, self.b = np.ones((2, 1)), np.zeros(1)
        self.dW: Any = None
        self.db: Any = None
        self.training = False
        self.name = "affine"

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b + (100 if self.training else 0)

    def backward(self, dy):
        self.dW, self.db = self.x.T @ dy, dy.sum(0)
        return dy @ self.W.T


BOOK = {"param__W": [[2.0], [3.0]], "param__b": [1.0]}


@probe(
    "y float64 [[109]]; grad.x1 float64 [[20, 30]]; grad.W float64 [[10], [20]]; "
    "grad.b float64 [10]; state.W float64 [[2], [3]]; state.b float64 [1] / y float64 [[9]]"
)
def an_object_is_run_with_forward_and_backward_in_the_mode_asked_for():
    training = outcome(Affine(), asked("train", x1=X, dy1=[[10.0]], **BOOK))
    test = outcome(Affine(), asked("test", x1=X, **BOOK))
    return f"{training} / {only(test, 'y')}"


@probe("grad.W float64 [[10], [20]]; grad.b none / grad.W float64 [[1], [2]]; grad.b float64 [10]")
def gradients_are_looked_for_where_such_layers_leave_them():
    class Forgets(Affine):
        def __init__(self):
            super().__init__()
            del self.db

        def backward(self, dy):
            super().backward(dy)
            del self.db
            return dy @ self.W.T

    class Keeps(Affine):
        def backward(self, dy):
            super().backward(dy)
            self.grads = {"W": self.dW / 10}
            return dy @ self.W.T

    case = asked("train", x1=X, dy1=[[10.0]], **BOOK)
    return " / ".join(only(outcome(one(), case), "grad.W", "grad.b") for one in (Forgets, Keeps))


@probe("W, b; W, b, running_mean")
def gradients_among_the_attributes_are_no_parameters():
    used, normed_one = Affine(), Affine()
    used.backward_done = used.forward(X)  # type: ignore[attr-defined]
    used.backward(np.ones((1, 1)))
    del used.backward_done, used.x  # type: ignore[attr-defined]
    normed_one.running_mean = np.zeros(1)  # type: ignore[attr-defined]
    return "; ".join(listed(sorted(side_of(one).parameters())) for one in (used, normed_one))


# Training.


def trained(model: Any, rule: Any, config: Any = None, **arrays: Any) -> str:
    """Two steps of the mean squared error."""
    training = Training(loss=(pyimpl.mse, "mse"), rule=(rule, "rule"), steps=2)
    side = training_side(side_of(model), training, 60)
    case = asked("training", config, x1=[[1.0]], t1=[[0.0]], x2=[[2.0]], t2=[[0.0]], **arrays)
    return written(side.evaluate(case))


@probe(
    "param.bias@1 float64 [0.5]; param.bias@2 float64 [0.125]; "
    "param.weight@1 float64 [[0.5]]; param.weight@2 float64 [[-0.25]]; "
    "loss@1 float64 4; loss@2 float64 2.25"
)
def training_tells_loss_and_arrays_after_every_step():
    model = pyimpl.Dense(np.ones((1, 1)), np.zeros(1))
    return trained(model, pyimpl.Descent(0.125), param__weight=[[1.0]], param__bias=[1.0])


class Line:
    """y = w x, with a gradient for w."""

    def __init__(self):
        self.w = np.ones(1)
        self.grads: dict[str, Any] = {}

    def forward(self, x):
        self.x = x
        return x * self.w

    def backward(self, dy):
        self.grads["w"] = (dy * self.x).sum(0)
        return dy * self.w


class OwnRule:
    """x -= 0.125 g, in a dict."""

    def update(self, parameters, gradients):
        for name in parameters:
            parameters[name] = parameters[name] - 0.125 * gradients[name]


@probe("param.w@1 float64 [0.75]; param.w@2 float64 [0]; loss@1 float64 1; loss@2 float64 2.25")
def an_object_is_trained_with_a_rule_of_its_own():
    return trained(Line(), OwnRule(), param__w=[1.0])


@probe("x@1 float64 [3.75]; x@2 float64 [3.625]")
def a_rule_of_one_s_own_is_told_step_by_step():
    case = asked("steps", x=[4.0], g1=[2.0], g2=[1.0])
    return written(RuleSide(OwnRule(), seconds=60).evaluate(case))
