"""Sides one after the other: forward, back, and with an error on the way."""

import numpy as np

import pyimpl
from pyimpl.parity.case.case import Case
from pyimpl.parity.sides.composed import ComposedSide, Link
from pyimpl.parity.sides.frameworks import side_of

RNG = np.random.default_rng(0)


def test_a_composition_is_the_chain_of_its_layers():
    layers = [pyimpl.f64(pyimpl.Dense(3, 4, pyimpl.tanh)), pyimpl.f64(pyimpl.Dense(4, 2))]
    chain = side_of(pyimpl.Chain(*layers))
    links = [
        Link(side_of(layer), {n: f"layers.{i}.{n}" for n in ("weight", "bias")}, (i,), (i + 1,))
        for i, layer in enumerate(layers)
    ]
    composed = ComposedSide(links, (0,), (2,))
    assert list(composed.parameters()) == list(chain.parameters())
    arrays = {f"param.{path}": array for path, array in chain.parameters().items()}
    arrays |= {"x1": RNG.standard_normal((5, 3)), "dy1": RNG.standard_normal((5, 2))}
    mine, whole = (s.evaluate(Case("p", {}, arrays, "train")).arrays for s in (composed, chain))
    for name in ("y", "grad.x1", *(f"grad.{path}" for path in chain.parameters())):
        np.testing.assert_array_equal(mine[name], whole[name])


def test_a_value_that_is_read_twice_gets_both_gradients():
    double = side_of(
        pyimpl.core.pullback.differentiable(lambda x: (2 * x, lambda dy: (None, 2 * dy)))
    )
    links = [Link(double, {}, (0,), (1,)), Link(side_of(pyimpl.add), {}, (0, 1), (2,))]
    case = Case("p", {}, {"x1": np.ones(3), "dy1": np.arange(3.0)}, "train")
    found = ComposedSide(links, (0,), (2,)).evaluate(case).arrays
    np.testing.assert_array_equal(found["y"], 3 * np.ones(3))
    np.testing.assert_array_equal(found["grad.x1"], 3 * np.arange(3.0))


def test_an_error_of_a_part_is_that_of_the_whole():
    refusing = side_of(pyimpl.Dense(3, 4))
    links = [Link(refusing, {"weight": "weight", "bias": "bias"}, (0,), (1,))]
    outcome = ComposedSide(links, (0,), (1,)).evaluate(
        Case("p", {}, {"x1": np.ones((2, 5))}, "train")
    )
    assert "Dense(3 => 4) expects" in outcome.error
