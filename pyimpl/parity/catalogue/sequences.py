"""Recurrent layers and attention.

Their states and masks are made inputs and outputs of their own here, for a case is a list of
arrays.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

import pyimpl

from ...core.pullback import Gradient, differentiable
from ...layers.layer import Layer
from .row import Config, Example, Row, Slack
from .settings import chosen

GATES = Slack(
    16,
    "every step goes through sigmoid_fast and tanh_fast (5 ulp each), whose slopes near "
    "saturation magnify the error",
)
SHIFTED = Slack(
    64,
    "softmax does not see what shifts all scores of a query: of such gradients only the rounding "
    "of large terms remains",
)


# Recurrent layers.


@dataclass(eq=False, repr=False)
class Flat(Layer):
    """A recurrent layer or cell whose state is one input and one output for each of its parts."""

    layer: Any

    def __call__(self, x, *parts):
        return _flat(self.layer(x, *_state(parts)))

    def pullback(self, x, *parts):
        y, back = self.layer.pullback(x, *_state(parts))

        def flat_back(dys):
            dlayer, dx, *dstate = back((dys[0], dys[1] if len(dys) == 2 else tuple(dys[1:])))
            return (
                Gradient(layer=dlayer),
                dx,
                *(part for d in dstate for part in (d if isinstance(d, tuple) else (d,))),
            )

        return _flat(y), flat_back


def _state(parts):
    return (tuple(parts),) if len(parts) > 1 else parts


def _flat(y):
    return (y[0], *(y[1] if isinstance(y[1], tuple) else y[1:]))


def _sequence(c: Config, states: int):
    batch = (c["batch"],) if c["rank"] == 3 else ()
    shapes = {"x1": ((*batch, c["length"], c["n_in"]), "small")}
    return shapes | (
        {f"x{i + 2}": ((*batch, c["n_out"]), "small") for i in range(states)}
        if c.get("given")
        else {}
    )


def _with_bias(c: Config) -> str:
    return "0" if c.get("bias", True) else "0.16"


SEQUENCE = {"n_in": 3, "n_out": 2, "batch": 2, "length": 3}
SEQUENCE_SIZES = {
    "n_in": st.integers(1, 3),
    "n_out": st.integers(1, 3),
    "batch": st.integers(1, 3),
    "length": st.integers(1, 4),
}


def _recurrent_row(name: str, states: int) -> Row:
    kind = getattr(pyimpl, name)

    def twin(c: Config):
        returned = c.get("given", False) or c.get("returned", False)
        layer = kind(c["n_in"], c["n_out"], return_state=returned, **chosen(c, "bias"))
        return Flat(layer) if returned else layer

    wrong = {**SEQUENCE, "rank": 3, "given": True}
    return Row(
        name,
        "flux",
        "layer",
        twin=twin,
        structures=(
            {"rank": 3},
            {"rank": 3, "given": True},
            {"rank": 2, "bias": False},
            {"rank": 3, "returned": True},
            {"rank": 2, "given": True},
            {"rank": 3, "given": True, "bias": False},
        ),
        sizes=SEQUENCE_SIZES,
        shapes=lambda c: _sequence(c, states),
        modes=("auto",),
        slack=lambda c: GATES,
        since=lambda c: "0.16" if c["rank"] == 2 or "returned" in c else _with_bias(c),
        examples=(
            Example("one time step", {**SEQUENCE, "rank": 3, "length": 1}),
            Example(
                "one state for all samples",
                wrong,
                {f"x{i + 2}": np.array([0.25, -0.5]) for i in range(states)},
                since="0.16",
            ),
            Example(
                "wrong number of features",
                {**SEQUENCE, "rank": 3},
                {"x1": np.ones((2, 3, 2))},
                refused=True,
            ),
            Example("wrong number of states", wrong, {"x2": np.ones((2, 3))}, refused=True),
            Example("no time", {**SEQUENCE, "rank": 3}, {"x1": np.ones((2, 0, 3))}, refused=True),
            Example("a vector", {**SEQUENCE, "rank": 3}, {"x1": np.ones(3)}, refused=True),
        ),
        covers="with and without a batch; state zero or given, returned or not; with and without "
        "bias; backward through time",
    )


def _cell_row(name: str, states: int) -> Row:
    kind = getattr(pyimpl, name)
    shapes = {1: lambda c, n: (n,), 2: lambda c, n: (c["batch"], n)}
    return Row(
        name,
        "flux",
        "layer",
        twin=lambda c: Flat(kind(c["n_in"], c["n_out"], **chosen(c, "bias"))),
        structures=(
            {"rank": 2, "given": True},
            {"rank": 1, "bias": False},
            {"rank": 1, "given": True},
            {"rank": 2},
        ),
        sizes={name: size for name, size in SEQUENCE_SIZES.items() if name != "length"},
        shapes=lambda c: {
            name: (shapes[c["rank"]](c, c[width]), "small")
            for name, width in [("x1", "n_in"), ("x2", "n_out"), ("x3", "n_out")][
                : 1 + (states if c.get("given") else 0)
            ]
        },
        modes=("auto",),
        slack=lambda c: GATES,
        since=lambda c: "0.16" if c["rank"] == 1 else _with_bias(c),
        examples=(
            Example(
                "wrong number of features",
                {**SEQUENCE, "rank": 1},
                {"x1": np.ones(2)},
                refused=True,
            ),
        ),
        covers="one step, with and without a batch, state given or zero, with and without bias",
    )


@dataclass(eq=False, repr=False)
class Fading(Layer):
    """A cell that is not Flux's: `h' = x @ weight + h / 2`."""

    weight: np.ndarray

    def initialstates(self):
        return np.zeros(self.weight.shape[1], self.weight.dtype)

    def pullback(self, x, h):
        new = x @ self.weight + h / 2

        def fading_back(dy):
            dh = sum(part for part in dy if part is not None)
            rows, grads = np.atleast_2d(x), np.atleast_2d(dh)
            return Gradient(weight=rows.T @ grads), dh @ self.weight.T, dh / 2

        return (new, new), fading_back


def _recurrence(c: Config):
    cell = (
        Fading(pyimpl.glorot_uniform((c["n_in"], c["n_out"])))
        if c["cell"] == "own"
        else pyimpl.GRUCell(c["n_in"], c["n_out"])
    )
    return (
        Flat(pyimpl.Recurrence(cell, return_state=True))
        if c.get("given")
        else pyimpl.Recurrence(cell)
    )


RECURRENCE_ROW = Row(
    "Recurrence",
    "flux",
    "layer",
    twin=_recurrence,
    structures=(
        {"rank": 3, "cell": "own", "given": True},
        {"rank": 2, "cell": "own"},
        {"rank": 3, "cell": "GRUCell"},
    ),
    sizes=SEQUENCE_SIZES,
    shapes=lambda c: _sequence(c, 1),
    modes=("auto",),
    slack=lambda c: None if c["cell"] == "own" else GATES,
    since=lambda c: "0.16",
    examples=(
        Example("a cell of Flux's", {**SEQUENCE, "rank": 3, "cell": "GRUCell"}),
        Example("a cell of one's own", {**SEQUENCE, "rank": 3, "cell": "own", "given": True}),
    ),
    covers="a cell of Flux's and one that is not, state zero or given, returned or not",
)


# Attention.


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
    layer = pyimpl.MultiHeadAttention(
        dims, nheads=2, dropout_prob=c.get("p", 0.0), **chosen(c, "bias")
    )
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


def _attention(c: Config):
    def attend(q, k, v, *more):
        bias, mask = more, None
        if c.get("mask") == "causal":
            mask = pyimpl.make_causal_mask(q)
        elif c.get("mask") in ("given", "bare"):
            bias, mask = more[1:], more[0] > 0
            mask[..., 0] |= c["mask"] == "given"  # every query may look somewhere
        y, back = pyimpl.dot_product_attention.pullback(
            q, k, v, *bias, nheads=c["nheads"], mask=mask
        )

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
    biased = {f"x{len(shapes) + 1}": (c["nheads"], c["length"], keys)} if c.get("biased") else {}
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
    "a key",
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
    _cell_row("RNNCell", 1),
    _cell_row("LSTMCell", 2),
    _cell_row("GRUCell", 1),
    _cell_row("GRUv3Cell", 1),
    _recurrent_row("RNN", 1),
    _recurrent_row("LSTM", 2),
    _recurrent_row("GRU", 1),
    _recurrent_row("GRUv3", 1),
    RECURRENCE_ROW,
    MHA_ROW,
    SCORES_ROW,
    MASK_ROW,
)
