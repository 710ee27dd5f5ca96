"""Which array is which, layer by layer, and how one follows from the other."""

import numpy as np
import pytest
from pretended import TracedModels

import pyimpl
from pyimpl import Chain, Conv, Dense, MultiHeadAttention, relu, tanh
from pyimpl.parity.case.case import Case
from pyimpl.parity.pair.alignment import align
from pyimpl.parity.pair.julia_trace import ask
from pyimpl.parity.pair.layer_matching import Convention, flipped, matched
from pyimpl.parity.reference.session import JuliaSide
from pyimpl.parity.sides.frameworks import side_of

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(2, 6))
        self.inner, self.outer = nn.Parameter(torch.zeros(2)), nn.Parameter(torch.zeros(6))

    def forward(self, x):
        return F.linear(torch.tanh(F.linear(x, self.weight, self.inner)), self.weight.T, self.outer)


class Packed(nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv, self.out = nn.Linear(4, 12), nn.Linear(4, 4)

    def forward(self, x):
        q, k, v = self.qkv(x).chunk(3, dim=-1)
        return self.out(torch.softmax(q @ k.mT / 2, -1) @ v)


def found(python, julia, shape):
    side = side_of(python)
    arrays = {"x1": np.random.default_rng(0).standard_normal(shape)}
    own = {f"param.{path}": array for path, array in side.parameters().items()}
    trace = side.framework.trace(side, Case("p", {}, arrays | own, "train").cast(np.float64))
    session = TracedModels(model=pyimpl.f64(julia))
    (theirs,) = ask(session, JuliaSide("model"), [Case("p", {}, arrays, "train")], "train")
    shapes = {path: array.shape for path, array in side.parameters().items()}
    convention = Convention(True, lambda name: side.framework.transposed(side, name))
    return matched(align(trace, theirs), theirs, shapes, convention)


def told(result):
    assert not (result.python_alone or result.julia_alone or result.problems), result
    return [match.pair for match in result.matches]


def test_all_kernels_of_a_library_that_correlates_are_flipped_and_all_weights_transposed():
    python = nn.Sequential(
        nn.Conv1d(2, 3, 3), nn.ReLU(), nn.Conv1d(3, 2, 2), nn.Flatten(), nn.Linear(6, 3)
    )
    julia = Chain(Conv((3,), 2, 3, relu), Conv((2,), 3, 2), pyimpl.flatten, Dense(6, 3))
    assert told(found(python, julia, (2, 2, 6))) == [
        "0.weight = layers.0.weight, with its kernel flipped",
        "0.bias = layers.0.bias",
        "2.weight = layers.1.weight, with its kernel flipped",
        "2.bias = layers.1.bias",
        "4.weight = layers.3.weight, transposed",
        "4.bias = layers.3.bias",
    ]


def test_a_julia_layer_that_correlates_takes_the_kernel_as_it_is():
    result = found(nn.Conv1d(2, 3, 3), pyimpl.CrossCor((3,), 2, 3), (2, 2, 6))
    assert told(result) == ["weight = weight", "bias = bias"]


def test_packed_projections_are_taken_apart():
    attention = nn.MultiheadAttention(4, 2, batch_first=True)

    class Attending(nn.Module):
        def __init__(self):
            super().__init__()
            self.attention = attention

        def forward(self, x):
            return self.attention(x, x, x, need_weights=False)[0]

    pairs = told(found(Attending(), MultiHeadAttention(4, nheads=2, bias=True), (2, 3, 4)))
    assert "attention.in_proj_weight[2 of 3] = k_proj.weight, transposed" in pairs
    assert "attention.in_proj_bias[3 of 3] = v_proj.bias" in pairs
    assert "attention.out_proj.weight = out_proj.weight, transposed" in pairs
    assert "qkv.weight[1 of 3] = q_proj.weight, transposed" in told(
        found(Packed(), MultiHeadAttention(4, nheads=1, bias=True), (2, 3, 4))
    )


def test_a_matrix_that_is_used_twice_is_matched_with_both_places():
    shared = np.random.default_rng(1).standard_normal((6, 2))
    result = found(Tied(), Chain(Dense(shared, True, tanh), Dense(shared.T)), (3, 6))
    assert [str(match.pair) for match in result.matches if match.python == "weight"] == [
        "weight = layers.0.weight, transposed",
        "weight = layers.1.weight",
    ]
    assert [match.again for match in result.matches if match.python == "weight"] == [False, True]
    assert not (result.python_alone or result.julia_alone)


def test_what_fits_nothing_is_left_over():
    result = found(nn.Linear(3, 2), Chain(Dense(3, 2), Dense(2, 2)), (2, 3))
    assert result.julia_alone == ["layers.1.weight", "layers.1.bias"]
    result = found(nn.Linear(3, 4), Dense(3, 2), (2, 3))
    assert "weight of shape (4, 3) fits no array" in result.problems[0]
    assert result.python_alone == ["weight", "bias"]


def test_a_flipped_kernel_is_flipped_along_the_axes_of_space():
    kernel = np.arange(8.0).reshape(2, 1, 2, 2)
    np.testing.assert_array_equal(flipped(kernel.shape).forth(kernel), kernel[:, :, ::-1, ::-1])
