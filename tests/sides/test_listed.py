"""Lists and dicts of layers as one model."""

import numpy as np
import pytest
from pretended import checked

import pyimpl
from pyimpl.parity import arrays
from pyimpl.parity.explain.adopting import adopt
from pyimpl.parity.sides.frameworks import LISTS, side_of


class Affine:
    """A layer as books write it."""

    def __init__(self, weight, bias):
        self.W, self.b = weight, bias

    def forward(self, x):
        """x W + b."""
        self.x = x
        return x @ self.W + self.b

    def backward(self, dy):
        """The gradient of x; those of the arrays stay behind."""
        self.dW, self.db = self.x.T @ dy, dy.sum(axis=0)
        return dy @ self.W.T


class Sigmoid:
    """Another."""

    def forward(self, x):
        """1 / (1 + exp(-x))."""
        self.y = 1 / (1 + np.exp(-x))
        return self.y

    def backward(self, dy):
        """The gradient of x."""
        return dy * self.y * (1 - self.y)


class WrongSigmoid(Sigmoid):
    """Whose slope forgets a factor."""

    def backward(self, dy):
        """Not the gradient of x."""
        return dy * self.y


def layers(between=Sigmoid):
    """Two layers and what stands between."""
    rng = np.random.default_rng(0)
    first = Affine(rng.standard_normal((3, 4)), np.zeros(4))
    return [first, between(), Affine(rng.standard_normal((4, 2)), np.zeros(2))]


def twin():
    """The same in Flux's layers."""
    return pyimpl.Chain(pyimpl.Dense(3, 4, pyimpl.sigmoid), pyimpl.Dense(4, 2))


INPUTS = arrays("batch,3", sizes=(1, 4))


@pytest.mark.parametrize("form", [list, tuple, lambda found: dict(zip("abc", found, strict=True))])
def test_layers_run_one_after_the_other_with_all_gradients(form):
    result = checked(form(layers()), twin(), INPUTS, count=6)
    assert result.agrees
    outcome = result.evidence[0].julia["float64"]
    first = "a" if "grad.a.W" in set(map(str, outcome.arrays)) else "0"
    assert {f"grad.{first}.W", f"state.{first}.b", "grad.x1"} <= set(map(str, outcome.arrays))


def test_a_wrong_gradient_inside_is_seen():
    result = checked(layers(WrongSigmoid), twin(), INPUTS, count=6)
    assert not result.agrees
    differing = {
        str(difference.array)
        for finding in result.report.findings
        for difference in finding.verdict.differences
        if not difference.agrees
    }
    assert {"grad.0.W", "grad.x1"} <= differing and "grad.2.W" not in differing


def test_what_gives_several_arrays_has_nowhere_to_put_them():
    def both(x):
        return x, x

    result = checked([*layers(), both], twin(), INPUTS, count=3, gradient="none")
    assert not result.agrees
    words = result.report.findings[0].verdict.differences[0].words
    assert "both gives 2 arrays" in words


def test_modules_of_pytorch_in_a_list_are_turned_as_they_are_alone():
    torch = pytest.importorskip("torch")
    model = [torch.nn.Linear(3, 3), torch.nn.Sigmoid(), torch.nn.Linear(3, 2)]
    other = pyimpl.Chain(pyimpl.Dense(3, 3, pyimpl.sigmoid), pyimpl.Dense(3, 2))
    assert LISTS.transposed(side_of(model), "0.weight")
    assert checked(model, other, INPUTS, count=4).agrees


def test_a_setting_of_a_layer_is_one_of_the_list():
    torch = pytest.importorskip("torch")
    model = {"in": torch.nn.Linear(3, 4), "norm": torch.nn.BatchNorm1d(4, eps=1e-5)}
    (eps,) = (each for each in LISTS.settings(side_of(model)) if each.name == "eps")
    assert eps.where == "norm, the BatchNorm1d" and eps.value == 1e-5
    other = pyimpl.Chain(pyimpl.Dense(3, 4), pyimpl.BatchNorm(4))
    result = checked(model, other, arrays("batch,3", sizes=(2, 4)), mode="test", count=6)
    assert not result.agrees  # Flux writes 1f-5
    adopt(result)
    assert result.agrees and any("norm" in words for words in result.adopted)


def test_what_is_no_layer_makes_no_list():
    assert not LISTS.recognises([]) and not LISTS.recognises([1, 2]) and not LISTS.recognises("ab")
    with pytest.raises(TypeError, match="must be a function, a layer or a module"):
        side_of([np.ones(2)])
