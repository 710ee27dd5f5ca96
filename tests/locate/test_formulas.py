"""Formulas of layers in named steps: their last step is what the twin's layer gives."""

from types import SimpleNamespace

import numpy as np
import pytest

import pyimpl
from pyimpl.core import tree
from pyimpl.parity.case.case import Case
from pyimpl.parity.locate.formulas import FORMULAS, SLIPS, steps_otherwise

RNG = np.random.default_rng(0)
LAYERS = {
    "Dense": (pyimpl.Dense(3, 4), (5, 3)),
    "BatchNorm": (pyimpl.BatchNorm(3), (5, 3)),
    "LayerNorm": (pyimpl.LayerNorm(3), (5, 3)),
    "LSTM": (pyimpl.LSTM(3, 4), (2, 5, 3)),
    "GRU": (pyimpl.GRU(3, 4), (2, 5, 3)),
    "MultiHeadAttention": (pyimpl.MultiHeadAttention(4, nheads=2), (2, 5, 4)),
}


def asked(kind):
    """A stage of the twin's layer with other parameters, its case, and its output."""
    layer, shape = LAYERS[kind]
    layer = pyimpl.astype(layer, np.float64)
    arrays = {p: a for p, a in tree.leaves(layer) if isinstance(a, np.ndarray)}
    for array in arrays.values():
        array[...] = RNG.integers(1, 32, array.shape) / 32
    x = RNG.integers(-64, 64, shape) / 32
    case = Case("p", {}, {"x1": x} | {f"param.{p}": a.copy() for p, a in arrays.items()}, "train")
    names = {path: path for path in arrays}
    stage = SimpleNamespace(
        kind=kind, julia_names=names, pair=SimpleNamespace(python=SimpleNamespace(subject=layer))
    )
    y = layer.pullback(x)[0]
    return stage, case, y[0] if isinstance(y, tuple) else y


@pytest.mark.parametrize("kind", FORMULAS)
def test_a_formula_gives_what_the_layer_gives(kind):
    stage, case, y = asked(kind)
    np.testing.assert_allclose(FORMULAS[kind](stage, case, {})["y"], y, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("kind", FORMULAS)
def test_every_step_made_otherwise_is_one_of_the_formula_and_changes_the_output(kind):
    stage, case, _ = asked(kind)
    right = FORMULAS[kind](stage, case, {})
    steps = list(steps_otherwise(kind))
    assert steps and set(SLIPS) <= set(FORMULAS)
    for step in steps:
        assert step.name in right or step.name == "order", step
        with np.errstate(all="ignore"):
            try:
                wrong = FORMULAS[kind](stage, case, {step.name: step.change})["y"]
            except (KeyError, ValueError):  # a step that this layer has not: a transposed oblong
                continue
        changed = wrong.shape != right["y"].shape or not np.array_equal(wrong, right["y"])
        assert changed or "epsilon" in step.words, step.words  # among them is the right one
