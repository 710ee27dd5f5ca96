"""Initialisers: handed the same random numbers, both sides give the same arrays."""

import numpy as np
from hypothesis import strategies as st

import pyimpl

from .row import Config, Example, Row, Slack

OPTIONS = ("gain", "mean", "std", "lo", "hi", "sparsity", "shift")
SIZES = {
    "sizes": st.tuples(st.integers(1, 4), st.integers(1, 5), st.integers(1, 3), st.integers(1, 3))
}
ANY_RANK: tuple[Config, ...] = ({"rank": 1}, {"rank": 2}, {"rank": 4})
WITH_GAIN = (*ANY_RANK, {"rank": 2, "gain": 0.5})

QR = Slack(
    8,
    "a QR decomposition in Float32 rounds whole columns: an entry of Q may be off by what the "
    "most sensitive one moves",
)


def _row(
    name: str,
    noise: str,
    structures: tuple[Config, ...] = ANY_RANK,
    shown=lambda array: array,
    covers="",
    **special,
) -> Row:
    function = getattr(pyimpl, name)

    def twin(c: Config):
        options = {
            option: tuple(c[option]) if isinstance(c[option], list) else c[option]
            for option in OPTIONS
            if option in c
        }
        return lambda rng: shown(function(tuple(c["sizes"][: c["rank"]]), rng=rng, **options))

    return Row(
        name,
        "flux",
        "initialiser",
        twin=twin,
        structures=structures,
        sizes=SIZES,
        shapes=lambda c: {"noise": (c["sizes"][: c["rank"]], noise or "uniform")},
        modes=("draw",),
        constant=name in ("zeros32", "ones32"),
        covers=covers
        or "vectors, matrices and convolution kernels, gain, from the same random numbers",
        **special,
    )


ROWS = (
    _row("glorot_uniform", "uniform", WITH_GAIN),
    _row("glorot_normal", "real", WITH_GAIN),
    _row("kaiming_uniform", "uniform", WITH_GAIN),
    _row("kaiming_normal", "real", WITH_GAIN),
    _row(
        "truncated_normal",
        "uniform",
        (
            *ANY_RANK,
            {"rank": 2, "mean": 0.5, "std": 2.0},
            {"rank": 2, "std": 0.25, "lo": -0.125, "hi": 0.5},
        ),
        examples=(Example("mean far outside", {"rank": 2, "sizes": (2, 3), "mean": 10.0}),),
        covers="the inverse cdf of the same uniform numbers, mean, std, limits",
    ),
    _row(
        "lecun_normal",
        # 0, where the inverse cdf of a normal far inside its limits is all rounding, is an example
        "probability",
        WITH_GAIN,
        examples=(
            Example(
                "a uniform draw of zero gives -2",
                {"rank": 2, "sizes": (3, 2), "gain": 0.0625},
                {"noise": np.eye(3, 2) / 2},
            ),
        ),
    ),
    _row(
        "orthogonal",
        "spread",
        (*ANY_RANK, {"rank": 3, "gain": 0.5}),
        examples=(
            Example("more rows than columns", {"rank": 2, "sizes": (5, 3)}),
            Example("more columns than rows", {"rank": 2, "sizes": (3, 5)}),
        ),
        slack=lambda c: QR,
        covers="Q of the same normal numbers, wide and tall, convolution kernels, gain",
    ),
    _row(
        "sparse_init",
        "real",
        ({"rank": 2, "sparsity": 0.5}, {"rank": 2, "sparsity": 0.25, "std": 0.5}),
        examples=(
            Example("nothing left", {"rank": 2, "sizes": (2, 3), "sparsity": 1.5}),
            Example("a kernel", {"rank": 4, "sizes": (2, 3, 1, 1), "sparsity": 0.5}, refused=True),
        ),
        shown=lambda array: np.sort(
            array, axis=1
        ),  # Flux shuffles with its global generator, whichever it is given
        covers="the numbers and the zeros of every row in order of size: their places are random "
        "on both sides",
    ),
    _row(
        "identity_init",
        "",
        (
            *ANY_RANK,
            {"rank": 2, "gain": 0.5, "shift": 1},
            {"rank": 4, "gain": -2.0, "shift": [0, 1, 1, 0]},
        ),
        covers="vectors, matrices, centres of odd and even kernels, gain, shift along one axis or "
        "all",
    ),
    _row("rand32", "uniform", covers="the same random numbers in float32"),
    _row("randn32", "real", covers="the same random numbers in float32"),
    _row("zeros32", "", covers="float32 of any shape"),
    _row("ones32", "", covers="float32 of any shape"),
)
