"""Initialisers: handed the same random numbers, both sides give the same arrays."""

from hypothesis import strategies as st

import pyimpl

from .row import Config, Row


def _row(name: str, noise: str) -> Row:
    function = getattr(pyimpl, name)

    def twin(c: Config):
        options = {"gain": c["gain"]} if "gain" in c else {}
        return lambda rng: function(tuple(c["sizes"][: c["rank"]]), rng=rng, **options)

    return Row(
        name,
        "flux",
        "initialiser",
        twin=twin,
        structures=({"rank": 1}, {"rank": 2}, {"rank": 4}, *(({"rank": 2, "gain": 0.5},) if noise else ())),
        sizes={"sizes": st.tuples(st.integers(1, 4), st.integers(1, 5), st.integers(1, 3), st.integers(1, 3))},
        shapes=lambda c: {"noise": (c["sizes"][: c["rank"]], noise or "uniform")},
        modes=("draw",),
        constant=not noise,
        covers="vectors, matrices and convolution kernels, gain, from the same random numbers" if noise else "float32 of any shape",
    )


ROWS = (
    _row("glorot_uniform", "uniform"),
    _row("glorot_normal", "real"),
    _row("kaiming_uniform", "uniform"),
    _row("kaiming_normal", "real"),
    _row("zeros32", ""),
    _row("ones32", ""),
)
