"""A run of Julia's taken apart, as text and arrays, and read again."""

import numpy as np
import pytest
from pretended import TracedModels

import pyimpl
from pyimpl.parity.case.case import Case, Outcome
from pyimpl.parity.pair.julia_trace import NoTrace, ask, read
from pyimpl.parity.reference.session import JuliaSide

MODEL = pyimpl.f64(
    pyimpl.Chain(pyimpl.Dense(3, 4, pyimpl.tanh), pyimpl.MultiHeadAttention(4, nheads=2))
)


def asked(x):
    arrays = {"x1": x, "dy1": np.ones((2, 5, 4)), "dy2": np.ones((2, 2, 5, 5))}
    session = TracedModels(model=MODEL)
    (trace,) = ask(session, JuliaSide("model"), [Case("p", {}, arrays, "train")], "train")
    return trace


def test_what_is_written_is_read():
    trace = asked(np.random.default_rng(0).standard_normal((2, 5, 3)))
    assert [call.label for call in trace.calls if call.inside is None] == [""]
    calls = {call.path: call for call in trace.calls}
    dense = calls["layers.0"]
    assert (dense.kind, dense.act, dense.inside) == ("Dense", "tanh", ("", 0))
    assert dense.arrays == {"layers.0.weight": (3, 4), "layers.0.bias": (4,)}
    assert calls["layers.1.q_proj"].inside == ("layers.1", 0)
    y = np.tanh(trace.values[dense.inputs[0]] @ MODEL.layers[0].weight + MODEL.layers[0].bias)
    np.testing.assert_allclose(trace.values[dense.outputs[0]], y, rtol=1e-12)
    assert dense.gradients["layers.0.weight"].shape == (3, 4)
    assert dense.cotangents[0].shape == y.shape and dense.input_gradients[0].shape == (2, 5, 3)
    np.testing.assert_array_equal(dense.after["layers.0.bias"], MODEL.layers[0].bias)
    assert len(trace.outputs) == 2 and not trace.error
    assert trace.arrays["layers.1.out_proj.weight"] == (4, 4) and trace.ties == []


def test_a_model_that_raises_has_a_trace_that_ends_early():
    trace = asked(np.ones((2, 5, 2)))
    assert "Dense(3 => 4) expects" in trace.error and trace.outputs == ()


def test_arrays_that_are_one():
    shared = MODEL.layers[0].weight
    model = pyimpl.Chain(pyimpl.Dense(shared), pyimpl.Dense(shared.T), pyimpl.Dense(shared))
    session = TracedModels(model=model)
    case = Case("p", {}, {"x1": np.ones((2, 3))}, "train")
    (trace,) = ask(session, JuliaSide("model"), [case], "train")
    told = [(tie.path, tie.first, tie.turned) for tie in trace.ties]
    assert ("layers.1.weight", "layers.0.weight", True) in told
    assert ("layers.2.weight", "layers.0.weight", False) in told


def test_no_trace_is_an_error():
    with pytest.raises(NoTrace, match="UndefVarError"):
        read(Outcome(error="UndefVarError: `net` not defined"))
    with pytest.raises(NoTrace, match="no trace"):
        read(Outcome({"y": np.ones(1)}))
