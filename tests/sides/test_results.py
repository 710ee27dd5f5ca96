"""Results that are neither numbers nor arrays: the same as Julia's idiom for the same thing."""

import enum
import itertools
from collections import deque, namedtuple
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from pyimpl.parity.case.names import OUTPUT
from pyimpl.parity.sides.results import unfolded
from pyimpl.parity.sides.side import as_arrays

SINGLE = np.dtype(np.float32)
Fit = namedtuple("Fit", "slope intercept")


class Color(enum.Enum):
    RED = 1


def arrays(value):
    """Every array of a result, as `name dtype values`."""
    found = as_arrays(OUTPUT, value, SINGLE)
    return [f"{name} {array.dtype} {array.tolist()}" for name, array in found.items()]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ((x for x in (1.0, 2.0)), ["y float32 [1.0, 2.0]"]),
        (range(3), ["y int64 [0, 1, 2]"]),
        (deque([True]), ["y bool [True]"]),
        ({3, 1}, ["y int64 [1, 3]"]),
        ({"b": 1, "a": 2}.keys(), ["y.0.text int64 [97]", "y.1.text int64 [98]"]),
        ([np.float64(1), np.float32(2)], ["y float32 [1.0, 2.0]"]),
        ([np.float32(1), np.float32(2)], ["y float32 [1.0, 2.0]"]),
        ([np.int64(1), 2], ["y int64 [1, 2]"]),
        ([1 + 2j], ["y.real float32 [1.0]", "y.imag float32 [2.0]"]),
        ([], ["y float32 []"]),
        ([[1, 2], [3], []], ["y.0 int64 [1, 2]", "y.1 int64 [3]", "y.2 float32 []"]),
        (zip([1], [2.0], strict=True), ["y.0.0 int64 1", "y.0.1 float32 2.0"]),
        (Fraction(2, 6), ["y.num int64 1", "y.den int64 3"]),
        (Color.RED, ["y.text int64 [82, 69, 68]"]),
        (Path("a"), ["y.text int64 [97]"]),
        (b"ab", ["y uint8 [97, 98]"]),
        (Fit(1.0, True), ["y.slope float32 1.0", "y.intercept bool True"]),
    ],
)
def test_a_result_as_arrays(value, expected):
    assert arrays(value) == expected


def test_what_has_no_end_is_no_result():
    with pytest.raises(TypeError, match="iterator of more than"):
        unfolded(itertools.count(), SINGLE)


def test_sets_of_several_types_have_an_order_too():
    assert unfolded({"a", 1}, SINGLE) == unfolded({1, "a"}, SINGLE)
