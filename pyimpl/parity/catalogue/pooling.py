"""Pooling, resizing and reshaping of signals and images."""

import numpy as np
from hypothesis import strategies as st

import pyimpl

from .convolution import space_of
from .row import Config, Example, Row
from .settings import chosen


def _pool(kind):
    def twin(c: Config):
        pad = {"pad": pyimpl.SamePad()} if c.get("pad") == "same" else chosen(c, "pad")
        return kind(tuple(c["kernel"][: c["rank"]]), **pad, **chosen(c, "stride"))

    return twin


def _pool_row(name: str, exact) -> Row:
    kind = getattr(pyimpl, name)
    plain = {"rank": 2, "kernel": (2, 2), "extra": (2, 2), "channels": 1, "batch": 1}
    ties = [
        [
            [
                [1.0, 1.0, 0.0, 0.0],
                [1.0, 1.0, 0.0, 0.0],
                [-1.0, 2.0, -3.0, -3.0],
                [2.0, 2.0, -3.0, -4.0],
            ]
        ]
    ]
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
        twin=_pool(kind),
        structures=(
            {"rank": 2},
            {"rank": 2, "stride": (1, 2)},
            {"rank": 2, "pad": (1, 0), "stride": (2, 1)},
            {"rank": 1},
            {"rank": 3, "stride": (1, 1, 1)},
            {"rank": 2, "pad": "same", "stride": (1, 2)},
            {"rank": 2, "pad": "same"},
            {"rank": 1, "pad": (1, 0), "stride": (1,)},
        ),
        sizes={
            "kernel": st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(1, 2)),
            "extra": st.tuples(st.integers(0, 4), st.integers(0, 3), st.integers(0, 1)),
            "channels": st.integers(1, 2),
            "batch": st.integers(1, 2),
        },
        shapes=lambda c: {"x1": (c["batch"], c["channels"], *space_of(c)[: c["rank"]])},
        modes=("auto",),
        exact=exact,
        examples=(
            Example("ties", plain, {"x1": ties}),
            Example("nearly ties", plain, {"x1": near}),
            Example("infinities", plain, {"x1": np.where(np.array(ties) > 0, ties, -np.inf)}),
            Example(
                "infinities in the rest",
                {**plain, "extra": (3, 3)},
                {"x1": np.pad(np.eye(4), (0, 1), constant_values=np.inf)[None, None]},
            ),
            Example("one window", {**plain, "extra": (0, 0)}),
            Example("a matrix", plain, {"x1": np.ones((3, 4))}, refused=True),
        ),
        covers="1, 2 and 3 dimensions, stride, padding, same padding, ties and near ties, what no "
        "window reaches",
    )


def _global_pool_row(name: str, exact) -> Row:
    kind = getattr(pyimpl, name)
    return Row(
        name,
        "flux",
        "layer",
        twin=lambda c: kind(),
        structures=({"rank": 2}, {"rank": 1}),
        sizes={
            "sizes": st.tuples(
                st.integers(1, 3), st.integers(1, 3), st.integers(1, 4), st.integers(1, 4)
            )
        },
        shapes=lambda c: {"x1": c["sizes"][: c["rank"] + 2]},
        modes=("auto",),
        exact=exact,
        covers="1 and 2 dimensions",
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
            Example(
                "windows that overlap",
                {"rank": 2, "out": (2, 3), "space": (5, 5), "channels": 1, "batch": 2},
            ),
            Example(
                "more windows than cells",
                {"rank": 1, "out": (3,), "space": (2,), "channels": 1, "batch": 1},
                refused=True,
            ),
            Example(
                "a matrix",
                {"rank": 1, "out": (2,), "space": (3,), "channels": 1, "batch": 1},
                {"x1": np.ones((3, 4))},
                refused=True,
            ),
        ),
        covers="1 and 2 dimensions, windows that divide the space and windows that overlap",
    )


