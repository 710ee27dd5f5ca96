"""The textbook family: layers, losses and rules of "deep learning from scratch", against plain
Julia.
"""

import numpy as np
from hypothesis import strategies as st

from ... import textbook
from ...core.pullback import differentiable
from .row import Config, Example, Row
from .rules import STEPS
from .settings import as_axes, chosen

MATRIX = {"sizes": st.tuples(st.integers(1, 5), st.integers(1, 4))}


def _row(name: str, kind: str, twin, shapes, covers: str, **more) -> Row:
    return Row(name, "textbook", kind, twin=twin, shapes=shapes, covers=covers, **more)


def zeros(*shape: int) -> np.ndarray:
    """A parameter that the case fills in."""
    return np.zeros(shape, np.float32)


AFFINE = {"n_in": 6, "n_out": 2, "batch": 3}

AFFINE_ROW = _row(
    "Affine",
    "layer",
    lambda c: textbook.Affine(zeros(c["n_in"], c["n_out"]), zeros(c["n_out"])),
    lambda c: {"x1": (c["batch"], c["n_in"]) if c["rank"] == 2 else (c["batch"], 1, 1, c["n_in"])},
    "matrices, and images that are flattened",
    structures=({"rank": 2}, {"rank": 4}),
    sizes={"n_in": st.integers(1, 5), "n_out": st.integers(1, 4), "batch": st.integers(1, 5)},
    modes=("auto",),
    exact=lambda c: True,
    examples=(
        Example(
            "wrong number of features", {**AFFINE, "rank": 2}, {"x1": np.ones((3, 5))}, refused=True
        ),
    ),
)

KINKS = Example("kinks", {"sizes": (1, 5)}, {"x1": [[-100.0, -1.0, 0.0, 1.0, 100.0]]})


def _activation(name: str, exact: bool) -> Row:
    return _row(
        name,
        "layer",
        lambda c: getattr(textbook, name)(),
        lambda c: {"x1": c["sizes"]},
        "value and slope",
        sizes=MATRIX,
        modes=("auto",),
        exact=lambda c: exact,
        examples=(KINKS,),
    )


def _batchnorm(c: Config):
    features = c["channels"] * c["pixels"] ** 2 if c["rank"] == 4 else c["channels"]
    options = chosen(c, "momentum", "eps", "active")
    if c.get("running"):
        options |= {"running_mean": zeros(features), "running_var": zeros(features)}
    return textbook.BatchNormalization(zeros(features), zeros(features), **options)


BATCHNORM_ROW = _row(
    "BatchNormalization",
    "layer",
    _batchnorm,
    lambda c: {"x1": (c["batch"], c["channels"], c["pixels"], c["pixels"])[: c["rank"]]},
    "one statistic per feature or pixel, biased; momentum of the old value; train, test and "
    "automatic mode",
    structures=(
        {"rank": 2},
        {"rank": 4},
        {"rank": 2, "momentum": 0.75, "eps": 0.125, "running": True, "active": True},
        {"rank": 4, "active": False},
    ),
    sizes={"batch": st.integers(2, 5), "channels": st.integers(1, 3), "pixels": st.integers(1, 2)},
    modes=("auto", "train", "test"),
    positive=("running_var",),
    examples=(
        Example(
            "one sample in test mode",
            {"rank": 2, "batch": 1, "channels": 3, "pixels": 1},
            mode="test",
        ),
    ),
)

DROPOUT_ROW = _row(
    "Dropout",
    "layer",
    lambda c: textbook.Dropout(
        **chosen(c, "active"), **({} if c.get("untold") else chosen(c, "ratio"))
    ),
    lambda c: {"x1": c["sizes"], "noise": (c["sizes"], "probability")},
    "the same mask on both sides, not inverted; train, test and automatic mode",
    structures=({}, {"active": True}, {"active": False}, {"untold": True}),
    sizes={**MATRIX, "ratio": st.sampled_from([0.0, 0.25, 0.5, 0.75])},
    modes=("auto", "train", "test"),
)

CONVOLUTION_ROW = _row(
    "Convolution",
    "layer",
    lambda c: textbook.Convolution(
        zeros(c["n_out"], c["n_in"], *c["kernel"]),
        zeros(c["n_out"]),
        **as_axes(chosen(c, "stride", "pad")),
    ),
    lambda c: {
        "x1": (
            c["batch"],
            c["n_in"],
            *(k + extra for k, extra in zip(c["kernel"], c["extra"], strict=True)),
        )
    },
    "cross-correlation by im2col, stride, padding",
    structures=(
        {"stride": 1, "pad": 0},
        {"stride": 1, "pad": 1},
        {"stride": 2, "pad": 0},
        {},
        {"stride": (2, 1), "pad": (0, 1)},
    ),
    sizes={
        "kernel": st.tuples(st.integers(1, 3), st.integers(1, 3)),
        "extra": st.tuples(st.integers(0, 3), st.integers(0, 2)),
        "n_in": st.integers(1, 2),
        "n_out": st.integers(1, 3),
        "batch": st.integers(1, 3),
    },
    modes=("auto",),
    exact=lambda c: True,
)

