"""Lists and dicts of stages of several kinds, run one after the other and taken apart."""

import copy

import numpy as np
import pytest
from located.models import Affine

import pyimpl
from pyimpl.parity.case.case import Case
from pyimpl.parity.sides.frameworks import framework_of
from pyimpl.parity.sides.stage_list import stage_list

RNG = np.random.default_rng(0)


def case_of(side, x):
    own = {f"param.{path}": array for path, array in side.parameters().items()}
    return Case("p", {}, {"x1": x} | own, "train")


def test_stages_of_several_kinds_in_one_trace():
    chain = pyimpl.f64(pyimpl.Chain(pyimpl.Dense(4, 4), pyimpl.Dense(4, 2)))
    model = {"in": Affine(RNG, 3, 4, "tanh"), "act": np.tanh, "rest": chain}
    side = stage_list(model, framework_of)
    assert list(side.parameters()) == ["in.W", "in.b"] + [
        f"rest.layers.{i}.{name}" for i in (0, 1) for name in ("weight", "bias")
    ]
    case = case_of(side, RNG.standard_normal((5, 3)))
    trace = side.trace(case)
    labels = [call.label for call in trace.calls if call.kind != "Chain"]
    assert labels == ["in", "act", "rest.layers.0", "rest.layers.1"]
    y = chain(np.tanh(copy.copy(model["in"]).forward(case.arrays["x1"])))
    np.testing.assert_allclose(trace.values[trace.outputs[0]], y, rtol=1e-12)
    across = trace.between(trace.inputs, trace.calls[2].outputs)
    assert across.paths["in.W"] == "in.W" and not across.side.has_gradient
    own = {f"param.{path}": array for path, array in across.side.parameters().items()}
    found = across.side.evaluate(Case("p", {}, own | {"x1": case.arrays["x1"]}, "train"))
    np.testing.assert_array_equal(found.output, trace.values[trace.calls[2].outputs[0]])
    alone = trace.between(trace.inputs, trace.calls[0].outputs)
    assert alone.paths == {"W": "in.W", "b": "in.b"}


def test_a_function_takes_all_outputs_of_the_stage_before_it_as_one_tuple():
    attention = pyimpl.f64(pyimpl.MultiHeadAttention(4, nheads=2))
    side = stage_list([attention, lambda pair: pair[0] + 1], framework_of)
    trace = side.trace(case_of(side, RNG.standard_normal((2, 3, 4))))
    attended, last = trace.values[trace.calls[-1].inputs[0]], trace.values[trace.outputs[0]]
    np.testing.assert_array_equal(last, attended + 1)


def test_a_function_between_modules_takes_tensors_and_an_error_ends_the_trace():
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    side = stage_list(
        [torch.nn.Linear(3, 4), lambda x: x.relu(), torch.nn.LSTM(4, 2)], framework_of
    )
    assert side.alone == ("2.bias_hh_l0",)
    trace = side.trace(case_of(side, RNG.standard_normal((5, 3))))
    assert [call.path for call in trace.calls] == ["0", "1", "2"] and not trace.error
    wrong = side.trace(case_of(side, RNG.standard_normal((5, 2))))
    assert "shapes" in wrong.error and wrong.outputs == ()
