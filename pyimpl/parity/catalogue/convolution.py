"""Convolutions. `extra` is how far the input reaches beyond one window."""

from functools import partial

import numpy as np
from hypothesis import strategies as st

import pyimpl

from .activations import activation_slack
from .row import Config, Example, Row
from .settings import activation, chosen, is_linear

EMPTY_BATCH = (
    "NNlib raises «cannot create partitions of length 0» for a convolution of no samples; the "
    "twin gives no samples"
)


def space_of(config: Config) -> tuple[int, ...]:
    kernel, rank = config["kernel"], config["rank"]
    dilation = config.get("dilation", (1,) * rank)
    return tuple(
        (k - 1) * d + 1 + extra
        for k, d, extra in zip(kernel, dilation, config["extra"], strict=False)
    )


def _conv(kind):
    def twin(c: Config):
        pad = pyimpl.SamePad() if c.get("pad") == "same" else c.get("pad", 0)
        options = chosen(c, "stride", "dilation", "groups", "bias")
        return kind(
            tuple(c["kernel"][: c["rank"]]),
            int(c["n_in"] * c.get("groups", 1)),
            int(c["n_out"] * c.get("groups", 1)),
            activation(c),
            pad=pad,
            **options,
        )

    return twin


def _conv_row(name: str, *more: Config, examples: tuple[Example, ...] = ()) -> Row:
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
            {"rank": 2, "pad": "same", "dilation": (2, 1), "stride": (1, 2)},
            {"rank": 3, "stride": (2, 1, 1), "pad": (1, 0, 1), "dilation": (1, 2, 1)},
            *more,
        ),
        sizes={
            "kernel": st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(1, 2)),
            "extra": st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 1)),
            "n_in": st.integers(1, 2),
            "n_out": st.integers(1, 3),
            "batch": st.integers(1, 3),
        },
        shapes=lambda c: {
            "x1": (c["batch"], int(c["n_in"] * c.get("groups", 1)), *space_of(c)[: c["rank"]])
        },
        modes=("auto",),
        exact=is_linear,
        slack=activation_slack,
        examples=(
            Example(
                "even kernel, same padding",
                {**plain, "kernel": (4, 2), "extra": (0, 3), "pad": "same"},
            ),
            Example("stride that leaves a rest", {**plain, "stride": (2, 3), "extra": (3, 4)}),
            Example(
                "infinities in the rest",
                {**plain, "stride": (2, 3), "extra": (3, 4)},
                {
                    "x1": np.pad(
                        np.ones((2, 2, 4, 6)), [(0, 0)] * 2 + [(0, 1)] * 2, constant_values=np.inf
                    )
                },
            ),
            *examples,
            Example("empty batch", {**plain, "batch": 0}, known=EMPTY_BATCH, differs=("refusal",)),
            Example("wrong number of channels", plain, {"x1": np.ones((2, 3, 4, 4))}, refused=True),
            Example(
                "kernel larger than the input", plain, {"x1": np.ones((2, 2, 1, 2))}, refused=True
            ),
        ),
        covers="1, 2 and 3 dimensions, stride, dilation, symmetric, asymmetric and same padding"
        + (", groups" if more else ""),
    )


ODD_GROUPS = {
    "rank": 2,
    "kernel": (2, 2),
    "extra": (1, 1),
    "groups": 2,
    "n_in": 2,
    "n_out": 1.5,
    "batch": 1,
}

CONVT = {"rank": 2, "kernel": (2, 3), "space": (3, 2), "n_in": 2, "n_out": 3, "batch": 2}

CONVT_SIZES = {
    "kernel": st.tuples(st.integers(2, 3), st.integers(1, 3), st.integers(1, 2)),
    "space": st.tuples(st.integers(2, 4), st.integers(2, 3), st.integers(1, 2)),
    "n_in": st.integers(1, 2),
    "n_out": st.integers(1, 3),
    "batch": st.integers(1, 3),
}


