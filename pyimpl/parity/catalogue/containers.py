"""Layers made of layers, and the functions that join their outputs."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

import pyimpl

from ...core.pullback import Gradient, differentiable
from ...layers.layer import Layer
from .activations import activation_slack
from .prepared import of_tuple
from .row import Config, Example, Row, Slack
from .settings import JOINT, JOINT_SIZES, activation, activations, is_linear

SPREAD = Slack(
    16,
    "dividing by the spread of a small batch magnifies the roundings inside the layer before, "
    "which no nudge shows",
)


@dataclass(eq=False, repr=False)
class Activations(Layer):
    """What every layer of a chain makes, outside a gradient."""

    chain: Any

    def pullback(self, x):
        return self.chain.activations(x), lambda dys: (Gradient(chain=None), None)


NETS = (
    "regression",
    "named",
    "images",
    "single",
    "nested",
    "part",
    "modes inside",
    "activations",
)


def _chain(c: Config):
    if c["net"] == "regression":
        return pyimpl.Chain(
            pyimpl.Dense(c["n_in"], 5, pyimpl.sigmoid),
            pyimpl.BatchNorm(5),
            pyimpl.Dense(5, c["n_out"]),
        )
    if c["net"] == "named":
        return pyimpl.Chain(
            first=pyimpl.Dense(c["n_in"], 4, pyimpl.relu), second=pyimpl.Dense(4, c["n_out"])
        )
    if c["net"] == "single":
        return pyimpl.Chain(pyimpl.Dense(c["n_in"], c["n_out"], pyimpl.tanh))
    if c["net"] == "nested":
        return pyimpl.Chain(
            pyimpl.Chain(pyimpl.Dense(c["n_in"], 3), pyimpl.tanh),
            pyimpl.Chain(last=pyimpl.Dense(3, c["n_out"], bias=False)),
        )
    if c["net"] == "part":
        n = c["n_in"]
        layers = (pyimpl.Dense(n, n, act) for act in (pyimpl.tanh, pyimpl.relu, pyimpl.sigmoid))
        return pyimpl.Chain(*layers, pyimpl.Dense(n, c["n_out"]))[1:3]
    if c["net"] == "modes inside":
        inside = pyimpl.Chain(pyimpl.BatchNorm(3), pyimpl.tanh)
        skipped = pyimpl.SkipConnection(pyimpl.BatchNorm(3), pyimpl.add)
        return pyimpl.Chain(pyimpl.Dense(c["n_in"], 3), inside, skipped)
    if c["net"] == "activations":
        return Activations(_chain({**c, "net": "regression"}))
    return pyimpl.Chain(
        pyimpl.Conv((3, 2), 1, 2, pyimpl.relu),
        pyimpl.MaxPool((2, 2)),
        pyimpl.flatten,
        pyimpl.Dense(2 * 2 * c["n_in"], c["n_out"]),
        pyimpl.softmax,
    )


CHAIN_ROW = Row(
    "Chain",
    "flux",
    "layer",
    twin=_chain,
    structures=tuple({"net": net} for net in NETS),
    sizes={"n_in": st.integers(1, 4), "n_out": st.integers(1, 3), "batch": st.integers(3, 5)},
    shapes=lambda c: {
        "x1": (c["batch"], 1, 6, 2 * c["n_in"] + 1)
        if c["net"] == "images"
        else (c["batch"], c["n_in"])
    },
    modes=("auto", "train", "test"),
    positive=("var",),
    slack=lambda c: SPREAD,
    covers="a batch-normalised regression, a named chain, a small image classifier, a chain of one "
    "layer, chains in a chain, a part of a chain, modes of layers inside others, activations",
)


@differentiable
def leaning(x, y):
    """A connection of one's own that tells its arguments apart."""
    return x - y / 2, lambda dz: (None, dz, -dz / 2)


CONNECTIONS = {"vcat": pyimpl.vcat, "add": pyimpl.add, "leaning": leaning}


def _connection(c: Config):
    return CONNECTIONS[c["connection"]]


def _inputs(c: Config):
    return {f"x{i}": (c["batch"], c["n_in"]) for i in range(1, c.get("inputs", 1) + 1)}


def _connection_row(name: str, shapes, refused) -> Row:
    return Row(
        name,
        "flux",
        "function",
        twin=lambda c: CONNECTIONS[name],
        structures=({"rank": 2}, {"rank": 3}),
        sizes={
            "sizes": st.tuples(
                st.integers(1, 3),
                st.integers(1, 2),
                st.integers(1, 4),
                st.integers(1, 4),
                st.integers(1, 4),
            )
        },
        shapes=lambda c: {
            f"x{i}": (*c["sizes"][: c["rank"] - 1], n) for i, n in enumerate(shapes(c["sizes"]), 1)
        },
        exact=lambda c: True,
        examples=(
            Example(
                "arrays that do not fit",
                {"rank": 2, "sizes": (2, 1, 3, 3, 3)},
                refused,
                refused=True,
            ),
        ),
        covers="three arrays",
    )


