"""NNlib's functions under the layers, and those that put arrays together and take them apart."""

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

import pyimpl

from ...core.pullback import differentiable
from .row import Config, Example, Row

SHAPE = {"sizes": st.tuples(*(st.integers(2, 4) for _ in range(5)))}
FOUR = {"sizes": st.tuples(*(st.integers(1, 4) for _ in range(4)))}


def _x(c: Config) -> dict[str, Any]:
    return {"x1": c["sizes"][: c["rank"]]}


def _row(
    name: str, structures: tuple[Config, ...], options: tuple[str, ...], covers: str, **special
) -> Row:
    """A row for a function of arrays whose other arguments are in the configuration under their own
    names.
    """
    function = getattr(pyimpl, name)

    def twin(c: Config):
        settings = {
            option: tuple(c[option]) if isinstance(c[option], list) else c[option]
            for option in options
            if option in c
        }
        return differentiable(lambda *xs: function.pullback(*xs, **settings))

    defaults: dict[str, Any] = {"twin": twin, "sizes": SHAPE, "shapes": _x, "exact": lambda c: True}
    return Row(
        name,
        "flux",
        special.pop("kind", "function"),
        structures=structures,
        covers=covers,
        **defaults | special,
    )


def _misfit(config: Config, **arrays: np.ndarray) -> Example:
    return Example("sizes that do not fit", config, arrays, refused=True)


# Convolution, pooling, upsampling.


def _conv_shapes(c: Config) -> dict[str, Any]:
    batch, n_in, n_out, _ = c["sizes"]
    groups = c.get("groups", 1)
    space, kernel = ((7, 6), (2, 3)) if c["rank"] == 4 else ((7,), (2,))
    return {"x1": (batch, groups * n_in, *space), "x2": (groups * n_out, n_in, *kernel)}


CONV = _row(
    "conv",
    (
        {"rank": 3},
        {"rank": 4, "stride": [2, 1], "pad": [1, 0, 0, 2], "dilation": [1, 2]},
        {"rank": 4, "flipped": True, "groups": 2},
        {
            "rank": 4,
            "stride": [2, 1],
            "pad": [1, 0, 0, 2],
            "dilation": [1, 2],
            "flipped": True,
            "groups": 2,
        },
    ),
    ("stride", "pad", "dilation", "flipped", "groups"),
    "stride, padding, dilation, groups, both orientations of the kernel",
    shapes=_conv_shapes,
    sizes=FOUR,
    examples=(_misfit({"rank": 3, "sizes": (1, 2, 2, 1)}, x2=np.ones((2, 3, 2))),),
)


def _image(c: Config) -> dict[str, Any]:
    batch, channels, height, width = c["sizes"][:4]
    return {"x1": (batch, channels, height + 3, width + 4)}


def _pool(name: str) -> Row:
    structures = (
        {"rank": 4, "k": [2, 3]},
        {"rank": 4, "k": [3, 2], "pad": [1, 0], "stride": [2, 1]},
    )
    return _row(
        name,
        structures,
        ("k", "pad", "stride"),
        "window, padding, stride",
        shapes=_image,
        exact=lambda c: name == "maxpool",
    )


def _shuffled(c: Config) -> dict[str, Any]:
    batch, channels, *space = c["sizes"][: c["rank"]]
    return {"x1": (batch, channels * c["r"] ** len(space), *space)}


def _upsampled(name: str, rank: int) -> Row:
    structures = (
        {"rank": rank, "scale": [2.0, 1.5, 3.0][: rank - 2]},
        {"rank": rank, "size": [5, 7, 3][: rank - 2]},
        {"rank": rank, "scale": [2.0, 1.5, 3.0][: rank - 2], "align_corners": False},
        {"rank": rank, "size": [5, 7, 3][: rank - 2], "align_corners": False},
    )
    return _row(
        name,
        structures,
        ("scale", "size", "align_corners"),
        "scale and size, corners aligned or not",
        exact=lambda c: False,
    )


NEAREST = _row(
    "upsample_nearest",
    ({"rank": 4, "scale": [2, 3]}, {"rank": 3, "scale": [2]}, {"rank": 4, "scale": [3]}),
    ("scale", "size"),
    "whole scales of one or two axes, or of the first ones of Julia; a size",
    examples=(Example("to a size", {"rank": 4, "size": [6, 9], "sizes": (2, 1, 2, 3)}),),
)


# Products of many matrices.


def _matrices(c: Config) -> dict[str, Any]:
    batch, i, j, k = c["sizes"]
    one, two = ((batch,) if batched else () for batched in c["batches"])
    return {"x1": (*one, j, i), "x2": (*two, k, j)}


BATCHED_MUL = _row(
    "batched_mul",
    tuple({"batches": batches} for batches in ([True, True], [False, True], [True, False])),
    (),
    "batches on both sides, or one matrix for all of the other side",
    sizes=FOUR,
    shapes=_matrices,
    examples=(
        Example(
            "sizes that do not fit",
            {"batches": [True, True], "sizes": (2, 3, 2, 3)},
            {"x1": np.ones((2, 5, 3))},
            refused=True,
        ),
    ),
)


def _vectors(c: Config) -> dict[str, Any]:
    batch, i, j, _ = c["sizes"]
    return {"x1": (batch, j, i), "x2": (j,) if c["one"] else (batch, j)}


