"""Dense layers, and those that look up rows of a table."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

import pyimpl

from .activations import activation_slack
from .prepared import made_of, of_list, of_one_hot, of_positive
from .row import Config, Example, Row
from .settings import JOINT, JOINT_SIZES, activations, chosen, is_linear


def _leading(config: Config, last: int):
    return {2: (config["batch"], last), 3: (config["batch"], config["length"], last), 1: (last,)}[
        config.get("rank", 2)
    ]


DENSE_SIZES = {
    "n_in": st.integers(1, 5),
    "n_out": st.integers(1, 4),
    "batch": st.integers(1, 6),
    "length": st.integers(1, 3),
}

DENSE = {"n_in": 3, "n_out": 2, "batch": 4, "length": 1}


def _arrays(c: Config, weight: tuple[int, ...], *bias: int, start: int = 2) -> dict[str, Any]:
    """The arrays of which a layer is made, where it is."""
    if c.get("made") != "arrays":
        return {}
    return {f"x{i}": shape for i, shape in enumerate((weight, *((n,) for n in bias)), start)}


def _dense(c: Config):
    if c.get("made") == "arrays":
        return made_of(lambda weight, bias: pyimpl.Dense(weight, bias, *activations(c)))
    layer = pyimpl.Dense(c["n_in"], c["n_out"], *activations(c), **chosen(c, "bias"))
    return of_positive(layer) if c.get("integers") else layer


DENSE_ROW = Row(
    "Dense",
    "flux",
    "layer",
    twin=_dense,
    structures=(
        {},
        {"act": "relu"},
        {"act": "tanh", "bias": False},
        {"act": "sigmoid", "rank": 3},
        {"rank": 1},
        {"made": "arrays", "act": "relu"},
        {"integers": True, "act": "relu"},
    ),
    sizes=DENSE_SIZES,
    shapes=lambda c: (
        {"x1": _leading(c, c["n_in"])} | _arrays(c, (c["n_in"], c["n_out"]), c["n_out"])
    ),
    modes=("auto",),
    exact=is_linear,
    slack=activation_slack,
    examples=(
        Example("one of everything", {**DENSE, "n_in": 1, "n_out": 1, "batch": 1}),
        Example("empty batch", {**DENSE, "batch": 0}),
        Example(
            "nan in one sample",
            DENSE,
            {"x1": [[1.0, 2.0, 3.0], [np.nan, 0.0, 0.0], [0.5, 0.5, 0.5], [1.0, 0.0, 0.0]]},
        ),
        Example("wrong number of features", DENSE, {"x1": np.ones((4, 2))}, refused=True),
    ),
    covers="activations, with and without bias, vectors, batches and sequences, whole numbers; "
    "made of arrays",
)


def _scale(c: Config):
    if c.get("made") == "arrays":
        return made_of(lambda scale, bias: pyimpl.Scale(scale, bias, *activations(c)))
    size = (1,) if c.get("one") else (c["n_in"],)
    size = (c["length"], *size) if c.get("axes") == 2 else size
    return pyimpl.Scale(*size, *activations(c), **chosen(c, "bias"))


SCALE_ROW = Row(
    "Scale",
    "flux",
    "layer",
    twin=_scale,
    structures=(
        {},
        {"act": "tanh"},
        {"act": "relu", "bias": False},
        {"rank": 3},
        {"rank": 1},
        {"one": True, "act": "tanh"},
        {"made": "arrays", "act": "relu"},
        {"rank": 3, "axes": 2, "act": "tanh", "bias": False},
    ),
    sizes={"n_in": st.integers(1, 5), "batch": st.integers(1, 6), "length": st.integers(1, 3)},
    shapes=lambda c: {"x1": _leading(c, c["n_in"])} | _arrays(c, (c["n_in"],), c["n_in"]),
    modes=("auto",),
    exact=is_linear,
    slack=activation_slack,
    covers="entry-by-entry scale, bias and activation, one number for all, several axes, with and "
    "without bias; made of arrays",
)


def _bilinear_inputs(c: Config):
    kind = "small" if "act" in c else "real"  # a product of two inputs would soon saturate tanh
    shapes = {"x1": ((c["batch"], c["n_in"]), kind)}
    shapes |= {"x2": ((c["batch"], c["n_other"]), kind)} if c["inputs"] == 2 else {}
    return shapes | _arrays(c, (c["n_other"], c["n_in"], c["n_out"]), c["n_out"], start=3)


def _bilinear(c: Config):
    if c.get("made") == "arrays":
        return made_of(lambda weight, bias: pyimpl.Bilinear(weight, bias, *activations(c)), 2)
    sizes = c["n_in"] if c["inputs"] == 1 else (c["n_in"], c["n_other"])
    return pyimpl.Bilinear(sizes, c["n_out"], *activations(c), **chosen(c, "bias"))


BILINEAR_ROW = Row(
    "Bilinear",
    "flux",
    "layer",
    twin=_bilinear,
    structures=(
        {"inputs": 2},
        {"inputs": 1, "act": "tanh", "bias": False},
        {"inputs": 2, "made": "arrays", "act": "relu"},
    ),
    sizes={**JOINT_SIZES, "n_other": st.integers(1, 3)},
    shapes=_bilinear_inputs,
    modes=("auto",),
    exact=is_linear,
    slack=activation_slack,
    examples=(
        Example(
            "vectors",
            {**JOINT, "inputs": 2, "n_other": 2},
            {"x1": np.ones(3), "x2": np.array([1.0, -2.0])},
        ),
        Example(
            "batches that differ",
            {**JOINT, "inputs": 2, "n_other": 2},
            {"x2": np.ones((3, 2))},
            refused=True,
        ),
        Example(
            "wrong number of features",
            {**JOINT, "inputs": 2, "n_other": 2},
            {"x2": np.ones((4, 3))},
            refused=True,
        ),
    ),
    covers="two inputs and one for both, activation, with and without bias; made of arrays",
)

TABLE = {"n_in": 4, "n_out": 3, "batch": 2, "length": 3}

TABLE_SIZES = {
    "n_in": st.integers(1, 5),
    "n_out": st.integers(1, 3),
    "batch": st.integers(1, 3),
    "length": st.integers(1, 4),
}


def _indices(c: Config):
    indices = {"x1": ((c["batch"], c["length"])[2 - c["rank"] :], f"index:{c['n_in']}")}
    return indices | _arrays(c, (c["n_in"], c["n_out"]))


def _embedding(c: Config):
    if c.get("made") == "arrays":
        return made_of(lambda weight: pyimpl.Embedding(weight))
    layer = pyimpl.Embedding(c["n_in"], c["n_out"])
    return of_one_hot(layer, c["n_in"]) if c.get("one_hot") else layer


EMBEDDING_ROW = Row(
    "Embedding",
    "flux",
    "layer",
    twin=_embedding,
    structures=(
        {"rank": 1},
        {"rank": 2},
        {"rank": 1, "one_hot": True},
        {"rank": 2, "one_hot": True},
        {"rank": 2, "made": "arrays"},
    ),
    sizes=TABLE_SIZES,
    shapes=_indices,
    modes=("auto",),
    exact=lambda c: True,
    examples=(
        Example("one index again and again", {**TABLE, "rank": 2}, {"x1": np.full((2, 3), 2)}),
        Example("index too large", {**TABLE, "rank": 1}, {"x1": np.array([0, 4])}, refused=True),
        Example(
            "index below the first", {**TABLE, "rank": 1}, {"x1": np.array([0, -1])}, refused=True
        ),
    ),
    covers="vectors and matrices of indices, repeated indices, one-hot vectors; made of an array",
)


def _embedding_bag(c: Config):
    given = [c["reduction"]] if "reduction" in c else []
    if c.get("made") == "arrays":
        return made_of(lambda weight: pyimpl.EmbeddingBag(weight, *given))
    layer = pyimpl.EmbeddingBag(c["n_in"], c["n_out"], *given)
    if c.get("bags") == "one-hot":
        return of_one_hot(layer, c["n_in"])
    return of_list(layer) if c.get("bags") == "list" else layer


EMBEDDINGBAG_ROW = Row(
    "EmbeddingBag",
    "flux",
    "layer",
    twin=_embedding_bag,
    structures=(
        {"rank": 2, "reduction": "mean"},
        {"rank": 2, "reduction": "sum"},
        {"rank": 2, "reduction": "maximum"},
        {"rank": 2},
        {"rank": 2, "reduction": "sum", "bags": "one-hot"},
        {"rank": 2, "reduction": "mean", "bags": "list"},
        {"rank": 2, "reduction": "sum", "made": "arrays"},
    ),
    sizes=TABLE_SIZES,
    shapes=_indices,
    modes=("auto",),
    exact=lambda c: c.get("reduction", "mean") != "mean",
    true_gradient=False,  # of equal maxima, the first takes it all
    examples=(
        Example("one bag", {**TABLE, "rank": 1, "reduction": "mean"}, {"x1": np.array([1, 3, 1])}),
        Example(
            "offsets",
            {**TABLE, "rank": 1, "reduction": "mean"},
            {"x1": np.array([1, 3, 1, 0, 2]), "x2": np.array([0, 2, 3])},
        ),
        Example(
            "offsets, added up",
            {**TABLE, "rank": 1, "reduction": "sum"},
            {"x1": np.array([1, 3, 1, 0, 2]), "x2": np.array([0, 2, 3])},
        ),
        Example(
            "equal maxima of different rows",
            {**TABLE, "rank": 2, "reduction": "maximum"},
            {"x1": np.array([[0, 1, 2], [3, 2, 1]]), "param.weight": np.ones((4, 3))},
        ),
        Example(
            "equal maxima",
            {**TABLE, "rank": 2, "reduction": "maximum"},
            {"x1": np.array([[1, 1, 1], [2, 1, 1]])},
        ),
        Example(
            "index too large",
            {**TABLE, "rank": 2, "reduction": "sum"},
            {"x1": np.array([[0, 4]])},
            refused=True,
        ),
        Example(
            "offsets that stand still",
            {**TABLE, "rank": 1, "reduction": "sum"},
            {"x1": np.array([1, 3, 1]), "x2": np.array([0, 1, 1])},
            refused=True,
        ),
        Example(
            "offsets that start late",
            {**TABLE, "rank": 1, "reduction": "sum"},
            {"x1": np.array([1, 3, 1]), "x2": np.array([1, 2])},
            refused=True,
        ),
    ),
    covers="mean, sum and maximum, by default the mean; bags of one size, one bag, offsets, "
    "one-hot vectors, a list of bags; made of an array",
)

ROWS = (
    DENSE_ROW,
    SCALE_ROW,
    BILINEAR_ROW,
    EMBEDDING_ROW,
    EMBEDDINGBAG_ROW,
)
