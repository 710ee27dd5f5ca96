"""Layers made of layers, and the functions that join their outputs."""

import numpy as np
from hypothesis import strategies as st

import pyimpl

from .activations import activation_slack
from .prepared import of_tuple
from .row import Config, Example, Row, Slack
from .settings import JOINT, JOINT_SIZES, activation, is_linear

SPREAD = Slack(
    16,
    "dividing by the spread of a small batch magnifies the roundings inside the layer before, "
    "which no nudge shows",
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
    structures=tuple({"net": net} for net in ("regression", "named", "images", "single", "nested")),
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
    "layer, chains in a chain",
)

CONNECTIONS = {"vcat": pyimpl.vcat, "add": pyimpl.add}


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
        pyimpl.Dense(c["n_in"], c["n_in" if c["connection"] == "add" else "n_out"], activation(c)),
        _connection(c),
    ),
    structures=({"connection": "add", "act": "tanh"}, {"connection": "vcat"}),
    sizes=JOINT_SIZES,
    shapes=_inputs,
    modes=("auto",),
    exact=is_linear,
    slack=activation_slack,
    covers="connections + and vcat",
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

FUSION_ROW = Row(
    "PairwiseFusion",
    "flux",
    "layer",
    twin=lambda c: pyimpl.PairwiseFusion(
        pyimpl.add, *(pyimpl.Dense(c["n_in"], c["n_in"], activation(c)) for _ in range(3))
    ),
    structures=({"inputs": 3, "act": "tanh"}, {"inputs": 1}),
    sizes={"n_in": st.integers(1, 3), "batch": st.integers(1, 4)},
    shapes=_inputs,
    modes=("auto",),
    slack=activation_slack,
    examples=(Example("two inputs for three layers", {**JOINT, "inputs": 2}, refused=True),),
    covers="three layers with three inputs and with one",
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
