"""Layers by their intermediates: the formulas of the twin in named steps, and the ways in which a
step is often made otherwise.

A formula takes a stage, a case and `changes`: the settings of the layer, and for a named
intermediate how it is made instead, from those before it. It gives all intermediates in order, the
last of them y.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ...functions.activations import ACTIVATIONS
from ..case.case import Case
from ..case.names import Kind, numbered
from ..pair.crossing import sent
from ..traps.epsilons import EPSILONS
from ..traps.table import TRAPS
from ..traps.trap import Step, Values

X = numbered(Kind.INPUT, 1)
EPS = (*EPSILONS, 0.0, 1e-2, 1e-4, 0.1)
FLUX_EPS = float(np.float32(1e-5))
SETTINGS = (
    "eps",
    "act",
    "order",
)  # what a formula may be told besides the intermediates that are made in another way


def arrays_of(stage, case: Case) -> Values:
    """Julia's arrays by the last part of Julia's names, as they lie there."""
    return {name.rpartition(".")[2]: array for name, array in _julias(stage, case).items()}


def _julias(stage, case: Case) -> Values:
    matches = getattr(stage, "matches", ())
    if matches:
        return {
            name.path: array
            for name, array in sent(case, matches).arrays.items()
            if name.kind is Kind.PARAMETER
        }
    return {
        stage.julia_names[path]: array
        for path, array in case.parameters().items()
        if path in stage.julia_names
    }


class _Steps:
    def __init__(self, changes: dict[str, Callable[[Values], Any]]):
        self.values: Values = {}
        self._changes = {name: change for name, change in changes.items() if name not in SETTINGS}

    def __call__(self, name: str, value) -> np.ndarray:
        self.values[name] = (
            self._changes[name](self.values | {name: value}) if name in self._changes else value
        )
        return self.values[name]


def _batch_norm(stage, case: Case, changes) -> Values:
    x, own, step = case.arrays[X], arrays_of(stage, case), _Steps(changes)
    axes = (0, *range(2, x.ndim))
    shape = (1, -1, *(1,) * (x.ndim - 2))
    step.values |= {"x": x, "axes": np.array(axes), "n": np.array(x.size // x.shape[1])}
    trained = case.mode == "train"
    if trained and "mean" in own:
        step.values |= {"running mean": own["mean"], "running variance": own["var"]}
    step.values |= {name: own[name].reshape(shape) for name in ("scale", "shift") if name in own}
    mean = step("batch mean", x.mean(axes) if trained else own["mean"])
    var = step(
        "batch variance",
        ((x - x.mean(axes).reshape(shape)) ** 2).mean(axes) if trained else own["var"],
    )
    root = step("root", np.sqrt(var + changes.get("eps", FLUX_EPS)))
    normalised = step("normalised", (x - mean.reshape(shape)) / root.reshape(shape))
    scaled = step(
        "scaled",
        normalised * step.values["scale"] + step.values["shift"] if "scale" in own else normalised,
    )
    step("y", ACTIVATIONS[changes.get("act", "identity")].value(scaled))
    return step.values


def _dense(stage, case: Case, changes) -> Values:
    x, own, step = case.arrays[X], arrays_of(stage, case), _Steps(changes)
    step.values |= {"x": x, **own}
    product = step("product", x @ own["weight"])
    total = step("sum", product + own.get("bias", 0.0))
    step("y", ACTIVATIONS[changes.get("act", "identity")].value(total))
    return step.values


def _dense_slips() -> Iterator[Step]:
    yield Step("sum", "without the bias", lambda v: v["product"])
    yield Step("sum", "the bias subtracted", lambda v: v["product"] - v["bias"])


def _layer_norm(stage, case: Case, changes) -> Values:
    x, own, step = case.arrays[X], arrays_of(stage, case), _Steps(changes)
    axes = tuple(range(-own["scale"].ndim, 0)) if "scale" in own else (-1,)
    step.values |= {"x": x, "n": np.array(np.prod([x.shape[axis] for axis in axes]))}
    if "scale" in own:
        step.values |= {"scale": own["scale"], "shift": own["bias"]}
    mean = step("mean", x.mean(axes, keepdims=True))
    var = step("variance", x.var(axes, keepdims=True))
    root = step("root", np.sqrt(var + changes.get("eps", FLUX_EPS) ** 2))
    normalised = step("normalised", (x - mean) / root)
    scaled = step(
        "scaled", normalised * own["scale"] + own["bias"] if "scale" in own else normalised
    )
    step("y", ACTIVATIONS[changes.get("act", "identity")].value(scaled))
    return step.values


def _batch_norm_slips() -> Iterator[Step]:
    yield Step("batch mean", "the running one", lambda v: v["running mean"])
    yield Step("batch variance", "the running one", lambda v: v["running variance"])
    yield from _norm_slips("batch mean", "batch variance")


def _layer_norm_slips() -> Iterator[Step]:
    return _norm_slips("mean", "variance")


def _norm_slips(mean: str, var: str) -> Iterator[Step]:
    yield Step(mean, "not subtracted", lambda v: 0 * v[mean])
    yield Step(var, "not centred", lambda v: v[var] + v[mean] ** 2)
    yield Step("root", "not taken: divided by the variance", lambda v: v["root"] ** 2)
    yield Step("scaled", "not done", lambda v: v["normalised"])
    yield Step("scaled", "without the scale", lambda v: v["normalised"] + v["shift"])
    yield Step("scaled", "without the shift", lambda v: v["normalised"] * v["scale"])
    yield Step(
        "scaled",
        "the shift added before scaling",
        lambda v: (v["normalised"] + v["shift"]) * v["scale"],
    )
    yield Step(
        "scaled",
        "scale and shift exchanged",
        lambda v: v["normalised"] * v["shift"] + v["scale"],
    )


def _over_time(
    stage, case: Case, changes, cell: Callable[..., tuple[np.ndarray, np.ndarray]]
) -> Values:
    """A cell over a sequence (batch, time, features), or one without a batch: the intermediates of
    the last step, and all outputs.
    """
    own, x = arrays_of(stage, case), case.arrays[X]
    sequence = x[None] if x.ndim == 2 else x
    h = c = np.zeros((sequence.shape[0], own["Wh"].shape[0]))
    ys, step = [], _Steps(changes)
    for t in range(sequence.shape[1]):
        step = _Steps(changes)
        h, c = cell(step, own, sequence[:, t], h, c)
        ys.append(h)
    y = np.stack(ys, 1)
    step("y", y[0] if x.ndim == 2 else y)
    return step.values


def _lstm(stage, case: Case, changes) -> Values:
    order, sigmoid = changes.get("order", (0, 1, 2, 3)), ACTIVATIONS["sigmoid"]

    def cell(step, own, x, h, c):
        blocks = np.split(x @ own["Wi"] + h @ own["Wh"] + own.get("bias", 0.0), 4, -1)
        step.values |= {
            "h": h,
            "c": c,
            "before": c,
            **{f"block {i}": block for i, block in enumerate(blocks)},
        }
        i, f, g, o = (blocks[k] for k in order)
        i, f = step("input gate", sigmoid(i)), step("forget gate", sigmoid(f))
        g, o = step("cell candidate", np.tanh(g)), step("output gate", sigmoid(o))
        c = step("cell state", f * c + i * g)
        return step("hidden state", o * np.tanh(c)), c

    return _over_time(stage, case, changes, cell)


def _lstm_slips() -> Iterator[Step]:
    sigmoid = ACTIVATIONS["sigmoid"]
    yield Step(
        "hidden state",
        "without tanh of the cell state",
        lambda v: v["output gate"] * v["cell state"],
    )
    yield Step("forget gate", "left out", lambda v: np.ones_like(v["forget gate"]))
    yield Step("forget gate", "its bias raised by one", lambda v: sigmoid(v["block 1"] + 1))
    yield Step("cell candidate", "by the sigmoid", lambda v: sigmoid(v["block 2"]))
    yield Step(
        "cell state",
        "one minus the forget gate in place of the input gate",
        lambda v: v["forget gate"] * v["before"] + (1 - v["forget gate"]) * v["cell candidate"],
    )


def _gru(stage, case: Case, changes) -> Values:
    (reset, update, new), sigmoid = changes.get("order", (0, 1, 2)), ACTIVATIONS["sigmoid"]

    def cell(step, own, x, h, c):
        xs, hs = np.split(x @ own["Wi"], 3, -1), np.split(h @ own["Wh"], 3, -1)
        bias = np.split(own["b"] if "b" in own else np.zeros(own["Wi"].shape[-1]), 3, -1)
        step.values |= {
            "h": h,
            "x part": xs[new],
            "h part": hs[new],
            "bias": bias[new],
            "Wh": np.split(own["Wh"], 3, -1)[new],
        }
        r = step("reset gate", sigmoid(xs[reset] + hs[reset] + bias[reset]))
        z = step("update gate", sigmoid(xs[update] + hs[update] + bias[update]))
        candidate = step("candidate", np.tanh(xs[new] + r * hs[new] + bias[new]))
        return step("hidden state", (1 - z) * candidate + z * h), c

    return _over_time(stage, case, changes, cell)


def _attention(stage, case: Case, changes) -> Values:
    own = {".".join(name.split(".")[-2:]): array for name, array in _julias(stage, case).items()}
    x, step = case.arrays[X], _Steps(changes)
    heads = _heads(stage.pair.python.subject)
    projected = [
        x @ own[f"{name}_proj.weight"] + own.get(f"{name}_proj.bias", 0.0) for name in "qkv"
    ]
    q, k, v = (
        step(name, part.reshape(*part.shape[:-1], heads, -1).swapaxes(-3, -2))
        for name, part in zip(("queries", "keys", "values"), projected, strict=True)
    )
    scores = step("scores", q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1]))
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    weights = step("weights", weights / weights.sum(-1, keepdims=True))
    mixed = step("mixed values", (weights @ v).swapaxes(-3, -2).reshape(x.shape[:-1] + (-1,)))
    step("y", mixed @ own["out_proj.weight"] + own.get("out_proj.bias", 0.0))
    return step.values


def _heads(subject) -> int:
    return next(
        (
            int(getattr(subject, name))
            for name in ("nheads", "num_heads", "heads", "n_heads")
            if hasattr(subject, name)
        ),
        1,
    )


def _attention_slips() -> Iterator[Step]:
    yield Step(
        "scores",
        "not divided by the root of the head's size",
        lambda v: v["scores"] * np.sqrt(v["queries"].shape[-1]),
    )
    yield Step(
        "scores",
        "divided by the root of all features",
        lambda v: v["scores"] / np.sqrt(v["queries"].shape[-3]),
    )
    yield Step(
        "weights",
        "normalised over the queries",
        lambda v: np.exp(v["scores"]) / np.exp(v["scores"]).sum(-2, keepdims=True),
    )
    yield Step("scores", "queries and keys exchanged", lambda v: v["scores"].swapaxes(-1, -2))
    yield Step(
        "scores",
        "later keys masked",
        lambda v: np.where(np.tri(v["scores"].shape[-1], dtype=bool), v["scores"], -np.inf),
    )


Formula = Callable[[Any, Case, dict[str, Any]], Values]
FORMULAS: dict[str, Formula] = {
    "Dense": _dense,
    "BatchNorm": _batch_norm,
    "LayerNorm": _layer_norm,
    "LSTM": _lstm,
    "GRU": _gru,
    "MultiHeadAttention": _attention,
}
# Mistakes in a layer that are no trap between two languages: those stand in the table of traps.
SLIPS: dict[str, Callable[[], Iterator[Step]]] = {
    "Dense": _dense_slips,
    "BatchNorm": _batch_norm_slips,
    "LayerNorm": _layer_norm_slips,
    "LSTM": _lstm_slips,
    "MultiHeadAttention": _attention_slips,
}
SET = {"Dense": ("act",), "BatchNorm": ("eps", "act"), "LayerNorm": ("eps", "act")}


def steps_otherwise(kind: str) -> Iterator[Step]:
    """Every way in which a step of a layer of this kind is often made otherwise."""
    for trap in TRAPS.values():
        if kind in trap.steps:
            yield from trap.steps[kind]()
    if kind in SLIPS:
        yield from SLIPS[kind]()
