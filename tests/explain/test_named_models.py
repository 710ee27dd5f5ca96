"""Models that are hidden in functions: their arrays and settings are looked at as well."""

import numpy as np
import pytest
from pretended import checked

from pyimpl.parity.case.inputs import arrays
from pyimpl.parity.explain import explain
from pyimpl.parity.traps.table import TRAPS

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

torch.manual_seed(0)
net = nn.Sequential(nn.Conv2d(2, 3, 3, padding=1), nn.ReLU(), nn.Conv2d(3, 1, 3))
flipped = nn.Sequential(nn.Conv2d(2, 3, 3, padding=1), nn.ReLU(), nn.Conv2d(3, 1, 3))
square = nn.Linear(4, 4)
exact = nn.Sequential(nn.Linear(3, 5), nn.GELU())
tanh = nn.Sequential(nn.Linear(3, 5), nn.GELU(approximate="tanh"))
tanh.load_state_dict(exact.state_dict())
with torch.no_grad():
    for mine, theirs in zip(net.parameters(), flipped.parameters(), strict=True):
        theirs.copy_(mine.flip(2, 3) if mine.ndim == 4 else mine)


def run(model, x):
    with torch.no_grad():
        x = torch.as_tensor(x)
        return model.to(x.dtype)(x).numpy()


def predict(x):
    return run(net, x)


def predict_flipped(x):
    return run(flipped, x)


def project(x):
    return run(square, x)


def project_transposed(x):
    weight, bias = (part.detach().numpy().astype(x.dtype) for part in square.parameters())
    return x @ weight + bias


def activate(x):
    return run(exact, x)


def activate_by_tanh(x):
    return run(tanh, x)


@pytest.mark.parametrize(
    ("python", "julia", "shape", "kind", "where"),
    [
        (predict, predict_flipped, "batch,2,4,4", "kernel", "parameter net.0.weight, net.2.weight"),
        (project, project_transposed, "batch,4", "axes", "parameter square.weight"),
        (activate, activate_by_tanh, "batch,3", "activation", "exact, layer 1 (GELU)"),
    ],
)
def test_what_is_wrong_with_a_model_in_a_function(
    hasty_shrinking, python, julia, shape, kind, where
):
    result = checked(python, julia, arrays(shape), strict=False, count=20)
    assert result.differs
    first, *_ = explain(result)
    assert (first.cause, first.where) == (TRAPS[kind].cause, where), str(first)


def test_the_users_model_is_as_it_was(hasty_shrinking):
    before = net, [part.detach().numpy().copy() for part in net.parameters()]
    explain(checked(predict, predict_flipped, arrays("1,2,4,4"), strict=False, count=5))
    assert net is before[0]
    for part, kept in zip(net.parameters(), before[1], strict=True):
        np.testing.assert_array_equal(part.detach().numpy(), kept)


class OwnModel:
    """An object of the user's, with arrays of its own."""

    def __init__(self):
        self.weight = np.eye(3)

    def forward(self, x):
        """Its output."""
        return x @ self.weight

    def backward(self, dy):
        """The gradient of its input."""
        return dy @ self.weight.T

    __call__ = forward


own = OwnModel()


def by_own_model(x):
    return own(x)


def test_an_object_of_the_users_own_does_no_harm(hasty_shrinking):
    result = checked(by_own_model, lambda x: np.cumsum(x), arrays("3"), strict=False, count=10)
    assert result.differs
    explain(result)
    assert own(np.ones(3)).tolist() == [1, 1, 1]
