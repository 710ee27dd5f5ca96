"""Flux's layers."""

import numpy as np
from hypothesis import strategies as st

import pyimpl
from pyimpl import ACTIVATIONS

from .activations import activation_slack
from .row import Config, Example, Row, Slack

EMPTY_BATCH = "NNlib raises «cannot create partitions of length 0» for a convolution of no samples; the twin gives no samples"
SPREAD = Slack(16, "dividing by the spread of a small batch magnifies the roundings inside the layer before, which no nudge shows")
ZERO_DRAWN = "inside a gradient, NNlib's dropout rule drops entries whose random number is exactly 0, even where the layer is inactive"

NORM = Slack(16, "the gradient of a normalisation is what remains of three terms that cancel, at the scale of the largest cotangent")


def _act(config: Config):
    return ACTIVATIONS[config.get("act", "identity")]


def _pick(config: Config, *names: str) -> Config:
    return {name: config[name] for name in names if name in config}


def _linear(config: Config) -> bool:
    return config.get("act", "identity") in ("identity", "relu")


def _norm_slack(config: Config) -> Slack:
    act = activation_slack(config)
    return NORM if act is None or act.ulps < NORM.ulps else act


# Dense layers.


def _leading(config: Config, last: int):
    return {2: (config["batch"], last), 3: (config["batch"], config["length"], last), 1: (last,)}[config.get("rank", 2)]


DENSE_SIZES = {"n_in": st.integers(1, 5), "n_out": st.integers(1, 4), "batch": st.integers(1, 6), "length": st.integers(1, 3)}
DENSE = {"n_in": 3, "n_out": 2, "batch": 4, "length": 1}

DENSE_ROW = Row(
    "Dense",
    "flux",
    "layer",
    twin=lambda c: pyimpl.Dense(c["n_in"], c["n_out"], _act(c), bias=c.get("bias", True)),
    structures=({}, {"act": "relu"}, {"act": "tanh", "bias": False}, {"act": "sigmoid", "rank": 3}, {"rank": 1}),
    sizes=DENSE_SIZES,
    shapes=lambda c: {"x1": _leading(c, c["n_in"])},
    modes=("auto",),
    exact=_linear,
    slack=activation_slack,
    examples=(
        Example("one of everything", {**DENSE, "n_in": 1, "n_out": 1, "batch": 1}),
        Example("empty batch", {**DENSE, "batch": 0}),
        Example("nan in one sample", DENSE, {"x1": [[1.0, 2.0, 3.0], [np.nan, 0.0, 0.0], [0.5, 0.5, 0.5], [1.0, 0.0, 0.0]]}),
        Example("wrong number of features", DENSE, {"x1": np.ones((4, 2))}, refused=True),
    ),
    covers="activations, with and without bias, vectors, batches and sequences",
)

SCALE_ROW = Row(
    "Scale",
    "flux",
    "layer",
    twin=lambda c: pyimpl.Scale(np.ones(c["n_in"], np.float32), np.zeros(c["n_in"], np.float32), _act(c)),
    structures=({}, {"act": "tanh"}),
    sizes={"n_in": st.integers(1, 5), "batch": st.integers(1, 6)},
    shapes=lambda c: {"x1": (c["batch"], c["n_in"])},
    modes=("auto",),
    exact=_linear,
    slack=activation_slack,
    covers="entry-by-entry scale, bias and activation",
)


# Convolutions and pooling. `extra` is how far the input reaches beyond one window.


def _space(config: Config) -> tuple[int, ...]:
    kernel, rank = config["kernel"], config["rank"]
    dilation = config.get("dilation", (1,) * rank)
    return tuple((k - 1) * d + 1 + extra for k, d, extra in zip(kernel, dilation, config["extra"], strict=False))


def _conv(kind):
    def twin(c: Config):
        pad = pyimpl.SamePad() if c.get("pad") == "same" else c.get("pad", 0)
        options = _pick(c, "stride", "dilation", "groups", "bias")
        return kind(
            tuple(c["kernel"][: c["rank"]]), c["n_in"] * c.get("groups", 1), c["n_out"] * c.get("groups", 1), _act(c), pad=pad, **options
        )

    return twin


