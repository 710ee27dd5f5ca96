"""Models of any build held against a Julia that pyimpl plays: cut differently, joined in branches,
with code of their own between the layers. What is the same agrees, what differs is named.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from pretended import TracedModels

import pyimpl
from pyimpl import (
    LSTM,
    BatchNorm,
    Chain,
    Conv,
    Dense,
    Embedding,
    LayerNorm,
    MaxPool,
    MultiHeadAttention,
    Parallel,
    SkipConnection,
    flatten,
    gelu,
    relu,
    tanh,
)
from pyimpl.core.pullback import Gradient, differentiable
from pyimpl.layers.attention import make_causal_mask
from pyimpl.parity import arrays
from pyimpl.parity.locate.walk import locate

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402

EPS, SHARE = float(np.float32(1e-5)), float(np.float32(0.1))


def walked(python, julia, *shapes, cases=3, **options):
    torch.manual_seed(0)
    reference = TracedModels(model=julia)
    inputs = arrays(*shapes, sizes=(2, 4))
    model = python() if isinstance(python, type) else python
    return locate(model, "model", inputs, reference=reference, cases=cases, **options)


def cut(found):
    return [(stage.in_python, stage.in_julia) for stage in found.stages]


class Lenet(nn.Module):
    """Activations, pooling and reshaping as functions, as tutorials have them."""

    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 2, 3), nn.Conv2d(2, 3, 3)
        self.fc1, self.fc2 = nn.Linear(6, 5), nn.Linear(5, 3)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.relu(self.conv2(x))
        x = torch.flatten(x, 1)
        return F.log_softmax(self.fc2(F.dropout(F.relu(self.fc1(x)), training=self.training)), 1)


def lenet():
    layers = [Conv((3, 3), 1, 2, relu), MaxPool((2, 2)), Conv((3, 3), 2, 3, relu), flatten]
    return Chain(*layers, Dense(6, 5, relu), Dense(5, 3), pyimpl.logsoftmax)


def test_a_network_of_functions_against_a_chain_of_layers():
    found = walked(Lenet, lenet(), "batch,1,10,8")
    assert found.agrees
    assert cut(found)[0] == ("conv1 Conv2d, relu", "layers.0 Conv(relu)")
    assert cut(found)[-2] == ("dropout, fc2 Linear", "layers.5 Dense")
    assert all(match.proved for stage in found.stages for match in stage.matches)
    ways = {
        m.mapping.words for s in found.stages[:3] for m in s.matches if m.python.endswith("weight")
    }
    assert ways == {"with its kernel flipped"}


class Residual(nn.Module):
    def __init__(self, first_branch=True):
        super().__init__()
        self.conv1, self.conv2 = (nn.Conv2d(2, 2, 3, padding=1, bias=False) for _ in range(2))
        self.bn1, self.bn2, self.bn3 = (nn.BatchNorm2d(2, EPS, SHARE) for _ in range(3))
        self.short = nn.Conv2d(2, 2, 1, bias=False)
        self.first_branch = first_branch

    def forward(self, x):
        if not self.first_branch:
            shortcut = self.bn3(self.short(x))
        y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        if self.first_branch:
            shortcut = self.bn3(self.short(x))
        return torch.relu(y + shortcut)


@differentiable
def each_activated(a, b):
    return np.maximum(a, 0) + np.maximum(b, 0), lambda dy: (None, dy * (a > 0), dy * (b > 0))


def residual(joint):
    def conv(size, pad):
        return Conv((size, size), 2, 2, pad=pad, bias=False)

    branch = Chain(conv(3, 1), BatchNorm(2, relu), conv(3, 1), BatchNorm(2))
    return Parallel(joint, branch, Chain(conv(1, 0), BatchNorm(2)))


@pytest.mark.parametrize("first_branch", [True, False])
def test_branches_in_either_order_and_their_joint(first_branch):
    right = Chain(residual(pyimpl.add), relu)
    assert walked(Residual(first_branch), right, "batch,2,4,4").agrees
    found = walked(Residual(first_branch), residual(each_activated), "batch,2,4,4")
    stage = found.stages[found.guilty]
    assert (stage.in_python, stage.in_julia) == (
        "add, relu#2",
        "connection each_activated",
    )
    names = ("bn2", "bn3")
    assert "relu({}) + relu({}) in Julia".format(*names) in found.inside
    assert [s.agrees for s in found.stages if s is not stage] == [True] * (len(found.stages) - 1)


def test_constants_in_single_precision_are_adopted_and_told_unless_they_are_to_count():
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
    julia = Chain(Dense(3, 4), BatchNorm(4), Dense(4, 2))
    found = walked(model, julia, "batch,3")
    assert found.agrees
    assert found.notes[0].startswith("taken over from Julia: constants in single precision, eps")
    strict = walked(model, julia, "batch,3", exact_literals=True)
    assert strict.stages[strict.guilty].kind == "BatchNorm"


@dataclass(eq=False)
class Block:
    """The second branch is given what the first gave, which the Python block does not do."""

    embedding: Any
    norm: Any
    attention: Any
    mlp: Any
    parallel: bool

    def __call__(self, ids):
        return self.pullback(ids)[0]

    def pullback(self, ids):
        x, embedding_back = self.embedding.pullback(ids)
        normed, norm_back = self.norm.pullback(x)
        mask = make_causal_mask(normed)
        (attended, _), attention_back = self.attention.pullback(normed, normed, normed, mask=mask)
        mixed = x + attended
        again, again_back = (None, None) if self.parallel else self.norm.pullback(mixed)
        y, mlp_back = self.mlp.pullback(normed if self.parallel else again)

        def block_back(dy):
            dmlp, dnormed = mlp_back(dy)
            dmixed = dy if self.parallel else dy + again_back(dnormed)[1]
            dattention, *dxs = attention_back((dmixed, None))
            dnorm, dx = norm_back(sum(dxs) + (dnormed if self.parallel else 0))
            dembedding, _ = embedding_back(dmixed + dx)
            return Gradient(
                embedding=dembedding, norm=dnorm, attention=dattention, mlp=dmlp, parallel=None
            ), None

        return mixed + y, block_back


class TorchBlock(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(7, 4)
        self.norm = nn.LayerNorm(4, eps=EPS**2)
        self.attention = nn.MultiheadAttention(4, 2, batch_first=True)
        self.mlp = nn.Sequential(nn.Linear(4, 6), nn.GELU(approximate="tanh"), nn.Linear(6, 4))

    def forward(self, ids):
        x = self.embedding(ids)
        y = self.norm(x)
        mask = torch.full((ids.shape[1], ids.shape[1]), -torch.inf, dtype=x.dtype).triu(1)
        attended, _ = self.attention(y, y, y, attn_mask=mask, need_weights=False)
        return x + attended + self.mlp(y)


def block(parallel):
    parts = Embedding(7, 4), LayerNorm(4), MultiHeadAttention(4, nheads=2, bias=True)
    return Block(*parts, Chain(Dense(4, 6, gelu), Dense(6, 4)), parallel)


def test_a_struct_with_code_of_its_own_and_a_module_with_packed_projections():
    found = walked(TorchBlock, block(True), "batch,3:index:7")
    assert found.agrees, [s.shows for s in found.stages]
    attention = next(stage for stage in found.stages if stage.kind == "MultiHeadAttention")
    assert len(attention.matches) == 8 and all(match.proved for match in attention.matches)
    assert "what comes out: add, add#2" in [stage.in_python for stage in found.stages]


def test_a_layer_that_is_given_another_value():
    found = walked(TorchBlock, block(False), "batch,3:index:7")
    stage = found.stages[found.guilty]
    assert stage.name == "into mlp.0" and found.direction == "forward"
    assert found.inside == "other values go in: Python takes norm, Julia takes norm#2"
    assert [s.agrees for s in found.stages].count(False) == 1


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(2, 6))
        self.inner, self.outer = nn.Parameter(torch.randn(2)), nn.Parameter(torch.randn(6))

    def forward(self, x):
        return F.linear(torch.tanh(F.linear(x, self.weight, self.inner)), self.weight.T, self.outer)


def test_a_matrix_that_is_used_twice_once_transposed():
    shared = np.random.default_rng(0).standard_normal((6, 2))
    julia = Chain(Dense(shared, True, tanh), Dense(shared.T))
    found = walked(Tied, julia, "batch,6")
    assert found.agrees
    assert [[m.mapping.words for m in s.matches if m.python == "weight"] for s in found.stages] == [
        ["transposed"],
        ["as it is"],
    ]


class Deep(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(4, 4) for _ in range(3))
        self.scale = nn.ParameterDict({"factor": nn.Parameter(torch.tensor(1.0))})

    def forward(self, x):
        for layer in self.layers:
            x = torch.tanh(layer(x))
        return x


def test_a_list_of_layers_nested_chains_and_a_skip_connection():
    julia = Chain(Chain(Dense(4, 4, tanh)), Chain(Chain(Dense(4, 4), tanh), Dense(4, 4, tanh)))
    model = Deep()
    del model.scale
    assert walked(model, julia, "batch,4").agrees

    class Skip(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.Sequential(nn.Linear(4, 4), nn.Tanh())

        def forward(self, x):
            return torch.cat([self.inner(x), x], -1)

    assert walked(Skip, SkipConnection(Dense(4, 4, tanh), pyimpl.vcat), "batch,4").agrees


class Memory(nn.Module):
    """A cell in a loop."""

    def __init__(self):
        super().__init__()
        self.cell, self.out = nn.LSTMCell(3, 4), nn.Linear(4, 2)

    def forward(self, x):
        h = c = x.new_zeros(len(x), 4)
        hs = []
        for t in range(x.shape[1]):
            h, c = self.cell(x[:, t], (h, c))
            hs.append(h)
        return self.out(torch.stack(hs, 1))


def test_a_stack_of_recurrent_layers_in_one_module_and_a_cell_in_a_loop():
    stacked = nn.LSTM(3, 4, num_layers=2, batch_first=True)
    nn.init.zeros_(stacked.bias_hh_l0)

    class Stacked(nn.Module):
        def __init__(self):
            super().__init__()
            self.memory, self.out = stacked, nn.Linear(4, 2)

        def forward(self, x):
            return self.out(self.memory(x)[0])

    julia = Chain(LSTM(3, 4), LSTM(4, 4), Dense(4, 2))
    found = walked(Stacked, julia, "batch,time,3")
    assert found.agrees, [(s.shows, s.in_python, s.in_julia) for s in found.stages]
    assert len(found.stages[0].matches) == 6
    found = walked(Memory, Chain(LSTM(3, 4), Dense(4, 2)), "batch,3,3")
    assert found.agrees, [(s.shows, s.in_python, s.in_julia) for s in found.stages]
    assert cut(found)[-1] == ("out Linear", "layers.1 Dense")


def test_several_inputs_and_outputs():
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.left, self.right = nn.Linear(3, 2), nn.Linear(4, 2)

        def forward(self, x, y):
            return self.left(x), torch.relu(self.right(y))

    julia = Parallel(both, Dense(3, 2), Dense(4, 2, relu))
    found = walked(Two, julia, "batch,3", "batch,4")
    assert found.agrees and len(found.stages) == 2


@differentiable
def both(*xs):
    return xs, lambda dys: (None, *dys)


def test_outputs_of_another_shape():
    python = nn.Sequential(
        nn.Conv1d(1, 2, 3), nn.ConvTranspose1d(2, 1, 3, stride=2, output_padding=1)
    )
    julia = Chain(Conv((3,), 1, 2), pyimpl.ConvTranspose((3,), 2, 1, stride=2))
    found = walked(python, julia, "2,1,6")
    assert found.stages[found.guilty].name == "1" and found.stages[0].agrees
    assert "shape: (2, 1, 10) in Python, (2, 1, 9) in Julia" in found.inside


def test_one_model_that_raises():
    found = walked(nn.Linear(3, 2), Chain(Dense(3, 2), refusing), "batch,3")
    stage = found.stages[found.guilty]
    assert stage.shows == ["refusal"] and "no thanks" in str(stage.forward_findings[0])
    with pytest.raises(ValueError, match="both sides refuse their inputs: «RuntimeError"):
        walked(nn.Linear(3, 2), Dense(3, 2), "batch,4")


@differentiable
def refusing(x):
    raise ValueError("no thanks")


def test_layers_that_do_not_fit():
    with pytest.raises(ValueError, match="only Julia has layers.1.weight, layers.1.bias"):
        walked(nn.Linear(3, 2), Chain(Dense(3, 2), Dense(2, 2)), "batch,3")


def test_an_output_that_is_padded_on_one_side(monkeypatch):
    monkeypatch.undo()  # with explanations
    decoder = nn.ConvTranspose1d(1, 1, 3, stride=2, output_padding=1)
    found = walked(
        nn.Sequential(decoder, nn.Tanh()),
        Chain(pyimpl.ConvTranspose((3,), 1, 1, stride=2), tanh),
        "batch,1,6",
    )
    assert any("output_padding=(0,)" in each.change for each in found.explanations)