def _maxout(c: Config):
    def piece():
        return pyimpl.Dense(c["n_in"], c["n_out"])

    pieces = (piece, c["pieces"]) if c.get("made") else [piece() for _ in range(c["pieces"])]
    return pyimpl.Maxout(*pieces)


MAXOUT_ROW = Row(
    "Maxout",
    "flux",
    "layer",
    twin=_maxout,
    structures=({"pieces": 2}, {"pieces": 3}, {"pieces": 2, "made": True}),
    sizes=JOINT_SIZES,
    shapes=_inputs,
    modes=("auto",),
    exact=lambda c: True,
    # at a tie, which equal weights make everywhere, one of two one-sided derivatives
    true_gradient=False,
    examples=(
        Example(
            "ties",
            {**JOINT, "pieces": 3, "n_in": 1},
            {f"param.layers.{i}.weight": np.ones((1, 2)) for i in range(3)}
            | {f"param.layers.{i}.bias": np.zeros(2) for i in range(3)},
        ),
        Example("nan", {**JOINT, "pieces": 3}, {"x1": np.where(np.eye(4, 3), np.nan, 1.0)}),
    ),
    covers="two and three pieces, given or made, ties (the later wins), NaN",
)

SKIP_ROW = Row(
    "SkipConnection",
    "flux",
    "layer",
    twin=lambda c: pyimpl.SkipConnection(
        pyimpl.Dense(c["n_in"], c["n_out" if c["connection"] == "vcat" else "n_in"], activation(c)),
        _connection(c),
    ),
    structures=(
        {"connection": "add", "act": "tanh"},
        {"connection": "vcat"},
        {"connection": "leaning"},
    ),
    sizes=JOINT_SIZES,
    shapes=_inputs,
    modes=("auto",),
    exact=is_linear,
    slack=activation_slack,
    covers="connections +, vcat and one of one's own",
)


def _parallel(c: Config):
    first, second = (
        pyimpl.Dense(c["n_in"], c["n_out"], activation(c)),
        pyimpl.Dense(c["n_in"], c["n_out"]),
    )
    if c["layers"] == "named":
        return pyimpl.Parallel(_connection(c), first=first, second=second)
    if c.get("tuple"):
        return of_tuple(pyimpl.Parallel(_connection(c), first, second))
    return pyimpl.Parallel(_connection(c), *((first,) if c["layers"] == "one" else (first, second)))


PARALLEL_ROW = Row(
    "Parallel",
    "flux",
    "layer",
    twin=_parallel,
    structures=(
        {"connection": "vcat", "layers": "two", "act": "tanh"},
        {"connection": "add", "layers": "two", "inputs": 2},
        {"connection": "add", "layers": "one", "inputs": 3},
        {"connection": "vcat", "layers": "named"},
        {"connection": "vcat", "layers": "two", "inputs": 2, "tuple": True},
        {"connection": "leaning", "layers": "two", "inputs": 2},
    ),
    sizes=JOINT_SIZES,
    shapes=_inputs,
    modes=("auto",),
    exact=is_linear,
    slack=activation_slack,
    since=lambda c: "0.15" if c["layers"] == "one" else "0",
    examples=(
        Example(
            "one layer for three inputs",
            {**JOINT, "connection": "add", "layers": "one", "inputs": 3},
        ),
        Example(
            "three inputs for two layers",
            {**JOINT, "connection": "add", "layers": "two", "inputs": 3},
            refused=True,
        ),
    ),
    covers="one input for all layers, one for each or a tuple of them, one layer for all inputs; "
    "named layers",
)


def _fusion(c: Config):
    layers = [pyimpl.Dense(c["n_in"], c["n_in"], *activations(c)) for _ in range(3)]
    connection = CONNECTIONS[c.get("connection", "add")]
    if c.get("named"):
        return pyimpl.PairwiseFusion(connection, **dict(zip("abc", layers, strict=True)))
    return pyimpl.PairwiseFusion(connection, *layers)


FUSION_ROW = Row(
    "PairwiseFusion",
    "flux",
    "layer",
    twin=_fusion,
    structures=(
        {"inputs": 3, "act": "tanh"},
        {"inputs": 1},
        {"inputs": 3, "connection": "leaning"},
        {"inputs": 1, "connection": "leaning", "named": True},
    ),
    sizes={"n_in": st.integers(1, 3), "batch": st.integers(1, 4)},
    shapes=_inputs,
    modes=("auto",),
    slack=activation_slack,
    examples=(Example("two inputs for three layers", {**JOINT, "inputs": 2}, refused=True),),
    covers="three layers with three inputs and with one, by name; connections + and one of one's "
    "own",
)

ROWS = (
    CHAIN_ROW,
    _connection_row("vcat", lambda sizes: sizes[2:], {"x2": np.ones((3, 3))}),
    _connection_row("add", lambda sizes: (sizes[2],) * 3, {"x2": np.ones((1, 3))}),
    MAXOUT_ROW,
    SKIP_ROW,
    PARALLEL_ROW,
    FUSION_ROW,
)
