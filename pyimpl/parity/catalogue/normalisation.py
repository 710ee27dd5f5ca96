"""Normalisation of batches, samples, groups and weights."""

import numpy as np
from hypothesis import strategies as st

import pyimpl

from ...core.pullback import differentiable
from .activations import activation_slack
from .row import Config, Example, Row, Slack
from .settings import JOINT_SIZES, activation, activations, as_axes, chosen

NORM = Slack(
    16,
    "the gradient of a normalisation is what remains of three terms that cancel, at the scale of "
    "the largest cotangent",
)


NORM_OPTIONS = ("affine", "track_stats", "eps", "momentum", "active")
OTHER = {"act": "tanh", "eps": 0.125, "momentum": 0.75}


def _norm_slack(config: Config) -> Slack:
    act = activation_slack(config)
    return NORM if act is None or act.ulps < NORM.ulps else act


def _norm_shape(c: Config):
    return (c["batch"], c["chs"], *c["space"][: c["rank"] - 2])


BATCHNORM = {"rank": 2, "chs": 3, "batch": 4, "space": (1, 1)}

BATCHNORM_ROW = Row(
    "BatchNorm",
    "flux",
    "layer",
    twin=lambda c: pyimpl.BatchNorm(c["chs"], *activations(c), **chosen(c, *NORM_OPTIONS)),
    structures=(
        {"rank": 2},
        {"rank": 4, "act": "relu"},
        {"rank": 3, "eps": 0.125, "momentum": 0.75},
        {"rank": 2, "affine": False},
        {"rank": 4, "track_stats": False, "act": "tanh"},
        {"rank": 4, "affine": False, "act": "tanh", "eps": 0.125, "momentum": 0.75},
        {"rank": 3, "affine": False, "track_stats": False, "act": "sigmoid"},
        {"rank": 4, "active": True, "affine": False, "track_stats": False, **OTHER},
        {"rank": 2, "active": False},
    ),
    sizes={
        "chs": st.integers(1, 3),
        "batch": st.integers(3, 5),
        "space": st.tuples(st.integers(1, 3), st.integers(1, 2)),
    },
    shapes=lambda c: {"x1": _norm_shape(c)},
    modes=("auto", "train", "test"),
    positive=("var",),
    slack=_norm_slack,
    examples=(
        Example(
            "constant channel",
            BATCHNORM,
            {"x1": [[1.0, 2.0, 3.0], [1.0, 0.5, 3.0], [1.0, -2.0, 3.0], [1.0, 4.0, 3.0]]},
            "train",
        ),
        Example(
            "far from zero", BATCHNORM, {"x1": 1000 + np.arange(12.0).reshape(4, 3) / 4}, "train"
        ),
        Example("one sample in test mode", {**BATCHNORM, "batch": 1}, mode="test"),
        Example("one sample in train mode", {**BATCHNORM, "batch": 1}, mode="train"),
        Example("wrong number of channels", BATCHNORM, {"x1": np.ones((4, 2))}, refused=True),
        Example("a vector", BATCHNORM, {"x1": np.ones(3)}, refused=True),
    ),
    covers="matrices, signals and images; affine, track_stats, eps, momentum; train, test and "
    "automatic mode; running statistics",
)


def _layer_norm(c: Config):
    size = tuple(c["sizes"][-c["over"] :])
    sizes = size if c.get("one_by_one") else (size,)
    return pyimpl.LayerNorm(*sizes, *activations(c), **chosen(c, "affine", "eps"))


