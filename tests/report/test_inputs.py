"""Inputs as they are told: by name, as they would be written in Python."""

import numpy as np
from pretended import checked

from pyimpl.parity.case.inputs import arrays
from pyimpl.parity.report.inputs import inputs, written
from pyimpl.parity.report.story import story


def scaled(x, mode, options, by=None, rng=None):
    return x * options["rate"] if mode == "sum" else x


def test_arguments_are_written_as_a_user_would_write_them():
    drawn = arrays("2", ":text:sum|mean", "{rate=:positive; day=:date}", "by=:real?", "rng=:random")
    result = checked(scaled, lambda x, *_, **__: x + 1, drawn)
    lines = inputs(result.pair, result.smallest.case)
    assert lines[:4] == [
        "x = [0., 0.]",
        "mode = 'sum'",
        "options.rate = 0.125",
        "options.day = 1970-01-01",
    ]
    assert lines[4:] == ["by = None", "rng: a generator that gives out 256 numbers, in the bundle"]
    assert "by is given" not in "".join(lines) and "    mode = 'sum'" in story(result)


def test_arrays_are_written_as_numpy_writes_them():
    assert written("x", np.array([1.0, 2.5])) == "x = [1. , 2.5]"
    assert "of shape (9, 9)" in written("x", np.zeros((9, 9)))
