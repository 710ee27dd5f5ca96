"""Layers by their intermediates: the formulas of the twin in named steps, and the ways in which a
step is often made otherwise.

A formula takes a stage, a case and `changes`: the settings of the layer, and for a named
intermediate how it is made instead, from those before it. It gives all intermediates in order, the
last of them y.
"""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import permutations
from typing import Any

import numpy as np

from ...functions.activations import ACTIVATIONS
from ..case.case import Case
from ..case.names import Kind, numbered

X = numbered(Kind.INPUT, 1)
Values = dict[str, np.ndarray]
EPS = (
    1e-5,
    1e-3,
    1e-6,
    1e-8,
    1e-12,
    0.0,
    float(np.float32(1e-5)),
    1e-2,
    1e-4,
    1e-7,
    0.1,
    float(np.float32(1e-3)),
)
FLUX_EPS = float(np.float32(1e-5))
SETTINGS = (
    "eps",
    "act",
    "order",
)  # what a formula may be told besides the intermediates that are made in another way


def arrays_of(stage, case: Case) -> Values:
    """Julia's arrays by the last part of Julia's names."""
    return {
        stage.julia_names[path].rpartition(".")[2]: array
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
    mean = step("batch mean", x.mean(axes) if trained else own["mean"])
    var = step(
        "batch variance",
        ((x - x.mean(axes).reshape(shape)) ** 2).mean(axes) if trained else own["var"],
    )
    root = step("root", np.sqrt(var + changes.get("eps", FLUX_EPS)))
    normalised = step("normalised", (x - mean.reshape(shape)) / root.reshape(shape))
    scaled = step(
        "scaled",
        normalised * own["scale"].reshape(shape) + own["shift"].reshape(shape)
        if "scale" in own
        else normalised,
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


def _dense_variants(stage, case: Case) -> Iterator[tuple[str, str, Callable[[Values], Any]]]:
    own = arrays_of(stage, case)
    if len(set(own["weight"].shape)) == 1:
        yield "product", "with the transposed weight", lambda v: v["x"] @ v["weight"].T
    if "bias" in own:
        yield "sum", "without the bias", lambda v: v["product"]
        yield "sum", "the bias subtracted", lambda v: v["product"] - v["bias"]


def _layer_norm(stage, case: Case, changes) -> Values:
    x, own, step = case.arrays[X], arrays_of(stage, case), _Steps(changes)
    axes = tuple(range(-own["scale"].ndim, 0)) if "scale" in own else (-1,)
    step.values |= {"x": x, "n": np.array(np.prod([x.shape[axis] for axis in axes]))}
    mean = step("mean", x.mean(axes, keepdims=True))
    var = step("variance", x.var(axes, keepdims=True))
    root = step("root", np.sqrt(var + changes.get("eps", FLUX_EPS) ** 2))
    normalised = step("normalised", (x - mean) / root)
    scaled = step(
        "scaled", normalised * own["scale"] + own["bias"] if "scale" in own else normalised
    )
    step("y", ACTIVATIONS[changes.get("act", "identity")].value(scaled))
    return step.values


def _norm_variants(stage, case: Case) -> Iterator[tuple[str, str, Callable[[Values], Any]]]:
    mean, var = (
        ("batch mean", "batch variance") if stage.kind == "BatchNorm" else ("mean", "variance")
    )
    yield mean, "not subtracted", lambda v: 0 * v[mean]
    yield var, "corrected (divided by n - 1)", lambda v: v[var] * v["n"] / np.maximum(v["n"] - 1, 1)
    yield var, "not centred", lambda v: v[var] + v[mean] ** 2
    for eps in EPS:
        yield "root", f"epsilon {eps:g} outside of it", partial(_outside, var, eps)
        yield "root", f"epsilon {eps:g} inside of it", partial(_inside, var, eps)
    yield "root", "not taken: divided by the variance", lambda v: v["root"] ** 2
    own = arrays_of(stage, case)
    if stage.kind == "BatchNorm" and case.mode == "train" and "mean" in own:
        yield mean, "the running one", lambda v: own["mean"]
        yield var, "the running one", lambda v: own["var"]
    if "scale" in own:
        yield "scaled", "not done", lambda v: v["normalised"]
        shift = own.get("shift", own.get("bias"))
        if shift is not None:
            scale, moved = (_along(stage, case, array) for array in (own["scale"], shift))
            yield "scaled", "without the scale", lambda v: v["normalised"] + moved
            yield "scaled", "without the shift", lambda v: v["normalised"] * scale
            yield (
                "scaled",
                "the shift added before scaling",
                lambda v: (v["normalised"] + moved) * scale,
            )
            yield "scaled", "scale and shift exchanged", lambda v: v["normalised"] * moved + scale


def _along(stage, case: Case, array: np.ndarray) -> np.ndarray:
    return (
        array.reshape(1, -1, *(1,) * (case.arrays[X].ndim - 2))
        if stage.kind == "BatchNorm"
        else array
    )


def _outside(var: str, eps: float, values: Values) -> np.ndarray:
    return np.sqrt(values[var]) + eps


def _inside(var: str, eps: float, values: Values) -> np.ndarray:
    return np.sqrt(values[var] + eps)


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


def _lstm_variants(stage, case: Case) -> Iterator[tuple[str, str, Any]]:
    for order in permutations(range(4)):
        if order != (0, 1, 2, 3):
            names = ("input", "forget", "cell", "output")
            yield (
                "order",
                "the gates are taken from the blocks in the order "
                + ", ".join(names[k] for k in order),
                order,
            )
    yield (
        "hidden state",
        "without tanh of the cell state",
        lambda v: v["output gate"] * v["cell state"],
    )
    yield "forget gate", "left out", lambda v: np.ones_like(v["forget gate"])
    yield (
        "forget gate",
        "its bias raised by one",
        lambda v: ACTIVATIONS["sigmoid"](v["block 1"] + 1),
    )
    yield "cell candidate", "by the sigmoid", lambda v: ACTIVATIONS["sigmoid"](v["block 2"])
    yield (
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


def _gru_variants(stage, case: Case) -> Iterator[tuple[str, str, Any]]:
    for order in permutations(range(3)):
        if order != (0, 1, 2):
            names = ("reset", "update", "candidate")
            yield (
                "order",
                "the gates are taken from the blocks in the order "
                + ", ".join(names[k] for k in order),
                order,
            )
    yield (
        "candidate",
        "bias inside the reset product",
        lambda v: np.tanh(v["x part"] + v["reset gate"] * (v["h part"] + v["bias"])),
    )
    yield (
        "candidate",
        "reset before the product",
        lambda v: np.tanh(v["x part"] + (v["reset gate"] * v["h"]) @ v["Wh"] + v["bias"]),
    )
    yield "candidate", "without reset", lambda v: np.tanh(v["x part"] + v["h part"] + v["bias"])
    yield (
        "hidden state",
        "update gate the other way round",
        lambda v: v["update gate"] * v["candidate"] + (1 - v["update gate"]) * v["h"],
    )


def _attention(stage, case: Case, changes) -> Values:
    own = {
        ".".join(stage.julia_names[path].split(".")[-2:]): array
        for path, array in case.parameters().items()
    }
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


def _attention_variants(stage, case: Case) -> Iterator[tuple[str, str, Callable[[Values], Any]]]:
    yield (
        "scores",
        "not divided by the root of the head's size",
        lambda v: v["scores"] * np.sqrt(v["queries"].shape[-1]),
    )
    yield (
        "scores",
        "divided by the root of all features",
        lambda v: v["scores"] / np.sqrt(v["queries"].shape[-3]),
    )
    yield (
        "weights",
        "normalised over the queries",
        lambda v: np.exp(v["scores"]) / np.exp(v["scores"]).sum(-2, keepdims=True),
    )
    yield "scores", "queries and keys exchanged", lambda v: v["scores"].swapaxes(-1, -2)
    yield (
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
VARIANTS: dict[str, Callable[[Any, Case], Iterator[tuple[str, str, Any]]]] = {
    "Dense": _dense_variants,
    "BatchNorm": _norm_variants,
    "LayerNorm": _norm_variants,
    "LSTM": _lstm_variants,
    "GRU": _gru_variants,
    "MultiHeadAttention": _attention_variants,
}
SET = {"Dense": ("act",), "BatchNorm": ("eps", "act"), "LayerNorm": ("eps", "act")}
