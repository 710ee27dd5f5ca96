"""Recurrent layers.

Their states are made inputs and outputs of their own here, for a case is a list of arrays.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

import pyimpl

from ...core.pullback import Gradient
from ...layers.layer import Layer
from .row import Config, Example, Row, Slack
from .settings import activations, chosen

GATES = Slack(
    16,
    "every step goes through sigmoid_fast and tanh_fast (5 ulp each), whose slopes near "
    "saturation magnify the error",
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
    return "0" if c.get("bias", True) is True else "0.16"


SEQUENCE = {"n_in": 3, "n_out": 2, "batch": 2, "length": 3}
SEQUENCE_SIZES = {
    "n_in": st.integers(1, 3),
    "n_out": st.integers(1, 3),
    "batch": st.integers(1, 3),
    "length": st.integers(1, 4),
}


def _cell(kind, c: Config):
    return kind(c["n_in"], c["n_out"], *activations(c), **_bias(kind, c))


def _bias(kind, c: Config) -> Config:
    """The bias as it is told, or as an array, of which the case says the numbers."""
    if c.get("bias") != "array":
        return chosen(c, "bias")
    gates = kind(c["n_in"], c["n_out"]).Wi.shape[1]
    return {"bias": np.zeros(gates, np.float32)}


WITH_ARRAY: tuple[Config, ...] = (
    {"rank": 3, "bias": "array"},
    {"rank": 3, "given": True, "made": "of a cell", "bias": False},
    {"rank": 2, "made": "of a cell"},
)


def _recurrent_row(name: str, states: int) -> Row:
    kind = getattr(pyimpl, name)
    with_act: tuple[Config, ...] = (
        ({"rank": 3, "given": True, "act": "relu", "bias": False},) if name == "RNN" else ()
    )

    def twin(c: Config):
        returned = c.get("given", False) or c.get("returned", False)
        state = {"return_state": True} if returned else {}
        if c.get("made") == "of a cell":
            layer = kind(_cell(kind.kind, c), **state)
        else:
            layer = kind(c["n_in"], c["n_out"], *activations(c), **_bias(kind.kind, c), **state)
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
            *WITH_ARRAY,
            *with_act,
        ),
        sizes=SEQUENCE_SIZES,
        shapes=lambda c: _sequence(c, states),
        modes=("auto",),
        slack=lambda c: GATES,
        since=lambda c: (
            "0.16" if c["rank"] == 2 or {"returned", "made", "act"} & c.keys() else _with_bias(c)
        ),
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
        "bias; made of a cell; backward through time",
    )


def _cell_row(name: str, states: int) -> Row:
    kind = getattr(pyimpl, name)
    with_act: tuple[Config, ...] = (
        ({"rank": 2, "given": True, "act": "relu", "bias": False},) if name == "RNNCell" else ()
    )
    shapes = {1: lambda c, n: (n,), 2: lambda c, n: (c["batch"], n)}
    return Row(
        name,
        "flux",
        "layer",
        twin=lambda c: Flat(_cell(kind, c)),
        structures=(
            {"rank": 2, "given": True},
            {"rank": 1, "bias": False},
            {"rank": 1, "given": True},
            {"rank": 2},
            {"rank": 2, "given": True, "bias": "array"},
            {"rank": 2, "given": True, "bias": False},
            *with_act,
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
        since=lambda c: "0.16" if c["rank"] == 1 or "act" in c else _with_bias(c),
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
)
