"""Modules of PyTorch taken apart: every call is seen, and every part runs alone as in the model."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402

from pyimpl.parity.case.case import Case  # noqa: E402
from pyimpl.parity.sides.frameworks import side_of  # noqa: E402


class Block(nn.Module):
    """Branches, functions of tensors, work in place, a weight used twice, once transposed."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(2, 3, 3, padding=1)
        self.norm, self.relu = nn.BatchNorm1d(3), nn.ReLU(inplace=True)
        self.shortcut = nn.Sequential(nn.Conv1d(2, 3, 1))
        self.weight = nn.Parameter(torch.randn(3, 5))
        self.drop = nn.Dropout(0.5)

    def forward(self, x):
        y = self.relu(self.norm(self.conv(x)))
        y = y + self.shortcut(x)
        y += 1
        y[:, 0] = 0
        code = F.dropout(y.mean(dim=-1) @ self.weight, training=self.training)
        return self.drop(F.linear(torch.tanh(code), self.weight))


class Sequence(nn.Module):
    """Several inputs and outputs, attention with a mask, recurrent layers in a stack."""

    def __init__(self):
        super().__init__()
        self.memory = nn.LSTM(4, 3, num_layers=2, bidirectional=True, dropout=0.3, batch_first=True)
        self.attention = nn.MultiheadAttention(6, 2, batch_first=True, dropout=0.1)
        self.encoder = nn.TransformerEncoderLayer(6, 2, 8, batch_first=True)

    def forward(self, x, scale):
        y, (h, _) = self.memory(x)
        mask = torch.full((x.shape[1], x.shape[1]), float("-inf"), dtype=x.dtype).triu(1)
        y, _ = self.attention(y, y, y, attn_mask=mask)
        return self.encoder(y) * scale, h[-1]


MODELS = {"block": (Block, ["2,2,4"]), "sequence": (Sequence, ["2,5,4", "2,1,1"])}


def traced(name, dtype="float64", mode="train"):
    torch.manual_seed(0)
    module, shapes = MODELS[name]
    side = side_of(module())
    rng = np.random.default_rng(0)
    xs = {
        f"x{i}": rng.standard_normal(tuple(map(int, shape.split(","))))
        for i, shape in enumerate(shapes, 1)
    }
    own = {f"param.{path}": array for path, array in side.parameters().items()}
    case = Case("p", {}, xs | own, mode).cast(dtype)
    return side, case, side.framework.trace(side, case)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_every_part_gives_what_it_gave_in_the_model(name, dtype):
    side, case, trace = traced(name, dtype)
    assert not trace.error
    for call in trace.moving():
        reads = [n for n in dict.fromkeys(call.inputs) if n not in trace.fixed()]
        part = trace.between(reads, call.outputs)
        own = part.side.parameters()
        assert all(part.paths[path] in side.parameters() for path in own)
        inputs = {f"x{i}": trace.values[n] for i, n in enumerate(reads, 1)}
        inputs |= {f"param.{path}": array for path, array in own.items()}
        mode = "test" if side.framework.drops(part.side) else case.mode
        outcome = part.side.evaluate(Case("p", {}, inputs, mode).cast(dtype))
        assert outcome.error is None, outcome.error
        for number, y in zip(call.outputs, outcome.outputs().values(), strict=True):
            np.testing.assert_allclose(y, trace.values[number], rtol=1e-5, atol=1e-6)
            assert y.dtype == trace.values[number].dtype


def test_the_calls_of_a_module_with_a_forward_of_its_own():
    _, _, trace = traced("block")
    kinds = [call.kind for call in trace.moving()]
    assert kinds[:5] == ["Conv1d", "BatchNorm1d", "ReLU", "Conv1d", "add"]
    assert kinds[-5:] == ["matmul", "dropout", "tanh", "linear", "Dropout"]
    first, last = (call for call in trace.moving() if "weight" in call.arrays)
    assert (first.kind, last.kind) == ("matmul", "linear")
    assert trace.moving()[3].path == "shortcut.0"


def test_the_whole_model_between_its_ends_has_its_gradients():
    side, case, trace = traced("block")
    part = trace.between(trace.inputs, trace.outputs)
    dy = np.random.default_rng(1).standard_normal(trace.values[trace.outputs[0]].shape)
    asked = Case("p", {}, case.arrays | {"dy1": dy}, "train")
    ours = part.side.evaluate(asked).arrays
    module = side.placed(asked)
    for layer in (module.drop,):
        layer.p = 0.0
    module.train()
    x = torch.from_numpy(case.arrays["x1"]).requires_grad_()
    dropless = F.dropout
    F.dropout = lambda y, *args, **kwargs: y
    try:
        module(x).backward(torch.from_numpy(dy))
    finally:
        F.dropout = dropless
    np.testing.assert_allclose(ours["grad.x1"], x.grad, rtol=1e-12, atol=1e-14)
    for name, parameter in module.named_parameters():
        np.testing.assert_allclose(ours[f"grad.{name}"], parameter.grad, rtol=1e-12, atol=1e-14)


def test_the_layers_within_layers():
    _, _, trace = traced("sequence")
    (stack,) = trace.moving()[0].splits
    assert [unit["weight_ih_l0"].name for unit in stack] == [
        f"memory.weight_ih_{end}" for end in ("l0", "l0_reverse", "l1", "l1_reverse")
    ]
    attention = next(call for call in trace.moving() if call.path == "attention")
    single, packed = attention.splits
    assert str(single[1]["k_proj.weight"]) == "attention.in_proj_weight[2 of 3]"
    assert set(packed[1]) == {"out_proj.weight", "out_proj.bias"}


def test_a_trace_leaves_the_model_as_it_was_and_tells_where_it_ended():
    side, case, _ = traced("block")
    assert np.all(side.parameters()["norm.running_mean"] == 0) and side.subject.training
    wrong = Case("p", {}, case.arrays | {"x1": np.zeros((2, 3, 4))}, "train")
    trace = side.framework.trace(side, wrong)
    assert "channels" in trace.error and trace.outputs == ()