BATCHED_VEC = _row(
    "batched_vec",
    ({"one": False}, {"one": True}),
    (),
    "a vector for every matrix, one for all",
    sizes=FOUR,
    shapes=_vectors,
    examples=(_misfit({"one": False, "sizes": (2, 3, 2, 3)}, x2=np.ones((2, 5))),),
)


# Padding.


def _padded(name: str, room: int | None) -> Row:
    structures: tuple[Config, ...] = (
        {"rank": 4, "pad": 1},
        {"rank": 3, "pad": [1, 0, 0, 1], "dims": [2, 0]},
        {"rank": 2, "pad": [1, 1], "dims": [1]},
    )
    examples = [
        Example("further", {"rank": 3, "pad": [2, 1, 0, 2], "dims": [2, 1], "sizes": (2, 3, 4)}),
    ]
    rank = 2 if name in ("pad_constant", "pad_zeros") else 3  # of which they want every axis
    sizes = (2, 4, 3)[-rank:]
    examples.append(
        Example("the last two axes", {"rank": rank, "pad": [1, 2, 2, 0], "sizes": sizes})
    )
    if room is not None:
        too_far = {"rank": 2, "pad": [3 - room + 1, 0], "dims": [1], "sizes": (2, 3)}
        examples.append(Example("further than the array reaches", too_far, refused=True))
    options: tuple[str, ...] = ("pad", "dims")
    if name == "pad_constant":
        structures, options = (
            (
                *structures,
                {"rank": 2, "pad": 1, "value": 0.5},
                {"rank": 3, "pad": [2, 0], "value": 0.5, "dims": [1]},
            ),
            (*options, "value"),
        )
    return _row(
        name,
        structures,
        options,
        "an integer or low and high, default axes or some of them",
        examples=tuple(examples),
    )


# Putting together and taking apart.


def _several(c: Config) -> dict[str, Any]:
    return {f"x{i}": c["sizes"][: c["rank"]] for i in range(1, 4)}


def _joined(function) -> Callable:
    def twin(c: Config):
        options = {"dims": c["dims"]} if "dims" in c else {}

        def join(*xs):
            y, back = function.pullback(xs, **options)
            return y, lambda dy: (None, *back(dy)[1])

        return differentiable(join)

    return twin


def _unlike(rank: int, **config) -> Example:
    return Example(
        "different shapes",
        {"rank": rank, "sizes": (2, 3), **config},
        {"x2": np.ones((2, 4)[:rank])},
        refused=True,
    )


def _data(
    name: str, structures: tuple[Config, ...], options: tuple[str, ...], covers: str, **special
) -> Row:
    return _row(name, structures, options, covers, kind="data", **special)


ROWS = (
    CONV,
    _pool("maxpool"),
    _pool("meanpool"),
    _row(
        "pixel_shuffle",
        ({"rank": 4, "r": 2}, {"rank": 3, "r": 3}),
        ("r",),
        "one and two axes",
        shapes=_shuffled,
        examples=(_misfit({"rank": 4, "r": 2, "sizes": (1, 1, 2, 3)}, x1=np.ones((1, 3, 2, 3))),),
    ),
    NEAREST,
    _upsampled("upsample_linear", 3),
    _upsampled("upsample_bilinear", 4),
    _upsampled("upsample_trilinear", 5),
    BATCHED_MUL,
    BATCHED_VEC,
    _padded("pad_constant", None),
    _padded("pad_zeros", None),
    _padded("pad_repeat", None),
    _padded("pad_reflect", 1),
    _padded("pad_symmetric", 0),
    _padded("pad_circular", 0),
    _data(
        "stack",
        ({"rank": 2}, {"rank": 2, "dims": -1}, {"rank": 1, "dims": -2}),
        (),
        "a new axis at either end and between",
        twin=_joined(pyimpl.stack),
        shapes=_several,
        examples=(_unlike(2, dims=-1),),
    ),
    _data(
        "unstack",
        ({"rank": 2, "dims": -1}, {"rank": 3, "dims": -2}),
        ("dims",),
        "along an outer and an inner axis",
    ),
    _data(
        "batch",
        ({"rank": 1}, {"rank": 3}),
        (),
        "arrays",
        twin=_joined(pyimpl.batch),
        shapes=_several,
        examples=(_unlike(2),),
    ),
    _data("unbatch", ({"rank": 2}, {"rank": 3}), (), "arrays"),
    _data(
        "unsqueeze",
        ({"rank": 2, "dims": -1}, {"rank": 2, "dims": -2}, {"rank": 2, "dims": -3}),
        ("dims",),
        "every place for the new axis",
    ),
    _data(
        "chunk",
        (
            {"rank": 2, "n": 2},
            {"rank": 3, "n": 3, "dims": -1},
            {"rank": 2, "size": 2, "dims": -1},
            {"rank": 1, "size": [1, 1, 3]},
        ),
        ("n", "size", "dims", "npartitions"),
        "a number of parts, one size or all, parts that are left out, any axis, parts by number",
        shapes=lambda c: {"x1": (5,)} if "size" in c and isinstance(c["size"], list) else _x(c),
        examples=(
            Example("fewer parts than asked for", {"rank": 1, "n": 4, "sizes": (5,)}),
            Example(
                "parts by number",
                {"rank": 2, "n": [0, 1, 1, 2], "npartitions": 3, "dims": -1, "sizes": (2, 4)},
            ),
            Example(
                "sizes that do not add up", {"rank": 1, "size": [1, 3], "sizes": (5,)}, refused=True
            ),
        ),
    ),
)
