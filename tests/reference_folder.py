"""Reads a folder of real Flux outcomes (`index.json` and one .npz per group) as cases and outcomes of this project.

The folder names arrays as Flux does and counts axes and indices as Julia does; everything is translated here.
`SUBJECTS` says for every row of the folder which twin stands for it; a row without one is reported, not skipped in silence.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import pyimpl
from pyimpl import ACTIVATIONS, differentiable
from pyimpl.parity.case.case import Case, Outcome
from pyimpl.tree import astype

FIELDS = {"β": "shift", "γ": "scale", "μ": "mean", "σ²": "var", "λ": "act", "σ": "act", "ϵ": "eps", "Wh_h̃": "Wh_candidate"}


@dataclass(frozen=True)
class Entry:
    """One case of the folder: the twin that answers for it, its inputs, and what Flux made of them."""

    label: str
    row: str
    case: Case
    build: Callable[[Case], Any]
    flux: Outcome
    version: str  # of Flux


def bound(function, **options):
    """`function` with its options filled in, still differentiable."""
    return differentiable(lambda *xs: function.pullback(*xs, **options))


def axis(config, key="dims", default=1) -> int:
    """A dimension of a Julia array, counted from 1, as an axis of the reversed array."""
    return -config.get(key, default)


def sizes(config, *names) -> dict[str, Any]:
    """Sizes in Julia's axis order (width first) as keyword arguments in ours."""
    found = {}
    for name in names:
        if name in config:
            value = config[name]
            if name == "pad" and isinstance(value, list) and len(value) == 2 * config["rank"]:
                pairs = [value[i : i + 2] for i in range(0, len(value), 2)]
                value = [size for pair in reversed(pairs) for size in pair]
            elif isinstance(value, list):
                value = value[::-1]
            found[name] = value
    return found


def act(config):
    return ACTIVATIONS[config.get("act", "identity")]


def activation(name):
    def build(c, p):
        parameters = (c["arg"],) if "arg" in c else ()
        return differentiable(lambda x: _first(*ACTIVATIONS[name].pullback(x, *parameters)))

    return build


def _first(y, back):
    return y, lambda dy: back(dy)[:2]


def dense(p, weight="weight", bias="bias", act=pyimpl.identity):
    return pyimpl.Dense(p[weight].copy(), p[bias].copy() if bias in p else False, act)


def batchnorm(p, chs, act=pyimpl.identity, **options):
    layer = pyimpl.BatchNorm(chs, act, **options)
    for name, field in {"beta": "shift", "gamma": "scale", "mu": "mean", "var": "var"}.items():
        if name in p and getattr(layer, field) is not None:
            setattr(layer, field, p[name].copy())
    return layer


def normalising(c) -> dict[str, Any]:
    """eps and momentum of a norm layer: Flux's literals are Float32."""
    return {name: kind(np.float32(c[name])) for name, kind in (("eps", np.float32), ("momentum", float)) if name in c}


def conv(kind):
    def build(c, p):
        c = {**c, "rank": p["weight"].ndim - 2}
        options = sizes(c, "stride", "pad", "dilation", "outpad") | {name: c[name] for name in ("groups",) if name in c}
        return kind(p["weight"].copy(), p["bias"].copy() if "bias" in p else False, act(c), **options)

    return build


def pool(kind):
    def build(c, p):
        return kind(tuple(c["k"][::-1]), **sizes({**c, "rank": len(c["k"])}, "pad", "stride"))

    return build


def layer_norm(c, p):
    size = {**c}.get("size") or p["x"].shape[-2:] if "scale" not in p and c.get("act") == "tanh" else p["x"].shape[-1:]
    layer = pyimpl.LayerNorm(size, act(c), affine=c.get("affine", True), **normalising(c))
    if "scale" in p:
        layer.diag.scale, layer.diag.bias = p["scale"].copy(), p["bias"].copy()
    return layer


def batch_norm(c, p):
    options = {name: c[name] for name in ("affine", "track_stats") if name in c}
    return batchnorm(p, p["x"].shape[1], act(c), **options, **normalising(c))


def chain(c, p):
    first, last = dense(p, "w1", "b1", pyimpl.sigmoid), dense(p, "w2", "b2")
    return pyimpl.Chain(first, batchnorm(p, 10), last)


def same_pad(c, p):
    return pyimpl.Conv(p["weight"].copy(), p["bias"].copy(), pad=pyimpl.SamePad())


def connection(c):
    return {"vcat": pyimpl.vcat, "+": pyimpl.add}[c["connection"]]


def maxout(c, p):
    return pyimpl.Maxout(dense(p, "w1", "b1"), dense(p, "w2", "b2"))


def skip_connection(c, p):
    return pyimpl.SkipConnection(dense(p, "w", "b", pyimpl.tanh), connection(c))


def parallel(c, p):
    return pyimpl.Parallel(connection(c), dense(p, "w1", "b1", pyimpl.tanh), dense(p, "w2", "b2"))


