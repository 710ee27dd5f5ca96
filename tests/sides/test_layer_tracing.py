"""Layers of pyimpl taken apart: calls, what goes back through them, and parts that run alone."""

from dataclasses import dataclass
from typing import Any

import numpy as np

import pyimpl
from pyimpl import BatchNorm, Chain, Dense, Maxout, MultiHeadAttention, Parallel, relu, vcat
from pyimpl.parity.case.case import Case
from pyimpl.parity.sides.frameworks import side_of

RNG = np.random.default_rng(0)


@dataclass(eq=False)
class Own:
    """A model of somebody's, which halves what goes from one layer into the next."""

    first: Any
    rest: Any

    def pullback(self, x):
        y, first_back = self.first.pullback(x)
        z, rest_back = self.rest.pullback(y / 2)

        def own_back(dz):
            drest, dy = rest_back(dz)
            dfirst, dx = first_back(dy / 2)
            return pyimpl.core.pullback.Gradient(first=dfirst, rest=drest), dx

        return z, own_back


def traced(model, shape, dy=True):
    model = pyimpl.f64(model)
    side = side_of(model)
    arrays = {"x1": RNG.standard_normal(shape)}
    arrays |= {f"param.{path}": array for path, array in side.parameters().items()}
    y = model.pullback(arrays["x1"])[0]
    if dy:
        arrays["dy1"] = RNG.standard_normal((y[0] if isinstance(y, tuple) else y).shape)
    case = Case("p", {}, arrays, "train")
    return side, case, side.framework.trace(side, case)


def test_what_goes_back_through_every_call_is_that_of_the_whole():
    model = Chain(Dense(3, 4, relu), Parallel(vcat, BatchNorm(4), Dense(4, 2)), Dense(6, 2))
    side, case, trace = traced(model, (5, 3))
    whole = side.evaluate(case).arrays
    innermost = [call for call in trace.calls if call.kind not in ("Chain", "Parallel")]
    assert [call.label for call in innermost] == [
        "layers.0",
        "layers.1.layers.0",
        "layers.1.layers.1",
        "layers.1.connection",
        "layers.2",
    ]
    assert innermost[0].act == "relu" and innermost[3].kind == "vcat"
    assert innermost[1].inside == ("layers.1", 0)
    np.testing.assert_array_equal(innermost[0].input_gradients[0], whole["grad.x1"])
    for call in innermost:
        for path, gradient in call.gradients.items():
            np.testing.assert_array_equal(gradient, whole[f"grad.{path}"])
        for path, array in call.after.items():
            np.testing.assert_array_equal(array, whole[f"state.{path}"])


def test_a_part_of_one_layer_and_of_several_runs_alone():
    _, _, trace = traced(Chain(Dense(3, 4, relu), Dense(4, 4), Dense(4, 2)), (5, 3))
    one = trace.between((0,), (1,))
    assert one.paths == {"weight": "layers.0.weight", "bias": "layers.0.bias"}
    several = trace.between((1,), (3,))
    own = {f"param.{path}": array for path, array in several.side.parameters().items()}
    assert list(several.paths) == [
        f"layers.{i}.{name}" for i in (1, 2) for name in ("weight", "bias")
    ]
    outcome = several.side.evaluate(Case("p", {}, own | {"x1": trace.values[1]}, "train"))
    np.testing.assert_array_equal(outcome.output, trace.values[3])


def test_what_a_model_does_itself_comes_out_of_no_call():
    _, _, trace = traced(
        Own(Dense(3, 4), Chain(Dense(4, 2), Maxout(Dense(2, 2), Dense(2, 2)))), (5, 3)
    )
    first, second = trace.calls[:2]
    assert second.inputs[0] not in first.outputs
    np.testing.assert_array_equal(trace.values[second.inputs[0]], trace.values[1] / 2)
    assert trace.between(first.inputs, second.outputs) is None
    largest = next(call for call in trace.calls if call.kind == "Maxout")
    assert largest.outputs[0] == trace.outputs[0]


def test_attention_with_its_projections_and_an_error_on_the_way():
    side, case, trace = traced(MultiHeadAttention(4, nheads=2), (2, 3, 4), dy=False)
    assert [call.kind for call in trace.calls][-1] == "MultiHeadAttention"
    assert len(trace.outputs) == 2
    wrong = side.framework.trace(
        side, Case("p", {}, case.arrays | {"x1": np.zeros((2, 3, 5))}, "train")
    )
    assert "Dense" in wrong.error and wrong.outputs == ()