LAYERNORM_ROW = Row(
    "LayerNorm",
    "flux",
    "layer",
    twin=_layer_norm,
    structures=(
        {"over": 1, "rank": 2},
        {"over": 2, "rank": 3, "act": "tanh"},
        {"over": 1, "rank": 3, "affine": False, "eps": 0.125},
        {"over": 2, "rank": 2, "affine": False, "act": "tanh"},
        {"over": 2, "rank": 3, "affine": False, "act": "tanh", "eps": 0.125, "one_by_one": True},
        {"over": 1, "rank": 2, "act": "relu", "eps": 0.125, "one_by_one": True},
    ),
    sizes={"sizes": st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(2, 5))},
    shapes=lambda c: {"x1": c["sizes"][-c["rank"] :]},
    modes=("auto",),
    slack=_norm_slack,
    examples=(
        Example(
            "constant row",
            {"over": 1, "rank": 2, "sizes": (1, 2, 3)},
            {"x1": [[2.0, 2.0, 2.0], [1.0, 2.0, 4.0]]},
        ),
        Example(
            "nearly constant row",
            {"over": 1, "rank": 2, "sizes": (1, 2, 3)},
            {"x1": [[2.0**-16, 0.0, 2.0**-17], [1.0, 2.0, 4.0]]},
        ),
        Example(
            "wrong size",
            {"over": 1, "rank": 2, "sizes": (1, 2, 3)},
            {"x1": np.ones((2, 4))},
            refused=True,
        ),
    ),
    covers="over one and two axes, affine or not, activation, eps squared under the root",
)

NORMALISE_ROW = Row(
    "normalise",
    "flux",
    "function",
    twin=lambda c: pyimpl.differentiable(
        lambda x: pyimpl.normalise.pullback(x, **as_axes(chosen(c, "dims", "eps")))
    ),
    structures=(
        {"rank": 2},
        {"rank": 3, "dims": -1},
        {"rank": 2, "dims": -1, "eps": 0.125},
        {"rank": 3, "dims": -2},
        {"rank": 3, "dims": [-1, -3]},
    ),
    sizes={"sizes": st.tuples(st.integers(2, 4), st.integers(2, 4), st.integers(2, 5))},
    shapes=lambda c: {"x1": c["sizes"][: c["rank"]]},
    slack=lambda c: NORM,
    covers="along any axis, by default the batch",
)

INSTANCE = {"rank": 4, "chs": 3, "batch": 2, "space": (2, 3)}

INSTANCENORM_ROW = Row(
    "InstanceNorm",
    "flux",
    "layer",
    twin=lambda c: pyimpl.InstanceNorm(c["chs"], *activations(c), **chosen(c, *NORM_OPTIONS)),
    structures=(
        {"rank": 4, "act": "relu"},
        {"rank": 3, "affine": True, "track_stats": True, "eps": 0.125, "momentum": 0.75},
        {"rank": 4, "track_stats": True, "act": "tanh"},
        {"rank": 4, "affine": True},
        {"rank": 4, "active": True, "affine": True, "track_stats": True, **OTHER},
        {"rank": 3, "active": False, "track_stats": True},
    ),
    sizes={
        "chs": st.integers(1, 3),
        "batch": st.integers(1, 3),
        "space": st.tuples(st.integers(3, 4), st.integers(1, 2)),
    },
    shapes=lambda c: {"x1": _norm_shape(c)},
    modes=("auto", "train", "test"),
    positive=("var",),
    slack=_norm_slack,
    examples=(
        Example(
            "constant channel",
            {**INSTANCE, "affine": True},
            {
                "x1": np.where(
                    np.arange(3)[:, None, None] == 1, 2.0, np.arange(36.0).reshape(2, 3, 2, 3) % 5
                )
            },
        ),
        Example(
            "one cell, tracked",
            {**INSTANCE, "rank": 3, "space": (1, 1), "track_stats": True},
            mode="train",
        ),
        Example("wrong number of channels", INSTANCE, {"x1": np.ones((2, 2, 2, 3))}, refused=True),
    ),
    covers="signals and images; affine, track_stats, eps, momentum; train, test and automatic "
    "mode; running statistics",
)