def group_norm(kind, *groups):
    def build(c, p):
        options = {name: c[name] for name in ("affine", "track_stats") if name in c}
        layer = kind(p["x"].shape[1], *(c[name] for name in groups), act(c), **options, **normalising(c))
        for name, field in {"beta": "shift", "gamma": "scale"}.items():
            if name in p:
                setattr(layer, field, p[name].copy())
        return layer

    return build


def weight_norm(c, p):
    return pyimpl.WeightNorm(dense(p))


def recurrent(kind):
    def build(c, p):
        layer = kind(p["wi"].shape[0], p["wh"].shape[0])
        for name, field in {"wi": "Wi", "wh": "Wh", "b": layer.cell.bias_field, "whh": "Wh_candidate"}.items():
            if name in p:
                setattr(layer.cell, field, p[name].copy())
        return astype(layer, p["wh"].dtype)  # a state0, where there is one, too

    return build


def attention(c, p):
    layer = pyimpl.MultiHeadAttention(p["x"].shape[-1], nheads=c["nheads"])
    layer.q_proj, layer.k_proj, layer.v_proj, layer.out_proj = (dense(p, name) for name in ("wq", "wk", "wv", "wo"))
    return layer


def causal_attention(c, p):
    """Flux's result without the weights."""

    def attend(q, k, v):
        (y, _), back = pyimpl.dot_product_attention.pullback(q, k, v, nheads=c["nheads"], mask=pyimpl.make_causal_mask(q))
        return y, lambda dy: back((dy, None))

    return differentiable(attend)


def loss(name, **translated):
    def build(c, p):
        options = {ours: c[theirs] for theirs, ours in translated.items() if theirs in c}
        if "delta" in options:
            options["delta"] = float(np.float32(options["delta"]))
        return bound(getattr(pyimpl, name), **options, **({"agg": c["agg"]} if "agg" in c else {}))

    return build


def rule(c, p):
    """Evaluates Flux's own expression for the rule with ours: `Adam(0.02, (0.8, 0.9), 1e-4)` means the same in both languages."""
    expression = p["julia"].replace(";", ",").replace("true", "True").replace("false", "False").replace("(, ", "(")
    return eval(expression, {"__builtins__": {}}, vars(pyimpl))  # noqa: S307 - an expression of the reference folder, names limited to pyimpl


SUBJECTS: dict[str, Callable[[dict, dict], Any]] = {
    **{name: activation(name) for name in ACTIVATIONS},
    "softmax": lambda c, p: bound(pyimpl.softmax, dims=axis(c)),
    "logsoftmax": lambda c, p: bound(pyimpl.logsoftmax, dims=axis(c)),
    "logsumexp": lambda c, p: bound(pyimpl.logsumexp, dims=axis(c)),
    "glu": lambda c, p: bound(pyimpl.glu, dims=axis(c, "dim")),
    "normalise": lambda c, p: bound(pyimpl.normalise, dims=axis(c), **normalising(c)),
    "Dense": lambda c, p: dense(p, act=act(c)),
    "Bilinear": lambda c, p: pyimpl.Bilinear(p["weight"].copy(), p["bias"].copy(), act(c)),
    "Embedding": lambda c, p: pyimpl.Embedding(p["weight"].copy()),
    "EmbeddingBag": lambda c, p: pyimpl.EmbeddingBag(p["weight"].copy()),
    "Maxout": maxout,
    "SkipConnection": skip_connection,
    "Parallel": parallel,
    "Scale": lambda c, p: pyimpl.Scale(p["scale"].copy(), p["bias"].copy(), act(c)),
    "Conv": conv(pyimpl.Conv),
    "CrossCor": conv(pyimpl.CrossCor),
    "ConvTranspose": conv(pyimpl.ConvTranspose),
    "SamePad": same_pad,
    "MaxPool": pool(pyimpl.MaxPool),
    "MeanPool": pool(pyimpl.MeanPool),
    "GlobalMaxPool": lambda c, p: pyimpl.GlobalMaxPool(),
    "GlobalMeanPool": lambda c, p: pyimpl.GlobalMeanPool(),
    "AdaptiveMaxPool": lambda c, p: pyimpl.AdaptiveMaxPool(tuple(c["out"][::-1])),
    "AdaptiveMeanPool": lambda c, p: pyimpl.AdaptiveMeanPool(tuple(c["out"][::-1])),
    "Upsample": lambda c, p: pyimpl.Upsample(c["mode"], **sizes(c, "scale", "size")),
    "PixelShuffle": lambda c, p: pyimpl.PixelShuffle(c["r"]),
    "flatten": lambda c, p: pyimpl.flatten,
    "BatchNorm": batch_norm,
    "LayerNorm": layer_norm,
    "InstanceNorm": group_norm(pyimpl.InstanceNorm),
    "GroupNorm": group_norm(pyimpl.GroupNorm, "groups"),
    "WeightNorm": weight_norm,
    **{kind.__name__: recurrent(kind) for kind in (pyimpl.RNN, pyimpl.LSTM, pyimpl.GRU, pyimpl.GRUv3)},
    "MultiHeadAttention": attention,
    "dot_product_attention": causal_attention,
    "Dropout": lambda c, p: pyimpl.Dropout(p["p"]),
    "Chain": chain,
    "mse": loss("mse"),
    "mae": loss("mae"),
    "huber_loss": loss("huber_loss", delta="delta"),
    "crossentropy": loss("crossentropy"),
    "logitcrossentropy": loss("logitcrossentropy"),
    "binarycrossentropy": loss("binarycrossentropy"),
    "logitbinarycrossentropy": loss("logitbinarycrossentropy"),
    "kldivergence": loss("kldivergence"),
    "msle": loss("msle"),
    "focal_loss": loss("focal_loss"),
    "binary_focal_loss": loss("binary_focal_loss"),
    "dice_coeff_loss": loss("dice_coeff_loss"),
    "tversky_loss": loss("tversky_loss"),
    "poisson_loss": loss("poisson_loss"),
    "hinge_loss": loss("hinge_loss"),
    "squared_hinge_loss": loss("squared_hinge_loss"),
    "siamese_contrastive_loss": loss("siamese_contrastive_loss"),
    "label_smoothing": lambda c, p: bound(pyimpl.label_smoothing, alpha=np.float32(c["alpha"])),
    "ctc_loss": lambda c, p: differentiable(lambda logits: _first(*pyimpl.ctc_loss.pullback(logits, np.asarray(c["target"]) - 1))),
    **{name: rule for name in ("Descent", "Momentum", "Nesterov", "RMSProp", "AdaGrad", "Adam", "AdamW", "OptimiserChain")},
    **{name: rule for name in ("Rprop", "RAdam", "AdaMax", "OAdam", "AdaDelta", "AMSGrad", "NAdam", "AdaBelief", "Lion")},
}