def _conv_transpose(c: Config):
    return _conv(partial(pyimpl.ConvTranspose, **chosen(c, "outpad")))(c)


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
        {
            "rank": 2,
            "stride": (2, 2),
            "dilation": (2, 1),
            "pad": (1, 1),
            "outpad": (1, 0),
            "groups": 2,
            "act": "relu",
        },
        {"rank": 2, "pad": "same", "dilation": (1, 2)},
        {"rank": 3, "stride": (2, 1, 1), "pad": (1, 0, 0), "bias": False},
    ),
    sizes=CONVT_SIZES,
    shapes=lambda c: {"x1": (c["batch"], c["n_in"] * c.get("groups", 1), *c["space"][: c["rank"]])},
    modes=("auto",),
    exact=is_linear,
    slack=activation_slack,
    examples=(
        Example("three dimensions", {**CONVT, "rank": 3, "kernel": (2, 1, 2), "space": (2, 3, 2)}),
        Example("even kernel, same padding", {**CONVT, "kernel": (4, 2), "pad": "same"}),
        Example(
            "a kernel below its stride, same padding",
            {**CONVT, "rank": 1, "kernel": (1,), "stride": (4,), "pad": "same"},
        ),
        Example("one cell", {**CONVT, "space": (1, 1)}),
        Example("wrong number of channels", CONVT, {"x1": np.ones((2, 3, 3, 2))}, refused=True),
        Example(
            "everything cropped",
            {**CONVT, "pad": (2, 2)},
            {"x1": np.ones((2, 2, 1, 1))},
            refused=True,
        ),
    ),
    covers="1, 2 and 3 dimensions, stride, outpad, dilation, groups, asymmetric and same padding",
)


def _depthwise(c: Config):
    pad = pyimpl.SamePad() if c.get("pad") == "same" else c.get("pad", 0)
    return pyimpl.DepthwiseConv(
        tuple(c["kernel"][: c["rank"]]),
        c["n_in"],
        int(c["n_in"] * c["each"]),
        activation(c),
        pad=pad,
        **chosen(c, "stride", "dilation", "bias"),
    )


DEPTHWISE_ROW = Row(
    "DepthwiseConv",
    "flux",
    "layer",
    twin=_depthwise,
    structures=(
        {"rank": 2, "act": "relu"},
        {"rank": 1, "stride": (2,), "pad": (1, 0)},
        {"rank": 2, "pad": "same", "dilation": (1, 2), "bias": False},
    ),
    examples=(
        Example(
            "outputs that the inputs do not divide",
            {"rank": 1, "kernel": (2,), "extra": (1,), "n_in": 2, "each": 1.5, "batch": 1},
            refused=True,
        ),
    ),
    sizes={
        "kernel": st.tuples(st.integers(1, 3), st.integers(1, 2)),
        "extra": st.tuples(st.integers(0, 3), st.integers(0, 2)),
        "n_in": st.integers(1, 3),
        "each": st.integers(1, 2),
        "batch": st.integers(1, 2),
    },
    shapes=lambda c: {"x1": (c["batch"], c["n_in"], *space_of(c)[: c["rank"]])},
    modes=("auto",),
    exact=is_linear,
    covers="1 and 2 dimensions, one and two outputs for each input channel",
)

ROWS = (
    _conv_row(
        "Conv",
        {"rank": 2, "groups": 2},
        {
            "rank": 2,
            "stride": (2, 1),
            "dilation": (1, 2),
            "pad": (1, 0, 2, 1),
            "groups": 2,
            "act": "relu",
        },
        examples=(
            Example("outputs that the groups do not divide", ODD_GROUPS, refused=True),
            Example(
                "inputs that the groups do not divide",
                {**ODD_GROUPS, "n_in": 1.5, "n_out": 2},
                refused=True,
            ),
        ),
    ),
    _conv_row("CrossCor"),
    CONVTRANSPOSE_ROW,
    DEPTHWISE_ROW,
)