TIES = [[[[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [2.0, 2.0, 2.0]]]]

POOLING_ROW = _row(
    "Pooling",
    "layer",
    lambda c: textbook.Pooling(*c["pool"], **as_axes(chosen(c, "stride", "pad", "ceil"))),
    lambda c: {
        "x1": (c["batch"], 1, *(k + extra for k, extra in zip(c["pool"], c["extra"], strict=True)))
    },
    "maxima, the first of equals, sizes rounded down or up, zeros that pad and win",
    structures=({"ceil": False}, {"ceil": True}),
    sizes={
        "pool": st.tuples(st.integers(1, 3), st.integers(1, 2)),
        "extra": st.tuples(st.integers(0, 3), st.integers(0, 3)),
        "stride": st.integers(1, 2),
        "batch": st.integers(1, 2),
    },
    modes=("auto",),
    exact=lambda c: True,
    examples=(
        Example(
            "ties",
            {"ceil": True, "pool": (2, 2), "extra": (1, 1), "stride": 2, "batch": 1},
            {"x1": TIES},
        ),
        Example(
            "padded, all negative",
            {
                "pool": (3, 2),
                "pad": (1, 1),
                "stride": (1, 2),
                "ceil": True,
                "extra": (1, 2),
                "batch": 1,
            },
            {"x1": -1.0 - np.arange(16.0).reshape(1, 1, 4, 4)},
        ),
        Example("the default", {"pool": (2, 2), "extra": (1, 2), "batch": 2}),
    ),
)


def _loss(name: str, prediction: str, true_gradient: bool) -> Row:
    function = getattr(textbook, name)
    return _row(
        name,
        "loss",
        lambda c: differentiable(function.pullback),
        lambda c: {
            "x1": ((c["batch"], c["classes"]), prediction),
            "x2": ((c["batch"],), f"index:{c['classes']}"),
        },
        "class indices; the 1e-7 inside the logarithm"
        + ("" if true_gradient else ", of which the gradient knows nothing"),
        sizes={"batch": st.integers(1, 5), "classes": st.integers(2, 4)},
        true_gradient=true_gradient,
    )


SOFTMAX_ROW = _row(
    "softmax",
    "function",
    lambda c: textbook.softmax,
    lambda c: {"x1": c["sizes"]},
    "along the classes",
    sizes=MATRIX,
    examples=(
        Example("large", {"sizes": (1, 3)}, {"x1": [[1000.0, 0.0, -1000.0]]}),
        Example(
            "rows far apart",
            {"sizes": (2, 3)},
            {"x1": [[1000.0, 999.0, 998.0], [-1000.0, -1001.0, -999.0]]},
        ),
    ),
)


def _rule(name: str, **other) -> Row:
    def twin(c: Config):
        return getattr(textbook, name)(
            **{key: c[key] for key in ("lr", "rho", "beta1", "beta2") if key in c}
        )

    return _row(
        name,
        "rule",
        twin,
        lambda c: {"x": c["sizes"], **{f"g{i}": c["sizes"] for i in range(1, STEPS + 1)}},
        "parameter and state after each of six steps, defaults and other settings",
        structures=({}, other),
        sizes=MATRIX,
        modes=("steps",),
    )


ROWS = (
    AFFINE_ROW,
    _activation("Sigmoid", exact=False),
    _activation("Relu", exact=True),
    BATCHNORM_ROW,
    DROPOUT_ROW,
    CONVOLUTION_ROW,
    POOLING_ROW,
    SOFTMAX_ROW,
    _loss("cross_entropy_error", "probability", true_gradient=True),
    _loss("softmax_with_loss", "real", true_gradient=False),
    _loss("softmax_with_summed_loss", "real", true_gradient=False),
    _rule("SGD", lr=0.25),
    _rule("Momentum", lr=0.25, rho=0.5),
    _rule("AdaGrad", lr=0.25),
    _rule("AdaGradNoEps", lr=0.25),
    _rule("Adam", lr=0.02, beta1=0.75, beta2=0.9),
)
