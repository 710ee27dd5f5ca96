"""Attention. Masks and biases are made inputs of their own here, for a case is a list of arrays."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

import pyimpl

from ...core.pullback import Gradient, differentiable
from ...layers.layer import Layer
from .row import Config, Example, Row, Slack
from .settings import chosen

SHIFTED = Slack(
    64,
    "softmax does not see what shifts all scores of a query: of such gradients only the rounding "
    "of large terms remains",
)


@dataclass(eq=False, repr=False)
class Causal(Layer):
    """Attention of a sequence to itself and its past."""

    layer: Any

    def __call__(self, x):
        return self.layer(x, mask=pyimpl.make_causal_mask(x))

    def pullback(self, x):
        y, back = self.layer.pullback(x, mask=pyimpl.make_causal_mask(x))

        def causal_back(dys):
            dlayer, dx = back(dys)
            return Gradient(layer=dlayer), dx

        return y, causal_back


def _multi_head(c: Config):
    n = 2 * c["half"]
    dims: Any = (n, (2 * c["n_qk"], n), c["n_out"])
    if c.get("widths") == "three":
        dims = ((n, n + 1, n + 2), (2 * c["n_qk"], n), c["n_out"])
    elif c.get("widths") == "one":
        dims = n
    elif c.get("heads") == "default":
        dims = (n, (8 * c["n_qk"], 8), c["n_out"])
    heads = {} if c.get("heads") == "default" else {"nheads": 2}
    drop = {"dropout_prob": c["p"]} if "p" in c else {}
    layer = pyimpl.MultiHeadAttention(dims, **heads, **drop, **chosen(c, "bias"))
    return Causal(layer) if c.get("causal") else layer


def _attended(c: Config):
    n, queries, keys, inputs = 2 * c["half"], c["length"], c["keys"], c["inputs"]
    shapes: Config = {"x1": ((c["batch"], queries, n), "small")}
    for i in range(2, min(inputs, 3) + 1):
        wider = i - 1 if c.get("widths") == "three" else 0
        shapes[f"x{i}"] = ((c["batch"], keys, n + wider), "small")
    if inputs == 4:
        shapes["x4"] = ((queries, keys), "small")
    if "p" in c:
        shapes["noise"] = (
            (c["batch"], 2, queries, queries if inputs == 1 else keys),
            "probability",
        )
    return shapes


ATTENTION = {"half": 2, "n_qk": 1, "n_out": 3, "batch": 2, "length": 3, "keys": 2}
ATTENTION_SIZES = {
    "half": st.integers(1, 2),
    "n_qk": st.integers(1, 2),
    "n_out": st.integers(1, 3),
    "batch": st.integers(1, 2),
    "length": st.integers(1, 3),
    "keys": st.integers(2, 4),
}

MHA_ROW = Row(
    "MultiHeadAttention",
    "flux",
    "layer",
    twin=_multi_head,
    structures=(
        {"inputs": 1, "causal": True},
        {"inputs": 2, "p": 0.25},
        {"inputs": 4, "bias": True},
        {"inputs": 3, "widths": "three"},
        {"inputs": 1, "widths": "one"},
        {"inputs": 4, "widths": "three", "bias": True, "p": 0.5},
        {"inputs": 1, "causal": True, "bias": True, "p": 0.25},
        {"inputs": 1, "heads": "default"},
    ),
    sizes=ATTENTION_SIZES,
    shapes=_attended,
    modes=("auto", "test"),
    slack=lambda c: SHIFTED,
    examples=(
        Example("one sequence", {**ATTENTION, "inputs": 1}),
        Example("three sequences", {**ATTENTION, "inputs": 3}),
        Example("a bias of the scores", {**ATTENTION, "inputs": 4, "bias": True}),
        Example(
            "wrong number of features",
            {**ATTENTION, "inputs": 1},
            {"x1": np.ones((2, 3, 5))},
            refused=True,
        ),
        Example("no batch", {**ATTENTION, "inputs": 1}, {"x1": np.ones((3, 4))}, refused=True),
    ),
    covers="one to three sequences, a bias of the scores, a causal mask, dropout of the weights, "
    "biases of the projections",
)


def _fading(weights):
    """What stands for dropout: nothing is drawn."""
    return weights / 2, lambda dy: (None, dy / 2)


def _attention(c: Config):
    def attend(q, k, v, *more):
        bias, mask = more, None
        if c.get("mask") == "causal":
            mask = pyimpl.make_causal_mask(q)
        elif c.get("mask") in ("given", "bare"):
            bias, mask = more[1:], more[0] > 0
            mask[..., 0] |= c["mask"] == "given"  # every query may look somewhere
        options = chosen(c, "nheads") | ({} if mask is None else {"mask": mask})
        if c.get("fdrop"):
            options["fdrop"] = _fading
        y, back = pyimpl.dot_product_attention.pullback(q, k, v, *bias, **options)

        def attend_back(dys):
            dself, dq, dk, dv, *dbias = back(dys)
            return dself, dq, dk, dv, *(None for _ in more[len(bias) :]), *dbias

        return y, attend_back

    return differentiable(attend)


def _attention_inputs(c: Config):
    lead = (2,) * (c["rank"] - 3) + (c["batch"],)
    keys = c["length"] if c.get("mask") == "causal" else c["keys"]
    shapes = {
        "x1": (*lead, c["length"], 2 * c["n_qk"]),
        "x2": (*lead, keys, 2 * c["n_qk"]),
        "x3": (*lead, keys, 2 * c["half"]),
    }
    shapes = {name: (shape, "small") for name, shape in shapes.items()}
    if c.get("mask") == "given":
        shapes["x4"] = ((c["batch"], 1, c["length"], keys), "index:2")
    bias = (c.get("nheads", 1), c["length"], keys)
    biased = {f"x{len(shapes) + 1}": bias} if c.get("biased") else {}
    return shapes | biased


SCORES_ROW = Row(
    "dot_product_attention",
    "flux",
    "function",
    twin=_attention,
    structures=(
        {"rank": 3, "nheads": 1, "mask": "given"},
        {"rank": 3, "nheads": 2, "mask": "causal"},
        {"rank": 4, "nheads": 1},
        {"rank": 3, "nheads": 2, "biased": True},
        {"rank": 3, "nheads": 2, "biased": True, "mask": "given"},
        {"rank": 4, "nheads": 2, "mask": "causal"},
        {"rank": 3, "nheads": 2, "biased": True, "mask": "given", "fdrop": True},
        {"rank": 3},
    ),
    sizes={name: size for name, size in ATTENTION_SIZES.items() if name != "n_out"},
    shapes=_attention_inputs,
    examples=(
        Example(
            "a query that may look nowhere",
            {**ATTENTION, "rank": 3, "nheads": 1, "mask": "bare", "batch": 1},
            {"x4": np.array([[[[1, 1], [0, 0], [1, 0]]]])},
        ),
        Example("features that do not divide", {**ATTENTION, "rank": 3, "nheads": 3}, refused=True),
        Example(
            "keys and values of different length",
            {**ATTENTION, "rank": 3, "nheads": 1},
            {"x3": np.ones((2, 3, 4))},
            refused=True,
        ),
        Example(
            "batches that differ",
            {**ATTENTION, "rank": 3, "nheads": 1},
            {"x1": np.ones((1, 3, 2))},
            refused=True,
        ),
    ),
    covers="one and two heads, further batch axes, given and causal masks, a bias, a query without "
    "a key, a function in place of dropout",
)

MASK_ROW = Row(
    "make_causal_mask",
    "flux",
    "function",
    twin=lambda c: differentiable(
        lambda x: (pyimpl.make_causal_mask(x, **chosen(c, "dims")), None)
    ),
    structures=({}, {"dims": -1}),
    sizes={"sizes": st.tuples(st.integers(1, 2), st.integers(1, 4), st.integers(1, 3))},
    shapes=lambda c: {"x1": c["sizes"]},
    exact=lambda c: True,
    differentiable=False,
    covers="sequences in a batch, another axis",
)

ROWS = (
    MHA_ROW,
    SCORES_ROW,
    MASK_ROW,
)