# What is inside a layer although its configuration does not say so.
UNSAID = dict.fromkeys(("RNN", "LSTM", "GRU", "GRUv3"), {"act": "tanh"})


def _ours(name: str) -> str:
    """A name in the folder as this project writes it."""
    name = name.replace("after.", "state.", 1) if name.startswith("after.") else name
    parts = [FIELDS.get(part, str(int(part) - 1) if part.isdigit() else part) for part in name.split(".")]
    return ".".join(parts)


def _rule_outcome(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Parameters after every step; the state is stored after the last one only."""
    last = sum(name.startswith("x") for name in arrays)
    renamed = {}
    for name, array in arrays.items():
        if array.dtype == bool:  # where a rule has nothing to keep, Optimisers keeps `false`
            continue
        renamed[f"x@{name[1:]}" if name.startswith("x") else f"{_ours(name)}@{last}"] = array
    return renamed


def read(folder: Path) -> Iterator[Entry | str]:
    """The entries of a folder; the name of the row in place of an entry that has no twin."""
    index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    groups: dict[str, dict[str, dict[str, np.ndarray]]] = {}
    for group in {entry["group"] for entry in index["cases"]}:
        cases = groups.setdefault(group, {})
        with np.load(folder / f"{group}.npz", allow_pickle=False) as archive:
            for key in archive.files:
                number, name = key.split("/", 1)
                cases.setdefault(number, {})[name] = archive[key]
    for entry in index["cases"]:
        if entry["row"] not in SUBJECTS:
            yield entry["row"]
            continue
        yield _entry(entry, groups[entry["group"]][entry["case"]], index["versions"]["Flux"])


def _entry(entry: dict, arrays: dict[str, np.ndarray], version: str) -> Entry:
    given = {name.removeprefix("in/"): array for name, array in arrays.items() if name.startswith("in/")}
    flux = {name.removeprefix("out/"): array for name, array in arrays.items() if name.startswith("out/")}
    parameters: dict[str, Any] = {name.removeprefix("param."): array for name, array in given.items() if name.startswith("param.")}
    parameters["julia"] = entry["julia"]
    if "x1" in given:
        parameters["x"] = given["x1"]
    if entry["row"] == "Dropout":
        parameters["p"] = float(entry["julia"].split("(")[1].rstrip(")"))
    data = {name: array - (array.dtype.kind == "i") for name, array in given.items() if not name.startswith("param.")}
    if entry["mode"] == "function" and "dy" in data:
        data["dy1"] = data.pop("dy")
    if entry["mode"] == "steps":
        outcome = _rule_outcome(flux)
    else:
        outcome = {_ours(name): array for name, array in flux.items() if entry["mode"] == "function" or array.ndim}
        if entry["row"] in ("RNN", "LSTM"):  # before Flux 0.15 these cells had a `b`
            outcome = {re.sub(r"\.cell\.b$", ".cell.bias", name): array for name, array in outcome.items()}
    label = f"{entry['row']}-{entry['group']}-{entry['case']}-{entry['dtype']}-{entry['mode']}"
    config = UNSAID.get(entry["row"], {}) | entry["config"]
    case = Case(entry["row"], config, data, entry["mode"], origin=label)
    subject = SUBJECTS[entry["row"]]
    return Entry(label, entry["row"], case, lambda _: subject(config, parameters), Outcome(outcome), version)
