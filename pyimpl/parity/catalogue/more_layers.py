"""The rest of Flux's layers: joining, looking up, transposed convolutions, resizing, norms within a sample."""

from functools import partial

import numpy as np
from hypothesis import strategies as st

import pyimpl

from ...pullback import differentiable
from .activations import activation_slack
from .layers import _act, _conv, _linear, _norm_shape, _norm_slack, _pick, _space
from .row import Config, Example, Row, Slack

# Joining.

CONNECTIONS = {"vcat": pyimpl.vcat, "add": pyimpl.add}
JOINT_SIZES = {"n_in": st.integers(1, 4), "n_out": st.integers(1, 3), "batch": st.integers(1, 5)}
JOINT = {"n_in": 3, "n_out": 2, "batch": 4}


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
        sizes={"sizes": st.tuples(st.integers(1, 3), st.integers(1, 2), st.integers(1, 4), st.integers(1, 4), st.integers(1, 4))},
        shapes=lambda c: {f"x{i}": (*c["sizes"][: c["rank"] - 1], n) for i, n in enumerate(shapes(c["sizes"]), 1)},
        exact=lambda c: True,
        examples=(Example("arrays that do not fit", {"rank": 2, "sizes": (2, 1, 3, 3, 3)}, refused, refused=True),),
        covers="three arrays",
    )


def _bilinear_inputs(c: Config):
    kind = "small" if "act" in c else "real"  # a product of two inputs would soon saturate tanh
    shapes = {"x1": ((c["batch"], c["n_in"]), kind)}
    return shapes | ({"x2": ((c["batch"], c["n_other"]), kind)} if c["inputs"] == 2 else {})


BILINEAR_ROW = Row(
    "Bilinear",
    "flux",
    "layer",
    twin=lambda c: pyimpl.Bilinear((c["n_in"], c["n_in"] if c["inputs"] == 1 else c["n_other"]), c["n_out"], _act(c), **_pick(c, "bias")),
    structures=({"inputs": 2}, {"inputs": 1, "act": "tanh", "bias": False}),
    sizes={**JOINT_SIZES, "n_other": st.integers(1, 3)},
    shapes=_bilinear_inputs,
    modes=("auto",),
    exact=_linear,
    slack=activation_slack,
    examples=(
        Example("vectors", {**JOINT, "inputs": 2, "n_other": 2}, {"x1": np.ones(3), "x2": np.array([1.0, -2.0])}),
        Example("batches that differ", {**JOINT, "inputs": 2, "n_other": 2}, {"x2": np.ones((3, 2))}, refused=True),
        Example("wrong number of features", {**JOINT, "inputs": 2, "n_other": 2}, {"x2": np.ones((4, 3))}, refused=True),
    ),
    covers="two inputs and one for both, activation, with and without bias",
)

MAXOUT_ROW = Row(
    "Maxout",
    "flux",
    "layer",
    twin=lambda c: pyimpl.Maxout(*(pyimpl.Dense(c["n_in"], c["n_out"]) for _ in range(c["pieces"]))),
    structures=({"pieces": 2}, {"pieces": 3}),
    sizes=JOINT_SIZES,
    shapes=_inputs,
    modes=("auto",),
    exact=lambda c: True,
    true_gradient=False,  # at a tie, which equal weights make everywhere, one of two one-sided derivatives
    examples=(
        Example(
            "ties",
            {**JOINT, "pieces": 3, "n_in": 1},
            {f"param.layers.{i}.weight": np.ones((1, 2)) for i in range(3)} | {f"param.layers.{i}.bias": np.zeros(2) for i in range(3)},
        ),
        Example("nan", {**JOINT, "pieces": 3}, {"x1": np.where(np.eye(4, 3), np.nan, 1.0)}),
    ),
    covers="two and three pieces, ties (the later wins), NaN",
)

SKIP_ROW = Row(
    "SkipConnection",
    "flux",
    "layer",
    twin=lambda c: pyimpl.SkipConnection(
        pyimpl.Dense(c["n_in"], c["n_in" if c["connection"] == "add" else "n_out"], _act(c)), _connection(c)
    ),
    structures=({"connection": "add", "act": "tanh"}, {"connection": "vcat"}),
    sizes=JOINT_SIZES,
    shapes=_inputs,
    modes=("auto",),
    exact=_linear,
    slack=activation_slack,
    covers="connections + and vcat",
)