def _conv_row(name: str, *more: Config) -> Row:
    kind = getattr(pyimpl, name)
    plain = {"rank": 2, "kernel": (2, 3), "extra": (2, 1), "n_in": 2, "n_out": 3, "batch": 2}
    return Row(
        name,
        "flux",
        "layer",
        twin=_conv(kind),
        structures=(
            {"rank": 2},
            {"rank": 2, "act": "relu", "pad": (1, 0)},
            {"rank": 2, "stride": (2, 1), "pad": (1, 2, 0, 1), "bias": False},
            {"rank": 2, "dilation": (2, 1), "act": "tanh"},
            {"rank": 2, "pad": "same"},
            {"rank": 1, "stride": (2,)},
            {"rank": 3},
            *more,
        ),
        sizes={
            "kernel": st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(1, 2)),
            "extra": st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 1)),
            "n_in": st.integers(1, 2),
            "n_out": st.integers(1, 3),
            "batch": st.integers(1, 3),
        },
        shapes=lambda c: {"x1": (c["batch"], c["n_in"] * c.get("groups", 1), *_space(c)[: c["rank"]])},
        modes=("auto",),
        exact=_linear,
        slack=activation_slack,
        examples=(
            Example("even kernel, same padding", {**plain, "kernel": (4, 2), "extra": (0, 3), "pad": "same"}),
            Example("stride that leaves a rest", {**plain, "stride": (2, 3), "extra": (3, 4)}),
            Example("empty batch", {**plain, "batch": 0}, known=EMPTY_BATCH),
            Example("wrong number of channels", plain, {"x1": np.ones((2, 3, 4, 4))}, refused=True),
            Example("kernel larger than the input", plain, {"x1": np.ones((2, 2, 1, 2))}, refused=True),
        ),
        covers="1, 2 and 3 dimensions, stride, dilation, symmetric, asymmetric and same padding" + (", groups" if more else ""),
    )


def _pool_row(name: str, exact) -> Row:
    kind = getattr(pyimpl, name)
    plain = {"rank": 2, "kernel": (2, 2), "extra": (2, 2), "channels": 1, "batch": 1}
    ties = [[[[1.0, 1.0, 0.0, 0.0], [1.0, 1.0, 0.0, 0.0], [-1.0, 2.0, -3.0, -3.0], [2.0, 2.0, -3.0, -4.0]]]]
    near = [
        [
            [
                [1.0, 1.0 + 2.0**-14, 5.0, 5.0 - 2.0**-13],
                [0.0, 1.0, 5.0 - 2.0**-10, 5.0],
                [0.0, -0.0, 1.0, 1.0 + 2.0**-28],
                [0.0, 0.0, 0.5, 1.0],
            ]
        ]
    ]
    return Row(
        name,
        "flux",
        "layer",
        twin=lambda c: kind(tuple(c["kernel"][: c["rank"]]), **_pick(c, "pad", "stride")),
        structures=(
            {"rank": 2},
            {"rank": 2, "stride": (1, 2)},
            {"rank": 2, "pad": (1, 0), "stride": (2, 1)},
            {"rank": 1},
            {"rank": 3, "stride": (1, 1, 1)},
        ),
        sizes={
            "kernel": st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(1, 2)),
            "extra": st.tuples(st.integers(0, 4), st.integers(0, 3), st.integers(0, 1)),
            "channels": st.integers(1, 2),
            "batch": st.integers(1, 2),
        },
        shapes=lambda c: {"x1": (c["batch"], c["channels"], *_space(c)[: c["rank"]])},
        modes=("auto",),
        exact=exact,
        examples=(
            Example("ties", plain, {"x1": ties}),
            Example("nearly ties", plain, {"x1": near}),
            Example("infinities", plain, {"x1": np.where(np.array(ties) > 0, ties, -np.inf)}),
            Example("one window", {**plain, "extra": (0, 0)}),
            Example("a matrix", plain, {"x1": np.ones((3, 4))}, refused=True),
        ),
        covers="1, 2 and 3 dimensions, stride, padding, ties and near ties",
    )


