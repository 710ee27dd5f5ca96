"""What surrounds models: shapes, vectors of parameters, Jacobians, stopping."""

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

import pyimpl

from ...core import tree
from ...core.pullback import differentiable
from .containers import SPREAD
from .row import Config, Example, Row
from .settings import chosen

# Parameters as one vector.


def _net(c: Config):
    n = c["n"]
    if c["net"] == "batchnorm":
        return pyimpl.Chain(
            pyimpl.Dense(n, 3, pyimpl.sigmoid), pyimpl.BatchNorm(3), pyimpl.Dense(3, 2)
        )
    if c["net"] == "layernorm":
        return pyimpl.Chain(pyimpl.LayerNorm(n), pyimpl.Dense(n, 2))
    if c["net"] == "conv":
        return pyimpl.Chain(
            pyimpl.Conv((2,), 1, 2, pyimpl.tanh), pyimpl.flatten, pyimpl.Dense(2 * (n - 1), 2)
        )
    if c["net"] == "gru":
        return pyimpl.GRUv3(n, 2)
    tied = pyimpl.Dense(n, n, pyimpl.sigmoid)
    return pyimpl.Chain(tied, tied)


def _rebuilt(c: Config):
    def apply(flat, x):
        _, re = pyimpl.destructure(tree.astype(_net(c), flat.dtype))
        y, back = re.pullback(x, flat)
        return y, lambda dy: (None, *back(dy)[:0:-1])

    return differentiable(apply)


def _flat_shapes(c: Config):
    n, batch = c["n"], c["batch"]
    x = {"conv": (batch, 1, n), "gru": (batch, 2, n)}.get(c["net"], (batch, n))
    return {"x1": ((len(pyimpl.destructure(_net(c))[1]),), "small"), "x2": (x, "spread")}


DESTRUCTURE_ROW = Row(
    "destructure",
    "flux",
    "function",
    twin=_rebuilt,
    structures=tuple({"net": net} for net in ("batchnorm", "layernorm", "conv", "gru", "tied")),
    sizes={"n": st.integers(2, 4), "batch": st.integers(3, 5)},
    shapes=_flat_shapes,
    slack=lambda c: SPREAD,
    since=lambda c: "0.16" if c["net"] == "gru" else "0",
    examples=(
        Example(
            "a vector of another length",
            {"net": "tied", "n": 2, "batch": 3},
            {"x1": np.ones(7)},
            refused=True,
        ),
    ),
    covers="models made of a vector: the order of the parameters, shared ones, gradients of vector "
    "and data",
)


def _flattened(c: Config):
    return differentiable(lambda *arrays: (pyimpl.destructure(_nested(arrays))[0], None))


def _nested(arrays):
    one, two, three = arrays
    return pyimpl.Chain(pyimpl.Dense(one, two), pyimpl.Chain(pyimpl.Dense(one, three)))


FLATTEN_PARAMETERS_ROW = Row(
    "trainables",
    "flux",
    "function",
    twin=_flattened,
    sizes={"n_in": st.integers(1, 4), "n_out": st.integers(1, 3)},
    shapes=lambda c: {"x1": (c["n_in"], c["n_out"]), "x2": (c["n_out"],), "x3": (c["n_out"],)},
    differentiable=False,
    exact=lambda c: True,
    covers="the vector of a nested model with a shared weight",
)


# Shapes.


def _sized(c: Config):
    n, batch = c["n"], c["batch"]
    side = (batch,) if not c.get("padbatch") else ()
    if c["net"] == "images":
        net = pyimpl.Chain(
            pyimpl.Conv((3, 2), c["channels"], 4, pyimpl.relu, stride=(2, 1), pad=pyimpl.SamePad()),
            pyimpl.BatchNorm(4),
            pyimpl.MaxPool((2, 2)),
            pyimpl.Dropout(0.5),
            pyimpl.flatten,
        )
        return net, ((*side, 2, 2 * n + 3, n + 4),)
    if c["net"] == "joint":
        return pyimpl.Chain(
            pyimpl.Parallel(pyimpl.vcat, pyimpl.Dense(n, 3), pyimpl.Dense(2, 4)), pyimpl.softmax
        ), ((*side, n), (*side, 2))
    if c["net"] == "sequence":
        return pyimpl.Chain(pyimpl.LSTM(n, 3), pyimpl.LayerNorm(3), pyimpl.Dense(3, 2)), (
            (*side, 5, n),
        )
    net = pyimpl.Chain(
        pyimpl.ConvTranspose((2, 2), 2, 4, stride=2),
        pyimpl.PixelShuffle(2),
        pyimpl.Upsample(scale=(2, 3)),
    )
    return net, ((*side, 2, n, n + 1),)