FLATTEN_ROW = Row(
    "flatten",
    "flux",
    "function",
    twin=lambda c: pyimpl.flatten,
    structures=({"rank": 4}, {"rank": 2}),
    sizes={
        "sizes": st.tuples(
            st.integers(1, 3), st.integers(1, 3), st.integers(1, 3), st.integers(1, 3)
        )
    },
    shapes=lambda c: {"x1": c["sizes"][: c["rank"]]},
    exact=lambda c: True,
    covers="images and matrices",
)


def _upsample(c: Config):
    number = c["number"] if "number" in c else tuple(c[c["by"]][: c.get("axes", c["rank"])])
    mode = (c["mode"],) if "mode" in c else ()
    if c.get("first"):
        return pyimpl.Upsample(number, *mode)
    return pyimpl.Upsample(*mode, **{c["by"]: number})


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
        {"rank": 2, "mode": "bilinear", "by": "scale", "number": 1.5, "first": True},
        {"rank": 2, "by": "scale", "number": 2, "first": True},
        {"rank": 1, "mode": "bilinear", "by": "scale", "number": 2.5},
        {"rank": 1, "mode": "bilinear", "by": "size", "number": 5},
    ),
    sizes={
        **IMAGE_SIZES,
        "scale": st.tuples(*[st.sampled_from([1.0, 1.5, 2.0, 3.25])] * 3),
        "size": st.tuples(*[st.integers(2, 7)] * 3),
    },
    shapes=_image,
    modes=("auto",),
    exact=lambda c: c.get("mode", "nearest") == "nearest",
    examples=(
        Example("nearest", UPSAMPLE_NEAREST),
        Example("nearest, one dimension", {**UPSAMPLE_NEAREST, "rank": 1}),
        Example("nearest, one scale for two axes", {**UPSAMPLE_NEAREST, "axes": 1}),
        Example("the default", {**IMAGE, "by": "scale", "scale": (2, 3, 1)}),
        Example("nearest, to a size", {**UPSAMPLE_NEAREST, "by": "size", "size": (6, 2)}),
        Example(
            "the size that it has", {**IMAGE, "mode": "bilinear", "by": "size", "size": (3, 2)}
        ),
        Example(
            "smaller", {**IMAGE, "mode": "bilinear", "by": "size", "space": (5, 6), "size": (3, 2)}
        ),
        Example(
            "nearest, a scale that is not whole",
            {**UPSAMPLE_NEAREST, "scale": (1.5, 2, 1)},
            refused=True,
        ),
        Example(
            "nearest, a size that is no multiple",
            {**UPSAMPLE_NEAREST, "by": "size", "size": (4, 2)},
            refused=True,
        ),
    ),
    covers="nearest, linear, bilinear and trilinear; by scale, whole or not, and by size",
)

PIXELSHUFFLE_ROW = Row(
    "PixelShuffle",
    "flux",
    "layer",
    twin=lambda c: pyimpl.PixelShuffle(c["r"]),
    structures=({"rank": 2}, {"rank": 1}, {"rank": 3}),
    sizes={**IMAGE_SIZES, "r": st.integers(1, 3)},
    shapes=lambda c: {
        "x1": (c["batch"], c["channels"] * c["r"] ** c["rank"], *c["space"][: c["rank"]])
    },
    modes=("auto",),
    exact=lambda c: True,
    examples=(
        Example(
            "channels that are no multiple",
            {**IMAGE, "r": 2},
            {"x1": np.ones((2, 6, 3, 2))},
            refused=True,
        ),
    ),
    covers="1, 2 and 3 dimensions",
)

ROWS = (
    _pool_row("MaxPool", exact=lambda c: True),
    _pool_row("MeanPool", exact=lambda c: False),
    _global_pool_row("GlobalMaxPool", exact=lambda c: True),
    _global_pool_row("GlobalMeanPool", exact=lambda c: False),
    _adaptive_row("AdaptiveMaxPool", exact=lambda c: True),
    _adaptive_row("AdaptiveMeanPool", exact=lambda c: False),
    FLATTEN_ROW,
    UPSAMPLE_ROW,
    PIXELSHUFFLE_ROW,
)