def _global_pool_row(name: str, exact) -> Row:
    kind = getattr(pyimpl, name)
    return Row(
        name,
        "flux",
        "layer",
        twin=lambda c: kind(),
        structures=({"rank": 2}, {"rank": 1}),
        sizes={"sizes": st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(1, 4), st.integers(1, 4))},
        shapes=lambda c: {"x1": c["sizes"][: c["rank"] + 2]},
        modes=("auto",),
        exact=exact,
        covers="1 and 2 dimensions",
    )


FLATTEN_ROW = Row(
    "flatten",
    "flux",
    "function",
    twin=lambda c: pyimpl.flatten,
    structures=({"rank": 4}, {"rank": 2}),
    sizes={"sizes": st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(1, 3), st.integers(1, 3))},
    shapes=lambda c: {"x1": c["sizes"][: c["rank"]]},
    exact=lambda c: True,
    covers="images and matrices",
)


# Normalisation.


def _norm_shape(c: Config):
    return (c["batch"], c["chs"], *c["space"][: c["rank"] - 2])


BATCHNORM = {"rank": 2, "chs": 3, "batch": 4, "space": (1, 1)}

BATCHNORM_ROW = Row(
    "BatchNorm",
    "flux",
    "layer",
    twin=lambda c: pyimpl.BatchNorm(c["chs"], _act(c), **_pick(c, "affine", "track_stats", "eps", "momentum")),
    structures=(
        {"rank": 2},
        {"rank": 4, "act": "relu"},
        {"rank": 3, "eps": 0.125, "momentum": 0.75},
        {"rank": 2, "affine": False},
        {"rank": 4, "track_stats": False, "act": "tanh"},
    ),
    sizes={"chs": st.integers(1, 3), "batch": st.integers(3, 5), "space": st.tuples(st.integers(1, 3), st.integers(1, 2))},
    shapes=lambda c: {"x1": _norm_shape(c)},
    modes=("auto", "train", "test"),
    positive=("var",),
    slack=_norm_slack,
    examples=(
        Example("constant channel", BATCHNORM, {"x1": [[1.0, 2.0, 3.0], [1.0, 0.5, 3.0], [1.0, -2.0, 3.0], [1.0, 4.0, 3.0]]}, "train"),
        Example("far from zero", BATCHNORM, {"x1": 1000 + np.arange(12.0).reshape(4, 3) / 4}, "train"),
        Example("one sample in test mode", {**BATCHNORM, "batch": 1}, mode="test"),
        Example("one sample in train mode", {**BATCHNORM, "batch": 1}, mode="train"),
        Example("wrong number of channels", BATCHNORM, {"x1": np.ones((4, 2))}, refused=True),
        Example("a vector", BATCHNORM, {"x1": np.ones(3)}, refused=True),
    ),
    covers="matrices, signals and images; affine, track_stats, eps, momentum; train, test and automatic mode; running statistics",
)

LAYERNORM_ROW = Row(
    "LayerNorm",
    "flux",
    "layer",
    twin=lambda c: pyimpl.LayerNorm(tuple(c["sizes"][-c["over"] :]), _act(c), **_pick(c, "affine", "eps")),
    structures=({"over": 1, "rank": 2}, {"over": 2, "rank": 3, "act": "tanh"}, {"over": 1, "rank": 3, "affine": False, "eps": 0.125}),
    sizes={"sizes": st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(2, 5))},
    shapes=lambda c: {"x1": c["sizes"][-c["rank"] :]},
    modes=("auto",),
    slack=_norm_slack,
    examples=(
        Example("constant row", {"over": 1, "rank": 2, "sizes": (1, 2, 3)}, {"x1": [[2.0, 2.0, 2.0], [1.0, 2.0, 4.0]]}),
        Example("nearly constant row", {"over": 1, "rank": 2, "sizes": (1, 2, 3)}, {"x1": [[2.0**-16, 0.0, 2.0**-17], [1.0, 2.0, 4.0]]}),
        Example("wrong size", {"over": 1, "rank": 2, "sizes": (1, 2, 3)}, {"x1": np.ones((2, 4))}, refused=True),
    ),
    covers="over one and two axes, affine or not, activation, eps squared under the root",
)

