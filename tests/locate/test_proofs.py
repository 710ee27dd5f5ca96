"""Arrays proved by moving them: right matches, other ways, exchanged arrays, what moves nothing."""

from dataclasses import replace

import numpy as np
import pytest

import pyimpl
from pyimpl.parity.case.case import Case
from pyimpl.parity.case.inputs import Given
from pyimpl.parity.case.names import Kind
from pyimpl.parity.locate.proofs import proved
from pyimpl.parity.locate.stages import Stage
from pyimpl.parity.pair.matching import Match
from pyimpl.parity.pair.pair import Evidence, Pair
from pyimpl.parity.reference.session import JuliaSide, Layout
from pyimpl.parity.sides.frameworks import side_of
from pyimpl.parity.traps.trap import Way

RNG = np.random.default_rng(0)


def proofs(python, julia, shape, y_shape):
    """The matches of a layer whose Julia twin is `julia`, which has the same arrays."""
    side = side_of(pyimpl.f64(python))
    pair = Pair("s", side, JuliaSide("j"), Given(()), Layout("reversed"), "test")
    own = {name: RNG.standard_normal(array.shape) for name, array in side.parameters().items()}
    matches = [Match(name, f"layer.{name}") for name in own]
    stage = Stage("0", type(python).__name__, pair, {m.python: m.julia for m in matches}, matches)
    arrays = {"x1": RNG.standard_normal(shape), "dy1": RNG.standard_normal(y_shape)}
    case = Case("s", {}, arrays | {f"param.{name}": array for name, array in own.items()}, "test")
    outcome = julia(case)
    return {m.python: m for m in proved(stage, Evidence(case, {"float64": outcome}, True))}


def twin(layer, **ways):
    """Julia's outcome: that of the layer, with some arrays made otherwise."""
    side = side_of(pyimpl.f64(layer))

    def outcome(case):
        arrays = {
            name: ways[name.path].forth(a)
            if name.kind is Kind.PARAMETER and name.path in ways
            else a
            for name, a in case.arrays.items()
        }
        found = side.evaluate(replace(case, arrays=arrays))
        for path, way in ways.items():
            found.arrays[f"grad.{path}"] = way.undone(found.arrays[f"grad.{path}"])
        return found

    return outcome


def test_the_right_array_moves_the_output_alike():
    layer = pyimpl.Dense(3, 2, pyimpl.tanh)
    found = proofs(layer, twin(layer), (4, 3), (4, 2))
    assert all(match.proved for match in found.values())


def test_a_square_weight_that_is_transposed_and_a_kernel_that_is_flipped():
    turned = Way("transposed", np.transpose, np.transpose)
    layer = pyimpl.Dense(3, 3, pyimpl.tanh)
    found = proofs(layer, twin(layer, weight=turned), (4, 3), (4, 3))
    assert found["weight"].proved is False and found["weight"].instead == "transposed"
    conv, correlation = pyimpl.Conv((3,), 2, 2), pyimpl.CrossCor((3,), 2, 2)
    found = proofs(conv, twin(correlation), (2, 2, 5), (2, 2, 3))
    assert found["weight"].instead == "with its kernel flipped" and found["bias"].proved


def test_arrays_that_were_exchanged():
    layer = pyimpl.BatchNorm(3)

    def exchanged(case):
        arrays = dict(case.arrays)
        one, other = (next(n for n in arrays if n.path == path) for path in ("scale", "shift"))
        arrays[one], arrays[other] = arrays[other], arrays[one]
        arrays |= {n: np.abs(a) + 0.5 for n, a in arrays.items() if n.path == "var"}
        found = twin(layer)(replace(case, arrays=arrays))
        grads = found.arrays
        grads["grad.scale"], grads["grad.shift"] = grads["grad.shift"], grads["grad.scale"]
        return found

    found = proofs(layer, exchanged, (4, 3), (4, 3))
    assert found["scale"].instead == "shift in its place"


def test_what_moves_nothing_proves_nothing():
    layer = pyimpl.Dense(3, 2)

    def silent(case):
        outcome = twin(layer)(case)
        outcome.arrays["grad.bias"] *= 0
        return outcome

    found = proofs(layer, silent, (4, 3), (4, 2))
    assert found["bias"].proved is None and found["weight"].proved


@pytest.mark.parametrize("scale", [0.5, 2.0])
def test_a_gradient_that_is_another_is_not_explained_away(scale):
    layer = pyimpl.Dense(3, 2)

    def scaled(case):
        outcome = twin(layer)(case)
        outcome.arrays["grad.weight"] *= scale
        return outcome

    match = proofs(layer, scaled, (4, 3), (4, 2))["weight"]
    assert match.proved is False and not match.instead