def _parallel(c: Config):
    first, second = pyimpl.Dense(c["n_in"], c["n_out"], _act(c)), pyimpl.Dense(c["n_in"], c["n_out"])
    if c["layers"] == "named":
        return pyimpl.Parallel(_connection(c), first=first, second=second)
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
    ),
    sizes=JOINT_SIZES,
    shapes=_inputs,
    modes=("auto",),
    exact=_linear,
    slack=activation_slack,
    since=lambda c: "0.15" if c["layers"] == "one" else "0",
    examples=(
        Example("one layer for three inputs", {**JOINT, "connection": "add", "layers": "one", "inputs": 3}),
        Example("three inputs for two layers", {**JOINT, "connection": "add", "layers": "two", "inputs": 3}, refused=True),
    ),
    covers="one input for all layers, one for each, one layer for all inputs; named layers",
)

FUSION_ROW = Row(
    "PairwiseFusion",
    "flux",
    "layer",
    twin=lambda c: pyimpl.PairwiseFusion(pyimpl.add, *(pyimpl.Dense(c["n_in"], c["n_in"], _act(c)) for _ in range(3))),
    structures=({"inputs": 3, "act": "tanh"}, {"inputs": 1}),
    sizes={"n_in": st.integers(1, 3), "batch": st.integers(1, 4)},
    shapes=_inputs,
    modes=("auto",),
    slack=activation_slack,
    examples=(Example("two inputs for three layers", {**JOINT, "inputs": 2}, refused=True),),
    covers="three layers with three inputs and with one",
)


# Looking up.

TABLE = {"n_in": 4, "n_out": 3, "batch": 2, "length": 3}
TABLE_SIZES = {"n_in": st.integers(1, 5), "n_out": st.integers(1, 3), "batch": st.integers(1, 3), "length": st.integers(1, 4)}


def _indices(c: Config):
    return {"x1": ((c["batch"], c["length"])[2 - c["rank"] :], f"index:{c['n_in']}")}


EMBEDDING_ROW = Row(
    "Embedding",
    "flux",
    "layer",
    twin=lambda c: pyimpl.Embedding(c["n_in"], c["n_out"]),
    structures=({"rank": 1}, {"rank": 2}),
    sizes=TABLE_SIZES,
    shapes=_indices,
    modes=("auto",),
    exact=lambda c: True,
    examples=(
        Example("one index again and again", {**TABLE, "rank": 2}, {"x1": np.full((2, 3), 2)}),
        Example("index too large", {**TABLE, "rank": 1}, {"x1": np.array([0, 4])}, refused=True),
        Example("index below the first", {**TABLE, "rank": 1}, {"x1": np.array([0, -1])}, refused=True),
    ),
    covers="vectors and matrices of indices, repeated indices",
)

