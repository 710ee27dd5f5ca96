"""Layers that drop entries at random: both sides are given the same random numbers."""

from hypothesis import strategies as st

import pyimpl

from .row import Config, Example, Row
from .settings import as_axes, chosen

ZERO_DRAWN = (
    "inside a gradient, NNlib's dropout rule drops entries whose random number is exactly 0, "
    "even where the layer is inactive"
)


def _mask_axes(c: Config) -> list[int]:
    dims = c.get("dims", range(c["rank"]))
    return [axis % c["rank"] for axis in ([dims] if isinstance(dims, int) else dims)]


DROPPED = {"rank": 2, "p": 0.5, "sizes": (1, 3, 1, 1)}

DROPOUT_ROW = Row(
    "Dropout",
    "flux",
    "layer",
    twin=lambda c: pyimpl.Dropout(c["p"], **as_axes(chosen(c, "dims", "active"))),
    structures=(
        {"rank": 2},
        {"rank": 4, "dims": (0, 1)},
        {"rank": 3, "dims": [1]},
        {"rank": 3, "dims": [-3, -1]},
        {"rank": 2, "dims": 0},
        {"rank": 2, "active": True},
        {"rank": 3, "dims": [0, 2], "active": False},
    ),
    sizes={
        "p": st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]),
        "sizes": st.tuples(
            st.integers(1, 3), st.integers(1, 4), st.integers(1, 3), st.integers(1, 2)
        ),
    },
    shapes=lambda c: {
        "x1": c["sizes"][: c["rank"]],
        "noise": (
            tuple(
                n if axis in _mask_axes(c) else 1 for axis, n in enumerate(c["sizes"][: c["rank"]])
            ),
            "probability",
        ),
    },
    modes=("auto", "train", "test"),
    examples=(
        Example(
            "zero drawn in test mode",
            DROPPED,
            {"noise": [[0.0, 0.5, 0.75]]},
            "test",
            known=ZERO_DRAWN,
            differs=("y", "grad.x1"),
        ),
        Example("one dropped of three", DROPPED, {"noise": [[0.25, 0.5, 0.75]]}, "train"),
    ),
    covers="the same mask on both sides; dims; train, test and automatic mode; p = 0 and p = 1",
)

ALPHADROPOUT_ROW = Row(
    "AlphaDropout",
    "flux",
    "layer",
    twin=lambda c: pyimpl.AlphaDropout(c["p"], **chosen(c, "active")),
    structures=({}, {"active": True}, {"active": False}),
    sizes={
        "p": st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]),
        "sizes": st.tuples(st.integers(1, 4), st.integers(1, 5)),
    },
    shapes=lambda c: {"x1": c["sizes"], "noise": (c["sizes"], "uniform")},
    modes=("auto", "train", "test"),
    covers="the same mask on both sides; train, test and automatic mode; p = 0 and p = 1",
)

ROWS = (
    DROPOUT_ROW,
    ALPHADROPOUT_ROW,
)
