"""Clipping by the norm of all gradients together, or of each."""

import numpy as np
import pytest
from pretended import checked

from pyimpl.parity.case.inputs import arrays
from pyimpl.parity.explain import explain
from pyimpl.parity.sides.training import Training
from pyimpl.parity.traps.table import TRAPS

torch = pytest.importorskip("torch")
CLIPPING = TRAPS["clipping"].cause


def norm_of(x):
    return np.sqrt(np.sum(x**2))


def plain(a, b):
    grads = [a, b]
    norm = np.sqrt(sum(np.sum(g**2) for g in grads))
    return [g / (1 + norm) for g in grads]


def plain_each(a, b):
    return [g / (1 + norm_of(g)) for g in (a, b)]


def own_norm(a, b):
    grads = [a, b]
    return [g / (1 + np.linalg.norm(g)) for g in grads]


def own_norm_of_all(a, b):
    size = np.sqrt(np.sum(a**2) + np.sum(b**2))
    return [a / (1 + size), b / (1 + size)]


def scaled(a, b):
    grads = [a, b]
    norm = np.sqrt(sum(np.sum(g**2) for g in grads))
    scale = min(1.0, 1.0 / (norm + 1e-6))
    return [g * scale for g in grads]


def scaled_each(a, b):
    return [g * min(1.0, 1.0 / (norm_of(g) + 1e-6)) for g in (a, b)]


@pytest.mark.parametrize(
    ("wrong", "right"), [(plain, plain_each), (scaled, scaled_each), (own_norm, own_norm_of_all)]
)
def test_a_common_norm_is_told_from_that_of_each(hasty_shrinking, wrong, right):
    result = checked(wrong, right, arrays("n,3", "m"), strict=False)
    assert result.differs
    explanations = explain(result)
    assert [one.cause for one in explanations] == [CLIPPING], [str(each) for each in explanations]


class Clipped(torch.optim.SGD):
    """Clips all gradients together, as people write it."""

    def step(self, closure=None):
        """One step."""
        torch.nn.utils.clip_grad_norm_(
            [p for group in self.param_groups for p in group["params"]], 1.0
        )
        return super().step(closure)


class ClippedEach(torch.optim.SGD):
    """Clips every gradient by its own norm, as Flux's ClipNorm does."""

    def step(self, closure=None):
        """One step."""
        for parameter in [p for group in self.param_groups for p in group["params"]]:
            size = float((parameter.grad.double() ** 2).sum()) ** 0.5
            if size > 1.0:
                parameter.grad.mul_(1.0 / size)
        return super().step(closure)


def together_rule(parameters):
    return Clipped(parameters, lr=0.1)


def each_rule(parameters):
    return ClippedEach(parameters, lr=0.1)


def summed(output, target):
    return ((output - target) ** 2).sum()


def test_pytorchs_clipping_of_all_parameters(hasty_shrinking):
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 2))
    mine = Training((summed, "loss"), (together_rule, "rule"), 2)
    theirs = Training((summed, "loss"), (each_rule, "rule"), 2)
    inputs = arrays("batch,3", "batch,2")
    result = checked(model, model, inputs, training=mine, of_julia=theirs, count=12)
    assert result.differs
    assert [one.cause for one in explain(result)] == [CLIPPING]
