"""Inside a stage at fault: the intermediate at which it goes wrong.

The intermediates of the reference are computed by the formulas of the twin, from Julia's inputs and arrays. A stage that can tell
its own, by a method `intermediates(x)` that gives a dict, is compared name by name; of any other, the output is: where it is that
of the same formulas with one intermediate made in another way, that one is named. Nothing is said that was not shown so.
"""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import permutations
from typing import Any

import numpy as np

from ..activations import ACTIVATIONS
from .case import Case, Outcome
from .pair import Evidence

Values = dict[str, np.ndarray]
ENOUGH = 1e-9  # relative to the largest entry
EPS = (1e-5, 1e-3, 1e-6, 1e-8, 1e-12, 0.0, float(np.float32(1e-5)), 1e-2, 1e-4, 1e-7, 0.1, float(np.float32(1e-3)))
FLUX_EPS = float(np.float32(1e-5))
SETTINGS = ("eps", "act", "order")  # what a formula may be told besides the intermediates that are made in another way


def where_inside(stage: Any) -> str:
    """The intermediate, and how it is made there; empty where none was found."""
    evidence = [e for e in stage.evidence if not e.agrees and "float64" in e.julia and _output(e.julia["float64"]) is not None]
    if not evidence:
        return ""
    told = _by_its_own_word(stage, evidence)
    if told:
        return told
    only_forward = [e for e in evidence if _outputs_differ(stage, e)]
    if only_forward:
        return _by_the_output(stage, only_forward)
    return _by_the_arrays(stage, evidence)


def _arrays(stage, case: Case) -> Values:
    """Julia's arrays by the last part of Julia's names."""
    return {stage.julia_names[path].rpartition(".")[2]: array for path, array in case.of("param.").items() if path in stage.julia_names}


def _same(a: np.ndarray, b: np.ndarray) -> bool:
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    return a.shape == b.shape and bool(np.all(np.abs(a - b) <= ENOUGH * max(1e-300, float(np.abs(b).max(initial=0)))))


def _output(outcome: Outcome) -> np.ndarray | None:
    return outcome.arrays.get("y", outcome.arrays.get("y.0"))


def _outputs_differ(stage, evidence: Evidence) -> bool:
    mine = _output(stage.pair.evaluate(evidence.case))
    return mine is not None and not _same(mine, _output(evidence.julia["float64"]))


def _by_its_own_word(stage, evidence: list[Evidence]) -> str:
    ask = getattr(stage.pair.python.subject, "intermediates", None)
    if ask is None or stage.kind not in FORMULAS:
        return ""
    for each in evidence:
        mine = ask(*each.case.numbered("x"))
        settings = _settings(stage, [each])
        for name, theirs in FORMULAS[stage.kind](stage, each.case, settings).items() if settings is not None else ():
            if name in mine and not _same(np.asarray(mine[name]), theirs):
                return f"{name}: its own is not that of the reference"
    return ""


def _by_the_output(stage, evidence: list[Evidence]) -> str:
    if stage.kind not in FORMULAS:
        return ""
    formula = FORMULAS[stage.kind]
    settings = _settings(stage, evidence)
    if settings is None:
        return ""
    found = []
    for name, how, change in [*VARIANTS[stage.kind](stage, evidence[0].case), *_other_activations(settings)]:
        if all(_reproduces(stage, formula, each, settings | {name: change}) for each in evidence):
            found.append(f"{'activation' if name == 'act' else name}: {how}")
    return " or ".join(list(dict.fromkeys(found))[:3])


def _settings(stage, evidence: list[Evidence]) -> dict[str, Any] | None:
    """The epsilon and the activation with which the formula makes what Julia gave; None where there are none."""
    tried: list[dict[str, Any]] = [{}]
    if stage.kind in SET:
        tried += [{"act": name} for name in ACTIVATIONS]
        tried += [{"eps": eps, "act": name} for eps in (*EPS, FLUX_EPS**0.5) for name in ACTIVATIONS] if "eps" in SET[stage.kind] else []
    for settings in tried:
        with np.errstate(all="ignore"):
            if all(_same(FORMULAS[stage.kind](stage, each.case, settings)["y"], _output(each.julia["float64"])) for each in evidence):
                return settings
    return None