def _size(c: Config):
    net, shapes = _sized(c)
    return lambda rng: np.asarray(
        pyimpl.outputsize(net, *shapes, **chosen(c, "padbatch")), np.float32
    )


OUTPUTSIZE_ROW = Row(
    "outputsize",
    "flux",
    "function",
    twin=_size,
    structures=(
        {"net": "images", "channels": 2},
        {"net": "images", "channels": 2, "padbatch": True},
        {"net": "joint"},
        {"net": "joint", "padbatch": True},
        {"net": "sequence"},
        {"net": "larger"},
    ),
    sizes={"n": st.integers(2, 5), "batch": st.integers(1, 4)},
    shapes=lambda c: {"noise": ((1,), "uniform")},
    modes=("draw",),
    exact=lambda c: True,
    differentiable=False,
    examples=(
        Example(
            "a layer that does not fit",
            {"net": "images", "channels": 3, "n": 2, "batch": 1},
            refused=True,
        ),
    ),
    covers="convolutions, joined inputs, sequences, larger images, with a batch and with padbatch",
)


# Jacobians.


def _jacobian(c: Config):
    if c["of"] == "softmax":
        return differentiable(lambda x: (pyimpl.jacobian(pyimpl.softmax, x)[0], None))
    return differentiable(lambda x, y: (pyimpl.jacobian(pyimpl.batched_mul, x, y), None))


def _differentiated(c: Config):
    n, m = c["sizes"]
    return {"x1": (n, m)} if c["of"] == "softmax" else {"x1": (1, n, m), "x2": (1, 2, n)}


JACOBIAN_ROW = Row(
    "jacobian",
    "flux",
    "function",
    twin=_jacobian,
    structures=({"of": "softmax"}, {"of": "batched_mul"}),
    sizes={"sizes": st.tuples(st.integers(1, 3), st.integers(1, 4))},
    shapes=_differentiated,
    differentiable=False,
    covers="of one and of two inputs, every entry",
)


# Stopping.

DISTANCES = {"minus": lambda best, score: best - score, "plus": lambda best, score: score - best}


def _trigger(make: Callable) -> Callable[[Config], object]:
    def twin(c: Config):
        options: dict[str, Any] = {
            name: c[name] for name in ("init_score", "min_dist") if name in c
        }
        if "distance" in c:
            options["distance"] = DISTANCES[c["distance"]]

        def rounds(scores):
            trigger = make(c["wait"], **options)
            return np.array([trigger(score) for score in scores]), None

        return differentiable(rounds)

    return twin


def _stopping(name: str, make: Callable, structures: tuple[Config, ...], covers: str) -> Row:
    return Row(
        name,
        "flux",
        "function",
        twin=_trigger(make),
        structures=structures,
        sizes={"rounds": st.integers(4, 10)},
        shapes=lambda c: {"x1": ((c["rounds"],), "small")},
        differentiable=False,
        exact=lambda c: True,
        examples=(
            Example(
                "not finite",
                {**structures[0], "rounds": 6},
                {"x1": (1.0, np.inf, 0.5, np.nan, 2.0, 3.0)},
            ),
            Example(
                "nearly the same",
                {**structures[0], "rounds": 6},
                {
                    "x1": 0.25
                    + np.cumsum([0.0, 2.0**-21, 2.0**-20, 2.0**-19, -(2.0**-21), 2.0**-18])
                },
            ),
        ),
        covers=covers,
    )


STOPPING_ROWS = (
    _stopping(
        "patience",
        lambda wait: pyimpl.patience(lambda score: score > 0, wait),
        ({"wait": 2}, {"wait": 0}),
        "scores above zero so many times in a row",
    ),
    _stopping(
        "early_stopping",
        lambda wait, **options: pyimpl.early_stopping(lambda score: score, wait, **options),
        (
            {"wait": 2},
            {"wait": 1, "min_dist": 0.125},
            {"wait": 2, "init_score": 0.0},
            {"wait": 2, "init_score": -1.0, "distance": "plus"},
            {"wait": 1, "init_score": -1.0, "distance": "plus", "min_dist": 0.125},
        ),
        "delay, least distance, first score, scores that should rise",
    ),
    _stopping(
        "plateau",
        lambda wait, **options: pyimpl.plateau(lambda score: score, wait, **options),
        (
            {"wait": 1},
            {"wait": 2, "min_dist": 0.125},
            {"wait": 1, "init_score": 0.0, "distance": "plus"},
            {"wait": 1, "init_score": 0.0, "distance": "plus", "min_dist": 0.125},
        ),
        "width, least distance, first score",
    ),
)

ROWS = (DESTRUCTURE_ROW, FLATTEN_PARAMETERS_ROW, OUTPUTSIZE_ROW, JACOBIAN_ROW, *STOPPING_ROWS)
