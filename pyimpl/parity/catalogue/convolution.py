"""Convolutions. `extra` is how far the input reaches beyond one window."""

import numpy as np
from hypothesis import strategies as st

import pyimpl

from .activations import activation_slack
from .prepared import made_of
from .row import Config, Example, Row
from .settings import activations, as_axes, chosen, is_linear

EMPTY_BATCH = (
    "NNlib raises «cannot create partitions of length 0» for a convolution of no samples; the "
    "twin gives no samples"
)


def space_of(config: Config) -> tuple[int, ...]:
    kernel, rank = config["kernel"], config["rank"]
    dilation = config.get("dilation", 1)
    dilation = (dilation,) * rank if isinstance(dilation, int) else dilation
    return tuple(
        (k - 1) * d + 1 + extra
        for k, d, extra in zip(kernel, dilation, config["extra"], strict=False)
    )


def _conv(kind):
    def twin(c: Config):
        options = as_axes(chosen(c, "stride", "dilation", "outpad", "groups", "bias")) | _pad(c)
        if c.get("made") == "arrays":
            return made_of(lambda weight, bias: kind(weight, bias, *activations(c), **options))
        return kind(
            tuple(c["kernel"][: c["rank"]]),
            int(c["n_in"] * c.get("groups", 1)),
            int(c["n_out"] * c.get("groups", 1)),
            *activations(c),
            **options,
        )

    return twin


def _pad(c: Config) -> Config:
    return {"pad": pyimpl.SamePad()} if c.get("pad") == "same" else as_axes(chosen(c, "pad"))


def _arrays(c: Config, n_first: int, n_second: int) -> dict[str, tuple[int, ...]]:
    """The weight and the bias of which a layer is made, where it is."""
    if c.get("made") != "arrays":
        return {}
    return {
        "x2": (n_first, n_second, *c["kernel"][: c["rank"]]),
        "x3": (c["n_out"] * c.get("groups", 1),),
    }


def _conv_row(name: str, *more: Config, examples: tuple[Example, ...] = ()) -> Row:
    kind = getattr(pyimpl, name)
    plain = {"rank": 2, "kernel": (2, 3), "extra": (2, 1), "n_in": 2, "n_out": 3, "batch": 2}
    groups = {"groups": 2} if more else {}
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
            {"rank": 2, "act": "relu", "stride": 2, "pad": 1, "dilation": 2, "bias": False}
            | groups,
            {"rank": 2, "made": "arrays", "act": "relu", "pad": (1, 0), "stride": (1, 2)} | groups,
        ),
        sizes={
            "kernel": st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(1, 2)),
            "extra": st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 1)),
            "n_in": st.integers(1, 2),
            "n_out": st.integers(1, 3),
            "batch": st.integers(1, 3),
        },
        shapes=lambda c: (
            {"x1": (c["batch"], int(c["n_in"] * c.get("groups", 1)), *space_of(c)[: c["rank"]])}
            | _arrays(c, c["n_out"] * c.get("groups", 1), c["n_in"])
        ),
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
        + (", groups" if more else "")
        + "; one number for all axes; made of arrays",
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


CONVTRANSPOSE_ROW = Row(
    "ConvTranspose",
    "flux",
    "layer",
    twin=_conv(pyimpl.ConvTranspose),
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
        {
            "rank": 2,
            "act": "relu",
            "stride": 2,
            "pad": 1,
            "dilation": 2,
            "outpad": 1,
            "groups": 2,
            "bias": False,
        },
        {"rank": 2, "made": "arrays", "act": "relu", "stride": (1, 2), "groups": 2},
    ),
    sizes=CONVT_SIZES,
    shapes=lambda c: (
        {"x1": (c["batch"], c["n_in"] * c.get("groups", 1), *c["space"][: c["rank"]])}
        | _arrays(c, c["n_in"] * c.get("groups", 1), c["n_out"])
    ),
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
    covers="1, 2 and 3 dimensions, stride, outpad, dilation, groups, asymmetric and same padding; "
    "one number for all axes; made of arrays",
)


def _depthwise(c: Config):
    options = as_axes(chosen(c, "stride", "dilation", "bias")) | _pad(c)
    if c.get("made") == "arrays":
        return made_of(lambda *arrays: pyimpl.DepthwiseConv(*arrays, *activations(c), **options))
    kernel = tuple(c["kernel"][: c["rank"]])
    return pyimpl.DepthwiseConv(
        kernel, c["n_in"], int(c["n_in"] * c["each"]), *activations(c), **options
    )


def _depthwise_shapes(c: Config) -> dict[str, tuple[int, ...]]:
    image = {"x1": (c["batch"], c["n_in"], *space_of(c)[: c["rank"]])}
    arrays = _arrays({**c, "n_out": c["n_in"] * c["each"]}, c["each"], c["n_in"])
    return image | arrays


DEPTHWISE_ROW = Row(
    "DepthwiseConv",
    "flux",
    "layer",
    twin=_depthwise,
    structures=(
        {"rank": 2, "act": "relu"},
        {"rank": 1, "stride": (2,), "pad": (1, 0)},
        {"rank": 2, "pad": "same", "dilation": (1, 2), "bias": False},
        {"rank": 2, "act": "relu", "stride": 2, "pad": 1, "dilation": 2, "bias": False},
        {"rank": 2, "made": "arrays", "act": "relu", "pad": (1, 0), "stride": (1, 2)},
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
    shapes=_depthwise_shapes,
    modes=("auto",),
    exact=is_linear,
    covers="1 and 2 dimensions, one and two outputs for each input channel, stride, dilation, "
    "padding, activation, bias; one number for all axes; made of arrays",
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