def _other_activations(settings: dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
    if "act" in settings:
        own = settings["act"]
        for other in ACTIVATIONS:
            if not other.endswith("_fast") and other != own.removesuffix("_fast"):
                yield "act", f"{own} left out" if other == "identity" else f"{other} in place of {own}", other


def _reproduces(stage, formula, evidence: Evidence, changes) -> bool:
    mine = _output(stage.pair.evaluate(evidence.case))
    with np.errstate(all="ignore"):
        return mine is not None and _same(formula(stage, evidence.case, changes)["y"], mine)


def _by_the_arrays(stage, evidence: list[Evidence]) -> str:
    """Outputs agree: what is left is the statistics, or the backward pass."""
    named = [name.partition(".")[2] for name in stage.differing if name.startswith("state.")]
    if named:
        how = _of_statistics(stage, evidence)
        return f"running statistics: {', '.join(named)}{f' ({how})' if how else ''}"
    named = [name.removeprefix("grad.") for name in stage.differing if name.startswith("grad.")]
    factors = {name: _factor(stage, evidence, f"grad.{name}") for name in named}
    told = ", ".join(f"{name} ({factor})" if factor else name for name, factor in factors.items())
    return f"backward pass: gradient of {told}" if named else ""


def _of_statistics(stage, evidence: list[Evidence]) -> str:
    """How the running statistics of a batch normalisation are made of the batch's."""
    ways = {name: all(_updated(stage, each, new, corrected) for each in evidence) for name, new, corrected in STATISTICS}
    found = [name for name, fits in ways.items() if fits]
    return found[0] if len(found) == 1 else ""


STATISTICS = [
    ("not updated", 0.0, True),
    ("the variance biased, divided by n", float(np.float32(0.1)), False),
    *((f"momentum {new:g}", new, True) for new in (0.9, 0.99, 0.01, 0.001, 0.5, 0.999)),
    *((f"momentum {new:g}, the variance biased", new, False) for new in (0.9, 0.99, 0.01, 0.001)),
]


def _updated(stage, evidence: Evidence, new: float, corrected: bool) -> bool:
    case, own = evidence.case, _arrays(stage, evidence.case)
    after = {stage.julia_names.get(name.removeprefix("state.")): array for name, array in stage.pair.evaluate(case).arrays.items()}
    if stage.kind != "BatchNorm" or not {"mean", "var"} <= own.keys() & after.keys():
        return False
    x = case.arrays["x1"]
    axes = (0, *range(2, x.ndim))
    statistics = {"mean": x.mean(axes), "var": x.var(axes, ddof=int(corrected))}
    return all(np.allclose(after[name], (1 - new) * own[name] + new * batch, rtol=1e-6) for name, batch in statistics.items())


def _factor(stage, evidence: list[Evidence], name: str) -> str:
    """The number by which a gradient is too large in every case, if it is one."""
    factors, sizes = [], []
    for each in evidence:
        mine, theirs = stage.pair.evaluate(each.case).arrays.get(name), each.julia["float64"].arrays.get(name)
        if mine is None or theirs is None or mine.shape != theirs.shape or not theirs.any():
            continue
        factors.append(float(np.vdot(mine, theirs) / np.vdot(theirs, theirs)))
        if not np.allclose(mine, factors[-1] * theirs, rtol=1e-6, atol=1e-9 * float(np.abs(theirs).max())):
            return ""
        x = each.case.arrays["x1"]
        sizes.append({"the size of the batch": len(x), "the number of entries": x.size, "the rows": x.size // x.shape[-1]})
    if not factors:
        return ""
    for what in sizes[0]:
        if len({size[what] for size in sizes} - {1}) and np.allclose(factors, [1 / size[what] for size in sizes]):
            return f"divided by {what}"
        if len({size[what] for size in sizes} - {1}) and np.allclose(factors, [size[what] for size in sizes]):
            return f"multiplied by {what}"
    if np.max(np.abs(factors)) < 1e-9:
        return "zero"
    return f"{factors[0]:.4g} times Julia's" if np.allclose(factors, factors[0]) and abs(factors[0] - 1) > 1e-6 else ""


# Formulas: named intermediates in order, the last of them y. `changes` says how one of them is made instead, from those before it.


class _Steps:
    def __init__(self, changes: dict[str, Callable[[Values], Any]]):
        self.values: Values = {}
        self._changes = {name: change for name, change in changes.items() if name not in SETTINGS}

    def __call__(self, name: str, value) -> np.ndarray:
        self.values[name] = self._changes[name](self.values | {name: value}) if name in self._changes else value
        return self.values[name]


def _batch_norm(stage, case: Case, changes) -> Values:
    x, own, step = case.arrays["x1"], _arrays(stage, case), _Steps(changes)
    axes = (0, *range(2, x.ndim))
    shape = (1, -1, *(1,) * (x.ndim - 2))
    step.values |= {"x": x, "axes": np.array(axes), "n": np.array(x.size // x.shape[1])}
    trained = case.mode == "train"
    mean = step("batch mean", x.mean(axes) if trained else own["mean"])
    var = step("batch variance", ((x - x.mean(axes).reshape(shape)) ** 2).mean(axes) if trained else own["var"])
    root = step("root", np.sqrt(var + changes.get("eps", FLUX_EPS)))
    normalised = step("normalised", (x - mean.reshape(shape)) / root.reshape(shape))
    scaled = step("scaled", normalised * own["scale"].reshape(shape) + own["shift"].reshape(shape) if "scale" in own else normalised)
    step("y", ACTIVATIONS[changes.get("act", "identity")].value(scaled))
    return step.values


def _dense(stage, case: Case, changes) -> Values:
    x, own, step = case.arrays["x1"], _arrays(stage, case), _Steps(changes)
    step.values |= {"x": x, **own}
    product = step("product", x @ own["weight"])
    total = step("sum", product + own.get("bias", 0.0))
    step("y", ACTIVATIONS[changes.get("act", "identity")].value(total))
    return step.values


def _dense_variants(stage, case: Case) -> Iterator[tuple[str, str, Callable[[Values], Any]]]:
    own = _arrays(stage, case)
    if len(set(own["weight"].shape)) == 1:
        yield "product", "with the transposed weight", lambda v: v["x"] @ v["weight"].T
    if "bias" in own:
        yield "sum", "without the bias", lambda v: v["product"]
        yield "sum", "the bias subtracted", lambda v: v["product"] - v["bias"]


def _layer_norm(stage, case: Case, changes) -> Values:
    x, own, step = case.arrays["x1"], _arrays(stage, case), _Steps(changes)
    axes = tuple(range(-own["scale"].ndim, 0)) if "scale" in own else (-1,)
    step.values |= {"x": x, "n": np.array(np.prod([x.shape[axis] for axis in axes]))}
    mean = step("mean", x.mean(axes, keepdims=True))
    var = step("variance", x.var(axes, keepdims=True))
    root = step("root", np.sqrt(var + changes.get("eps", FLUX_EPS) ** 2))
    normalised = step("normalised", (x - mean) / root)
    scaled = step("scaled", normalised * own["scale"] + own["bias"] if "scale" in own else normalised)
    step("y", ACTIVATIONS[changes.get("act", "identity")].value(scaled))
    return step.values


def _norm_variants(stage, case: Case) -> Iterator[tuple[str, str, Callable[[Values], Any]]]:
    mean, var = ("batch mean", "batch variance") if stage.kind == "BatchNorm" else ("mean", "variance")
    yield mean, "not subtracted", lambda v: 0 * v[mean]
    yield var, "corrected (divided by n - 1)", lambda v: v[var] * v["n"] / np.maximum(v["n"] - 1, 1)
    yield var, "not centred", lambda v: v[var] + v[mean] ** 2
    for eps in EPS:
        yield "root", f"epsilon {eps:g} outside of it", partial(_outside, var, eps)
        yield "root", f"epsilon {eps:g} inside of it", partial(_inside, var, eps)
    yield "root", "not taken: divided by the variance", lambda v: v["root"] ** 2
    own = _arrays(stage, case)
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
            yield "scaled", "the shift added before scaling", lambda v: (v["normalised"] + moved) * scale
            yield "scaled", "scale and shift exchanged", lambda v: v["normalised"] * moved + scale


def _along(stage, case: Case, array: np.ndarray) -> np.ndarray:
    return array.reshape(1, -1, *(1,) * (case.arrays["x1"].ndim - 2)) if stage.kind == "BatchNorm" else array


def _outside(var: str, eps: float, values: Values) -> np.ndarray:
    return np.sqrt(values[var]) + eps


def _inside(var: str, eps: float, values: Values) -> np.ndarray:
    return np.sqrt(values[var] + eps)


def _lstm(stage, case: Case, changes) -> Values:
    own, x = _arrays(stage, case), case.arrays["x1"]
    order = changes.get("order", (0, 1, 2, 3))
    changes = {name: change for name, change in changes.items() if name != "order"}
    sequence = x[None] if x.ndim == 2 else x
    hidden = own["Wh"].shape[0]
    h = c = np.zeros((sequence.shape[0], hidden))
    ys, step = [], _Steps(changes)
    sigmoid = ACTIVATIONS["sigmoid"]
    for t in range(sequence.shape[1]):
        step = _Steps(changes)
        z = sequence[:, t] @ own["Wi"] + h @ own["Wh"] + own.get("bias", 0.0)
        blocks = np.split(z, 4, -1)
        step.values |= {"h": h, "c": c, **{f"block {i}": block for i, block in enumerate(blocks)}}
        i, f, g, o = (blocks[k] for k in order)
        i, f = step("input gate", sigmoid(i)), step("forget gate", sigmoid(f))
        g, o = step("cell candidate", np.tanh(g)), step("output gate", sigmoid(o))
        step.values["before"] = c
        c = step("cell state", f * c + i * g)
        h = step("hidden state", o * np.tanh(c))
        ys.append(h)
    y = np.stack(ys, 1)
    step("y", y[0] if x.ndim == 2 else y)
    return step.values


def _lstm_variants(stage, case: Case) -> Iterator[tuple[str, str, Any]]:
    for order in permutations(range(4)):
        if order != (0, 1, 2, 3):
            names = ("input", "forget", "cell", "output")
            yield "order", "the gates are taken from the blocks in the order " + ", ".join(names[k] for k in order), order
    yield "hidden state", "without tanh of the cell state", lambda v: v["output gate"] * v["cell state"]
    yield "forget gate", "left out", lambda v: np.ones_like(v["forget gate"])
    yield "forget gate", "its bias raised by one", lambda v: ACTIVATIONS["sigmoid"](v["block 1"] + 1)
    yield "cell candidate", "by the sigmoid", lambda v: ACTIVATIONS["sigmoid"](v["block 2"])
    yield (
        "cell state",
        "one minus the forget gate in place of the input gate",
        lambda v: v["forget gate"] * v["before"] + (1 - v["forget gate"]) * v["cell candidate"],
    )


def _gru(stage, case: Case, changes) -> Values:
    own, x = _arrays(stage, case), case.arrays["x1"]
    sequence = x[None] if x.ndim == 2 else x
    hidden = own["Wh"].shape[0]
    order = changes.get("order", (0, 1, 2))
    changes = {name: change for name, change in changes.items() if name != "order"}
    h, ys, step = np.zeros((sequence.shape[0], hidden)), [], _Steps(changes)
    sigmoid = ACTIVATIONS["sigmoid"]
    for t in range(sequence.shape[1]):
        step = _Steps(changes)
        xs, hs = np.split(sequence[:, t] @ own["Wi"], 3, -1), np.split(h @ own["Wh"], 3, -1)
        bias = np.split(own["b"] if "b" in own else np.zeros(3 * hidden), 3, -1)
        reset, update, new = order
        step.values |= {"h": h, "x part": xs[new], "h part": hs[new], "bias": bias[new], "Wh": np.split(own["Wh"], 3, -1)[new]}
        r = step("reset gate", sigmoid(xs[reset] + hs[reset] + bias[reset]))
        z = step("update gate", sigmoid(xs[update] + hs[update] + bias[update]))
        candidate = step("candidate", np.tanh(xs[new] + r * hs[new] + bias[new]))
        h = step("hidden state", (1 - z) * candidate + z * h)
        ys.append(h)
    y = np.stack(ys, 1)
    step("y", y[0] if x.ndim == 2 else y)
    return step.values


def _gru_variants(stage, case: Case) -> Iterator[tuple[str, str, Any]]:
    for order in permutations(range(3)):
        if order != (0, 1, 2):
            names = ("reset", "update", "candidate")
            yield "order", "the gates are taken from the blocks in the order " + ", ".join(names[k] for k in order), order
    yield "candidate", "bias inside the reset product", lambda v: np.tanh(v["x part"] + v["reset gate"] * (v["h part"] + v["bias"]))
    yield "candidate", "reset before the product", lambda v: np.tanh(v["x part"] + (v["reset gate"] * v["h"]) @ v["Wh"] + v["bias"])
    yield "candidate", "without reset", lambda v: np.tanh(v["x part"] + v["h part"] + v["bias"])
    yield "hidden state", "update gate the other way round", lambda v: v["update gate"] * v["candidate"] + (1 - v["update gate"]) * v["h"]


def _attention(stage, case: Case, changes) -> Values:
    own = {".".join(stage.julia_names[path].split(".")[-2:]): array for path, array in case.of("param.").items()}
    x, step = case.arrays["x1"], _Steps(changes)
    heads = _heads(stage.pair.python.subject)
    projected = [x @ own[f"{name}_proj.weight"] + own.get(f"{name}_proj.bias", 0.0) for name in "qkv"]
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
    return next((int(getattr(subject, name)) for name in ("nheads", "num_heads", "heads", "n_heads") if hasattr(subject, name)), 1)


def _attention_variants(stage, case: Case) -> Iterator[tuple[str, str, Callable[[Values], Any]]]:
    yield "scores", "not divided by the root of the head's size", lambda v: v["scores"] * np.sqrt(v["queries"].shape[-1])
    yield "scores", "divided by the root of all features", lambda v: v["scores"] / np.sqrt(v["queries"].shape[-3])
    yield "weights", "normalised over the queries", lambda v: np.exp(v["scores"]) / np.exp(v["scores"]).sum(-2, keepdims=True)
    yield "scores", "queries and keys exchanged", lambda v: v["scores"].swapaxes(-1, -2)
    yield "scores", "later keys masked", lambda v: np.where(np.tri(v["scores"].shape[-1], dtype=bool), v["scores"], -np.inf)


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