NORMALISE_ROW = Row(
    "normalise",
    "flux",
    "function",
    twin=lambda c: pyimpl.differentiable(lambda x: pyimpl.normalise.pullback(x, **_pick(c, "dims", "eps"))),
    structures=({"rank": 2}, {"rank": 3, "dims": -1}, {"rank": 2, "dims": -1, "eps": 0.125}),
    sizes={"sizes": st.tuples(st.integers(2, 4), st.integers(2, 4), st.integers(2, 5))},
    shapes=lambda c: {"x1": c["sizes"][: c["rank"]]},
    slack=lambda c: NORM,
    covers="along any axis, by default the batch",
)

DROPPED = {"rank": 2, "p": 0.5, "sizes": (1, 3, 1, 1)}

DROPOUT_ROW = Row(
    "Dropout",
    "flux",
    "layer",
    twin=lambda c: pyimpl.Dropout(c["p"], dims=c.get("dims")),
    structures=({"rank": 2}, {"rank": 4, "dims": (0, 1)}),
    sizes={
        "p": st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]),
        "sizes": st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(1, 3), st.integers(1, 2)),
    },
    shapes=lambda c: {
        "x1": c["sizes"][: c["rank"]],
        "noise": (tuple(n if axis in c.get("dims", range(4)) else 1 for axis, n in enumerate(c["sizes"][: c["rank"]])), "probability"),
    },
    modes=("auto", "train", "test"),
    examples=(
        Example("zero drawn in test mode", DROPPED, {"noise": [[0.0, 0.5, 0.75]]}, "test", known=ZERO_DRAWN),
        Example("one dropped of three", DROPPED, {"noise": [[0.25, 0.5, 0.75]]}, "train"),
    ),
    covers="the same mask on both sides; dims; train, test and automatic mode; p = 0 and p = 1",
)


# Containers.


def _chain(c: Config):
    if c["net"] == "regression":
        return pyimpl.Chain(pyimpl.Dense(c["n_in"], 5, pyimpl.sigmoid), pyimpl.BatchNorm(5), pyimpl.Dense(5, c["n_out"]))
    if c["net"] == "named":
        return pyimpl.Chain(first=pyimpl.Dense(c["n_in"], 4, pyimpl.relu), second=pyimpl.Dense(4, c["n_out"]))
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
    structures=({"net": "regression"}, {"net": "named"}, {"net": "images"}),
    sizes={"n_in": st.integers(1, 4), "n_out": st.integers(1, 3), "batch": st.integers(3, 5)},
    shapes=lambda c: {"x1": (c["batch"], 1, 6, 2 * c["n_in"] + 1) if c["net"] == "images" else (c["batch"], c["n_in"])},
    modes=("auto", "train", "test"),
    positive=("var",),
    slack=lambda c: SPREAD,
    covers="a batch-normalised regression, a named chain, a small image classifier",
)

ROWS = (
    DENSE_ROW,
    SCALE_ROW,
    _conv_row("Conv", {"rank": 2, "groups": 2}),
    _conv_row("CrossCor"),
    _pool_row("MaxPool", exact=lambda c: True),
    _pool_row("MeanPool", exact=lambda c: False),
    _global_pool_row("GlobalMaxPool", exact=lambda c: True),
    _global_pool_row("GlobalMeanPool", exact=lambda c: False),
    FLATTEN_ROW,
    BATCHNORM_ROW,
    LAYERNORM_ROW,
    NORMALISE_ROW,
    DROPOUT_ROW,
    CHAIN_ROW,
)