GROUPNORM_ROW = Row(
    "GroupNorm",
    "flux",
    "layer",
    twin=lambda c: pyimpl.GroupNorm(
        int(c["groups"] * c["each"]), c["groups"], *activations(c), **chosen(c, *NORM_OPTIONS)
    ),
    structures=(
        {"rank": 4, "act": "tanh"},
        {"rank": 3, "affine": False, "eps": 0.125},
        {"rank": 3, "affine": False, "act": "tanh"},
        {"rank": 4, "active": True, "affine": False, "act": "tanh", "eps": 0.125},
    ),
    sizes={
        "groups": st.integers(1, 3),
        "each": st.integers(1, 2),
        "batch": st.integers(1, 3),
        "space": st.tuples(st.integers(3, 4), st.integers(1, 2)),
    },
    shapes=lambda c: {"x1": (c["batch"], c["groups"] * c["each"], *c["space"][: c["rank"] - 2])},
    modes=("auto", "test"),
    slack=_norm_slack,
    examples=(
        Example(
            "channels that do not divide",
            {"rank": 3, "groups": 2, "each": 2.5, "batch": 2, "space": (3,)},
            {"x1": np.ones((2, 5, 3))},
            refused=True,
        ),
        Example("groups of features", {"rank": 2, "groups": 2, "each": 3, "batch": 4, "space": ()}),
        Example(
            "wrong number of channels",
            {"rank": 3, "groups": 2, "each": 2, "batch": 2, "space": (3,)},
            {"x1": np.ones((2, 6, 3))},
            refused=True,
        ),
    ),
    covers="features, signals and images; affine, eps",
)


def _weight_norm(c: Config):
    return pyimpl.WeightNorm(
        pyimpl.Conv((2,), c["n_in"], c["n_out"], init=pyimpl.ones32)
        if c["layer"] == "conv"
        else pyimpl.Dense(
            pyimpl.ones32((c["n_in"], c["n_out"])), np.ones(c["n_out"], np.float32), activation(c)
        ),
        *([c["which"]] if "which" in c else []),
        **as_axes(chosen(c, "dims")),
    )


UNIT = Slack(
    64,
    "over a single entry the gradient of the direction is 0; what is left is rounding at the "
    "scale of g / |v|, which has no bound",
)

WEIGHTNORM_ROW = Row(
    "WeightNorm",
    "flux",
    "layer",
    twin=_weight_norm,
    structures=(
        {"layer": "dense", "act": "tanh"},
        {"layer": "conv"},
        {"layer": "dense", "dims": -1},
        {"layer": "dense", "dims": [0, 1]},
        {"layer": "conv", "dims": [1, 2]},
        {"layer": "conv", "dims": -3},
        {"layer": "dense", "which": "bias"},
        {"layer": "dense", "which": "bias", "dims": -1},
    ),
    sizes=JOINT_SIZES,
    shapes=lambda c: {"x1": (c["batch"], c["n_in"], *((3,) if c["layer"] == "conv" else ()))},
    modes=("auto",),
    positive=("weight", "bias"),
    slack=lambda c: UNIT,
    since=lambda c: "0.16",
    covers="around a Dense and around a Conv: the sum runs over the last axis of Julia, or over "
    "others; of the bias",
)


def _removed(c: Config):
    def apply(x, v, g):
        layer = pyimpl.WeightNorm(pyimpl.Dense(v, False))
        layer.g = g
        return pyimpl.remove_weight_norms(pyimpl.Chain(layer, pyimpl.relu))(x), None

    return differentiable(apply)


REMOVE_ROW = Row(
    "remove_weight_norms",
    "flux",
    "function",
    twin=_removed,
    sizes=JOINT_SIZES,
    shapes=lambda c: {
        "x1": (c["batch"], c["n_in"]),
        "x2": ((c["n_in"], c["n_out"]), "positive"),
        "x3": (1, c["n_out"]),
    },
    differentiable=False,
    since=lambda c: "0.16",
    covers="a WeightNorm inside a Chain",
)

ROWS = (
    BATCHNORM_ROW,
    LAYERNORM_ROW,
    NORMALISE_ROW,
    INSTANCENORM_ROW,
    GROUPNORM_ROW,
    WEIGHTNORM_ROW,
    REMOVE_ROW,
)