EMBEDDINGBAG_ROW = Row(
    "EmbeddingBag",
    "flux",
    "layer",
    twin=lambda c: pyimpl.EmbeddingBag(c["n_in"], c["n_out"], c["reduction"]),
    structures=({"rank": 2, "reduction": "mean"}, {"rank": 2, "reduction": "sum"}, {"rank": 2, "reduction": "maximum"}),
    sizes=TABLE_SIZES,
    shapes=_indices,
    modes=("auto",),
    exact=lambda c: c["reduction"] != "mean",
    true_gradient=False,  # of equal maxima, the first takes it all
    examples=(
        Example("one bag", {**TABLE, "rank": 1, "reduction": "mean"}, {"x1": np.array([1, 3, 1])}),
        Example("offsets", {**TABLE, "rank": 1, "reduction": "mean"}, {"x1": np.array([1, 3, 1, 0, 2]), "x2": np.array([0, 2, 3])}),
        Example("equal maxima", {**TABLE, "rank": 2, "reduction": "maximum"}, {"x1": np.array([[1, 1, 1], [2, 1, 1]])}),
        Example("index too large", {**TABLE, "rank": 2, "reduction": "sum"}, {"x1": np.array([[0, 4]])}, refused=True),
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
    covers="mean, sum and maximum; bags of one size, one bag, offsets",
)


# Convolutions.

CONVT = {"rank": 2, "kernel": (2, 3), "space": (3, 2), "n_in": 2, "n_out": 3, "batch": 2}
CONVT_SIZES = {
    "kernel": st.tuples(st.integers(2, 3), st.integers(1, 3), st.integers(1, 2)),
    "space": st.tuples(st.integers(2, 4), st.integers(2, 3), st.integers(1, 2)),
    "n_in": st.integers(1, 2),
    "n_out": st.integers(1, 3),
    "batch": st.integers(1, 3),
}


def _conv_transpose(c: Config):
    return _conv(partial(pyimpl.ConvTranspose, **_pick(c, "outpad")))(c)


CONVTRANSPOSE_ROW = Row(
    "ConvTranspose",
    "flux",
    "layer",
    twin=_conv_transpose,
    structures=(
        {"rank": 2},
        {"rank": 2, "act": "tanh", "stride": (3, 2), "pad": (1, 0, 0, 1), "outpad": (2, 1)},
        {"rank": 2, "dilation": (2, 1), "groups": 2, "bias": False},
        {"rank": 2, "stride": (2, 1), "pad": "same"},
        {"rank": 1, "stride": (2,), "act": "relu"},
    ),
    sizes=CONVT_SIZES,
    shapes=lambda c: {"x1": (c["batch"], c["n_in"] * c.get("groups", 1), *c["space"][: c["rank"]])},
    modes=("auto",),
    exact=_linear,
    slack=activation_slack,
    examples=(
        Example("three dimensions", {**CONVT, "rank": 3, "kernel": (2, 1, 2), "space": (2, 3, 2)}),
        Example("even kernel, same padding", {**CONVT, "kernel": (4, 2), "pad": "same"}),
        Example("a kernel below its stride, same padding", {**CONVT, "rank": 1, "kernel": (1,), "stride": (4,), "pad": "same"}),
        Example("one cell", {**CONVT, "space": (1, 1)}),
        Example("wrong number of channels", CONVT, {"x1": np.ones((2, 3, 3, 2))}, refused=True),
        Example("everything cropped", {**CONVT, "pad": (2, 2)}, {"x1": np.ones((2, 2, 1, 1))}, refused=True),
    ),
    covers="1, 2 and 3 dimensions, stride, outpad, dilation, groups, asymmetric and same padding",
)


def _depthwise(c: Config):
    pad = c.get("pad", 0)
    return pyimpl.DepthwiseConv(tuple(c["kernel"][: c["rank"]]), c["n_in"], c["n_in"] * c["each"], _act(c), pad=pad, **_pick(c, "stride"))


DEPTHWISE_ROW = Row(
    "DepthwiseConv",
    "flux",
    "layer",
    twin=_depthwise,
    structures=({"rank": 2, "act": "relu"}, {"rank": 1, "stride": (2,), "pad": (1, 0)}),
    sizes={
        "kernel": st.tuples(st.integers(1, 3), st.integers(1, 2)),
        "extra": st.tuples(st.integers(0, 3), st.integers(0, 2)),
        "n_in": st.integers(1, 3),
        "each": st.integers(1, 2),
        "batch": st.integers(1, 2),
    },
    shapes=lambda c: {"x1": (c["batch"], c["n_in"], *_space(c)[: c["rank"]])},
    modes=("auto",),
    exact=_linear,
    covers="1 and 2 dimensions, one and two outputs for each input channel",
)


def _adaptive_row(name: str, exact) -> Row:
    kind = getattr(pyimpl, name)
    return Row(
        name,
        "flux",
        "layer",
        twin=lambda c: kind(tuple(c["out"][: c["rank"]])),
        structures=({"rank": 2}, {"rank": 1}),
        sizes={
            "out": st.tuples(st.integers(1, 3), st.integers(1, 2)),
            "space": st.tuples(st.integers(3, 7), st.integers(2, 5)),
            "channels": st.integers(1, 2),
            "batch": st.integers(1, 2),
        },
        shapes=lambda c: {"x1": (c["batch"], c["channels"], *c["space"][: c["rank"]])},
        modes=("auto",),
        exact=exact,
        examples=(
            Example("windows that overlap", {"rank": 2, "out": (2, 3), "space": (5, 5), "channels": 1, "batch": 2}),
            Example("more windows than cells", {"rank": 1, "out": (3,), "space": (2,), "channels": 1, "batch": 1}, refused=True),
            Example("a matrix", {"rank": 1, "out": (2,), "space": (3,), "channels": 1, "batch": 1}, {"x1": np.ones((3, 4))}, refused=True),
        ),
        covers="1 and 2 dimensions, windows that divide the space and windows that overlap",
    )


# Resizing.


def _upsample(c: Config):
    by = {"scale": tuple(c["scale"][: c["rank"]])} if c["by"] == "scale" else {"size": tuple(c["size"][: c["rank"]])}
    return pyimpl.Upsample(c["mode"], **by)


def _image(c: Config):
    return {"x1": (c["batch"], c["channels"], *c["space"][: c["rank"]])}


IMAGE = {"rank": 2, "space": (3, 2), "channels": 2, "batch": 2}
IMAGE_SIZES = {
    "space": st.tuples(st.integers(2, 4), st.integers(2, 3), st.just(2)),
    "channels": st.integers(1, 2),
    "batch": st.integers(1, 2),
}

UPSAMPLE_NEAREST = {**IMAGE, "mode": "nearest", "by": "scale", "scale": (2, 3, 1)}
UPSAMPLE_ROW = Row(
    "Upsample",
    "flux",
    "layer",
    twin=_upsample,
    structures=(
        {"rank": 2, "mode": "bilinear", "by": "scale"},
        {"rank": 2, "mode": "bilinear", "by": "size"},
        {"rank": 1, "mode": "bilinear", "by": "scale"},
        {"rank": 3, "mode": "trilinear", "by": "size"},
    ),
    sizes={
        **IMAGE_SIZES,
        "scale": st.tuples(*[st.sampled_from([1.0, 1.5, 2.0, 3.25])] * 3),
        "size": st.tuples(*[st.integers(2, 7)] * 3),
    },
    shapes=_image,
    modes=("auto",),
    exact=lambda c: c["mode"] == "nearest",
    examples=(
        Example("nearest", UPSAMPLE_NEAREST),
        Example("nearest, one dimension", {**UPSAMPLE_NEAREST, "rank": 1}),
        Example("nearest, to a size", {**UPSAMPLE_NEAREST, "by": "size", "size": (6, 2)}),
        Example("the size that it has", {**IMAGE, "mode": "bilinear", "by": "size", "size": (3, 2)}),
        Example("smaller", {**IMAGE, "mode": "bilinear", "by": "size", "space": (5, 6), "size": (3, 2)}),
        Example("nearest, a size that is no multiple", {**UPSAMPLE_NEAREST, "by": "size", "size": (4, 2)}, refused=True),
    ),
    covers="nearest, linear, bilinear and trilinear; by scale, whole or not, and by size",
)

PIXELSHUFFLE_ROW = Row(
    "PixelShuffle",
    "flux",
    "layer",
    twin=lambda c: pyimpl.PixelShuffle(c["r"]),
    structures=({"rank": 2}, {"rank": 1}),
    sizes={**IMAGE_SIZES, "r": st.integers(1, 3)},
    shapes=lambda c: {"x1": (c["batch"], c["channels"] * c["r"] ** c["rank"], *c["space"][: c["rank"]])},
    modes=("auto",),
    exact=lambda c: True,
    examples=(Example("channels that are no multiple", {**IMAGE, "r": 2}, {"x1": np.ones((2, 6, 3, 2))}, refused=True),),
    covers="1 and 2 dimensions",
)


# Norms. Of a group of equal cells Flux makes the rounding error of x / sqrt(eps) the gradient of the scale; three are seldom equal.

INSTANCE = {"rank": 4, "chs": 3, "batch": 2, "space": (2, 3)}

INSTANCENORM_ROW = Row(
    "InstanceNorm",
    "flux",
    "layer",
    twin=lambda c: pyimpl.InstanceNorm(c["chs"], _act(c), **_pick(c, "affine", "track_stats", "eps", "momentum")),
    structures=({"rank": 4, "act": "relu"}, {"rank": 3, "affine": True, "track_stats": True, "eps": 0.125, "momentum": 0.75}),
    sizes={"chs": st.integers(1, 3), "batch": st.integers(1, 3), "space": st.tuples(st.integers(3, 4), st.integers(1, 2))},
    shapes=lambda c: {"x1": _norm_shape(c)},
    modes=("auto", "train", "test"),
    positive=("var",),
    slack=_norm_slack,
    examples=(
        Example(
            "constant channel",
            {**INSTANCE, "affine": True},
            {"x1": np.where(np.arange(3)[:, None, None] == 1, 2.0, np.arange(36.0).reshape(2, 3, 2, 3) % 5)},
        ),
        Example("one cell, tracked", {**INSTANCE, "rank": 3, "space": (1, 1), "track_stats": True}, mode="train"),
        Example("wrong number of channels", INSTANCE, {"x1": np.ones((2, 2, 2, 3))}, refused=True),
    ),
    covers="signals and images; affine, track_stats, eps, momentum; train, test and automatic mode; running statistics",
)

GROUPNORM_ROW = Row(
    "GroupNorm",
    "flux",
    "layer",
    twin=lambda c: pyimpl.GroupNorm(c["groups"] * c["each"], c["groups"], _act(c), **_pick(c, "affine", "eps")),
    structures=({"rank": 4, "act": "tanh"}, {"rank": 3, "affine": False, "eps": 0.125}),
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
        pyimpl.Conv((2,), c["n_in"], c["n_out"]) if c["layer"] == "conv" else pyimpl.Dense(c["n_in"], c["n_out"], _act(c))
    )


UNIT = Slack(
    64, "over a single entry the gradient of the direction is 0; what is left is rounding at the scale of g / |v|, which has no bound"
)

WEIGHTNORM_ROW = Row(
    "WeightNorm",
    "flux",
    "layer",
    twin=_weight_norm,
    structures=({"layer": "dense", "act": "tanh"}, {"layer": "conv"}),
    sizes=JOINT_SIZES,
    shapes=lambda c: {"x1": (c["batch"], c["n_in"], *((3,) if c["layer"] == "conv" else ()))},
    modes=("auto",),
    positive=("weight",),
    slack=lambda c: UNIT,
    since=lambda c: "0.16",
    covers="around a Dense and around a Conv: the sum runs over the last axis of Julia",
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
    shapes=lambda c: {"x1": (c["batch"], c["n_in"]), "x2": ((c["n_in"], c["n_out"]), "positive"), "x3": (1, c["n_out"])},
    differentiable=False,
    since=lambda c: "0.16",
    covers="a WeightNorm inside a Chain",
)

ALPHADROPOUT_ROW = Row(
    "AlphaDropout",
    "flux",
    "layer",
    twin=lambda c: pyimpl.AlphaDropout(c["p"]),
    sizes={"p": st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]), "sizes": st.tuples(st.integers(1, 4), st.integers(1, 5))},
    shapes=lambda c: {"x1": c["sizes"], "noise": (c["sizes"], "uniform")},
    modes=("auto", "train", "test"),
    covers="the same mask on both sides; train, test and automatic mode; p = 0 and p = 1",
)

ROWS = (
    _connection_row("vcat", lambda sizes: sizes[2:], {"x2": np.ones((3, 3))}),
    _connection_row("add", lambda sizes: (sizes[2],) * 3, {"x2": np.ones((1, 3))}),
    BILINEAR_ROW,
    MAXOUT_ROW,
    SKIP_ROW,
    PARALLEL_ROW,
    FUSION_ROW,
    EMBEDDING_ROW,
    EMBEDDINGBAG_ROW,
    CONVTRANSPOSE_ROW,
    DEPTHWISE_ROW,
    _adaptive_row("AdaptiveMaxPool", exact=lambda c: True),
    _adaptive_row("AdaptiveMeanPool", exact=lambda c: False),
    UPSAMPLE_ROW,
    PIXELSHUFFLE_ROW,
    INSTANCENORM_ROW,
    GROUPNORM_ROW,
    WEIGHTNORM_ROW,
    REMOVE_ROW,
    ALPHADROPOUT_ROW,
)
