"""Initialisers: handed the same random numbers, both sides give the same arrays."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

import pyimpl

from ...core import tree
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


# What layers begin with, from the same random numbers.
BEGUN: dict[str, Callable[[Any], Any]] = {
    "Dense": lambda rng: pyimpl.Dense(3, 2, rng=rng),
    "Scale": lambda rng: pyimpl.Scale(3),
    "Bilinear": lambda rng: pyimpl.Bilinear((3, 2), 4, rng=rng),
    "Embedding": lambda rng: pyimpl.Embedding(4, 3, rng=rng),
    "EmbeddingBag": lambda rng: pyimpl.EmbeddingBag(4, 3, rng=rng),
    "Conv": lambda rng: pyimpl.Conv((3, 2), 2, 4, groups=2, rng=rng),
    "CrossCor": lambda rng: pyimpl.CrossCor((2,), 3, 2, rng=rng),
    "ConvTranspose": lambda rng: pyimpl.ConvTranspose((3, 2), 2, 3, rng=rng),
    "DepthwiseConv": lambda rng: pyimpl.DepthwiseConv((2,), 2, 4, rng=rng),
    "RNNCell": lambda rng: pyimpl.RNNCell(3, 2, rng=rng),
    "LSTMCell": lambda rng: pyimpl.LSTMCell(3, 2, rng=rng),
    "GRUCell": lambda rng: pyimpl.GRUCell(3, 2, rng=rng),
    "GRUv3Cell": lambda rng: pyimpl.GRUv3Cell(3, 2, rng=rng),
    "MultiHeadAttention": lambda rng: pyimpl.MultiHeadAttention(4, nheads=2, bias=True, rng=rng),
    "BatchNorm": lambda rng: pyimpl.BatchNorm(3),
    "InstanceNorm": lambda rng: pyimpl.InstanceNorm(3, affine=True, track_stats=True),
    "GroupNorm": lambda rng: pyimpl.GroupNorm(4, 2),
    "LayerNorm": lambda rng: pyimpl.LayerNorm(3),
}


class OneAfterAnother:
    """Stands in for a random generator, and gives out numbers for one array after the other."""

    def __init__(self, numbers: np.ndarray):
        self._left = numbers

    def random(self, size, dtype=np.float64):
        """The next numbers in the shape asked for."""
        numbers, self._left = np.split(self._left, [math.prod(size)])
        return numbers.reshape(size).astype(dtype)

    standard_normal = random


def _begun(c: Config):
    def arrays(rng):
        leaves = tree.leaves(BEGUN[c["layer"]](OneAfterAnother(rng.random(-1))))
        return tuple(leaf for _, leaf in sorted(leaves) if isinstance(leaf, np.ndarray))

    return arrays


INITIAL_ROW = Row(
    "initial_values",
    "flux",
    "initialiser",
    twin=_begun,
    structures=tuple({"layer": layer} for layer in BEGUN),
    shapes=lambda c: {"noise": ((128,), "probability")},
    modes=("draw",),
    constant=True,
    covers="the parameters and statistics that layers begin with, from the same random numbers",
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
            {"rank": 2, "mean": 0.5, "std": 2.0, "lo": -1.0, "hi": 1.5},
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
            {"rank": 4, "shift": 1},
        ),
        covers="vectors, matrices, centres of odd and even kernels, gain, shift along one axis or "
        "all",
    ),
    _row("rand32", "uniform", covers="the same random numbers in float32"),
    _row("randn32", "real", covers="the same random numbers in float32"),
    _row("zeros32", "", covers="float32 of any shape"),
    _row("ones32", "", covers="float32 of any shape"),
    INITIAL_ROW,
)
